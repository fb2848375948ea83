"""What the ledger says of duds and freezes, and what follows for the state."""

from __future__ import annotations

import msgspec

from cockpit.release.board import board
from cockpit.release.candidates import Pin
from cockpit.release.lookups import next_tag
from cockpit.release.nominations import Verdict
from cockpit.release.picks import PickState
from cockpit.release.record import Dud, Frozen, KnownEvent, Unfrozen
from cockpit.release.state import ReleaseState
from tests.release.states import (
    CORE,
    CORE_BRANCH,
    NOW,
    PICK_1,
    PINNED,
    RC1,
    RC2,
    VISION,
    answer,
    feed,
    ledger,
    nomination,
    pull,
    recorded,
    tag,
    tracked,
    with_,
    with_branches,
)


def after(*events: KnownEvent) -> ReleaseState:
    """The green state after these entries, oldest first."""
    entries = [recorded(event, hours=9 - at / 10) for at, event in enumerate(events)]
    return with_(ledger=feed(ledger(*PINNED, *entries), "git"))


def test_a_dud_is_no_candidate_contains_no_pick_and_burns_its_number() -> None:
    state = after(Dud(CORE.name, RC2.name, "broken"))

    assert state.candidate is not None
    assert state.candidate.tag == RC1
    assert next_tag(state, CORE) == "v2.15.0-rc3"
    states = {pick.release_pull: pick.state for pick in state.queue}
    assert states == {12: PickState.IN_CANDIDATE, 13: PickState.MERGED}


def test_the_tag_of_a_dud_may_move() -> None:
    moved = msgspec.structs.replace(CORE_BRANCH, tags=(RC1, tag(RC2.name, PICK_1.sha)))
    alarmed = with_branches(moved)
    settled = with_branches(moved, state=after(Dud(CORE.name, RC2.name, "moved")))

    assert [found.pin for found in alarmed.moved] == [
        Pin(CORE.name, RC2.name, RC2.object_sha, RC2.commit_sha)
    ]
    assert settled.moved == ()


def test_a_dud_version_has_no_candidates_and_says_so() -> None:
    state = after(Dud(CORE.name, "2.15.0", "superseded"))

    assert state.candidate is None
    assert state.candidate_of(VISION) is not None
    found = board(state)
    assert "pytorch 2.15.0 was declared a dud by Ada: superseded" in {b.text for b in found.blocked}
    assert found.next.action != "tag-candidate"


def test_the_newest_word_about_a_freeze_counts_and_the_first_of_two_freezes() -> None:
    first = Frozen(CORE.name, CORE.release_branch, "validation")
    second = Frozen(CORE.name, CORE.release_branch, "again")
    ended = Unfrozen(CORE.name, CORE.release_branch, "a fix")

    assert after(first, ended).record.frozen(CORE) is None
    frozen = after(first, second).record.frozen(CORE)
    assert frozen is not None
    assert (frozen.reason, frozen.by) == ("validation", "Ada")
    assert frozen.at < NOW
    assert after(first, ended, second).record.frozen(CORE) is not None
    assert after(first).record.frozen(VISION) is None


def test_a_freeze_of_another_line_is_not_ours() -> None:
    state = after(Frozen(CORE.name, "release/2.1", "old"))

    assert state.record.frozen(CORE) is None


def test_the_board_counts_the_picks_that_wait_for_a_frozen_branch() -> None:
    state = with_(
        after(Frozen(CORE.name, CORE.release_branch, "validation")),
        picks=feed(
            tracked(
                (pull(14, "Fix it"),),
                (nomination(148603, 14),),
                (answer(14, Verdict.APPROVED),),
            )
        ),
    )

    (line,) = [entry for entry in board(state).risky if "frozen" in entry.text]
    assert line.text == ("pytorch release/2.15 is frozen by Ada: validation; 1 approved pick waits")
