"""Commits: histories, single ones, comparisons, and the pull requests they came from."""

from __future__ import annotations

from collections.abc import Sequence

import flask

from cockpit.rehearsal.github import gitdata
from cockpit.rehearsal.github.call import Call, this_call
from cockpit.rehearsal.github.differences import EMPTY_TREE, FileChange, changes
from cockpit.rehearsal.github.gitdata import Commit, Range
from cockpit.rehearsal.github.http import (
    ApiError,
    Body,
    answer,
    not_found,
    page_of,
    query,
)
from cockpit.rehearsal.github.moments import moment
from cockpit.rehearsal.github.serialise import repository_page, repository_url
from cockpit.rehearsal.github.serialise_git import commit_body, file_body, full_commit_body
from cockpit.rehearsal.github.serialise_issues import pull_body
from cockpit.rehearsal.model import Issue, Repository

routes = flask.Blueprint("commits", __name__)

_MOST_FILES = 300
_UNPAGED_COMMITS = 250
"""How many commits a comparison shows when no page is asked for."""


@routes.get("/repos/<owner>/<name>/commits")
def history(repository: Repository) -> flask.Response:
    """The history of a branch, tag or commit, newest first, within the filters."""
    tip = gitdata.resolve(repository.git_dir, query("sha") or repository.default_branch)
    if tip is None:
        raise not_found()
    path = query("path").strip("/")
    if path and gitdata.leads_outside(path):
        return answer(page_of([]))
    shas = gitdata.history(repository.git_dir, tip, _limits(this_call()), path)
    found = gitdata.commits(repository.git_dir, page_of(shas))
    return answer([commit_body(this_call(), repository, commit) for commit in found])


@routes.get("/repos/<owner>/<name>/commits/<path:ref>")
def one(repository: Repository, ref: str) -> flask.Response:
    """A commit with its files and numbers; only its SHA with the media type `sha`."""
    commit = commit_or_422(repository, ref)
    if "vnd.github.sha" in flask.request.headers.get("Accept", ""):
        return flask.Response(commit.sha, content_type="application/vnd.github.sha; charset=utf-8")
    base = commit.parents[0] if commit.parents else EMPTY_TREE
    files = changes(repository.git_dir, base, commit.sha)
    shown = page_of(files) if "page" in flask.request.args else files[:_MOST_FILES]
    return answer(full_commit_body(this_call(), repository, commit, files, shown))


@routes.get("/repos/<owner>/<name>/commits/<path:ref>/pulls")
def pulls(repository: Repository, ref: str) -> flask.Response:
    """The pull request that brought a commit in, and the open ones that carry it."""
    call = this_call()
    commit = commit_or_422(repository, ref)
    holders = set(gitdata.branches_containing(repository.git_dir, commit.sha))
    with call.forge.lock:
        found = [
            (issue, pull)
            for issue in repository.issues.values()
            if (pull := issue.pull) and _brought(issue, commit.sha, holders)
        ]
        return answer([pull_body(call, repository, *pair) for pair in page_of(found)])


@routes.get("/repos/<owner>/<name>/compare/<path:basehead>")
def compare(repository: Repository, basehead: str) -> flask.Response:
    """What `head` has that `base` lacks: the commits, oldest first, and the files."""
    left, dots, right = basehead.partition("...")
    base, head = (_side(repository, name) for name in (left, right))
    if not dots or base is None or head is None:
        raise not_found()
    way = gitdata.between(repository.git_dir, base.sha, head.sha)
    if way.merge_base is None:
        raise not_found(f"No common ancestor between {left} and {right}.")
    files = changes(repository.git_dir, way.merge_base, head.sha)[:_MOST_FILES]
    return answer(_comparison(this_call(), repository, base, head, way, files))


def commit_or_422(repository: Repository, ref: str) -> Commit:
    """The commit a name stands for."""
    commit = gitdata.commit(repository.git_dir, ref)
    if commit is None:
        raise ApiError(422, f"No commit found for SHA: {ref}")
    return commit


def _limits(call: Call) -> tuple[str, ...]:
    """The filters of the request as options of rev-list."""
    times = {name: moment(query(name)) for name in ("since", "until")}
    limits = [f"--{name}={time.isoformat()}" for name, time in times.items() if time]
    for role in ("author", "committer"):
        if wanted := query(role):
            with call.forge.lock:
                user = call.forge.users.get(wanted)
            limits += ["--fixed-strings", f"--{role}={user.email if user else wanted}"]
    return tuple(limits)


def _brought(issue: Issue, sha: str, holders: set[str]) -> bool:
    pull = issue.pull
    if pull is None:
        return False
    if pull.merge_commit_sha == sha or pull.head_sha == sha:
        return True
    carries = pull.head_ref in holders and pull.base_ref not in holders
    return issue.state == "open" and carries


def _side(repository: Repository, name: str) -> Commit | None:
    owner, colon, branch = name.partition(":")
    if colon and owner.lower() != repository.owner.lower():
        return None
    return gitdata.commit(repository.git_dir, branch if colon else name)


def _comparison(
    call: Call,
    repository: Repository,
    base: Commit,
    head: Commit,
    way: Range,
    files: Sequence[FileChange],
) -> Body:
    ahead = way.ahead[::-1]
    paged = "page" in flask.request.args or "per_page" in flask.request.args
    shown = page_of(ahead) if paged else ahead[-_UNPAGED_COMMITS:]
    first_page = query("page", "1") == "1"
    commits = gitdata.commits(repository.git_dir, [way.merge_base or "", *shown])
    bodies = [commit_body(call, repository, commit) for commit in commits]
    status = {(True, True): "diverged", (True, False): "ahead", (False, True): "behind"}
    pair = f"{base.sha}...{head.sha}"
    page = f"{repository_page(call, repository)}/compare/{pair}"
    return {
        "url": f"{repository_url(call, repository)}/compare/{pair}",
        "html_url": page,
        "permalink_url": page,
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        "base_commit": commit_body(call, repository, base),
        "merge_base_commit": bodies[0],
        "status": status.get((bool(way.ahead), bool(way.behind)), "identical"),
        "ahead_by": len(way.ahead),
        "behind_by": len(way.behind),
        "total_commits": len(way.ahead),
        "commits": bodies[1:],
        "files": [file_body(call, repository, file, head.sha) for file in files]
        if first_page
        else [],
    }
