"""The git database: refs, annotated tags, commits, trees and blobs."""

from __future__ import annotations

import base64
from datetime import datetime

import flask
import msgspec

from cockpit.rehearsal.github import gitdata, gitwrite
from cockpit.rehearsal.github.call import Call, this_call
from cockpit.rehearsal.github.gitdata import ZERO_SHA, GitError, Signature
from cockpit.rehearsal.github.http import (
    ApiError,
    answer,
    no_content,
    not_found,
    page_of,
    query,
    read_body,
)
from cockpit.rehearsal.github.serialise import node_id
from cockpit.rehearsal.github.serialise_git import (
    git_commit_body,
    object_body,
    ref_body,
    tag_object_body,
    tree_entry_body,
)
from cockpit.rehearsal.model import Repository

routes = flask.Blueprint("refs", __name__)

_MOST_ENTRIES = 100_000
"""Entries of a tree after which GitHub truncates."""


class NewRef(msgspec.Struct):
    """What a new ref is made of."""

    ref: str
    sha: str


class MovedRef(msgspec.Struct):
    """Where a ref shall point."""

    sha: str
    force: bool = False


class Tagger(msgspec.Struct):
    """Who tags; the time is now unless given."""

    name: str
    email: str
    date: datetime | None = None


class NewTag(msgspec.Struct):
    """What an annotated tag is made of."""

    tag: str
    message: str
    object: str
    type: str
    tagger: Tagger | None = None


@routes.get("/repos/<owner>/<name>/git/ref/<path:ref>")
@routes.get("/repos/<owner>/<name>/git/refs/<path:ref>")
def one(repository: Repository, ref: str) -> flask.Response:
    """The ref of exactly this name."""
    found = gitdata.ref(repository.git_dir, _full_name(ref))
    if found is None:
        raise not_found()
    return answer(ref_body(this_call(), repository, found))


@routes.get("/repos/<owner>/<name>/git/refs", defaults={"prefix": ""})
@routes.get("/repos/<owner>/<name>/git/matching-refs/", defaults={"prefix": ""})
@routes.get("/repos/<owner>/<name>/git/matching-refs/<path:prefix>")
def matching(repository: Repository, prefix: str) -> flask.Response:
    """All refs whose names begin so."""
    wanted = _full_name(prefix)
    found = gitdata.refs(repository.git_dir, "refs/")
    page = page_of([ref for ref in found if ref.name.startswith(wanted)])
    return answer([ref_body(this_call(), repository, ref) for ref in page])


@routes.post("/repos/<owner>/<name>/git/refs")
def create(repository: Repository) -> flask.Response:
    """Make a ref; it must not exist yet."""
    call = this_call()
    call.require("write")
    wanted = read_body(NewRef)
    if not wanted.ref.startswith("refs/") or wanted.ref.count("/") < 2:
        raise ApiError(422, "Reference name must start with 'refs/' and have three parts")
    kind = _kind_of(repository, wanted.sha)
    if gitdata.ref(repository.git_dir, wanted.ref):
        raise ApiError(422, "Reference already exists")
    _move(repository, wanted.ref, wanted.sha, ZERO_SHA)
    made = gitdata.Ref(wanted.ref, wanted.sha, kind, wanted.sha)
    response = answer(ref_body(call, repository, made), 201)
    response.headers["Location"] = f"{flask.request.base_url}/{wanted.ref.removeprefix('refs/')}"
    return response


@routes.patch("/repos/<owner>/<name>/git/refs/<path:ref>")
def update(repository: Repository, ref: str) -> flask.Response:
    """Move a ref forward, or anywhere with `force`."""
    call = this_call()
    call.require("write")
    wanted = read_body(MovedRef)
    kind = _kind_of(repository, wanted.sha)
    before = _existing(repository, ref)
    if not wanted.force:
        way = gitdata.between(repository.git_dir, before.commit, wanted.sha)
        if way.behind:
            raise ApiError(422, "Update is not a fast forward")
    _move(repository, before.name, wanted.sha, before.sha)
    moved = gitdata.Ref(before.name, wanted.sha, kind, wanted.sha)
    return answer(ref_body(call, repository, moved))


