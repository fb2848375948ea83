"""Stretches of a branch between its candidates, and two candidates compared."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cockpit.release.branches import BranchState
from cockpit.release.candidates import Candidate
from cockpit.release.commits import CommitKind
from cockpit.release.comparison import compare, stretches
from tests.release.states import CORE, branch, commit, sha, tag

KINDS = (
    "Fix SDPA (#148601)",
    "[release-only] Pin docker",
    'Revert "Inductor" (#148377)',
    "Stray",
)


def history(titles: list[str], tagged: list[int]) -> tuple[BranchState, tuple[Candidate, ...]]:
    """A branch of these commits, newest first; `tagged` are positions of rc1, rc2 …"""
    commits = [commit(f"c{i}", title, hours=i) for i, title in enumerate(titles)]
    tags = tuple(
        tag(f"v2.15.0-rc{number}", commits[position].sha)
        for number, position in enumerate(sorted(tagged, reverse=True), 1)
    )
    found = branch(CORE, *commits, tags=tags)
    return found, found.candidates(CORE)


@given(data=st.data())
def test_the_stretches_are_the_branch_in_order(data: st.DataObject) -> None:
    titles = data.draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=12))
    tagged = data.draw(st.lists(st.integers(0, len(titles) - 1), max_size=5))
    found, candidates = history(titles, tagged)

    pieces = stretches(found, candidates)

    assert tuple(c for piece in pieces for c in piece.commits) == found.commits
    numbers = [piece.candidate.number for piece in pieces if piece.candidate]
    assert numbers == sorted((c.number for c in candidates), reverse=True)
    assert pieces[0].candidate is None
    for piece in pieces[1:]:
        assert piece.candidate is not None
        if piece.commits:
            assert piece.commits[0].sha == piece.candidate.commit_sha


@given(data=st.data())
def test_what_comparing_gives_is_what_lies_between(data: st.DataObject) -> None:
    titles = data.draw(st.lists(st.sampled_from(KINDS), min_size=2, max_size=12))
    tagged = data.draw(st.lists(st.integers(0, len(titles) - 1), min_size=2, max_size=4))
    found, candidates = history(titles, tagged)
    older, newer = candidates[0], candidates[-1]

    compared = compare(found, older, newer)

    assert compared is not None
    between = {c.sha for c in found.commits} & {c.sha for c in compared.commits}
    assert len(between) == max(tagged) - min(tagged)
    assert sum(len(compared.of_kind(kind)) for kind in CommitKind) == len(compared.commits)


def test_what_does_not_follow_is_not_compared() -> None:
    found, (older, newer) = history(["b (#2)", "a (#1)"], [0, 1])
    elsewhere = branch(CORE, *found.commits[1:], tags=found.tags)

    assert compare(found, newer, older) is None
    assert compare(elsewhere, older, newer) is None


def test_a_candidate_that_is_not_on_the_branch_has_no_stretch() -> None:
    found = branch(CORE, commit("a", "a (#1)"), tags=(tag("v2.15.0-rc1", sha("elsewhere")),))

    (piece,) = stretches(found, found.candidates(CORE))

    assert (piece.candidate, piece.commits) == (None, found.commits)
