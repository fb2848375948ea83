"""What is next about each row of the queue, and what the board makes of it."""

from __future__ import annotations

import msgspec
import pytest

from cockpit.release.board import board
from cockpit.release.jobs import JobState
from cockpit.release.nominations import Verdict
from cockpit.release.people import Duty, Person
from cockpit.release.pick_life import life_of
from cockpit.release.pick_next import next_of
from cockpit.release.picks import Pick, PullChecks
from cockpit.release.prediction import Outcome, Prediction
from cockpit.release.state import ReleaseState
from cockpit.release.trunk import Finding, FindingKind
from tests.release.states import (
    APPROVALS,
    GREEN,
    MERGED_PULLS,
    NOMINATIONS,
    NOW,
    answer,
    feed,
    landing,
    nomination,
    pull,
    sha,
    taken,
    tracked,
    trunk,
    with_,
)
from tests.release.states import PICK_1 as MERGED

FINDING = Finding(FindingKind.MISSING_FIX, sha("trunk 7"), 7, "Fix", "why")


def row(
    *,
    checks: JobState | None = None,
    opened: bool = True,
    nominated: bool = True,
    said: Verdict | None = None,
    outcome: Outcome | None = None,
    draft: bool = False,
    collides: bool = False,
) -> Pick:
    """One row of trunk's #7, as #14 where it is opened."""
    told = PullChecks(checks) if checks else None
    into = pull(14, "Fix")
    into = msgspec.structs.replace(into, checks=told, draft=draft, head_ref="cherry-pick-7-by-me")
    nominations = (nomination(7, 14 if opened else None),) if nominated else ()
    answers = (answer(14 if opened else 7, said),) if said else ()
    reading = tracked((into,) if opened else (), nominations, answers)
    found = () if nominated else (FINDING,)
    state = with_(picks=feed(reading), trunk=feed(trunk(landing(7), findings=found), "git"))
    (pick,) = (pick for pick in state.queue if 7 in pick.trunk_pulls)
    if outcome is not None:
        predictions = (Prediction(sha("trunk 7"), "Fix", outcome),)
        pick = msgspec.structs.replace(pick, predictions=predictions)
    if collides:
        proposed = Prediction(into.head_sha, into.title, Outcome.CONFLICT)
        pick = msgspec.structs.replace(pick, proposed=proposed)
    return pick


@pytest.mark.parametrize(
    ("pick", "text", "action"),
    [
        (row(), "approve #14, or decide otherwise", "approve"),
        (row(said=Verdict.UNDER_REVIEW), "approve #14, or decide otherwise", "approve"),
        (row(said=Verdict.NEEDS_INFO), "wait for the answer about #14", "pane-3"),
        (row(said=Verdict.APPROVED, checks=JobState.PASSED), "merge #14", "merge-pick"),
        (row(said=Verdict.APPROVED, checks=JobState.FAILED), "look at the red checks", "pane-3"),
        (row(said=Verdict.APPROVED, checks=JobState.RUNNING), "wait for the checks", "pane-3"),
        (
            row(said=Verdict.APPROVED, checks=JobState.PASSED, draft=True),
            "look at #14: #14 is a draft",
            "pane-3",
        ),
        (
            row(said=Verdict.APPROVED, checks=JobState.PASSED, collides=True),
            "have #14 brought up to the branch, with which it conflicts",
            "pane-3",
        ),
        (
            row(said=Verdict.APPROVED, opened=False, outcome=Outcome.CLEAN),
            "pick #7, or decide against it",
            "pick",
        ),
        (
            row(said=Verdict.APPROVED, opened=False, outcome=Outcome.CONFLICT),
            "resolve the conflict of #7",
            "resolve",
        ),
        (row(said=Verdict.APPROVED, opened=False), "look at #7: what it comes to is not", "pane-3"),
        (
            row(said=Verdict.APPROVED, opened=False, outcome=Outcome.EMPTY),
            "look at #7: it would change nothing",
            "pane-3",
        ),
        (row(nominated=False), "nominate #14", "nominate"),
        (row(nominated=False, opened=False, outcome=Outcome.CLEAN), "pick #7", "pick"),
    ],
)
def test_what_is_next_about_a_pick(pick: Pick, text: str, action: str) -> None:
    step = next_of(GREEN, pick)

    assert step.text.startswith(text)
    assert (step.action, step.pick) == (action, pick.key)


def test_whoever_is_no_approver_is_not_told_to_approve() -> None:
    reviewer = Person("Rene", "rene", "rene@example.org", (Duty.REVIEWER,))
    team = msgspec.structs.replace(GREEN.spec.team, people=(reviewer,))
    spec = msgspec.structs.replace(GREEN.spec, team=team)
    state = msgspec.structs.replace(GREEN, spec=spec, me=reviewer.email)

    assert next_of(state, row()).text == "have an approver decide on #14"


def test_the_board_offers_what_is_exact_before_what_has_to_be_looked_at() -> None:
    green = msgspec.structs.replace(pull(15, "Green"), checks=PullChecks(JobState.PASSED))
    red = msgspec.structs.replace(pull(14, "Red"), checks=PullChecks(JobState.FAILED))
    reading = tracked(
        (*MERGED_PULLS, red, green),
        (*NOMINATIONS, nomination(3, 14), nomination(4, 15)),
        (*APPROVALS, answer(14, Verdict.APPROVED), answer(15, Verdict.APPROVED)),
    )
    coming = board(_with_new_commit(reading)).next

    assert (coming.text, coming.action, coming.pick) == ("merge #15", "merge-pick", "pull-15")


def _with_new_commit(reading: object) -> ReleaseState:
    from tests.release.test_board import UNTAGGED

    return msgspec.structs.replace(UNTAGGED, picks=feed(reading))


def test_a_whole_life_is_told_in_its_order_with_what_is_wrong() -> None:
    back = sha("revert on trunk")
    changes = (landing(148601, hours=50, undone_by=back),)
    revert = msgspec.structs.replace(landing(9, hours=1), sha=back)
    whole = msgspec.structs.replace(
        trunk(picks=(taken(MERGED, 148601),)), changes=(*changes, revert)
    )
    opened = msgspec.structs.replace(
        MERGED_PULLS[0], opened_at=NOW, merged_at=NOW, base="release/2.15"
    )
    state = with_(picks=feed(tracked((opened, MERGED_PULLS[1]))), trunk=feed(whole, "git"))
    (pick,) = (pick for pick in state.queue if pick.release_pull == 12)
    told = life_of(state, pick)

    assert [event.text.partition(" by ")[0].partition(" as ")[0] for event in told] == [
        "landed on main",
        "nominated",
        "approved",
        "reverted on main since",
        "#12 opened",
        "merged",
        "first in v2.15.0-rc1",
        "still on the branch",
    ]
    assert [event.text for event in told if event.wrong] == [
        f"reverted on main since by {back[:7]}"
    ]
    assert pick.still_there
