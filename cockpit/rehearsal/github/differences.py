"""Reads what changed between two commits, file by file."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from cockpit.rehearsal.github.gitdata import ZERO_SHA, run

EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
LONGEST_PATCH = 100_000
"""Characters of one file's patch; GitHub leaves out a longer one."""

_STATUS = {"A": "added", "D": "removed", "R": "renamed", "C": "copied", "T": "changed"}


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file of a difference; `patch` is None for binary and for very long changes."""

    path: str
    previous_path: str | None
    status: str
    blob: str
    additions: int
    deletions: int
    patch: str | None


@lru_cache(maxsize=64)
def changes(git_dir: Path, base: str, head: str) -> tuple[FileChange, ...]:
    """The files that differ between two commits or trees, given by SHA."""
    printed = run(
        git_dir, "diff-tree", "-r", "-M", "--no-ext-diff", "--no-textconv", "--no-color",
        "--raw", "--abbrev=40", "--numstat", "--patch", "-z", base, head,
    )  # fmt: skip
    return _Reader(printed).files()


class _Reader:
    """Walks through git's raw section, its numbers and its patches, which follow one another."""

    def __init__(self, printed: bytes) -> None:
        self._printed = printed
        self._at = 0

    def files(self) -> tuple[FileChange, ...]:
        raw = []
        while self._printed[self._at : self._at + 1] == b":":
            described = self._field().split()
            paths = [self._field() for _ in range(2 if described[4][0] in "RC" else 1)]
            raw.append((described[3], described[4][0], paths))
        numbers = [self._numbers() for _ in raw]
        patches = self._patches(len(raw))
        return tuple(
            FileChange(
                path=paths[-1],
                previous_path=paths[0] if len(paths) == 2 else None,
                status=_STATUS.get(letter, "modified"),
                blob=new_blob if new_blob != ZERO_SHA else "",
                additions=added,
                deletions=removed,
                patch=patch,
            )
            for (new_blob, letter, paths), (added, removed), patch in zip(
                raw, numbers, patches, strict=True
            )
        )

    def _field(self) -> str:
        end = self._printed.index(b"\0", self._at)
        field = self._printed[self._at : end].decode(errors="replace")
        self._at = end + 1
        return field

    def _numbers(self) -> tuple[int, int]:
        added, removed, path = self._field().split("\t", 2)
        if not path:
            self._field(), self._field()
        return (0, 0) if added == "-" else (int(added), int(removed))

    def _patches(self, count: int) -> list[str | None]:
        text = self._printed[self._at + 1 :].decode(errors="replace")
        sections = f"\n{text}".split("\ndiff --git ")[1:]
        if len(sections) != count:
            return [None] * count
        return [_hunks(section) for section in sections]


def _hunks(section: str) -> str | None:
    start = section.find("\n@@ ")
    patch = section[start + 1 :].rstrip("\n")
    return patch if start >= 0 and len(patch) <= LONGEST_PATCH else None
