"""Repositories, who works on them, and the files in them."""

from __future__ import annotations

import base64
from urllib.parse import quote

import flask

from cockpit.rehearsal.github import gitdata
from cockpit.rehearsal.github.access import Permission, at_least, permission_of
from cockpit.rehearsal.github.call import Call, locked, this_call
from cockpit.rehearsal.github.gitdata import TreeEntry
from cockpit.rehearsal.github.http import Body, answer, no_content, not_found, page_of, query
from cockpit.rehearsal.github.serialise import (
    full_repository_body,
    repository_page,
    repository_url,
    user_body,
)
from cockpit.rehearsal.model import Repository

routes = flask.Blueprint("repos", __name__)

_LINE = 60
"""GitHub wraps base64 after so many characters."""
_KINDS = {"tree": "dir", "commit": "submodule"}
_PERMISSIONS: dict[str, Permission] = {
    "pull": "read", "triage": "triage", "push": "write", "maintain": "admin", "admin": "admin",
}  # fmt: skip


@routes.get("/repos/<owner>/<name>")
@locked
def one(repository: Repository) -> flask.Response:
    """A repository."""
    return answer(full_repository_body(this_call(), repository))


@routes.get("/repos/<owner>/<name>/collaborators")
@locked
def collaborators(repository: Repository) -> flask.Response:
    """Who works on the repository; only those who may push see it."""
    call = this_call()
    call.require("write")
    page = page_of(sorted(call.forge.collaborators))
    return answer([_collaborator_body(call, login) for login in page])


@routes.get("/repos/<owner>/<name>/collaborators/<login>")
@locked
def is_collaborator(repository: Repository, login: str) -> flask.Response:
    """204 for a collaborator, 404 for anyone else."""
    this_call().require("write")
    if login not in this_call().forge.collaborators:
        raise not_found()
    return no_content()


@routes.get("/repos/<owner>/<name>/collaborators/<login>/permission")
@locked
def permission(repository: Repository, login: str) -> flask.Response:
    """What a user may do, in the four old words and as the role's own name."""
    call = this_call()
    call.require("write")
    if login not in call.forge.users:
        raise not_found(f"{login} is not a user")
    role = permission_of(call.forge, login)
    old_word = {"triage": "read", "maintain": "write"}.get(role, role)
    user = _collaborator_body(call, login)
    return answer({"permission": old_word, "user": user, "role_name": role})


@routes.get("/repos/<owner>/<name>/contents/", defaults={"path": ""})
@routes.get("/repos/<owner>/<name>/contents/<path:path>")
def contents(repository: Repository, path: str) -> flask.Response:
    """A file, or the list of a folder, at `ref` or on the default branch."""
    ref = query("ref") or repository.default_branch
    sha = gitdata.resolve(repository.git_dir, ref)
    if sha is None:
        raise not_found(f"No commit found for the ref {ref}")
    path = path.strip("/")
    if path and gitdata.leads_outside(path):
        raise not_found()
    found = gitdata.tree(repository.git_dir, sha, path) if path else []
    call = this_call()
    if path and not found:
        raise not_found()
    if not path or found[0].kind == "tree":
        folder = gitdata.tree(repository.git_dir, sha, *([f"{path}/"] if path else []))
        return answer([_entry_body(call, repository, entry, ref) for entry in folder])
    return _file(call, repository, found[0], ref)


def _file(call: Call, repository: Repository, entry: TreeEntry, ref: str) -> flask.Response:
    body = _entry_body(call, repository, entry, ref)
    if entry.kind == "commit":
        return answer(body | {"submodule_git_url": None})
    content = gitdata.blob(repository.git_dir, entry.sha)
    if "raw" in flask.request.headers.get("Accept", ""):
        return flask.Response(content, content_type="application/vnd.github.raw; charset=utf-8")
    if body["type"] == "symlink":
        return answer(body | {"target": content.decode(errors="replace")})
    encoded = base64.b64encode(content).decode()
    lines = [f"{encoded[at : at + _LINE]}\n" for at in range(0, len(encoded), _LINE)]
    return answer(body | {"encoding": "base64", "content": "".join(lines)})


def _entry_body(call: Call, repository: Repository, entry: TreeEntry, ref: str) -> Body:
    root = repository_url(call, repository)
    page = repository_page(call, repository)
    path = quote(entry.path)
    is_folder = entry.kind == "tree"
    symlink = entry.mode == "120000"
    url = f"{root}/contents/{path}?ref={quote(ref)}"
    collection = "trees" if is_folder else "blobs"
    git_url = None if entry.kind == "commit" else f"{root}/git/{collection}/{entry.sha}"
    html_url = f"{page}/{'tree' if is_folder else 'blob'}/{quote(ref)}/{path}"
    return {
        "type": "symlink" if symlink else _KINDS.get(entry.kind, "file"),
        "name": entry.path.rpartition("/")[2],
        "path": entry.path,
        "sha": entry.sha,
        "size": entry.size or 0,
        "url": url,
        "git_url": git_url,
        "html_url": html_url,
        "download_url": f"{page}/raw/{quote(ref)}/{path}" if entry.kind == "blob" else None,
        "_links": {"self": url, "git": git_url, "html": html_url},
    }


def _collaborator_body(call: Call, login: str) -> Body:
    role = permission_of(call.forge, login)
    held = {word: at_least(role, needed) for word, needed in _PERMISSIONS.items()}
    return user_body(call, login) | {"permissions": held, "role_name": role}
