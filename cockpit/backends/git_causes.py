"""Which trunk commits a branch lacks that make a pick collide, found in a few git processes.

The trunk is the picked commit's own first-parent history: there each commit is one change that
could be picked, a merge as a whole. What the branch lacks of it lies between the branch and the
pick's parent, less what landed on the branch as a pick. How lines that collide lead to commits is
told in `cockpit.release.linetrace`. Where there are no lines to follow, because the conflict is
about a binary, a submodule, a mode or a name, the commits that changed the file are named, and
`Evidence.FILES` says so. Where the branch alone changed what collides, nothing is missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePosixPath

import msgspec

from cockpit.backends.git_landings import Known, Landings
from cockpit.backends.git_merges import Merged, MergeRoom, Staged
from cockpit.backends.git_output import COMMIT_FORMAT, read_commits
from cockpit.backends.git_patches import Change, FileDiff, blob_diffs, line_diffs, renames
from cockpit.backends.text import clean
from cockpit.release.commits import Commit
from cockpit.release.linetrace import WHOLE, Hunk, Span, carried_back, collisions, meeting
from cockpit.release.prediction import Cause, Evidence

_BASE, _OURS, _THEIRS = 1, 2, 3
_RENAMES_FOLLOWED = 5
_FILE_MODES = "100"
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


class CauseFinder:
    """Explains conflicts by commits that the branch lacks."""

    def __init__(self, room: MergeRoom, onto: str, missing: Missing, landings: Landings) -> None:
        self._room = room
        self._onto = onto
        self._missing = missing
        self._landings = landings
        self._diffs: dict[str, dict[str, FileDiff]] = {}
        self._renames: dict[str, dict[str, FileDiff]] = {}

    def explain(self, collisions: Sequence[Collision]) -> list[tuple[Cause, ...]]:
        """The causes of each conflict, oldest first; none where the branch lacks nothing."""
        apart = [collision for collision in collisions if collision.base in self._missing]
        if not apart:
            return [() for _ in collisions]
        traces = dict(zip(map(id, apart), self._traces(apart), strict=True))
        bases = [collision.base for collision in apart if collision.base]
        self._read(bases, {trace.path for each in traces.values() for trace in each})
        trails = {
            id(collision): [(trace, self._trail(collision, trace)) for trace in traces[id(collision)]]
            for collision in apart
        }
        touching = {sha for each in trails.values() for _, trail in each for sha in trail.touching}
        lacking = self._lacking(sorted(touching, key=self._missing.age.__getitem__))
        return [self._causes(trails.get(id(collision), []), lacking) for collision in collisions]

    def _causes(
        self, trails: Sequence[tuple[_Trace, _Trail]], lacking: dict[str, Commit]
    ) -> tuple[Cause, ...]:
        found: dict[str, Cause] = {}
        for trace, trail in trails:
            evidence, commits = self._guilty(trace, trail, lacking)
            for sha in commits:
                known = found.get(sha, Cause(sha, lacking[sha].title, evidence, ()))
                best = min(known.evidence, evidence, key=list(Evidence).index)
                paths = dict.fromkeys([*known.paths, clean(trace.shown)])
                found[sha] = Cause(sha, known.title, best, tuple(paths))
        return tuple(sorted(found.values(), key=lambda c: -self._missing.age[c.commit]))

    def _guilty(
        self, trace: _Trace, trail: _Trail, lacking: dict[str, Commit]
    ) -> tuple[Evidence, list[str]]:
        """The commits to name for one file, and what ties them to it."""
        if trace.absent and not trail.made:
            return Evidence.LINES, []
        colliding = [sha for sha in trail.colliding if sha in lacking]
        if trace.by_lines and (colliding or self._landings.touched(trace.path)):
            return Evidence.LINES, colliding
        touching = trail.colliding if trace.folder else trail.touching
        return Evidence.FILES, [sha for sha in touching if sha in lacking]

    def _traces(self, collisions: Sequence[Collision]) -> Iterator[list[_Trace]]:
        """What to follow for each conflict."""
        names = self._names_in_base(collisions)
        lines = self._colliding_lines(collisions)
        for number, collision in enumerate(collisions):
            traces = []
            for path, versions in collision.merged.stages.items():
                spans = lines.get((number, path))
                trace = _Trace(path, names.get((number, path), path))
                if spans is not None:
                    absent = _OURS not in versions
                    trace = msgspec.structs.replace(
                        trace, spans=spans, by_lines=bool(spans), absent=absent
                    )
                traces.append(trace)
            yield [*traces, *_named_only(collision.merged)]

    def _names_in_base(self, collisions: Sequence[Collision]) -> dict[tuple[int, str], str]:
        """What the base calls files in conflict that the branch or the pick renamed."""
        asked = [
            (number, path, versions[_BASE].blob)
            for number, collision in enumerate(collisions)
            for path, versions in collision.merged.stages.items()
            if _BASE in versions and "\n" not in path
        ]
        lines = [f"{collisions[number].base}:{path}\n" for number, path, _ in asked]
        listed = self._room.run(
            "cat-file", "--batch-check=%(objectname)", stdin=_raw("".join(lines))
        )
        names = {}
        for (number, path, blob), answer in zip(asked, listed.split(b"\n"), strict=False):
            if answer.decode("ascii", "replace") != blob:
                found = self._path_of(collisions[number].base or "", blob)
                names[number, path] = found or path
        return names

    def _path_of(self, commit: str, blob: str) -> str | None:
        for line in self._room.run("ls-tree", "-r", "-z", "--full-tree", commit).split(b"\0"):
            entry, _, path = line.partition(b"\t")
            if entry.endswith(blob.encode()):
                return path.decode("utf-8", "surrogateescape")
        return None

    def _colliding_lines(
        self, conflicts: Sequence[Collision]
    ) -> dict[tuple[int, str], tuple[Span, ...]]:
        """Where the base's lines collide, for files whose lines can be compared."""
        asked = [
            (number, path, versions)
            for number, collision in enumerate(conflicts)
            for path, versions in collision.merged.stages.items()
            if {_BASE, _THEIRS} <= versions.keys()
            and all(staged.mode.startswith(_FILE_MODES) for staged in versions.values())
        ]
        pairs: list[tuple[Staged, Staged]] = []
        for _, _, versions in asked:
            base, theirs = versions[_BASE], versions[_THEIRS]
            pairs += [(base, versions.get(_OURS, base)), (base, theirs)]
        diffs = blob_diffs(self._room, pairs, self._onto) if pairs else []
        found = {}
        for at, (number, path, versions) in enumerate(asked):
            ours, theirs = (_hunks(diff) for diff in diffs[2 * at : 2 * at + 2])
            if ours is not None and theirs is not None:
                colliding = list(collisions(ours, theirs)) if _OURS in versions else theirs
                found[number, path] = tuple(hunk.before for hunk in colliding)
        return found

    def _read(self, bases: Sequence[str], paths: Iterable[str]) -> None:
        """Read what the missing commits did to files, and to what these were called before."""
        known: set[str] = set()
        wanted = {path for path in paths if "\n" not in path}
        for _ in range(_RENAMES_FOLLOWED):
            if not wanted:
                return
            changes = self._touching(bases, sorted(wanted))
            for sha, diffs in line_diffs(self._room, changes, sorted(wanted)).items():
                self._diffs.setdefault(sha, {}).update(diffs)
            makers = [
                change
                for change in changes
                if any(diff.created for diff in self._diffs.get(change.commit, {}).values())
                and change.commit not in self._renames
            ]
            found = renames(self._room, makers) if makers else {}
            self._renames |= {change.commit: {} for change in makers} | found
            known |= wanted
            wanted = {
                diff.came_from
                for diffs in found.values()
                for path, diff in diffs.items()
                if path in known and diff.came_from
            } - known

    def _touching(self, bases: Sequence[str], paths: Sequence[str]) -> list[Change]:
        """The missing commits of the trunk that changed any of these paths."""
        asked = [*bases, f"^{self._onto}", "--", *paths]
        listed = self._room.run(
            *("--literal-pathspecs", "rev-list", "--first-parent", "--stdin"),
            stdin=_raw("".join(f"{line}\n" for line in asked)),
        )
        parent = self._missing.first_parent
        return [Change(sha, parent.get(sha)) for sha in listed.decode().split()]

    def _trail(self, collision: Collision, trace: _Trace) -> _Trail:
        """Follow a file from the base back through everything that the branch lacks."""
        trail = _Trail()
        path, spans = trace.path, trace.spans
        commit = collision.base
        while commit is not None and commit in self._missing:
            diffs = self._diffs.get(commit, {})
            if trace.folder:
                if any(diff.moved and diff.path.startswith(f"{path}/") for diff in diffs.values()):
                    trail.colliding.append(commit)
                    trail.touching.append(commit)
            elif diff := diffs.get(path):
                renamed = self._renames.get(commit, {}).get(path)
                diff = renamed or diff
                trail.touching.append(commit)
                trail.made |= diff.created or renamed is not None
                whole = diff.opaque or not trace.by_lines or (trace.absent and renamed is not None)
                if whole or meeting(spans, diff.hunks) or (diff.created and renamed is None):
                    trail.colliding.append(commit)
                spans = tuple(carried_back(span, diff.hunks) for span in spans)
                if diff.created and renamed is None:
                    break
                path = diff.came_from or path
            commit = self._missing.first_parent.get(commit)
        return trail

    def _lacking(self, commits: Sequence[str]) -> dict[str, Commit]:
        """Those of the commits that did not land on the branch as picks."""
        if not commits:
            return {}
        listed = self._room.run(
            *("log", "-z", "--no-walk=unsorted", f"--format={COMMIT_FORMAT}"),
            *("--no-show-signature", "--no-color", "--stdin"),
            stdin="".join(f"{commit}\n" for commit in commits).encode(),
        )
        parent = self._missing.first_parent
        known = [Known(commit, parent.get(commit.sha)) for commit in read_commits(listed)]
        landed = self._landings.of(known)
        return {k.commit.sha: k.commit for k in known if k.commit.sha not in landed}


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


def _hunks(diff: FileDiff | None) -> list[Hunk] | None:
    """The lines that differ; none for equal files, None where lines say nothing."""
    if diff is None:
        return []
    return None if diff.opaque else diff.hunks


def _raw(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
