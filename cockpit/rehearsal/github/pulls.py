"""Pull requests: lists, single ones, opening and changing them, their commits and files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import flask
import msgspec

from cockpit.rehearsal.builds import check_pull
from cockpit.rehearsal.github import gitdata, gitwrite
from cockpit.rehearsal.github.call import this_call
from cockpit.rehearsal.github.differences import FileChange, changes
from cockpit.rehearsal.github.http import (
    ApiError,
    answer,
    invalid,
    page_of,
    query,
    read_body,
)
from cockpit.rehearsal.github.records import in_order, pull_or_404, states_wanted
from cockpit.rehearsal.github.serialise import repository_url
from cockpit.rehearsal.github.serialise_git import commit_body, file_body
from cockpit.rehearsal.github.serialise_issues import PullFacts, full_pull_body, pull_body
from cockpit.rehearsal.model import Issue, Pull, Repository

routes = flask.Blueprint("pulls", __name__)

Unset = msgspec.UnsetType


class NewPull(msgspec.Struct):
    """What a pull request is opened with."""

    head: str
    base: str
    title: str = ""
    body: str | None = None
    draft: bool = False


class PullChange(msgspec.Struct):
    """What of a pull request changes."""

    title: str | Unset = msgspec.UNSET
    body: str | Unset | None = msgspec.UNSET
    state: Literal["open", "closed"] | Unset = msgspec.UNSET
    base: str | Unset = msgspec.UNSET


@dataclass(frozen=True, slots=True)
class Content:
    """What a pull request brings: its commits, oldest first, and its files."""

    commits: tuple[str, ...]
    files: tuple[FileChange, ...]


@routes.get("/repos/<owner>/<name>/pulls")
def pulls(repository: Repository) -> flask.Response:
    """Pull requests within the filters, by default the open ones, newest first."""
    follow_pushes(repository)
    call = this_call()
    states, head, base = states_wanted(), query("head"), query("base")
    sort = query("sort", "created")
    direction = query("direction", "desc" if sort == "created" else "asc")
    with call.forge.lock:
        found = [
            issue
            for issue in repository.issues.values()
            if (pull := issue.pull)
            and issue.state in states
            and base in ("", pull.base_ref)
            and head in ("", _label(repository, pull))
        ]
        page = page_of(in_order(found, sort, direction))
        bodies = [pull_body(call, repository, issue, issue.pull) for issue in page if issue.pull]
    return answer(bodies)


@routes.get("/repos/<owner>/<name>/pulls/<int:number>")
def one(repository: Repository, number: int) -> flask.Response:
    """A pull request, with whether it can be merged."""
    follow_pushes(repository)
    return _full(repository, *pull_or_404(repository, number))


@routes.get("/repos/<owner>/<name>/pulls/<int:number>/files")
def files(repository: Repository, number: int) -> flask.Response:
    """The files that a pull request changes."""
    follow_pushes(repository)
    _, pull = pull_or_404(repository, number)
    page = page_of(content_of(repository, pull).files)
    return answer([file_body(this_call(), repository, file, pull.head_sha) for file in page])


@routes.get("/repos/<owner>/<name>/pulls/<int:number>/commits")
def commits(repository: Repository, number: int) -> flask.Response:
    """The commits of a pull request, oldest first."""
    follow_pushes(repository)
    _, pull = pull_or_404(repository, number)
    found = gitdata.commits(repository.git_dir, page_of(content_of(repository, pull).commits))
    return answer([commit_body(this_call(), repository, commit) for commit in found])


@routes.post("/repos/<owner>/<name>/pulls")
def create(repository: Repository) -> flask.Response:
    """Open a pull request between two branches of the repository."""
    call = this_call()
    login = call.require("read")
    wanted = read_body(NewPull)
    if not wanted.title.strip():
        raise invalid("PullRequest", "title", "missing_field")
    head_ref = wanted.head.removeprefix(f"{repository.owner}:")
    head, base = _branch(repository, head_ref, "head"), _branch(repository, wanted.base, "base")
    if not gitdata.between(repository.git_dir, base, head).ahead:
        raise _cannot(f"No commits between {wanted.base} and {head_ref}")
    with call.forge.lock:
        if any(_same_open(issue, head_ref, wanted.base) for issue in repository.issues.values()):
            raise _cannot(f"A pull request already exists for {repository.owner}:{head_ref}.")
        pull = Pull(head_ref, wanted.base, head, base, draft=wanted.draft)
        number = repository.next_number()
        issue = Issue(
            call.forge.next_id(), number, wanted.title, wanted.body or "", login, call.now, call.now
        )
        issue.pull = pull
        repository.issues[number] = issue
        check_pull(call.forge, repository, pull, login)
    gitwrite.set_ref(repository.git_dir, _pull_ref(number), head)
    response = _full(repository, issue, pull, 201)
    response.headers["Location"] = f"{repository_url(call, repository)}/pulls/{number}"
    return response


@routes.patch("/repos/<owner>/<name>/pulls/<int:number>")
def update(repository: Repository, number: int) -> flask.Response:
    """Change, close or re-open a pull request."""
    call = this_call()
    issue, pull = pull_or_404(repository, number)
    call.require("read" if call.login == issue.user else "write")
    change = read_body(PullChange)
    base = None if change.base is msgspec.UNSET else _branch(repository, change.base, "base")
    with call.forge.lock:
        if change.state is not msgspec.UNSET and change.state != issue.state:
            if pull.merged_at:
                raise invalid("PullRequest", "state", "invalid", "state cannot be changed")
            issue.state = change.state
            issue.closed_at = call.now if change.state == "closed" else None
        if change.title is not msgspec.UNSET:
            issue.title = change.title
        if change.body is not msgspec.UNSET:
            issue.body = change.body or ""
        if base and change.base is not msgspec.UNSET:
            pull.base_ref, pull.base_sha = change.base, base
        issue.updated_at = call.now
    return _full(repository, issue, pull)


def follow_pushes(repository: Repository) -> None:
    """Have every open pull request show its branch as it is by now."""
    call = this_call()
    tips = {
        ref.name.removeprefix("refs/heads/"): ref.commit
        for ref in gitdata.refs(repository.git_dir, "refs/heads/")
    }
    with call.forge.lock:
        for issue in repository.issues.values():
            pull = issue.pull
            if pull is None or issue.state == "closed":
                continue
            tip = tips.get(pull.head_ref, pull.head_sha)
            if tip != pull.head_sha:
                pull.head_sha = tip
                pull.base_sha = tips.get(pull.base_ref, pull.base_sha)
                issue.updated_at = call.now
                gitwrite.set_ref(repository.git_dir, _pull_ref(issue.number), tip)
                check_pull(call.forge, repository, pull, issue.user)


def content_of(repository: Repository, pull: Pull) -> Content:
    """What a pull request brings; a merged one whose own commits are gone shows what landed."""
    git_dir = repository.git_dir
    head, base = _present(repository, pull.head_sha), _present(repository, pull.base_sha)
    if pull.merged_at is None:
        base = gitdata.resolve(git_dir, f"refs/heads/{pull.base_ref}") or base
    if head and base:
        way = gitdata.between(git_dir, base, head)
        if way.merge_base and way.ahead:
            return Content(way.ahead[::-1], changes(git_dir, way.merge_base, head))
    landed = gitdata.commit(git_dir, pull.merge_commit_sha) if pull.merge_commit_sha else None
    if landed and landed.parents:
        return Content((landed.sha,), changes(git_dir, landed.parents[0], landed.sha))
    return Content((), ())


def _full(repository: Repository, issue: Issue, pull: Pull, status: int = 200) -> flask.Response:
    call = this_call()
    content = content_of(repository, pull)
    facts = PullFacts(
        mergeable=_mergeable(repository, issue, pull),
        commits=len(content.commits),
        additions=sum(file.additions for file in content.files),
        deletions=sum(file.deletions for file in content.files),
        changed_files=len(content.files),
    )
    with call.forge.lock:
        response = answer(full_pull_body(call, repository, issue, pull, facts), status)
        response.last_modified = issue.updated_at
    return response


def _mergeable(repository: Repository, issue: Issue, pull: Pull) -> bool | None:
    base = gitdata.resolve(repository.git_dir, f"refs/heads/{pull.base_ref}")
    head = _present(repository, pull.head_sha)
    if issue.state == "closed" or base is None or head is None:
        return None
    return gitwrite.merges_cleanly(repository.git_dir, base, head)


def _present(repository: Repository, sha: str) -> str | None:
    return gitdata.resolve(repository.git_dir, sha) if gitdata.is_sha(sha) else None


def _branch(repository: Repository, branch: str, field: str) -> str:
    sha = gitdata.resolve(repository.git_dir, f"refs/heads/{branch}")
    if sha is None:
        raise invalid("PullRequest", field, "invalid")
    return sha


def _cannot(reason: str) -> ApiError:
    return ApiError(
        422, "Validation Failed", [{"resource": "PullRequest", "code": "custom", "message": reason}]
    )


def _same_open(issue: Issue, head: str, base: str) -> bool:
    pull = issue.pull
    same = pull is not None and (pull.head_ref, pull.base_ref) == (head, base)
    return same and issue.state == "open"


def _label(repository: Repository, pull: Pull) -> str:
    return pull.head_ref if ":" in pull.head_ref else f"{repository.owner}:{pull.head_ref}"


def _pull_ref(number: int) -> str:
    return f"refs/pull/{number}/head"
