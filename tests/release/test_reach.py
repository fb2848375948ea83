"""Who has which commit, told by a walk."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from cockpit.release.reach import BOTH, FIRST, OTHERS, SECOND, Reach

LINE = {"t2": "t1", "b1": "base", "o1": "old", "t1": "base", "base": "old", "old": ""}
"""Trunk t2-t1, a branch b1 and an older line o1, in the order of their dates."""


def walked(graph: Mapping[str, str], tips: Mapping[str, int]) -> tuple[Reach, list[str]]:
    """Walk until it is whole; gives what was told by then."""
    reach = Reach((sha.encode(), paint) for sha, paint in tips.items())
    told = []
    for sha, parents in graph.items():
        if reach.is_whole:
            break
        reach.tell(sha.encode(), parents.encode())
        told.append(sha)
    return reach, told


def test_a_walk_is_whole_where_both_histories_meet() -> None:
    reach, told = walked(LINE, {"t2": FIRST, "b1": SECOND, "o1": OTHERS})
    assert told == ["t2", "b1", "o1", "t1"]
    assert [reach.of(sha) for sha in (b"t2", b"t1", b"b1")] == [FIRST, FIRST, SECOND]
    assert reach.of(b"base") == BOTH
    assert reach.of(b"o1") == OTHERS
    assert reach.parents(b"t1") == [b"base"]


def test_histories_that_never_meet_are_never_whole() -> None:
    reach, told = walked({"t": "", "b": ""}, {"t": FIRST, "b": SECOND})
    assert told == ["t", "b"]
    assert reach.of(b"t") == FIRST


@pytest.mark.parametrize("tips", [{"t2": FIRST | SECOND}, {"t2": FIRST, "t1": SECOND}])
def test_a_branch_without_commits_of_its_own_is_part_of_trunk(tips: Mapping[str, int]) -> None:
    reach, _ = walked(LINE, tips)
    assert reach.is_whole
    assert reach.of(b"b1") == 0


def test_a_commit_that_was_told_before_its_child_is_painted_again() -> None:
    """The clock of `late` was slow: its parent was told first, as if trunk alone had it."""
    reach = Reach([(b"t", FIRST), (b"b", SECOND)])
    reach.tell(b"t", b"shared")
    reach.tell(b"shared", b"deep")
    reach.tell(b"deep", b"root")
    assert reach.of(b"shared") == FIRST
    reach.tell(b"b", b"late")
    reach.tell(b"late", b"shared")
    assert {reach.of(sha) for sha in (b"shared", b"deep", b"root")} == {BOTH}
    assert reach.is_whole


def test_a_merge_brings_what_both_its_parents_have() -> None:
    graph = {"m": "t1 side", "t1": "base", "side": "older", "b": "base", "base": "older"}
    reach, told = walked(graph, {"m": FIRST, "b": SECOND})
    assert [sha for sha in told if reach.of(sha.encode()) == FIRST] == ["m", "t1", "side"]
    assert reach.of(b"older") == BOTH
