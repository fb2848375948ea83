"""Issues (pull requests seen as issues among them) and their comments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Self

import flask
import msgspec

from cockpit.rehearsal.github.call import Call, locked, this_call
from cockpit.rehearsal.github.http import (
    ApiError,
    Body,
    answer,
    invalid,
    no_content,
    page_of,
    query,
    read_body,
)
from cockpit.rehearsal.github.labels import set_labels
from cockpit.rehearsal.github.records import (
    comment_or_404,
    in_order,
    issue_or_404,
    since_wanted,
    states_wanted,
)
from cockpit.rehearsal.github.serialise import node_id, repository_url, stamp, user_body
from cockpit.rehearsal.github.serialise_issues import comment_body, issue_body
from cockpit.rehearsal.model import Comment, Edit, Issue, Pull, Repository

routes = flask.Blueprint("issues", __name__)

Reason = Literal["completed", "not_planned", "duplicate", "reopened"]
Unset = msgspec.UnsetType


class IssueFields(msgspec.Struct):
    """What a request may say about an issue."""

    title: str | Unset = msgspec.UNSET
    body: str | Unset | None = msgspec.UNSET
    state: Literal["open", "closed"] | Unset = msgspec.UNSET
    state_reason: Reason | Unset | None = msgspec.UNSET
    milestone: int | Unset | None = msgspec.UNSET
    labels: list[str] | Unset = msgspec.UNSET
    assignee: str | Unset | None = msgspec.UNSET
    assignees: list[str] | Unset = msgspec.UNSET


@dataclass(frozen=True, slots=True)
class Filters:
    """Which issues a list asks for; empty text asks for nothing special."""

    states: tuple[str, ...]
    since: datetime | None
    milestone: str
    assignee: str
    creator: str
    labels: frozenset[str]
    """In lower case."""

    @classmethod
    def asked_for(cls) -> Self:
        """What the request at hand asks for."""
        names = (name.strip().casefold() for name in query("labels").split(","))
        return cls(
            states_wanted(),
            since_wanted(),
            query("milestone"),
            query("assignee"),
            query("creator"),
            frozenset(name for name in names if name),
        )

    def fit(self, issue: Issue) -> bool:
        """Whether an issue is asked for."""
        return (
            issue.state in self.states
            and (self.since is None or issue.updated_at >= self.since)
            and _is_among(self.milestone, [str(issue.milestone)] if issue.milestone else [])
            and _is_among(self.assignee, issue.assignees)
            and self.creator in ("", issue.user)
            and self.labels <= {name.casefold() for name in issue.labels}
        )


class Assignees(msgspec.Struct):
    """People to assign, or to release."""

    assignees: list[str]


class CommentText(msgspec.Struct):
    """A comment's text."""

    body: str


@routes.get("/repos/<owner>/<name>/issues")
@locked
def issues(repository: Repository) -> flask.Response:
    """Issues and pull requests within the filters, by default the open ones, newest first."""
    wanted = Filters.asked_for()
    found = [issue for issue in repository.issues.values() if wanted.fit(issue)]
    page = page_of(in_order(found, query("sort"), query("direction", "desc")))
    return answer([issue_body(this_call(), repository, issue) for issue in page])


@routes.get("/repos/<owner>/<name>/issues/<int:number>")
@locked
def one(repository: Repository, number: int) -> flask.Response:
    """An issue or pull request."""
    return _issue(this_call(), repository, issue_or_404(repository, number), 200)


@routes.post("/repos/<owner>/<name>/issues")
@locked
def create(repository: Repository) -> flask.Response:
    """Open an issue; labels, milestone and assignees count only from those who may triage."""
    call = this_call()
    login = call.require("read")
    fields = read_body(IssueFields)
    if not isinstance(fields.title, str) or not fields.title.strip():
        raise invalid("Issue", "title", "missing_field")
    issue = Issue(
        call.forge.next_id(), repository.next_number(), fields.title, "", login, call.now, call.now
    )
    _apply(call, repository, issue, fields)
    repository.issues[issue.number] = issue
    response = _issue(call, repository, issue, 201)
    response.headers["Location"] = f"{repository_url(call, repository)}/issues/{issue.number}"
    return response


@routes.patch("/repos/<owner>/<name>/issues/<int:number>")
@locked
def update(repository: Repository, number: int) -> flask.Response:
    """Change, close or re-open an issue."""
    call = this_call()
    issue = issue_or_404(repository, number)
    call.require("read" if call.login == issue.user else "triage")
    _apply(call, repository, issue, read_body(IssueFields))
    return _issue(call, repository, issue, 200)


