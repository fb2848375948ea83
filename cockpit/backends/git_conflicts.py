"""The files that a merge leaves in conflict, with the regions that collide."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import msgspec

from cockpit.backends.git_merges import Merged, MergeRoom
from cockpit.backends.text import clean, clean_lines, mask
from cockpit.release.commits import short
from cockpit.release.prediction import FileConflict, Region

_KIND = re.compile(r"CONFLICT \((.+)\)")
_REGULAR = "100"
_REGIONS, _LINES, _WIDTH = 4, 40, 240
"""What is kept of a file: regions, lines of each, characters of a line."""
_LARGEST = 2_000_000
"""Bytes of a file beyond which no regions are read."""


class Conflicted(msgspec.Struct, frozen=True):
    """A merge in conflict, with the two commits that git's marks name."""

    ours: str
    theirs: str
    picked: str
    """What is picked, which `theirs` may stand for."""
    merged: Merged


def file_conflicts(
    room: MergeRoom, conflicts: Sequence[Conflicted], *, regions: bool
) -> list[tuple[FileConflict, ...]]:
    """The files of each merge; with `regions` what collides in them, where they are text."""
    asked = [
        (number, path)
        for number, conflict in enumerate(conflicts)
        for path, versions in conflict.merged.stages.items()
        if regions
        and "\n" not in path
        and len(versions) > 1
        and all(version.mode.startswith(_REGULAR) for version in versions.values())
    ]
    blobs = dict(zip(asked, _blobs(room, conflicts, asked), strict=True))
    contents = room.contents(sorted({blob for blob in blobs.values() if blob}))
    return [
        tuple(
            _file(conflict, path, contents.get(blobs.get((number, path)) or "", b""))
            for path in conflict.merged.stages or _named(conflict.merged)
        )
        for number, conflict in enumerate(conflicts)
    ]


def _blobs(
    room: MergeRoom, conflicts: Sequence[Conflicted], asked: Sequence[tuple[int, str]]
) -> Iterator[str | None]:
    """The merged files, with git's marks in them; None for those that are not there or large."""
    if not asked:
        return
    lines = "".join(f"{conflicts[number].merged.tree}:{path}\n" for number, path in asked)
    answers = room.run(
        *("cat-file", "--buffer", "--batch-check=%(objectname) %(objecttype) %(objectsize)"),
        stdin=lines.encode("utf-8", "surrogateescape"),
    )
    for answer in answers.splitlines():
        words = answer.decode("utf-8", "replace").split(" ")
        yield words[0] if words[1:2] == ["blob"] and int(words[2]) <= _LARGEST else None


def _named(merged: Merged) -> list[str]:
    """The files that git's notes name, for a merge that leaves no file in conflict."""
    noted = [path for note in merged.notes if _KIND.match(note.kind) for path in note.paths]
    return list(dict.fromkeys(noted))


def _file(conflict: Conflicted, path: str, content: bytes) -> FileConflict:
    notes = [
        note for note in conflict.merged.notes if path in note.paths and _KIND.match(note.kind)
    ]
    kinds = [kind[1] for note in notes if (kind := _KIND.match(note.kind))]
    found = list(_regions(content, conflict))
    regions = [_region(start, inner, conflict) for start, inner in found[:_REGIONS]]
    return FileConflict(
        path=clean(path),
        kinds=tuple(dict.fromkeys(kinds)),
        said=tuple(clean(note.text) for note in notes),
        regions=tuple(regions),
        more_regions=len(found) - len(regions),
    )


def _regions(content: bytes, conflict: Conflicted) -> Iterator[tuple[int, list[bytes]]]:
    """What stands between git's marks; marks that the file has of its own name no commit."""
    begin = b"<<<<<<< " + conflict.ours.encode()
    end = b">>>>>>> " + conflict.theirs.encode()
    if begin not in content:
        return
    lines = content.split(b"\n")
    start: int | None = None
    for number, line in enumerate(lines):
        if line.startswith(begin):
            start = number
        elif start is not None and line.startswith(end):
            yield start, lines[start + 1 : number]
            start = None


def _region(start: int, inner: Sequence[bytes], conflict: Conflicted) -> Region:
    kept = b"\n".join(line[:_WIDTH] for line in inner[:_LINES])
    text = mask(clean_lines(kept.decode("utf-8", "replace")))
    marked = f"<<<<<<< the branch\n{text}\n>>>>>>> {short(conflict.picked)}"
    return Region(start + 1, marked, max(len(inner) - _LINES, 0))
