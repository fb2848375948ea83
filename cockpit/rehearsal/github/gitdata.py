"""Reads the bare repositories: refs, commits, histories, trees and differences.

One git process for a question. What is named by SHAs alone never changes and is cached.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

ZERO_SHA = "0" * 40
LONGEST_HISTORIES = 16

_SHA = re.compile(r"[0-9a-f]{4,40}", re.IGNORECASE)
_QUIET = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "LC_ALL": "C",
}


class GitError(Exception):
    """A git command that failed; `code` is its exit code, the text what it said."""

    def __init__(self, code: int, said: str) -> None:
        super().__init__(said)
        self.code = code


@dataclass(frozen=True, slots=True)
class Signature:
    """Who did something, and when."""

    name: str
    email: str
    date: datetime


@dataclass(frozen=True, slots=True)
class Ref:
    """A ref; `commit` is what it points to once an annotated tag is peeled."""

    name: str
    sha: str
    kind: str
    commit: str


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit object."""

    sha: str
    tree: str
    parents: tuple[str, ...]
    author: Signature
    committer: Signature
    message: str

    @property
    def title(self) -> str:
        """The first line of the message."""
        return self.message.partition("\n")[0]


@dataclass(frozen=True, slots=True)
class TagObject:
    """An annotated tag."""

    sha: str
    name: str
    object_sha: str
    object_kind: str
    tagger: Signature
    message: str


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """One line of a tree; `size` is None for anything but a blob."""

    mode: str
    kind: str
    sha: str
    size: int | None
    path: str


@dataclass(frozen=True, slots=True)
class Range:
    """How two commits relate: what each has that the other lacks, newest first."""

    merge_base: str | None
    ahead: tuple[str, ...]
    behind: tuple[str, ...]


def run(
    git_dir: Path, *arguments: str, stdin: bytes = b"", extra: Mapping[str, str] | None = None
) -> bytes:
    """Run one git command on a repository and give what it prints."""
    inherited = {name: text for name, text in os.environ.items() if not name.startswith("GIT_")}
    done = subprocess.run(
        ["git", f"--git-dir={git_dir}", *arguments],
        input=stdin,
        capture_output=True,
        env=inherited | _QUIET | dict(extra or {}),
        check=False,
    )
    if done.returncode:
        raise GitError(done.returncode, done.stderr.decode(errors="replace").strip())
    return done.stdout


def resolve(git_dir: Path, name: str) -> str | None:
    """The commit that a branch, a tag, a ref or a SHA names; None when there is none."""
    if not name or any(character in name for character in "\n^~:@{ "):
        return None
    wanted = [f"refs/heads/{name}", f"refs/tags/{name}", f"refs/{name}"]
    if name.startswith("refs/") or name == "HEAD" or _SHA.fullmatch(name):
        wanted.append(name)
    asked = "".join(f"{candidate}^{{commit}}\n" for candidate in wanted)
    for line in (
        run(git_dir, "cat-file", "--batch-check", stdin=asked.encode()).decode().split("\n")
    ):
        sha, _, kind = line.partition(" ")
        if kind.startswith("commit "):
            return sha
    return None


def is_sha(text: str) -> bool:
    """Whether the text is a whole SHA."""
    return len(text) == len(ZERO_SHA) and _SHA.fullmatch(text) is not None


def kind(git_dir: Path, sha: str) -> str | None:
    """The kind of the object with this SHA; None when there is none."""
    described = run(git_dir, "cat-file", "--batch-check=%(objecttype)", stdin=f"{sha}\n".encode())
    word = described.decode().strip()
    return None if word.endswith("missing") else word


def leads_outside(path: str) -> bool:
    """Whether a path has a part that no tree has, such as `..`."""
    return any(part in ("", ".", "..") for part in path.split("/"))


def tree_sha(git_dir: Path, treeish: str) -> str | None:
    """The tree with this SHA, or the tree of the commit that a name stands for."""
    sha = treeish if is_sha(treeish) else resolve(git_dir, treeish)
    if sha is None:
        return None
    form, asked = "--batch-check=%(objectname) %(objecttype)", f"{sha}^{{tree}}\n"
    found, _, is_tree = run(git_dir, "cat-file", form, stdin=asked.encode()).decode().partition(" ")
    return found if is_tree.strip() == "tree" else None


def refs(git_dir: Path, *prefixes: str, order: str = "refname") -> list[Ref]:
    """All refs under the prefixes (each ends with a slash or names one ref)."""
    form = "%(objectname) %(objecttype) %(*objectname) %(refname)"
    listed = run(git_dir, "for-each-ref", f"--sort={order}", f"--format={form}", *prefixes)
    found = []
    for line in listed.decode(errors="replace").splitlines():
        sha, kind, peeled, name = line.split(" ", 3)
        found.append(Ref(name, sha, kind, peeled or sha))
    return found


