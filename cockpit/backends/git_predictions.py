"""What picks would come to, predicted by git's own merge without a work tree."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial

import msgspec

from cockpit.backends.git_causes import CauseFinder, Collision
from cockpit.backends.git_conflicts import Conflicted, file_conflicts
from cockpit.backends.git_landings import Known, Landings, read_messages
from cockpit.backends.git_live_merges import LiveMerges
from cockpit.backends.git_merges import Broken, Merged, MergeRoom, merge_room
from cockpit.backends.git_patches import FileChanges, patch_id_between, patch_ids
from cockpit.backends.git_runner import Clone, GitRunner
from cockpit.backends.git_trees import read_node
from cockpit.backends.git_trunk import Missing, Trunk
from cockpit.backends.ports import CommitNode
from cockpit.errors import CockpitError
from cockpit.release.changes import EndState
from cockpit.release.commits import Commit
from cockpit.release.pickorder import QueueSimulation, Simulation, simulate
from cockpit.release.prediction import (
    Landed,
    Landing,
    Outcome,
    PickOf,
    Prediction,
    base_of,
    obstacle,
    outcome_of,
)

_ATTRIBUTES = ".gitattributes"
_SHALLOW = "the clone is shallow: what landed, or what is missing, before its edge cannot be told"
_JUDGED_BY_HISTORY = (Outcome.CONFLICT, Outcome.EMPTY)


class _Picked(msgspec.Struct, frozen=True):
    """A commit that is to be picked, as git has it."""

    commit: Commit
    tree: str
    base: str | None
    """The parent its change is seen from; None for a root commit."""
    refused: str
    """Why it cannot be picked at all."""
    asked: PickOf

    @property
    def known(self) -> Known:
        """It with its message and its change."""
        return Known(self.commit, self.base)


class _Step(msgspec.Struct, frozen=True):
    """A pick that was tried: onto which tree, with which commits, and what came of it."""

    tree: str
    ours: str
    theirs: str
    merged: Merged | Broken


class Predictor:
    """Predicts picks onto commits of a clone; nothing is written to the clone.

    For every pick git merges three trees: the branch's, the picked commit's, and that of its parent
    as their base. `git cherry-pick` does the same, so the tree is the same to the last byte.
    """

    def __init__(self, git: GitRunner, variables: Mapping[str, str] | None = None) -> None:
        """`variables` join the environment of every command."""
        self._git = git
        self._variables = {"GIT_NO_REPLACE_OBJECTS": "1", **(variables or {})}

    def predict(
        self,
        clone: Clone,
        onto: str,
        picks: Sequence[PickOf],
        *,
        chain: bool = False,
        regions: bool = True,
    ) -> tuple[Prediction, ...]:
        """What each pick would come to, in the order given.

        Each is put onto the commit `onto`, or with `chain` onto what the ones before it that are
        clean have made of it. Without `regions` the text that collides is left out. Raises
        CockpitError when git cannot merge like this at all.
        """
        if not picks:
            return ()
        with merge_room(self._git, clone, self._variables) as room:
            forecast = _Forecast(room, clone, onto, picks)
            return forecast.run(chain=chain, regions=regions)

    def predict_in(self, room: MergeRoom, clone: Clone, onto: str, pick: PickOf) -> Prediction:
        """What one pick would come to, made in a room that the caller keeps open."""
        (found,) = _Forecast(room, clone, onto, (pick,)).run(chain=False, regions=True)
        return found

    def simulate(self, clone: Clone, onto: str, picks: Sequence[PickOf]) -> QueueSimulation:
        """Land a queue in its order, and look for an order in which fewer picks conflict."""
        land = partial(self.predict, clone, onto, chain=True)
        return simulate(picks, land, partial(self._in_trunk_order, clone, onto, picks))

    def end_state(self, clone: Clone, onto: str, picks: Sequence[PickOf]) -> EndState:
        """What a branch would be once those of a queue that are clean have landed in order."""
        # Those who only predict wait for none of this to be imported.
        from cockpit.backends.git_changes import changed_files
        from cockpit.backends.git_resolving import shown_diff

        with merge_room(self._git, clone, self._variables) as room:
            landed = Simulation(_Forecast(room, clone, onto, picks).run(chain=True, regions=False))
            tree = landed.tree
            if tree is None:
                return EndState(None)
            room.write_out()
            counted = room.run("diff-tree", "-r", "-M", "--numstat", "-z", onto, tree)
            diff = shown_diff(room.run, onto, tree)
            return EndState(tree, tuple(changed_files(counted)), diff)

    def _in_trunk_order(
        self, clone: Clone, onto: str, picks: Sequence[PickOf]
    ) -> tuple[PickOf, ...]:
        """The picks as their trunk had them, oldest first; before them what the branch has."""
        with merge_room(self._git, clone, self._variables) as room:
            age = Missing(room, [pick.commit for pick in picks], onto).age
        newest_last = sorted(picks, key=lambda pick: age.get(pick.commit, len(age)), reverse=True)
        return tuple(newest_last)

    def obstacles(self, clone: Clone, picks: Sequence[PickOf]) -> dict[PickOf, str]:
        """Why `git cherry-pick` would refuse some of the picks without trying."""
        with merge_room(self._git, clone, self._variables) as room:
            found = room.contents([pick.commit for pick in picks])
        reasons = {pick: obstacle(pick, _node(pick.commit, found).parents) for pick in picks}
        return {pick: reason for pick, reason in reasons.items() if reason}


class _Row(msgspec.Struct):
    """A prediction on its way."""

    picked: _Picked
    prediction: Prediction
    step: _Step | None = None


class _Forecast:
    """One look at picks onto one commit."""

    def __init__(self, room: MergeRoom, clone: Clone, onto: str, picks: Sequence[PickOf]) -> None:
        self._room = room
        self._files = FileChanges(room)
        self._onto = onto
        self._clone = clone
        edges = clone.shallow_edges
        self._blind_spot = _SHALLOW if edges else ""
        wanted = list(dict.fromkeys(pick.commit for pick in picks))
        nodes = room.contents(list(dict.fromkeys([onto, *wanted])))
        messages = {commit.sha: commit for commit in read_messages(room, "--no-walk", wanted)}
        self._tree = _node(onto, nodes).tree
        self._picked = [
            _picked(pick, messages[pick.commit], _node(pick.commit, nodes), edges) for pick in picks
        ]
        able = [picked for picked in self._picked if not picked.refused]
        self._missing = Missing(room, list(dict.fromkeys(p.commit.sha for p in able)), onto)
        self._landings: dict[str | None, Landings] = {}
        self._landed = self._known_landings(able)

    def run(self, *, chain: bool, regions: bool) -> tuple[Prediction, ...]:
        """Merge, judge, and explain the conflicts."""
        try:
            self._room.take_attributes(self._tree)
        except CockpitError as err:
            return tuple(self._unknown(p, err.detail).prediction for p in self._picked)
        rows = list(self._one_by_one() if chain else self._side_by_side())
        conflicts = [row for row in rows if row.prediction.outcome is Outcome.CONFLICT]
        self._show(conflicts, regions=regions)
        by_trunk = defaultdict(list)
        for row in conflicts:
            by_trunk[self._missing.parted_at(row.picked.commit.sha)].append(row)
        for parted_at, group in by_trunk.items():
            self._explain(group, parted_at)
        return tuple(row.prediction for row in rows)

    def _side_by_side(self) -> Iterator[_Row]:
        able = [picked for picked in self._picked if not picked.refused]
        steps = iter(self._tried(able, self._tree))
        for picked in self._picked:
            if picked.refused:
                yield self._unknown(picked, picked.refused)
            else:
                yield self._judged(picked, next(steps), ())

    def _one_by_one(self) -> Iterator[_Row]:
        tree, landed = self._tree, set[str]()
        able = [picked for picked in self._picked if not picked.refused]
        paths = self._files.of([picked.known.change for picked in able])
        touched = {p.commit.sha: each for p, each in zip(able, paths, strict=True)}
        with LiveMerges(self._room) as merges:
            for picked in self._picked:
                if picked.refused:
                    yield self._unknown(picked, picked.refused)
                    continue
                pair = self._sides(picked, tree)
                row = self._judged(picked, _Step(tree, *pair, merges.merge(*pair)), landed)
                yield row
                if row.prediction.lands and row.prediction.tree:
                    tree = row.prediction.tree
                    landed.add(picked.commit.sha)
                    if any(path.endswith(_ATTRIBUTES) for path in touched[picked.commit.sha]):
                        self._room.take_attributes(tree)
                        merges.restart()

    def _tried(self, picks: Sequence[_Picked], tree: str) -> list[_Step]:
        pairs = [self._sides(picked, tree) for picked in picks]
        results = self._room.merge(pairs)
        return [_Step(tree, *pair, merged) for pair, merged in zip(pairs, results, strict=True)]

    def _sides(self, picked: _Picked, tree: str) -> tuple[str, str]:
        """Two commits whose only merge base has the tree of the pick's parent."""
        if picked.base is not None:
            return self._room.commit(tree, (picked.base,)), picked.commit.sha
        nothing = self._room.commit(self._room.tree(like=tree), ())
        return self._room.commit(tree, (nothing,)), self._room.commit(picked.tree, (nothing,))

    def _judged(self, picked: _Picked, step: _Step, before: Collection[str]) -> _Row:
        """The outcome; `before` are the picks that landed before it."""
        sha, merged = picked.commit.sha, step.merged
        if isinstance(merged, Broken):
            return self._unknown(picked, merged.why)
        again = Landed(sha, Landing.QUEUE) if sha in before else None
        landed = again or self._landed.get(sha)
        changes = merged.tree != step.tree if merged.clean else None
        in_full = bool(changes) and self._in_full(picked, landed, step.tree, merged.tree)
        outcome = outcome_of(changes=changes, in_full=in_full, landed=landed)
        tree = merged.tree if outcome is Outcome.CLEAN else step.tree
        found = Prediction(
            commit=sha,
            title=picked.commit.title,
            outcome=outcome,
            tree=None if outcome is Outcome.CONFLICT else tree,
            landed=landed,
            why=self._blind_spot if outcome in _JUDGED_BY_HISTORY else "",
            of=picked.asked.origin,
            since=picked.asked.since,
        )
        return _Row(picked, found, step)

    def _unknown(self, picked: _Picked, why: str) -> _Row:
        if not picked.refused and _is_partial(self._clone):
            why = f"the clone is partial: {why}"
        commit, asked = picked.commit, picked.asked
        found = Prediction(
            commit.sha,
            commit.title,
            Outcome.UNKNOWN,
            why=why,
            of=asked.origin,
            since=asked.since,
        )
        return _Row(picked, found)

    def _in_full(self, picked: _Picked, landed: Landed | None, before: str, after: str) -> bool:
        """Whether a merge brings the whole change; asked only where that decides."""
        if landed is None or not landed.by.speaks_of_all:
            return False
        whole = patch_ids(self._room, [picked.known.change]).get(picked.commit.sha)
        return whole == patch_id_between(self._room, before, after)

    def _known_landings(self, able: Sequence[_Picked]) -> dict[str, Landed]:
        """Where the branch has the picks already; the part of it that each trunk has not."""
        landed: dict[str, Landed] = {}
        apart = defaultdict(list)
        for picked in able:
            sha = picked.commit.sha
            if sha in self._missing:
                apart[self._missing.parted_at(sha)].append(picked.known)
            else:
                landed[sha] = Landed(sha, Landing.HISTORY)
        for parted_at, group in apart.items():
            self._landings[parted_at] = Landings(self._room, self._files, self._onto, parted_at)
            landed |= self._landings[parted_at].of(group)
            self._blind_spot = self._blind_spot or self._landings[parted_at].trouble
        return landed

    def _show(self, rows: Sequence[_Row], *, regions: bool) -> None:
        """Add the files in conflict."""
        conflicted = [
            Conflicted(row.step.ours, row.step.theirs, row.picked.commit.sha, row.step.merged)
            for row in rows
            if row.step is not None and isinstance(row.step.merged, Merged)
        ]
        found = file_conflicts(self._room, conflicted, regions=regions)
        for row, files in zip(rows, found, strict=True):
            row.prediction = msgspec.structs.replace(row.prediction, conflicts=files)

    def _explain(self, rows: Sequence[_Row], parted_at: str | None) -> None:
        """Add the causes, or why they are not known."""
        landings = self._landings.get(parted_at)
        if landings is None:  # the commits themselves are part of the branch: it lacks nothing
            return
        trunk = Trunk(self._room, self._files, self._onto, self._missing, self._clone.shallow_edges)
        finder = CauseFinder(self._room, trunk, landings)
        collisions = [
            Collision(row.picked.base, row.step.merged)
            for row in rows
            if row.step is not None and isinstance(row.step.merged, Merged)
        ]
        try:
            causes = finder.explain(collisions)
        except CockpitError as err:
            for row in rows:
                why = f"the cause could not be looked for: {err.detail}"
                row.prediction = msgspec.structs.replace(row.prediction, why=why)
            return
        for row, found in zip(rows, causes, strict=True):
            row.prediction = msgspec.structs.replace(row.prediction, caused_by=found)


def _picked(pick: PickOf, commit: Commit, node: CommitNode, edges: frozenset[str]) -> _Picked:
    refused = obstacle(pick, node.parents)
    if not refused and node.sha in edges and node.parents:
        refused = "the clone is shallow and ends at this commit, so its change cannot be told"
    base = None if refused else base_of(pick, node.parents)
    return _Picked(commit, node.tree, base, refused, pick)


def _node(sha: str, objects: Mapping[str, bytes]) -> CommitNode:
    headers, _, _ = objects[sha].partition(b"\n\n")
    return read_node(sha, headers.decode("utf-8", "replace"))


def _is_partial(clone: Clone) -> bool:
    """Whether a clone left out objects that its remote has."""
    return any((clone.git_dir / "objects" / "pack").glob("*.promisor"))
