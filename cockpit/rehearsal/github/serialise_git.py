"""JSON bodies of refs, commits, trees and differences."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from cockpit.rehearsal.github.call import Call
from cockpit.rehearsal.github.differences import FileChange
from cockpit.rehearsal.github.gitdata import Commit, Ref, Signature, TagObject, TreeEntry
from cockpit.rehearsal.github.http import Body
from cockpit.rehearsal.github.serialise import (
    node_id,
    repository_page,
    repository_url,
    stamp,
    user_of_email,
)
from cockpit.rehearsal.model import Repository

_COLLECTIONS = {"commit": "commits", "tag": "tags", "tree": "trees", "blob": "blobs"}


def ref_body(call: Call, repository: Repository, ref: Ref) -> Body:
    """A ref and the object it names."""
    return {
        "ref": ref.name,
        "node_id": node_id("Ref", f"{repository.id}:{ref.name}"),
        "url": f"{repository_url(call, repository)}/git/{quote(ref.name)}",
        "object": object_body(call, repository, ref.sha, ref.kind),
    }


def object_body(call: Call, repository: Repository, sha: str, kind: str) -> Body:
    """A git object by SHA and kind."""
    url = f"{repository_url(call, repository)}/git/{_COLLECTIONS[kind]}/{sha}"
    return {"sha": sha, "type": kind, "url": url}


def tag_object_body(call: Call, repository: Repository, tag: TagObject) -> Body:
    """An annotated tag."""
    return {
        "node_id": node_id("Tag", f"{repository.id}:{tag.sha}"),
        "sha": tag.sha,
        "url": f"{repository_url(call, repository)}/git/tags/{tag.sha}",
        "tag": tag.name,
        "message": tag.message,
        "tagger": signature_body(tag.tagger),
        "object": object_body(call, repository, tag.object_sha, tag.object_kind),
        "verification": _unverified(),
    }


def signature_body(signature: Signature) -> Body:
    """Who did something, and when."""
    return {"name": signature.name, "email": signature.email, "date": stamp(signature.date)}


def branch_body(call: Call, repository: Repository, ref: Ref) -> Body:
    """A branch in a list."""
    name = ref.name.removeprefix("refs/heads/")
    return {
        "name": name,
        "commit": _commit_link(call, repository, ref.commit),
        **_protection(call, repository, name),
    }


def full_branch_body(call: Call, repository: Repository, ref: Ref, tip: Commit) -> Body:
    """One branch with its whole commit."""
    name = ref.name.removeprefix("refs/heads/")
    return {
        "name": name,
        "commit": commit_body(call, repository, tip),
        "_links": {
            "html": f"{repository_page(call, repository)}/tree/{quote(name)}",
            "self": f"{repository_url(call, repository)}/branches/{quote(name)}",
        },
        **_protection(call, repository, name),
    }


def tag_body(call: Call, repository: Repository, ref: Ref) -> Body:
    """A tag in the list of tags."""
    name = ref.name.removeprefix("refs/tags/")
    url = repository_url(call, repository)
    return {
        "name": name,
        "commit": _commit_link(call, repository, ref.commit),
        "zipball_url": f"{url}/zipball/{quote(ref.name)}",
        "tarball_url": f"{url}/tarball/{quote(ref.name)}",
        "node_id": node_id("Ref", f"{repository.id}:{ref.name}"),
    }


def commit_body(call: Call, repository: Repository, commit: Commit) -> Body:
    """A commit with the accounts behind it, without its files."""
    url = repository_url(call, repository)
    page = repository_page(call, repository)
    return {
        "sha": commit.sha,
        "node_id": node_id("Commit", f"{repository.id}:{commit.sha}"),
        "commit": {
            "author": signature_body(commit.author),
            "committer": signature_body(commit.committer),
            "message": commit.message,
            "tree": {"sha": commit.tree, "url": f"{url}/git/trees/{commit.tree}"},
            "url": f"{url}/git/commits/{commit.sha}",
            "comment_count": 0,
            "verification": _unverified(),
        },
        "url": f"{url}/commits/{commit.sha}",
        "html_url": f"{page}/commit/{commit.sha}",
        "comments_url": f"{url}/commits/{commit.sha}/comments",
        "author": user_of_email(call, commit.author.email),
        "committer": user_of_email(call, commit.committer.email),
        "parents": [
            _commit_link(call, repository, parent) | {"html_url": f"{page}/commit/{parent}"}
            for parent in commit.parents
        ],
    }


def full_commit_body(
    call: Call,
    repository: Repository,
    commit: Commit,
    files: Sequence[FileChange],
    shown: Sequence[FileChange],
) -> Body:
    """A commit with its numbers and the shown page of its files."""
    additions = sum(file.additions for file in files)
    deletions = sum(file.deletions for file in files)
    return commit_body(call, repository, commit) | {
        "stats": {"total": additions + deletions, "additions": additions, "deletions": deletions},
        "files": [file_body(call, repository, file, commit.sha) for file in shown],
    }


def git_commit_body(call: Call, repository: Repository, commit: Commit) -> Body:
    """A commit as the git database shows it."""
    url = repository_url(call, repository)
    page = repository_page(call, repository)
    return {
        "sha": commit.sha,
        "node_id": node_id("Commit", f"{repository.id}:{commit.sha}"),
        "url": f"{url}/git/commits/{commit.sha}",
        "html_url": f"{page}/commit/{commit.sha}",
        "author": signature_body(commit.author),
        "committer": signature_body(commit.committer),
        "message": commit.message,
        "tree": {"sha": commit.tree, "url": f"{url}/git/trees/{commit.tree}"},
        "parents": [
            {
                "sha": parent,
                "url": f"{url}/git/commits/{parent}",
                "html_url": f"{page}/commit/{parent}",
            }
            for parent in commit.parents
        ],
        "verification": _unverified(),
    }


def simple_commit_body(commit: Commit) -> Body:
    """A commit as runs and check suites carry it."""
    return {
        "id": commit.sha,
        "tree_id": commit.tree,
        "message": commit.message,
        "timestamp": stamp(commit.committer.date),
        "author": {"name": commit.author.name, "email": commit.author.email},
        "committer": {"name": commit.committer.name, "email": commit.committer.email},
    }


def tree_entry_body(call: Call, repository: Repository, entry: TreeEntry) -> Body:
    """One entry of a tree; submodules have no address and only blobs have a size."""
    body: Body = {"path": entry.path, "mode": entry.mode, "type": entry.kind, "sha": entry.sha}
    if entry.size is not None:
        body["size"] = entry.size
    if entry.kind != "commit":
        body["url"] = object_body(call, repository, entry.sha, entry.kind)["url"]
    return body


def file_body(call: Call, repository: Repository, file: FileChange, sha: str) -> Body:
    """One file of a difference whose newer side is the commit `sha`."""
    page = repository_page(call, repository)
    path = quote(file.path)
    body: Body = {
        "sha": file.blob or None,
        "filename": file.path,
        "status": file.status,
        "additions": file.additions,
        "deletions": file.deletions,
        "changes": file.additions + file.deletions,
        "blob_url": f"{page}/blob/{sha}/{path}",
        "raw_url": f"{page}/raw/{sha}/{path}",
        "contents_url": f"{repository_url(call, repository)}/contents/{path}?ref={sha}",
    }
    if file.patch is not None:
        body["patch"] = file.patch
    if file.previous_path is not None:
        body["previous_filename"] = file.previous_path
    return body


def _commit_link(call: Call, repository: Repository, sha: str) -> Body:
    return {"sha": sha, "url": f"{repository_url(call, repository)}/commits/{sha}"}


def _protection(call: Call, repository: Repository, branch: str) -> Body:
    return {
        "protected": False,
        "protection": {
            "enabled": False,
            "required_status_checks": {
                "enforcement_level": "off",
                "contexts": [],
                "checks": [],
            },
        },
        "protection_url": (
            f"{repository_url(call, repository)}/branches/{quote(branch)}/protection"
        ),
    }


def _unverified() -> Body:
    return {
        "verified": False,
        "reason": "unsigned",
        "signature": None,
        "payload": None,
        "verified_at": None,
    }