def ref(git_dir: Path, name: str) -> Ref | None:
    """The ref of exactly this full name."""
    if any(character in name for character in "*?["):
        return None
    return next((found for found in refs(git_dir, name) if found.name == name), None)


def branches_containing(git_dir: Path, sha: str) -> list[str]:
    """Names of the branches whose history has the commit."""
    listed = run(
        git_dir, "for-each-ref", "--format=%(refname:lstrip=2)", f"--contains={sha}", "refs/heads/"
    )
    return listed.decode(errors="replace").splitlines()


def commits(git_dir: Path, shas: Iterable[str]) -> list[Commit]:
    """These commits, in the order asked; what is not a commit of the repository is left out."""
    return [
        _commit(sha, content) for sha, kind, content in _objects(git_dir, shas) if kind == "commit"
    ]


def commit(git_dir: Path, name: str) -> Commit | None:
    """The commit a name stands for."""
    sha = resolve(git_dir, name)
    return commits(git_dir, [sha])[0] if sha else None


def tag_object(git_dir: Path, sha: str) -> TagObject | None:
    """The annotated tag with this SHA."""
    for _, kind, content in _objects(git_dir, [sha]):
        if kind == "tag":
            headers, message = _headers(content)
            return TagObject(
                sha,
                headers["tag"][0],
                headers["object"][0],
                headers["type"][0],
                _signature(headers["tagger"][0]),
                message,
            )
    return None


def blob(git_dir: Path, sha: str) -> bytes:
    """The content of a blob."""
    return run(git_dir, "cat-file", "blob", sha)


def tree(git_dir: Path, treeish: str, *paths: str, recursive: bool = False) -> list[TreeEntry]:
    """The entries of a tree, or only those at `paths`."""
    deep = ["-r", "-t"] if recursive else []
    listed = run(git_dir, "ls-tree", "-l", "-z", *deep, treeish, "--", *paths)
    entries = []
    for line in listed.decode(errors="replace").rstrip("\0").split("\0"):
        if line:
            described, _, path = line.partition("\t")
            mode, kind, sha, size = described.split()
            entries.append(TreeEntry(mode, kind, sha, None if size == "-" else int(size), path))
    return entries


@lru_cache(maxsize=LONGEST_HISTORIES)
def history(git_dir: Path, tip: str, limits: Sequence[str] = (), path: str = "") -> Sequence[str]:
    """SHAs of the commits from `tip` back, newest first; `limits` are options of rev-list."""
    listed = run(git_dir, "rev-list", *limits, tip, "--", *([path] if path else []))
    return tuple(listed.decode().split())


@lru_cache(maxsize=LONGEST_HISTORIES)
def between(git_dir: Path, base: str, head: str) -> Range:
    """How two commits, given by SHA, relate."""
    listed = run(git_dir, "rev-list", "--left-right", "--topo-order", f"{base}...{head}", "--")
    sides = listed.decode().split()
    try:
        merge_base = run(git_dir, "merge-base", base, head).decode().strip()
    except GitError:
        merge_base = None
    return Range(
        merge_base,
        ahead=tuple(side[1:] for side in sides if side.startswith(">")),
        behind=tuple(side[1:] for side in sides if side.startswith("<")),
    )


def _objects(git_dir: Path, names: Iterable[str]) -> Iterator[tuple[str, str, bytes]]:
    asked = "".join(f"{name}\n" for name in names)
    printed = run(git_dir, "cat-file", "--batch", stdin=asked.encode())
    at = 0
    while at < len(printed):
        end = printed.index(b"\n", at)
        described = printed[at:end].decode(errors="replace").split(" ")
        at = end + 1
        if len(described) == 3 and described[2].isdigit():
            sha, kind, size = described[0], described[1], int(described[2])
            yield sha, kind, printed[at : at + size]
            at += size + 1


def _headers(content: bytes) -> tuple[dict[str, list[str]], str]:
    head, _, message = content.decode(errors="replace").partition("\n\n")
    headers: dict[str, list[str]] = {}
    for line in head.split("\n"):
        if not line.startswith(" "):
            name, _, text = line.partition(" ")
            headers.setdefault(name, []).append(text)
    return headers, message.rstrip("\n")


def _commit(sha: str, content: bytes) -> Commit:
    headers, message = _headers(content)
    return Commit(
        sha,
        headers["tree"][0],
        tuple(headers.get("parent", ())),
        _signature(headers["author"][0]),
        _signature(headers["committer"][0]),
        message,
    )


def _signature(text: str) -> Signature:
    name, _, rest = text.partition(" <")
    email, _, when = rest.rpartition("> ")
    return Signature(name, email, datetime.fromtimestamp(int(when.split()[0]), UTC))
