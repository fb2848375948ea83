"""Differences read from git in bulk: which paths commits change, which lines, and as what patch."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Sequence

import msgspec

from cockpit.backends.git_merges import MergeRoom, Staged
from cockpit.release.linetrace import Hunk, Span

_PLAIN = ("--root", "--no-ext-diff", "--no-textconv", "--no-color", "--full-index")
_LINES = ("-r", "-p", "-U0", "--inter-hunk-context=0", "--src-prefix=a/", "--dst-prefix=b/")
_LIKE_THE_MERGE = "--diff-algorithm=histogram"
"""git's merge compares by it."""
_HEADER = re.compile(rb"[0-9a-f]{40,64}(?: [0-9a-f]{40,64})?")
_HUNK = re.compile(rb"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_LONGEST_ARGUMENTS = 500_000


class Change(msgspec.Struct, frozen=True):
    """A commit and the parent it is compared with; None for a root commit."""

    commit: str
    base: str | None

    @property
    def line(self) -> str:
        """As `diff-tree --stdin` reads it."""
        return f"{self.commit} {self.base}\n" if self.base else f"{self.commit}\n"


class FileDiff(msgspec.Struct):
    """What happened to one file."""

    path: str
    hunks: list[Hunk]
    came_from: str | None = None
    """What it was called before, where it was renamed."""
    created: bool = False
    deleted: bool = False
    opaque: bool = False
    """Whether its lines say nothing: binary, or a submodule."""

    @property
    def moved(self) -> bool:
        """Whether the file came or went."""
        return self.created or self.deleted


def paths_of(room: MergeRoom, changes: Sequence[Change]) -> list[frozenset[str]]:
    """The paths that each of the changes touches, renames as both."""
    output = room.run(
        *("diff-tree", "--stdin", "-r", "-z", "--name-only", "--no-renames", "--always", "--root"),
        stdin=_asked(changes),
    )
    words = output.split(b"\0")
    starts, at = [], 0
    for change in changes:
        starts.append(at := words.index(change.commit.encode(), at))
        at += 1
    ends = [*starts[1:], len(words) - 1]
    return [
        frozenset(map(_decoded, words[start + 1 : end]))
        for start, end in zip(starts, ends, strict=True)
    ]


def patch_ids(room: MergeRoom, changes: Sequence[Change]) -> dict[str, str]:
    """The patch-id of each commit that changes anything."""
    patches = room.run(
        "diff-tree", "--stdin", "-r", "-p", "--no-renames", *_PLAIN, stdin=_asked(changes)
    )
    lines = room.run("patch-id", "--stable", stdin=patches).decode().splitlines()
    return {commit: patch for patch, _, commit in (line.partition(" ") for line in lines)}


def patch_id_between(room: MergeRoom, before: str, after: str) -> str | None:
    """The patch-id of the step from one tree to another."""
    patch = room.run("diff-tree", "-r", "-p", "--no-renames", *_PLAIN, before, after)
    return room.run("patch-id", "--stable", stdin=patch).decode().partition(" ")[0] or None


def line_diffs(
    room: MergeRoom, changes: Sequence[Change], paths: Sequence[str]
) -> dict[str, dict[str, FileDiff]]:
    """What each change did to the lines of these files: commit → path → difference."""
    limit = ["--", *paths] if sum(map(len, paths)) < _LONGEST_ARGUMENTS else []
    output = room.run(
        *("--literal-pathspecs", "diff-tree", "--stdin", "--no-renames", *_PLAIN, *_LINES),
        *limit,
        stdin=_asked(changes),
    )
    return {commit: {diff.path: diff for diff in diffs} for commit, diffs in read_diffs(output)}


def renames(room: MergeRoom, changes: Sequence[Change]) -> dict[str, dict[str, FileDiff]]:
    """The renames that changes made, found by likeness: commit → new path → difference."""
    output = room.run(
        *("diff-tree", "--stdin", "-M", "--diff-filter=R", *_PLAIN, *_LINES),
        stdin=_asked(changes),
    )
    return {commit: {diff.path: diff for diff in diffs} for commit, diffs in read_diffs(output)}


def blob_diffs(
    room: MergeRoom, pairs: Sequence[tuple[Staged, Staged]], like: str
) -> list[FileDiff | None]:
    """The differences between versions of a file, found as the merge does; None for equal ones."""
    trees = [[room.tree(staged, like=like) for staged in pair] for pair in pairs]
    output = room.run(
        *("diff-tree", "--stdin", "--no-renames", _LIKE_THE_MERGE, *_PLAIN, *_LINES),
        stdin="".join(f"{before} {after}\n" for before, after in trees).encode(),
    )
    return [next(iter(diffs), None) for _, diffs in read_diffs(output, keep_text=True)]


def read_diffs(
    output: bytes, *, keep_text: bool = False
) -> Iterator[tuple[str, list[FileDiff]]]:
    """What `diff-tree --stdin -p` printed, a commit or pair of trees after the other."""
    lines = output.split(b"\n")
    name, diffs = "", list[FileDiff]()
    at = 0
    while at < len(lines):
        line = lines[at]
        at += 1
        if hunk := _HUNK.match(line):
            gone, come = int(hunk[2] or 1), int(hunk[4] or 1)
            end = _past_remark(lines, _past_remark(lines, at + gone) + come)
            text = b"\n".join(lines[at:end]) if keep_text else b""
            diffs[-1].hunks.append(_hunk(hunk, gone, come, text))
            at = end
        elif line.startswith(b"diff --git "):
            diffs.append(FileDiff(_same_name(line.removeprefix(b"diff --git ")), []))
        elif _HEADER.fullmatch(line):
            if name:
                yield name, diffs
            name, diffs = line.decode(), []
        elif diffs:
            _note(diffs[-1], line)
    if name:
        yield name, diffs


def _past_remark(lines: Sequence[bytes], at: int) -> int:
    """Behind `\\ No newline at end of file`, which stands after the last line of a side."""
    return at + lines[at].startswith(b"\\")


def _hunk(found: re.Match[bytes], gone: int, come: int, text: bytes) -> Hunk:
    before, after = int(found[1]) - (gone > 0), int(found[3]) - (come > 0)
    return Hunk(Span(before, before + gone), Span(after, after + come), text)


def _note(diff: FileDiff, line: bytes) -> None:
    """Take in what a header says beyond the name."""
    if line.startswith(b"rename from "):
        diff.came_from = _unquoted(line.removeprefix(b"rename from "))
    elif line.startswith(b"rename to "):
        diff.path = _unquoted(line.removeprefix(b"rename to "))
    elif line.startswith(b"new file mode "):
        diff.created = True
        diff.opaque |= line.endswith(b"160000")
    elif line.startswith(b"deleted file mode "):
        diff.deleted = True
    elif line.startswith(b"Binary files ") or line.endswith(b" 160000"):
        diff.opaque = True


def _same_name(names: bytes) -> str:
    """The path in `a/PATH b/PATH`, of a file that kept its name."""
    half = (len(names) - 1) // 2
    return _unquoted(names[half + 1 :], prefix=b"b/")


def _unquoted(name: bytes, prefix: bytes = b"") -> str:
    """A path as it is, where git quotes those with odd characters as C does."""
    if name.startswith(b'"'):
        name = codecs.escape_decode(name[1:-1])[0]
    return _decoded(name.removeprefix(prefix))


def _decoded(path: bytes) -> str:
    return path.decode("utf-8", "surrogateescape")


def _asked(changes: Sequence[Change]) -> bytes:
    return "".join(change.line for change in changes).encode()