@routes.post("/repos/<owner>/<name>/issues/<int:number>/assignees")
@locked
def assign(repository: Repository, number: int) -> flask.Response:
    """Assign people; GitHub passes over those it does not know."""
    return _assign(repository, number, add=True)


@routes.delete("/repos/<owner>/<name>/issues/<int:number>/assignees")
@locked
def release(repository: Repository, number: int) -> flask.Response:
    """Release people."""
    return _assign(repository, number, add=False)


@routes.put("/repos/<owner>/<name>/issues/<int:number>/lock")
@locked
def lock(repository: Repository, number: int) -> flask.Response:
    """Let only collaborators comment."""
    this_call().require("write")
    issue_or_404(repository, number).locked = True
    return no_content()


@routes.delete("/repos/<owner>/<name>/issues/<int:number>/lock")
@locked
def unlock(repository: Repository, number: int) -> flask.Response:
    """Let everybody comment again."""
    this_call().require("write")
    issue_or_404(repository, number).locked = False
    return no_content()


@routes.get("/repos/<owner>/<name>/issues/comments")
@locked
def all_comments(repository: Repository) -> flask.Response:
    """The comments of the whole repository, oldest first."""
    since = since_wanted()
    found = [
        (issue, comment)
        for issue in repository.issues.values()
        for comment in issue.comments
        if since is None or comment.updated_at >= since
    ]
    by_update = query("sort") == "updated"
    found.sort(
        key=lambda pair: (pair[1].updated_at if by_update else pair[1].created_at, pair[1].id),
        reverse=query("direction") == "desc",
    )
    return answer([comment_body(this_call(), repository, *pair) for pair in page_of(found)])


@routes.get("/repos/<owner>/<name>/issues/<int:number>/comments")
@locked
def comments(repository: Repository, number: int) -> flask.Response:
    """The comments under an issue, oldest first."""
    issue = issue_or_404(repository, number)
    since = since_wanted()
    found = [one for one in issue.comments if since is None or one.updated_at >= since]
    return answer([comment_body(this_call(), repository, issue, one) for one in page_of(found)])


@routes.post("/repos/<owner>/<name>/issues/<int:number>/comments")
@locked
def comment(repository: Repository, number: int) -> flask.Response:
    """Comment on an issue."""
    call = this_call()
    login = call.require("read")
    issue = issue_or_404(repository, number)
    if issue.locked and not call.may("write"):
        raise ApiError(403, "Unable to create comment because issue is locked.")
    text = _comment_text()
    made = Comment(call.forge.next_id(), login, text, call.now, call.now)
    issue.comments.append(made)
    issue.updated_at = call.now
    return answer(comment_body(call, repository, issue, made), 201)


@routes.get("/repos/<owner>/<name>/issues/comments/<int:number>")
@locked
def one_comment(repository: Repository, number: int) -> flask.Response:
    """A comment."""
    return answer(comment_body(this_call(), repository, *comment_or_404(repository, number)))


@routes.patch("/repos/<owner>/<name>/issues/comments/<int:number>")
@locked
def update_comment(repository: Repository, number: int) -> flask.Response:
    """Change a comment: one's own, or any with the right to write."""
    call = this_call()
    issue, found = comment_or_404(repository, number)
    call.require("read" if call.login == found.user else "write")
    found.body = _comment_text()
    found.updated_at = issue.updated_at = call.now
    return answer(comment_body(call, repository, issue, found))


@routes.delete("/repos/<owner>/<name>/issues/comments/<int:number>")
@locked
def delete_comment(repository: Repository, number: int) -> flask.Response:
    """Delete a comment: one's own, or any with the right to write."""
    call = this_call()
    issue, found = comment_or_404(repository, number)
    call.require("read" if call.login == found.user else "write")
    issue.comments.remove(found)
    issue.updated_at = call.now
    return no_content()


@routes.get("/repos/<owner>/<name>/issues/<int:number>/events")
@locked
def events(repository: Repository, number: int) -> flask.Response:
    """What happened to an issue, as far as its record tells: its end."""
    issue = issue_or_404(repository, number)
    return answer(page_of(_events(this_call(), repository, issue)))


@routes.get("/repos/<owner>/<name>/issues/<int:number>/timeline")
@locked
def timeline(repository: Repository, number: int) -> flask.Response:
    """The comments of an issue, and its end."""
    call = this_call()
    issue = issue_or_404(repository, number)
    happened: list[Body] = [
        comment_body(call, repository, issue, one)
        | {"event": "commented", "actor": user_body(call, one.user)}
        for one in issue.comments
    ]
    happened += _events(call, repository, issue)
    happened.sort(key=lambda body: str(body["created_at"]))
    return answer(page_of(happened))


