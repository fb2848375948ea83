"""Which trunk commits a branch lacks that make a pick collide, found in a few git processes.

The trunk is the picked commit's own first-parent history: there each commit is one change that
could be picked, a merge as a whole. What the branch lacks of it lies between the branch and the
pick's parent, less what landed on the branch as a pick. How lines that collide lead to commits is
told in `cockpit.release.linetrace`. Where there are no lines to follow, because the conflict is
about a binary, a submodule, a mode or a name, the commits that changed the file are named, and
`Evidence.FILES` says so. Where the branch alone changed what collides, nothing is missing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

import msgspec

from cockpit.backends.git_landings import Landings
from cockpit.backends.git_merges import Merged, MergeRoom
from cockpit.backends.git_patches import FileDiff, Pair, line_diffs
from cockpit.backends.git_trunk import Trunk
from cockpit.backends.text import clean
from cockpit.release.commits import Commit
from cockpit.release.linetrace import WHOLE, Span, carried_back, collisions, meeting
from cockpit.release.prediction import Cause, Evidence

_BASE, _OURS, _THEIRS = 1, 2, 3
_SOMEWHERE_ELSE = ("file location", "directory rename")
"""What git calls conflicts that a moved folder makes."""


class Collision(msgspec.Struct, frozen=True):
    """A pick that conflicts."""

    base: str | None
    """The parent of the picked commit."""
    merged: Merged


class _Trace(msgspec.Struct, frozen=True):
    """A file in conflict, as the base calls it, and what to follow of it."""

    shown: str
    """As the conflict calls it."""
    path: str
    spans: tuple[Span, ...] = (WHOLE.after,)
    by_lines: bool = False
    absent: bool = False
    """The branch has no such file: without a commit that made it, the branch removed it."""
    folder: bool = False
    """What came to this folder or left it."""


class _Trail(msgspec.Struct):
    """The commits that a trace passed through, newest first."""

    colliding: list[str] = []
    touching: list[str] = []
    made: bool = False
    """Whether one of them made the file, or gave it its name."""


class CauseFinder:
    """Explains conflicts by commits that the branch lacks."""

    def __init__(self, room: MergeRoom, trunk: Trunk, landings: Landings) -> None:
        self._room = room
        self._trunk = trunk
        self._landings = landings
        self._paths: dict[str, dict[str, str]] = {}

    def explain(self, conflicts: Sequence[Collision]) -> list[tuple[Cause, ...]]:
        """The causes of each conflict, oldest first; none where the branch lacks nothing."""
        apart = [n for n, conflict in enumerate(conflicts) if conflict.base in self._trunk.missing]
        if not apart:
            return [() for _ in conflicts]
        followed = [conflicts[number] for number in apart]
        traces = list(self._traces(followed))
        self._trunk.read(
            [conflict.base for conflict in followed if conflict.base],
            {trace.path for each in traces for trace in each if not trace.folder},
            {trace.path for each in traces for trace in each if trace.folder},
        )
        trails = [
            [(trace, self._trail(conflict.base, trace)) for trace in each]
            for conflict, each in zip(followed, traces, strict=True)
        ]
        touching = {sha for each in trails for _, trail in each for sha in trail.touching}
        lacking = self._lacking(sorted(touching))
        causes = dict(zip(apart, (self._causes(each, lacking) for each in trails), strict=True))
        return [causes.get(number, ()) for number in range(len(conflicts))]

    def _causes(
        self, trails: Sequence[tuple[_Trace, _Trail]], lacking: dict[str, Commit]
    ) -> tuple[Cause, ...]:
        by_lines: set[str] = set()
        paths: dict[str, dict[str, None]] = {}
        for trace, trail in trails:
            evidence, commits = self._guilty(trace, trail, lacking)
            shown = clean(trace.shown)
            for sha in commits:
                paths.setdefault(sha, {})[shown] = None
            if evidence is Evidence.LINES:
                by_lines.update(commits)
        age = self._trunk.missing.age
        return tuple(
            Cause(
                commit=sha,
                title=lacking[sha].title,
                evidence=Evidence.LINES if sha in by_lines else Evidence.FILES,
                paths=tuple(paths[sha]),
            )
            for sha in sorted(paths, key=age.__getitem__, reverse=True)
        )

    def _guilty(
        self, trace: _Trace, trail: _Trail, lacking: dict[str, Commit]
    ) -> tuple[Evidence, list[str]]:
        """The commits to name for one file, and what ties them to it."""
        if trace.absent and not trail.made:
            return Evidence.LINES, []
        colliding = [sha for sha in trail.colliding if sha in lacking]
        if trace.by_lines and (colliding or self._landings.touched(trace.path)):
            return Evidence.LINES, colliding
        return Evidence.FILES, [sha for sha in trail.touching if sha in lacking]

    def _traces(self, conflicts: Sequence[Collision]) -> Iterator[list[_Trace]]:
        """What to follow for each conflict."""
        names = self._names_in_base(conflicts)
        diffs = self._sides(conflicts)
        for number, conflict in enumerate(conflicts):
            traces = [
                self._trace(conflict.merged, path, names.get((number, path), path), diffs)
                for path in conflict.merged.stages
            ]
            yield [*traces, *_named_only(conflict.merged)]

    def _trace(self, merged: Merged, shown: str, path: str, diffs: dict[Pair, FileDiff]) -> _Trace:
        """The lines of the base that collide; the whole file where its lines say nothing."""
        versions = merged.stages[shown]
        base, ours, theirs = (versions.get(stage) for stage in (_BASE, _OURS, _THEIRS))
        pick = diffs.get((base, theirs))
        branch = diffs.get((base, ours)) if ours else FileDiff([])
        if pick is None or branch is None or pick.opaque or branch.opaque:
            return _Trace(shown, path)
        hunks = list(collisions(branch.hunks, pick.hunks)) if ours else pick.hunks
        spans = tuple(hunk.before for hunk in hunks)
        return _Trace(shown, path, spans, by_lines=bool(spans), absent=ours is None)

    def _sides(self, conflicts: Sequence[Collision]) -> dict[Pair, FileDiff]:
        """How the branch and the pick differ from the base, where all that is there is a file."""
        pairs: dict[Pair, None] = {}
        for conflict in conflicts:
            for versions in conflict.merged.stages.values():
                base, theirs = versions.get(_BASE), versions.get(_THEIRS)
                if base and theirs and all(each.is_text_file for each in versions.values()):
                    pairs[base, theirs] = None
                    if ours := versions.get(_OURS):
                        pairs[base, ours] = None
        return line_diffs(self._room, pairs, like=self._trunk.onto, as_merged=True) if pairs else {}

    def _names_in_base(self, conflicts: Sequence[Collision]) -> dict[tuple[int, str], str]:
        """What the base calls files in conflict that the branch or the pick renamed."""
        asked = [
            (number, path, versions[_BASE].blob)
            for number, conflict in enumerate(conflicts)
            for path, versions in conflict.merged.stages.items()
            if _BASE in versions and "\n" not in path
        ]
        lines = [f"{conflicts[number].base}:{path}\n" for number, path, _ in asked]
        listed = self._room.run(
            *("cat-file", "--buffer", "--batch-check=%(objectname)"),
            stdin="".join(lines).encode("utf-8", "surrogateescape"),
        )
        names = {}
        for (number, path, blob), answer in zip(asked, listed.split(b"\n"), strict=False):
            if answer.decode("ascii", "replace") != blob:
                paths = self._paths_of(conflicts[number].base or "")
                names[number, path] = paths.get(blob, path)
        return names

    def _paths_of(self, commit: str) -> dict[str, str]:
        """Where the files of a commit are, the first of those that are alike, by their blobs."""
        if commit not in self._paths:
            listed = self._room.run("ls-tree", "-r", "-z", "--full-tree", commit)
            lines = listed.decode("utf-8", "surrogateescape").split("\0")
            entries = [line.partition("\t") for line in lines if line]
            self._paths[commit] = {
                entry.rpartition(" ")[2]: path for entry, _, path in reversed(entries)
            }
        return self._paths[commit]

    def _trail(self, base: str | None, trace: _Trace) -> _Trail:
        """Follow a file from the base back through everything that the branch lacks."""
        if trace.folder:
            moving = list(self._trunk.moving(trace.path, base))
            return _Trail(moving, moving)
        trail = _Trail()
        path: str | None = trace.path
        spans = trace.spans
        while path is not None:
            commits = self._trunk.changing(path, base)
            path = None
            for commit, step in commits:
                trail.touching.append(commit)
                trail.made |= step.made
                plain = trace.by_lines and not step.diff.opaque
                unavoidable = not plain or step.begins or (trace.absent and step.made)
                if unavoidable or meeting(spans, step.diff.hunks):
                    trail.colliding.append(commit)
                if plain and not step.begins:
                    spans = tuple(dict.fromkeys(carried_back(s, step.diff.hunks) for s in spans))
                if step.made:
                    path, base = step.diff.came_from, self._trunk.missing.first_parent[commit]
                    break
        return trail

    def _lacking(self, commits: Sequence[str]) -> dict[str, Commit]:
        """Those of the commits that did not land on the branch as picks."""
        known = self._trunk.known(commits)
        landed = self._landings.of(known)
        return {one.commit.sha: one.commit for one in known if one.commit.sha not in landed}


def _named_only(merged: Merged) -> Iterator[_Trace]:
    """Files that git's notes name beside those in conflict, and the folders that were moved."""
    for note in merged.notes:
        if not note.kind.startswith("CONFLICT"):
            continue
        for path in note.paths:
            if path not in merged.stages:
                yield _Trace(path, path)
            folder = str(PurePosixPath(path).parent)
            if any(word in note.kind for word in _SOMEWHERE_ELSE) and folder != ".":
                yield _Trace(path, folder, folder=True)
