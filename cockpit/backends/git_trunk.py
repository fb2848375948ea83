"""The part of a trunk's history that a branch lacks, and what its commits did to some files."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import count

import msgspec

from cockpit.backends.git_landings import Known, read_messages
from cockpit.backends.git_merges import MergeRoom
from cockpit.backends.git_patches import (
    Change,
    FileChange,
    FileChanges,
    FileDiff,
    Pair,
    line_diffs,
    renames,
)

_RENAMES_FOLLOWED = 5
_FEW_PATHS = 16
"""As many paths git picks out of a history faster than it lists everything."""


class Missing:
    """The history that some commits have and a branch has not."""

    def __init__(self, room: MergeRoom, commits: Sequence[str], onto: str) -> None:
        asked = "".join([*(f"{commit}\n" for commit in commits), f"^{onto}\n"])
        listed = room.run("rev-list", "--topo-order", "--parents", "--stdin", stdin=asked.encode())
        rows = [line.split(" ") for line in listed.decode().splitlines()]
        self.first_parent = {row[0]: row[1] if row[1:] else None for row in rows}
        self.age = {row[0]: age for age, row in enumerate(rows)}
        """A commit's place; its ancestors have higher numbers."""
        self._parted: dict[str | None, str | None] = {}

    def __contains__(self, commit: str | None) -> bool:
        return commit in self.first_parent

    def parted_at(self, commit: str | None) -> str | None:
        """Where the trunk of a missing commit left what the branch has; None where it never did."""
        passed = []
        while commit in self.first_parent and commit not in self._parted:
            passed.append(commit)
            commit = self.first_parent[commit]
        end = self._parted.get(commit, commit)
        self._parted |= dict.fromkeys(passed, end)
        return end


class Step(msgspec.Struct, frozen=True):
    """What one commit did to a file."""

    diff: FileDiff
    begins: bool
    """Whether the file was not there before, by any name."""

    @property
    def made(self) -> bool:
        """Whether it gave the file its name."""
        return self.begins or self.diff.came_from is not None


class Trunk:
    """The missing first-parent history before some commits, read for the files that are asked."""

    def __init__(
        self,
        room: MergeRoom,
        files: FileChanges,
        onto: str,
        missing: Missing,
        edges: Collection[str] = (),
    ) -> None:
        """`edges` are commits that a shallow clone ends at, so that what they did is not known."""
        self.onto = onto
        self._edges = frozenset(edges)
        self.missing = missing
        self._room = room
        self._files = files
        self._changes: dict[str, dict[str, FileChange]] = {}
        self._diffs: dict[Pair, FileDiff] = {}
        self._renames: dict[str, dict[str, FileDiff]] = {}
        self._by_path: dict[str, list[str]] = {}
        self._places: dict[str | None, tuple[int, int]] = {}
        self._joins: list[tuple[int, int] | None] = []

    def read(
        self, bases: Sequence[str], files: Collection[str], folders: Collection[str] = ()
    ) -> None:
        """Read what commits before these did to files, and to what those were called before."""
        for base in bases:
            self._line_up(base)
        known: set[str] = set()
        wanted = set(files)
        pairs: dict[Pair, None] = {}
        for _ in range(_RENAMES_FOLLOWED):
            self._find(bases, wanted | set(folders))
            makers = []
            for sha, changes in self._changes.items():
                for path in wanted & changes.keys():
                    change = changes[path]
                    pairs[change.before, change.after] = None
                    if change.before is None and sha not in self._renames:
                        makers.append(Change(sha, self.missing.first_parent[sha]))
            found = renames(self._room, list(dict.fromkeys(makers))) if makers else {}
            self._renames |= {maker.commit: {} for maker in makers} | found
            known |= wanted
            wanted = {
                diff.came_from
                for diffs in found.values()
                for path, diff in diffs.items()
                if path in known and diff.came_from
            } - known
            if not wanted:
                break
        self._diffs = line_diffs(self._room, pairs, like=self.onto)
        for sha in sorted(self._changes, key=self.missing.age.__getitem__):
            for path in known & self._changes[sha].keys():
                self._by_path.setdefault(path, []).append(sha)

    def changing(self, path: str, base: str | None) -> Iterator[tuple[str, Step]]:
        """What commits did to a file that was asked for, from this one on back."""
        for commit in self._by_path.get(path, ()):
            if self._leads(base, commit):
                yield commit, self._step(commit, path)

    def moving(self, folder: str, base: str | None) -> Iterator[str]:
        """The commits that put files into a folder or took some out of it, likewise."""
        for commit, changes in self._changes.items():
            moved = any(
                path.startswith(f"{folder}/") and None in (change.before, change.after)
                for path, change in changes.items()
            )
            if moved and self._leads(base, commit):
                yield commit

    def known(self, commits: Sequence[str]) -> list[Known]:
        """Commits of it with their messages."""
        if not commits:
            return []
        messages = read_messages(self._room, "--no-walk", commits)
        return [Known(commit, self.missing.first_parent[commit.sha]) for commit in messages]

    def _step(self, commit: str, path: str) -> Step:
        change = self._changes[commit][path]
        renamed = self._renames.get(commit, {}).get(path)
        if renamed is not None:
            return Step(renamed, begins=False)
        diff = self._diffs.get((change.before, change.after)) or FileDiff([], opaque=True)
        return Step(diff, begins=change.before is None)

    def _leads(self, base: str | None, commit: str) -> bool:
        """Whether a commit is the base or in the first-parent history before it."""
        place = self._places.get(base)
        line, at = self._places[commit]
        while place is not None and place[0] != line:
            place = self._joins[place[0]]
        return place is not None and place[1] <= at

    def _line_up(self, base: str) -> None:
        """Give the commits before a base their places: on a line, and so many steps from its tip.

        Where a line comes to a commit that has its place already, it goes on from there.
        """
        line = len(self._joins)
        commit: str | None = base
        for at in count():
            if commit is None or commit not in self.missing or commit in self._places:
                break
            self._places[commit] = (line, at)
            commit = self.missing.first_parent[commit]
        self._joins.append(self._places.get(commit))

    def _find(self, bases: Sequence[str], paths: Collection[str]) -> None:
        """Take in the commits that changed any of these paths."""
        plain = [path for path in sorted(paths) if "\n" not in path]
        asked = [*bases, f"^{self.onto}"]
        if len(plain) <= _FEW_PATHS:
            asked += ["--", *plain]
        listed = self._room.run(
            *("--literal-pathspecs", "rev-list", "--first-parent", "--stdin"),
            stdin="".join(f"{line}\n" for line in asked).encode("utf-8", "surrogateescape"),
        )
        known = self._changes.keys() | self._edges
        new = [sha for sha in listed.decode().split() if sha not in known]
        found = self._files.of([Change(sha, self.missing.first_parent[sha]) for sha in new])
        self._changes |= zip(new, found, strict=True)
