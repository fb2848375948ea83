"""Merging, for real: pull requests by each of the three methods, and branches into branches."""

from __future__ import annotations

from typing import Literal

import flask
import msgspec

from cockpit.rehearsal.github import gitdata, gitwrite
from cockpit.rehearsal.github.call import Call, locked, this_call
from cockpit.rehearsal.github.gitdata import Commit, Signature
from cockpit.rehearsal.github.http import ApiError, answer, no_content, not_found, read_body
from cockpit.rehearsal.github.pulls import content_of, follow_pushes
from cockpit.rehearsal.github.records import pull_or_404
from cockpit.rehearsal.github.serialise_git import commit_body
from cockpit.rehearsal.model import Issue, Pull, Repository

routes = flask.Blueprint("merging", __name__)


class HowToMerge(msgspec.Struct):
    """How a pull request is merged; `sha` is what its head is expected to be."""

    commit_title: str | None = None
    commit_message: str | None = None
    sha: str | None = None
    merge_method: Literal["merge", "squash", "rebase"] = "merge"


class BranchMerge(msgspec.Struct):
    """Which branch is merged into which."""

    base: str
    head: str
    commit_message: str | None = None


@routes.get("/repos/<owner>/<name>/pulls/<int:number>/merge")
@locked
def is_merged(repository: Repository, number: int) -> flask.Response:
    """204 for a merged pull request, 404 for any other."""
    _, pull = pull_or_404(repository, number)
    if pull.merged_at is None:
        raise not_found()
    return no_content()


@routes.put("/repos/<owner>/<name>/pulls/<int:number>/merge")
def merge_pull(repository: Repository, number: int) -> flask.Response:
    """Merge a pull request, unless it conflicts or its head is not the expected one."""
    call = this_call()
    login = call.require("write")
    how = read_body(HowToMerge)
    follow_pushes(repository)
    # Held all the way, so that of two merges at once the second finds the first one's result.
    with call.forge.lock:
        issue, pull = pull_or_404(repository, number)
        base = _mergeable_base(repository, issue, pull, how)
        try:
            sha = _merged(call, repository, issue, pull, base, how)
        except gitwrite.MergeConflict as conflict:
            raise ApiError(405, "Pull Request is not mergeable") from conflict
        _advance(repository, pull.base_ref, sha, base)
        pull.merged_at = issue.closed_at = issue.updated_at = call.now
        pull.merge_commit_sha, pull.merged_by, pull.base_sha = sha, login, base
        issue.state = "closed"
    message = "Pull Request successfully merged"
    return answer({"sha": sha, "merged": True, "message": message})


@routes.post("/repos/<owner>/<name>/merges")
def merge_branch(repository: Repository) -> flask.Response:
    """Merge a branch or commit into a branch; 204 when it is in there already."""
    call = this_call()
    login = call.require("write")
    wanted = read_body(BranchMerge)
    base = gitdata.resolve(repository.git_dir, f"refs/heads/{wanted.base}")
    head = gitdata.resolve(repository.git_dir, wanted.head)
    if base is None or head is None:
        raise not_found(f"{'Base' if base is None else 'Head'} does not exist")
    if not gitdata.between(repository.git_dir, base, head).ahead:
        return no_content()
    person = _person(call, login)
    try:
        tree = gitwrite.merged_tree(repository.git_dir, base, head)
    except gitwrite.MergeConflict as conflict:
        raise ApiError(409, "Merge Conflict") from conflict
    sha = gitwrite.make_commit(
        repository.git_dir,
        tree,
        [base, head],
        wanted.commit_message or f"Merge {wanted.head} into {wanted.base}",
        author=person,
        committer=_website(call),
    )
    _advance(repository, wanted.base, sha, base)
    (made,) = gitdata.commits(repository.git_dir, [sha])
    return answer(commit_body(call, repository, made), 201)


def _mergeable_base(repository: Repository, issue: Issue, pull: Pull, how: HowToMerge) -> str:
    """The commit a merge would build upon; refuses what GitHub refuses."""
    base = gitdata.resolve(repository.git_dir, f"refs/heads/{pull.base_ref}")
    if issue.state == "closed" or base is None:
        raise ApiError(405, "Pull Request is not mergeable")
    if pull.draft:
        raise ApiError(405, "Pull Request is still a draft")
    if how.sha is not None and how.sha != pull.head_sha:
        raise ApiError(409, "Head branch was modified. Review and try the merge again.")
    if gitdata.resolve(repository.git_dir, pull.head_sha) is None:
        raise ApiError(405, "Pull Request is not mergeable")
    return base


def _merged(
    call: Call, repository: Repository, issue: Issue, pull: Pull, base: str, how: HowToMerge
) -> str:
    """Write the commit or commits that the chosen method makes, and give the new tip."""
    git_dir = repository.git_dir
    shas = content_of(repository, pull).commits
    if how.merge_method == "rebase":
        return gitwrite.replay(git_dir, base, gitdata.commits(git_dir, shas), _website(call))
    tree = gitwrite.merged_tree(git_dir, base, pull.head_sha)
    if how.merge_method == "squash":
        commits = gitdata.commits(git_dir, shas)
        title = how.commit_title or f"{issue.title} (#{issue.number})"
        text = _squashed_text(commits) if how.commit_message is None else how.commit_message
        parents, author = [base], _person(call, issue.user)
    else:
        title = how.commit_title or f"Merge pull request #{issue.number} from {_label(pull)}"
        text = issue.title if how.commit_message is None else how.commit_message
        parents, author = [base, pull.head_sha], _person(call, call.require("write"))
    message = f"{title}\n\n{text}".rstrip()
    return gitwrite.make_commit(
        git_dir, tree, parents, message, author=author, committer=_website(call)
    )


def _squashed_text(commits: list[Commit]) -> str:
    """One commit's own text, or the list of several."""
    if len(commits) == 1:
        return commits[0].message.partition("\n\n")[2]
    return "\n\n".join(f"* {commit.message}" for commit in commits)


def _label(pull: Pull) -> str:
    return pull.head_ref.replace(":", "/")


def _advance(repository: Repository, branch: str, new: str, old: str) -> None:
    try:
        gitwrite.update_ref(repository.git_dir, f"refs/heads/{branch}", new, old)
    except gitwrite.RefMoved as moved:
        raise ApiError(409, "Base branch was modified. Review and try the merge again.") from moved


def _person(call: Call, login: str) -> Signature:
    with call.forge.lock:
        user = call.forge.users.get(login)
    name = user.name if user and user.name else login
    email = user.email if user and user.email else f"{login}@users.noreply.github.com"
    return Signature(name, email, call.now)


def _website(call: Call) -> Signature:
    return Signature("GitHub", "noreply@github.com", call.now)
