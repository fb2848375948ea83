"""What a pick comes to, by what is known; and which order of a queue is tried."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from cockpit.release.commits import Commit
from cockpit.release.landed import BranchSide
from cockpit.release.pickorder import simulate
from cockpit.release.prediction import (
    Cause,
    Evidence,
    Landed,
    Landing,
    Outcome,
    PickOf,
    Prediction,
    base_of,
    obstacle,
    outcome_of,
)

A, B, C, D = (letter * 40 for letter in "abcd")


@pytest.mark.parametrize(
    ("changes", "in_full", "landing", "outcome"),
    [
        (True, False, None, Outcome.CLEAN),
        (None, False, None, Outcome.CONFLICT),
        (False, False, None, Outcome.EMPTY),
        (False, False, Landing.HISTORY, Outcome.ALREADY),
        (None, False, Landing.HISTORY, Outcome.CONFLICT),
        (True, False, Landing.PULL, Outcome.CLEAN),
        (False, False, Landing.PULL, Outcome.ALREADY),
        (None, False, Landing.TRAILER, Outcome.ALREADY),
        (True, False, Landing.TRAILER, Outcome.ALREADY),
        (True, True, Landing.TRAILER, Outcome.CLEAN),
        (None, False, Landing.PATCH_ID, Outcome.ALREADY),
        (True, True, Landing.PATCH_ID, Outcome.CLEAN),
    ],
)
def test_outcome(
    changes: bool | None, in_full: bool, landing: Landing | None, outcome: Outcome
) -> None:
    landed = Landed(A, landing) if landing else None
    assert outcome_of(changes=changes, in_full=in_full, landed=landed) is outcome


@pytest.mark.parametrize(
    ("mainline", "parents", "refused", "base"),
    [
        (None, (), False, None),
        (2, (), False, None),
        (None, (A,), False, A),
        (1, (A,), False, A),
        (2, (A,), True, None),
        (None, (A, B), True, None),
        (2, (A, B), False, B),
        (3, (A, B), True, None),
        (0, (A, B), True, None),
    ],
)
def test_the_parent_a_change_is_seen_from(
    mainline: int | None, parents: tuple[str, ...], refused: bool, base: str | None
) -> None:
    pick = PickOf(C, mainline)
    assert bool(obstacle(pick, parents)) is refused
    if not refused:
        assert base_of(pick, parents) == base


def commit(sha: str, title: str, body: str = "") -> Commit:
    return Commit(sha, title, "Ada", datetime(2026, 1, 1, tzinfo=UTC), body)


def picked(sha: str, of: str) -> Commit:
    return commit(sha, "Fix", f"(cherry picked from commit {of})")


def reverting(sha: str, of: str) -> Commit:
    return commit(sha, 'Revert "Fix"', f"This reverts commit {of}.")


@pytest.mark.parametrize(
    ("branch", "landed"),
    [
        ([], None),
        ([picked(B, A)], Landed(B, Landing.TRAILER)),
        ([picked(B, A[:9])], Landed(B, Landing.TRAILER)),
        ([picked(B, C)], None),
        ([reverting(C, B), picked(B, A)], None),
        ([reverting(C, A), picked(B, A)], None),
        ([reverting(D, C), reverting(C, B), picked(B, A)], Landed(B, Landing.TRAILER)),
        ([picked(D, A), reverting(C, A), picked(B, A)], Landed(D, Landing.TRAILER)),
        ([commit(B, "[2.9] Fix (#12) (#34)")], Landed(B, Landing.PULL)),
        ([commit(B, 'Revert "Fix (#12)"')], None),
        ([commit(B, "Other (#1)")], None),
        ([picked(C, A), commit(B, "Fix (#12)")], Landed(C, Landing.TRAILER)),
    ],
)
def test_where_a_change_landed(branch: list[Commit], landed: Landed | None) -> None:
    assert BranchSide(branch).landing_of(commit(A, "Fix (#12)")) == landed


def test_a_patch_is_known_again_by_its_id() -> None:
    side = BranchSide([commit(B, "Unnamed")], {B: "id"})
    assert side.landing_of(commit(A, "Fix"), "id") == Landed(B, Landing.PATCH_ID)
    assert side.landing_of(commit(A, "Fix"), "other") is None


class World:
    """A branch on which picks are clean once what they need has landed."""

    def __init__(self, needs: dict[str, set[str]], *, told: bool = True) -> None:
        self.needs = needs
        self.told = told
        self.tries = 0

    def land(self, picks: Sequence[PickOf]) -> tuple[Prediction, ...]:
        self.tries += 1
        landed: set[str] = set()
        found = []
        for pick in picks:
            lacking = sorted(self.needs.get(pick.commit, set()) - landed)
            if not lacking:
                landed.add(pick.commit)
                found.append(Prediction(pick.commit, "", Outcome.CLEAN, tree=str(sorted(landed))))
                continue
            causes = tuple(Cause(each, "", Evidence.LINES, ()) for each in lacking if self.told)
            found.append(Prediction(pick.commit, "", Outcome.CONFLICT, caused_by=causes))
        return tuple(found)


@pytest.mark.parametrize(
    ("queue", "needs", "better", "left"),
    [
        ("abc", {}, None, 0),
        ("abc", {"a": "c"}, "cab", 0),
        ("abcd", {"a": "c", "c": "d"}, "dcab", 0),
        ("abc", {"a": "x"}, None, 1),
        ("abc", {"a": "x", "b": "c"}, "acb", 1),
        ("ab", {"a": "b", "b": "a"}, None, 2),
    ],
)
def test_a_pick_is_put_behind_what_it_needs(
    queue: str, needs: dict[str, str], better: str | None, left: int
) -> None:
    world = World({pick: set(needed) for pick, needed in needs.items()})
    picks = [PickOf(letter) for letter in queue]
    found = simulate(picks, world.land, lambda: picks)
    assert found.as_given.order == tuple(queue)
    assert (found.better.order if found.better else None) == (tuple(better) if better else None)
    assert len((found.better or found.as_given).in_the_way) == left


def test_the_order_of_the_trunk_is_tried_where_causes_do_not_tell() -> None:
    world = World({"a": {"c"}}, told=False)
    picks = [PickOf(letter) for letter in "abc"]
    found = simulate(picks, world.land, lambda: picks[::-1])
    assert found.better is not None
    assert found.better.order == ("c", "b", "a")
    assert found.better.tree == str(["a", "b", "c"])
    assert world.tries == 2