@routes.delete("/repos/<owner>/<name>/git/refs/<path:ref>")
def delete(repository: Repository, ref: str) -> flask.Response:
    """Delete a ref."""
    this_call().require("write")
    before = _existing(repository, ref)
    _move(repository, before.name, ZERO_SHA, before.sha)
    return no_content()


@routes.post("/repos/<owner>/<name>/git/tags")
def create_tag(repository: Repository) -> flask.Response:
    """Write an annotated tag object; no ref is made for it."""
    call = this_call()
    login = call.require("write")
    wanted = read_body(NewTag)
    if _kind_of(repository, wanted.object) != wanted.type:
        raise ApiError(422, f"Object is not a {wanted.type}")
    tagger = _tagger(call, login, wanted.tagger)
    try:
        sha = gitwrite.make_tag(
            repository.git_dir, wanted.tag, wanted.object, wanted.type, wanted.message, tagger
        )
    except GitError as refused:
        raise ApiError(422, str(refused)) from refused
    return _tag(repository, sha, 201)


@routes.get("/repos/<owner>/<name>/git/tags/<sha>")
def one_tag(repository: Repository, sha: str) -> flask.Response:
    """An annotated tag object."""
    return _tag(repository, sha, 200)


@routes.get("/repos/<owner>/<name>/git/commits/<sha>")
def one_commit(repository: Repository, sha: str) -> flask.Response:
    """A commit object."""
    found = gitdata.commits(repository.git_dir, [sha]) if gitdata.is_sha(sha) else []
    if not found:
        raise not_found()
    return answer(git_commit_body(this_call(), repository, found[0]))


@routes.get("/repos/<owner>/<name>/git/trees/<path:treeish>")
def tree(repository: Repository, treeish: str) -> flask.Response:
    """A tree by its SHA, or that of a commit, branch or tag; the whole of it with `recursive`."""
    call = this_call()
    sha = gitdata.tree_sha(repository.git_dir, treeish)
    if sha is None:
        raise not_found()
    entries = gitdata.tree(repository.git_dir, sha, recursive=bool(query("recursive")))
    shown = entries[:_MOST_ENTRIES]
    body = {
        "sha": sha,
        "url": object_body(call, repository, sha, "tree")["url"],
        "tree": [tree_entry_body(call, repository, entry) for entry in shown],
        "truncated": len(shown) < len(entries),
    }
    return answer(body)


@routes.get("/repos/<owner>/<name>/git/blobs/<sha>")
def blob(repository: Repository, sha: str) -> flask.Response:
    """A blob, base64-encoded."""
    if not gitdata.is_sha(sha) or gitdata.kind(repository.git_dir, sha) != "blob":
        raise not_found()
    content = gitdata.blob(repository.git_dir, sha)
    body = {
        "sha": sha,
        "node_id": node_id("Blob", sha),
        "size": len(content),
        "url": object_body(this_call(), repository, sha, "blob")["url"],
        "encoding": "base64",
        "content": base64.encodebytes(content).decode(),
    }
    return answer(body)


def _full_name(ref: str) -> str:
    return ref if ref.startswith("refs/") else f"refs/{ref}"


def _kind_of(repository: Repository, sha: str) -> str:
    kind = gitdata.kind(repository.git_dir, sha) if gitdata.is_sha(sha) else None
    if kind is None:
        raise ApiError(422, "Object does not exist")
    return kind


def _existing(repository: Repository, ref: str) -> gitdata.Ref:
    found = gitdata.ref(repository.git_dir, _full_name(ref))
    if found is None:
        raise ApiError(422, "Reference does not exist")
    return found


def _move(repository: Repository, ref: str, new: str, old: str) -> None:
    try:
        gitwrite.update_ref(repository.git_dir, ref, new, old)
    except gitwrite.RefMoved as refused:
        raise ApiError(422, f"Reference update failed: {refused}") from refused


def _tag(repository: Repository, sha: str, status: int) -> flask.Response:
    tag = gitdata.tag_object(repository.git_dir, sha) if gitdata.is_sha(sha) else None
    if tag is None:
        raise not_found()
    return answer(tag_object_body(this_call(), repository, tag), status)


def _tagger(call: Call, login: str, given: Tagger | None) -> Signature:
    if given:
        return Signature(given.name, given.email, given.date or call.now)
    with call.forge.lock:
        user = call.forge.users[login]
        return Signature(user.name or login, user.email or f"{login}@example.org", call.now)
