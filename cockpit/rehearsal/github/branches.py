"""Branches and the list of tags."""

from __future__ import annotations

import flask

from cockpit.rehearsal.github import gitdata
from cockpit.rehearsal.github.call import this_call
from cockpit.rehearsal.github.http import answer, not_found, page_of, query
from cockpit.rehearsal.github.serialise_git import branch_body, full_branch_body, tag_body
from cockpit.rehearsal.model import Repository

routes = flask.Blueprint("branches", __name__)


@routes.get("/repos/<owner>/<name>/branches")
def branches(repository: Repository) -> flask.Response:
    """All branches; none of the world's is protected."""
    found = gitdata.refs(repository.git_dir, "refs/heads/")
    page = page_of([] if query("protected") == "true" else found)
    return answer([branch_body(this_call(), repository, ref) for ref in page])


@routes.get("/repos/<owner>/<name>/branches/<path:branch>")
def one(repository: Repository, branch: str) -> flask.Response:
    """A branch with the commit at its tip."""
    ref = gitdata.ref(repository.git_dir, f"refs/heads/{branch}")
    if ref is None:
        raise not_found("Branch not found")
    (tip,) = gitdata.commits(repository.git_dir, [ref.commit])
    return answer(full_branch_body(this_call(), repository, ref, tip))


@routes.get("/repos/<owner>/<name>/branches/<path:branch>/protection")
def protection(repository: Repository, branch: str) -> flask.Response:
    """Always 404, in the words that depend on who asks."""
    raise not_found("Branch not protected" if this_call().may("admin") else "Not Found")


@routes.get("/repos/<owner>/<name>/tags")
def tags(repository: Repository) -> flask.Response:
    """All tags, the highest version first."""
    found = gitdata.refs(repository.git_dir, "refs/tags/", order="-version:refname")
    return answer([tag_body(this_call(), repository, ref) for ref in page_of(found)])
