"""Differences read from git in bulk: which paths commits change, which lines, and as what patch."""

from __future__ import annotations

import codecs
import re
from collections.abc import Collection, Iterator, Sequence

import msgspec

from cockpit.backends.git_merges import MergeRoom, Staged, shared_out
from cockpit.release.linetrace import Hunk, Span

_PLAIN = ("--root", "--no-ext-diff", "--no-textconv", "--no-color", "--full-index")
_LINES = ("-r", "-p", "-U0", "--inter-hunk-context=0", "--src-prefix=a/", "--dst-prefix=b/")
_LIKE_THE_MERGE = ("--diff-algorithm=histogram",)
"""git's merge compares by it."""
_WORTH_A_PROCESS = 64
"""Pairs or commits for which one more process is started."""
_TELLING = re.compile(
    rb"\n(?:@@ -(?P<was>\d+)(?:,(?P<gone>\d+))? \+(?P<now>\d+)(?:,(?P<come>\d+))? @@"
    rb"|diff --git (?P<names>.*)"
    rb"|rename from (?P<from>.*)|rename to (?P<to>.*)|Binary files .*"
    rb"|(?P<commit>[0-9a-f]{40,64})$)",
    re.MULTILINE,
)


_OF_HUNKS = ("now", "come")
"""What is last in a hunk's header: its length is left out where it is 1."""


class Change(msgspec.Struct, frozen=True):
    """A commit and the parent it is compared with; None for a root commit."""

    commit: str
    base: str | None

    @property
    def line(self) -> str:
        """As `diff-tree --stdin` reads it."""
        return f"{self.commit} {self.base}\n" if self.base else f"{self.commit}\n"


class FileChange(msgspec.Struct, frozen=True):
    """What a commit did to one file; a version that is not there is None."""

    before: Staged | None
    after: Staged | None


class FileDiff(msgspec.Struct):
    """The lines that differ between two versions of a file."""

    hunks: list[Hunk]
    opaque: bool = False
    """Whether its lines say nothing: binary, or no file."""
    path: str = ""
    came_from: str | None = None
    """What it was called before, where it was renamed."""


Pair = tuple[Staged | None, Staged | None]


class FileChanges:
    """What changes do to files, by path; each is read once."""

    def __init__(self, room: MergeRoom) -> None:
        self._room = room
        self._read: dict[Change, dict[str, FileChange]] = {}

    def of(self, changes: Sequence[Change]) -> list[dict[str, FileChange]]:
        """What each of them does; a rename is a file that goes and one that comes."""
        unread = [change for change in dict.fromkeys(changes) if change not in self._read]
        shares = shared_out(unread, least=_WORTH_A_PROCESS) if unread else []
        outputs = self._room.run_each(
            *("diff-tree", "--stdin", "-r", "-z", "--raw", "--no-abbrev", "--no-renames"),
            *("--always", "--root"),
            stdins=[_asked(share) for share in shares],
        )
        for share, output in zip(shares, outputs, strict=True):
            self._read |= zip(share, _file_changes(output), strict=True)
        return [self._read[change] for change in changes]


def _file_changes(output: bytes) -> list[dict[str, FileChange]]:
    """What `diff-tree --stdin -z --raw --always` printed, a commit after the other."""
    words = iter(output.decode("utf-8", "surrogateescape").split("\0"))
    found: list[dict[str, FileChange]] = []
    for word in words:
        if word.startswith(":"):
            old, new, before, after, _ = word[1:].split(" ")
            found[-1][next(words)] = FileChange(_staged(old, before), _staged(new, after))
        elif word:
            found.append({})
    return found


def _staged(mode: str, blob: str) -> Staged | None:
    return Staged(mode, blob) if mode.strip("0") else None


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


def renames(room: MergeRoom, changes: Sequence[Change]) -> dict[str, dict[str, FileDiff]]:
    """The renames that changes made, found by likeness: commit → new path → difference."""
    output = room.run(
        *("diff-tree", "--stdin", "-M", "--diff-filter=R", *_PLAIN, *_LINES),
        stdin=_asked(changes),
    )
    return {commit: {diff.path: diff for diff in diffs} for commit, diffs in read_diffs(output)}


def line_diffs(
    room: MergeRoom, pairs: Collection[Pair], *, like: str, as_merged: bool = False
) -> dict[Pair, FileDiff]:
    """The differences between versions of files, of any number of them in a process a processor.

    They are put into pairs of trees, which are compared; so what many commits share is compared
    once, and nothing else is. `as_merged` compares as git's merge does, and keeps the text; `like`
    is an object whose format names are in.
    """
    found = {pair: FileDiff([], opaque=pair[0] != pair[1]) for pair in pairs}
    texts = [
        pair
        for pair, diff in found.items()
        if diff.opaque and all(side is None or side.is_text_file for side in pair)
    ]
    lots = shared_out(texts, least=_WORTH_A_PROCESS)
    trees = [
        [room.tree([pair[side] for pair in lot], like=like) for side in (0, 1)] for lot in lots
    ]
    outputs = room.run_each(
        *("diff-tree", "--stdin", "--no-renames", *(_LIKE_THE_MERGE if as_merged else ())),
        *(*_PLAIN, *_LINES),
        stdins=[f"{before} {after}\n".encode() for before, after in trees],
    )
    found |= {pair: FileDiff([]) for pair in texts}
    for lot, output in zip(lots, outputs, strict=True):
        for _, diffs in read_diffs(output, keep_text=as_merged):
            found |= {lot[int(diff.path)]: diff for diff in diffs}
    return found


def read_diffs(output: bytes, *, keep_text: bool = False) -> Iterator[tuple[str, list[FileDiff]]]:
    """What `diff-tree -p` printed: by commit where it was given several.

    Lines of files stand behind a sign or a space, so what begins a line is git's own.
    """
    name, diffs = "", list[FileDiff]()
    at: re.Match[bytes] | None = None
    output = b"\n" + output.removesuffix(b"\n")
    for found in _TELLING.finditer(output):
        if at and keep_text:
            diffs[-1].hunks.append(_hunk(at, output[at.end() : found.start()]))
        at = None
        kind = found.lastgroup
        if kind in _OF_HUNKS:
            at = found
            if not keep_text:
                diffs[-1].hunks.append(_hunk(found, b""))
        elif kind == "names":
            diffs.append(FileDiff([], path=_same_name(found["names"])))
        elif kind == "commit":
            yield name, diffs
            name, diffs = found["commit"].decode(), []
        else:
            _note(diffs[-1], found)
    if at and keep_text:
        diffs[-1].hunks.append(_hunk(at, output[at.end() :]))
    yield name, diffs


def _hunk(found: re.Match[bytes], text: bytes) -> Hunk:
    was, gone, now, come = found.group("was", "gone", "now", "come")
    lost, won = int(gone or 1), int(come or 1)
    before, after = int(was) - (lost > 0), int(now) - (won > 0)
    return Hunk(Span(before, before + lost), Span(after, after + won), text)


def _note(diff: FileDiff, found: re.Match[bytes]) -> None:
    """Take in what a header says beyond the name."""
    if found["from"]:
        diff.came_from = _unquoted(found["from"])
    elif found["to"]:
        diff.path = _unquoted(found["to"])
    else:
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