def _is_among(wanted: str, present: Sequence[str]) -> bool:
    """Whether a filter is met: `none` by nothing, `*` by anything, a name by that one."""
    if wanted in ("none", "*"):
        return bool(present) == (wanted == "*")
    return not wanted or wanted in present


def _issue(call: Call, repository: Repository, issue: Issue, status: int) -> flask.Response:
    response = answer(issue_body(call, repository, issue), status)
    response.last_modified = issue.updated_at
    return response


def _apply(call: Call, repository: Repository, issue: Issue, fields: IssueFields) -> None:
    if isinstance(fields.milestone, int) and fields.milestone not in repository.milestones:
        raise invalid("Issue", "milestone", "invalid")
    if isinstance(fields.title, str):
        issue.title = fields.title
    if fields.body is not msgspec.UNSET:
        issue.body = fields.body or ""
        issue.edits.append(Edit(call.login or "", call.now, issue.body))
    if fields.state is not msgspec.UNSET and fields.state != issue.state:
        _turn(call, issue, fields)
    if call.may("triage"):
        if fields.milestone is not msgspec.UNSET:
            issue.milestone = fields.milestone
        if fields.labels is not msgspec.UNSET:
            set_labels(call, repository, issue, fields.labels)
        if fields.assignees is not msgspec.UNSET:
            issue.assignees = _known(call, fields.assignees)
        elif fields.assignee is not msgspec.UNSET:
            issue.assignees = _known(call, [fields.assignee] if fields.assignee else [])
    issue.updated_at = call.now


def _turn(call: Call, issue: Issue, fields: IssueFields) -> None:
    """Close or re-open."""
    if issue.pull and issue.pull.merged_at:
        raise ApiError(422, "Validation Failed: state cannot be changed. Already merged.")
    given = fields.state_reason if fields.state_reason is not msgspec.UNSET else None
    if fields.state == "open":
        issue.state, issue.closed_at, issue.state_reason = "open", None, "reopened"
    else:
        issue.state, issue.closed_at = "closed", call.now
        issue.state_reason = None if issue.pull else _closing_reason(given)


def _closing_reason(given: Reason | None) -> Literal["completed", "not_planned"]:
    return "not_planned" if given in ("not_planned", "duplicate") else "completed"


def _assign(repository: Repository, number: int, *, add: bool) -> flask.Response:
    call = this_call()
    call.require("triage")
    issue = issue_or_404(repository, number)
    named = _known(call, read_body(Assignees).assignees)
    others = [login for login in issue.assignees if login not in named]
    issue.assignees = [*others, *named] if add else others
    issue.updated_at = call.now
    return _issue(call, repository, issue, 201 if add else 200)


def _known(call: Call, logins: Sequence[str]) -> list[str]:
    return [login for login in dict.fromkeys(logins) if login in call.forge.users]


def _comment_text() -> str:
    text = read_body(CommentText).body
    if not text.strip():
        raise invalid("IssueComment", "body", "missing_field", "Body cannot be blank")
    return text


def _events(call: Call, repository: Repository, issue: Issue) -> list[Body]:
    pull = issue.pull
    forced = _forced(call, repository, issue, pull) if pull else []
    if issue.closed_at is None:
        return forced
    merged = bool(pull and pull.merged_at)
    actor = (pull.merged_by if pull else None) or issue.user
    kinds = ["merged", "closed"] if merged else ["closed"]
    return forced + [
        {
            "id": 10 * issue.id + position,
            "node_id": node_id("IssueEvent", f"{issue.id}:{kind}"),
            "url": f"{repository_url(call, repository)}/issues/events/{10 * issue.id + position}",
            "actor": user_body(call, actor),
            "event": kind,
            "commit_id": pull.merge_commit_sha if pull and merged else None,
            "commit_url": f"{repository_url(call, repository)}/commits/{pull.merge_commit_sha}"
            if pull and merged
            else None,
            "created_at": stamp(issue.closed_at),
            "performed_via_github_app": None,
            "state_reason": issue.state_reason,
        }
        for position, kind in enumerate(kinds)
    ]


def _forced(call: Call, repository: Repository, issue: Issue, pull: Pull) -> list[Body]:
    """The pushes by force to the branch of a pull request."""
    ref = f"refs/heads/{pull.head_ref}"
    return [
        {
            "id": change.id,
            "node_id": node_id("IssueEvent", f"{issue.id}:{change.id}"),
            "url": f"{repository_url(call, repository)}/issues/events/{change.id}",
            "actor": user_body(call, change.actor),
            "event": "head_ref_force_pushed",
            "commit_id": None,
            "commit_url": None,
            "created_at": stamp(change.at),
            "performed_via_github_app": None,
        }
        for change in repository.activity
        if change.ref == ref and change.kind == "force_push"
    ]
