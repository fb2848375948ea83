"""Labels, of the repository and on issues."""

from __future__ import annotations

import flask
import msgspec

from cockpit.rehearsal.github.call import Call, locked, this_call
from cockpit.rehearsal.github.http import answer, invalid, not_found, page_of, read_body
from cockpit.rehearsal.github.records import issue_or_404
from cockpit.rehearsal.github.serialise_issues import label_body
from cockpit.rehearsal.model import Forge, Issue, Label, Repository

routes = flask.Blueprint("labels", __name__)


class NewLabel(msgspec.Struct):
    """What a label is made of."""

    name: str
    color: str = "ededed"
    description: str = ""


class LabelNames(msgspec.Struct):
    """Labels to hang on an issue."""

    labels: list[str]


@routes.get("/repos/<owner>/<name>/labels")
@locked
def labels(repository: Repository) -> flask.Response:
    """All labels of the repository."""
    page = page_of(sorted(repository.labels, key=str.casefold))
    return answer([label_body(this_call(), repository, label) for label in page])


@routes.get("/repos/<owner>/<name>/labels/<path:label>")
@locked
def one(repository: Repository, label: str) -> flask.Response:
    """A label."""
    if label not in repository.labels:
        raise not_found()
    return answer(label_body(this_call(), repository, label))


@routes.post("/repos/<owner>/<name>/labels")
@locked
def create(repository: Repository) -> flask.Response:
    """Make a label."""
    call = this_call()
    call.require("write")
    wanted = read_body(NewLabel)
    if wanted.name in repository.labels:
        raise invalid("Label", "name", "already_exists")
    _add(call.forge, repository, wanted)
    return answer(label_body(call, repository, wanted.name), 201)


@routes.get("/repos/<owner>/<name>/issues/<int:number>/labels")
@locked
def of_issue(repository: Repository, number: int) -> flask.Response:
    """The labels of an issue."""
    names = page_of(issue_or_404(repository, number).labels)
    return answer([label_body(this_call(), repository, label) for label in names])


@routes.post("/repos/<owner>/<name>/issues/<int:number>/labels")
@locked
def add(repository: Repository, number: int) -> flask.Response:
    """Hang labels on an issue; a label that does not exist yet is made."""
    call = this_call()
    call.require("triage")
    issue = issue_or_404(repository, number)
    set_labels(call, repository, issue, [*issue.labels, *_names()])
    return _labels_of(call, repository, issue)


@routes.put("/repos/<owner>/<name>/issues/<int:number>/labels")
@locked
def replace(repository: Repository, number: int) -> flask.Response:
    """Give an issue exactly these labels."""
    call = this_call()
    call.require("triage")
    issue = issue_or_404(repository, number)
    set_labels(call, repository, issue, _names())
    return _labels_of(call, repository, issue)


@routes.delete("/repos/<owner>/<name>/issues/<int:number>/labels/<path:label>")
@locked
def remove(repository: Repository, number: int, label: str) -> flask.Response:
    """Take a label off an issue."""
    call = this_call()
    call.require("triage")
    issue = issue_or_404(repository, number)
    if label not in issue.labels:
        raise not_found("Label does not exist")
    set_labels(call, repository, issue, [name for name in issue.labels if name != label])
    return _labels_of(call, repository, issue)


def set_labels(call: Call, repository: Repository, issue: Issue, names: list[str]) -> None:
    """Give an issue labels, making those the repository lacks."""
    for name in names:
        if name not in repository.labels:
            _add(call.forge, repository, NewLabel(name))
    issue.labels = list(dict.fromkeys(names))
    issue.updated_at = call.now


def _names() -> list[str]:
    """The names given: as a bare list, or as `labels`."""
    is_list = flask.request.get_data().lstrip().startswith(b"[")
    return read_body(list[str]) if is_list else read_body(LabelNames).labels


def _add(forge: Forge, repository: Repository, wanted: NewLabel) -> None:
    repository.labels[wanted.name] = Label(
        forge.next_id(), wanted.name, wanted.color.lstrip("#"), wanted.description
    )


def _labels_of(call: Call, repository: Repository, issue: Issue) -> flask.Response:
    return answer([label_body(call, repository, name) for name in issue.labels])
