"""Writes to the bare repositories: refs, tags and real merges, made with plumbing."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from cockpit.rehearsal.github.gitdata import (
    ZERO_SHA,
    Commit,
    GitError,
    Signature,
    commits,
    run,
)

_CONFLICT = 1


class RefMoved(Exception):
    """A ref is not where the caller expected it."""


class MergeConflict(Exception):
    """Two commits cannot be merged without a person."""


def update_ref(git_dir: Path, ref: str, new: str, old: str) -> None:
    """Move a ref if it still is at `old`; the zero SHA stands for absence on either side."""
    try:
        if new == ZERO_SHA:
            run(git_dir, "update-ref", "--no-deref", "-d", ref, old)
        else:
            run(git_dir, "update-ref", "--no-deref", ref, new, old)
    except GitError as refused:
        raise RefMoved(str(refused)) from refused


def set_ref(git_dir: Path, ref: str, new: str) -> None:
    """Point a ref somewhere, wherever it is."""
    run(git_dir, "update-ref", "--no-deref", ref, new)


def make_tag(
    git_dir: Path, name: str, object_sha: str, object_kind: str, message: str, tagger: Signature
) -> str:
    """Write an annotated tag object, without a ref to it, and give its SHA."""
    content = (
        f"object {object_sha}\ntype {object_kind}\ntag {name}\n"
        f"tagger {_signed(tagger)}\n\n{message.rstrip()}\n"
    )
    return run(git_dir, "mktag", "--strict", stdin=content.encode()).decode().strip()


def make_commit(
    git_dir: Path,
    tree: str,
    parents: Sequence[str],
    message: str,
    *,
    author: Signature,
    committer: Signature,
) -> str:
    """Write a commit object and give its SHA."""
    arguments = [option for parent in parents for option in ("-p", parent)]
    people = {
        "GIT_AUTHOR_NAME": author.name,
        "GIT_AUTHOR_EMAIL": author.email,
        "GIT_AUTHOR_DATE": f"@{int(author.date.timestamp())} +0000",
        "GIT_COMMITTER_NAME": committer.name,
        "GIT_COMMITTER_EMAIL": committer.email,
        "GIT_COMMITTER_DATE": f"@{int(committer.date.timestamp())} +0000",
    }
    made = run(git_dir, "commit-tree", tree, *arguments, stdin=message.encode(), extra=people)
    return made.decode().strip()


def merged_tree(git_dir: Path, ours: str, theirs: str) -> str:
    """The tree that merging two commits gives, written to the repository."""
    return _merge(git_dir, ours, theirs, None)


@lru_cache(maxsize=512)
def merges_cleanly(git_dir: Path, ours: str, theirs: str) -> bool:
    """Whether two commits, given by SHA, merge; leaves the repository as it is."""
    with tempfile.TemporaryDirectory(prefix="merge-") as quarantine:
        try:
            _merge(git_dir, ours, theirs, Path(quarantine))
        except MergeConflict:
            return False
    return True


def replay(git_dir: Path, onto: str, picked: Sequence[Commit], committer: Signature) -> str:
    """Put copies of commits (oldest first) on top of `onto` and give the new tip."""
    tip = onto
    for source in picked:
        tree = merged_tree(git_dir, _as_if_based_on(git_dir, tip, source, committer), source.sha)
        tip = make_commit(
            git_dir, tree, [tip], source.message, author=source.author, committer=committer
        )
    return tip


def _as_if_based_on(git_dir: Path, tip: str, source: Commit, committer: Signature) -> str:
    """A stand-in for `tip` whose parent is the source's: so the merge base is that parent."""
    (tree,) = (commit.tree for commit in commits(git_dir, [tip]))
    return make_commit(
        git_dir, tree, source.parents[:1], "merge base", author=committer, committer=committer
    )


def _merge(git_dir: Path, ours: str, theirs: str, quarantine: Path | None) -> str:
    elsewhere = (
        {
            "GIT_OBJECT_DIRECTORY": str(quarantine),
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(git_dir / "objects"),
        }
        if quarantine
        else None
    )
    try:
        printed = run(
            git_dir, "merge-tree", "--write-tree", "-z", "--name-only", "--no-messages",
            ours, theirs, extra=elsewhere,
        )  # fmt: skip
    except GitError as refused:
        if refused.code == _CONFLICT:
            raise MergeConflict(f"{ours} and {theirs}") from refused
        raise
    return printed.split(b"\0")[0].decode().strip()


def _signed(person: Signature) -> str:
    return f"{person.name} <{person.email}> {int(person.date.timestamp())} +0000"
