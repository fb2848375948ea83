"""Rows of the queue: what trunk, branch, ledger and predictions say of one change."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from cockpit.release.board import board
from cockpit.release.forecast import (
    PredictionReading,
    heads_to_predict,
    picks_in_order,
    picks_to_predict,
)
from cockpit.release.nominations import Verdict
from cockpit.release.people import Duty, Person, Team
from cockpit.release.pick_rows import QueueFacts, queue
from cockpit.release.picks import Pick, PickReading, PickState
from cockpit.release.prediction import Origin, Outcome, PickOf, Prediction
from cockpit.release.record import Approved, Denied, NeedsInfo
from cockpit.release.trunk import BranchChange, Finding, FindingKind
from tests.release.picking import MISSING_FIX, MISSING_REVERT
from tests.release.states import (
    CORE,
    CORE_BRANCH,
    GREEN,
    NOW,
    PICK_1,
    PICK_2,
    SCHEDULE,
    answer,
    feed,
    landing,
    ledger,
    nomination,
    pull,
    recorded,
    sha,
    taken,
    tracked,
    trunk,
    with_,
)

FACTS = QueueFacts(CORE, CORE_BRANCH, trunk(landing(7)), schedule=SCHEDULE)
MERGED = pull(1, "x", state="closed", merged=PICK_1.sha)


def rows(reading: PickReading, facts: QueueFacts = FACTS, **more: object) -> tuple[Pick, ...]:
    return queue(reading, msgspec.structs.replace(facts, **more))


def row(reading: PickReading, facts: QueueFacts = FACTS, **more: object) -> Pick:
    return rows(reading, facts, **more)[0]


def one(trunk_pull: int = 7, release: int | None = 1, *pulls: object) -> PickReading:
    given = pulls or ((pull(release, "x"),) if release else ())
    return tracked(given, (nomination(trunk_pull, release),), ())  # type: ignore[arg-type]


def test_a_row_holds_what_landed_and_how_it_would_end() -> None:
    prediction = Prediction(sha("trunk 7"), "Change 7", Outcome.CLEAN, "tree")
    found = row(one(), predictions={prediction.commit: prediction})
    assert [change.pull for change in found.landed] == [7]
    assert found.predictions == (prediction,)
    assert (found.state, found.problems) == (PickState.NOMINATED, ())


def test_a_pick_that_trunk_or_the_branch_took_back_says_so() -> None:
    undone = landing(7, undone_by=sha("revert"))
    found = row(one(), trunk=trunk(undone))
    assert found.reverted_on_trunk == (undone,)
    assert found.problems == (f"{undone.sha[:7]} was reverted on trunk by {sha('revert')[:7]}",)

    there = msgspec.structs.replace(
        trunk(landing(7)), picks=(taken(PICK_1, 7, undone_by=PICK_2.sha),)
    )
    gone = row(one(7, 1, MERGED), trunk=there)
    assert (gone.state, gone.undone_by) == (PickState.REVERTED, PICK_2.sha)


def test_what_is_on_the_branch_without_a_pull_request_is_merged_as_well() -> None:
    picked = BranchChange(PICK_1.sha, sha("trunk 7"), 7, "pick", "trailer")
    found = row(one(7, None), trunk=trunk(landing(7), picks=(picked,)))
    assert (found.state, found.merged_sha) == (PickState.IN_CANDIDATE, PICK_1.sha)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"base": "main"}, "#1 targets main, not release/2.15"),
        ({"draft": True}, "#1 is a draft"),
        ({"state": "closed"}, "#1 was closed without being merged"),
        ({"forced_at": NOW}, "#1 was force-pushed"),
    ],
)
def test_a_pull_request_that_is_not_what_it_seems(changes: dict[str, object], words: str) -> None:
    found = row(one(7, 1, msgspec.structs.replace(pull(1, "x"), **changes)))
    assert found.problems == (words,)


def test_a_push_by_force_after_the_approval_is_told_apart() -> None:
    forced = msgspec.structs.replace(pull(1, "x"), forced_at=NOW - timedelta(hours=1))
    reading = tracked((forced,), (nomination(7, 1),), (answer(1, Verdict.APPROVED, hours=3),))
    assert row(reading).problems == ("#1 was force-pushed after its approval",)
    earlier = tracked((forced,), (nomination(7, 1),), (answer(1, Verdict.APPROVED, hours=0.5),))
    assert row(earlier).problems == ("#1 was force-pushed",)


def test_what_cannot_be_found_is_said() -> None:
    assert row(one(8)).problems == ("#8 has not landed on trunk since the cut",)
    lost = one(7, 99, pull(1, "another"))
    assert row(lost).problems == ("#99 could not be found among the pull requests",)
    elsewhere = pull(1, "x", state="closed", merged=sha("gone"))
    assert row(one(7, 1, elsewhere)).problems == (
        f"{sha('gone')[:7]}, which was merged, is not on the branch",
    )


def test_a_late_nomination_needs_more_than_its_criterion() -> None:
    late = msgspec.structs.replace(nomination(7, 1), posted_at=NOW + timedelta(days=9))
    late = msgspec.structs.replace(late, category="Docs")
    found = row(tracked((pull(1, "x"),), (late,), ()))
    assert (found.late, found.rule.value) == (True, "needs special dispensation")


def test_a_pull_that_picks_a_revert_is_of_the_revert() -> None:
    revert = msgspec.structs.replace(landing(8), pull=None)
    undone = landing(7, undone_by=revert.sha)
    picking = msgspec.structs.replace(pull(1, "x"), head_ref="cherry-pick-revert-7-2.15")
    found = row(tracked((picking,), (), ()), trunk=trunk(revert, undone))
    assert [change.sha for change in found.landed] == [revert.sha]
    assert found.problems == ()


def test_findings_are_rows_unless_somebody_brought_them_up() -> None:
    lacking = trunk(landing(7), findings=(MISSING_FIX, MISSING_FIX, MISSING_REVERT))
    alone = rows(tracked((), (), ()), trunk=lacking)
    assert [(r.state, r.issue) for r in alone] == [
        (PickState.FOUND, "pytorch/pytorch#5"),
        (PickState.FOUND, ""),
    ]
    nominated, *others = rows(one(), trunk=lacking)
    assert (nominated.finding, nominated.state) == (MISSING_FIX, PickState.NOMINATED)
    assert [r.finding for r in others] == [MISSING_REVERT]
    own = Finding(FindingKind.NEVER_LANDED, PICK_2.sha, None, "Own", "in no form on trunk")
    (never,) = rows(tracked((), (), ()), trunk=trunk(findings=(own,)))
    assert (never.state, never.problems) == (PickState.IN_CANDIDATE, ("never landed on trunk",))


def test_decisions_of_the_ledger_count_from_approvers_alone() -> None:
    team = Team(
        (
            Person("Ada", "ada", "ada@example.org", (Duty.APPROVER,)),
            Person("Rob", "rob", "rob@example.org", (Duty.REVIEWER,)),
            Person("Bo", "bo", "", (Duty.APPROVER,)),
        )
    )
    found = ledger(
        recorded(Approved(1), hours=5),
        recorded(Denied(1), hours=4, by="Rob", email="rob@example.org"),
        recorded(NeedsInfo(2, "which release?"), hours=3, by="BO", email="bo@elsewhere.org"),
        recorded(Approved(3), hours=2, by="eve", email=""),
    ).decisions(team)
    assert [(each.pull, each.verdict, each.author) for each in found] == [
        (1, Verdict.APPROVED, "ada"),
        (2, Verdict.NEEDS_INFO, "BO"),
    ]


def test_the_queue_is_simulated_approved_first_then_as_trunk_has_it() -> None:
    reading = tracked(
        (pull(1, "old"), pull(2, "new"), pull(3, "approved"), pull(5, "denied")),
        tuple(nomination(10 + n, n) for n in (2, 1, 3, 5)),
        (answer(3, Verdict.APPROVED), answer(5, Verdict.DENIED)),
    )
    changes = [landing(10 + n, hours=90 - n) for n in (1, 2, 3, 5)]
    found = rows(reading, trunk=trunk(*changes, findings=(MISSING_FIX,)))
    order = [pick.commit for pick in picks_in_order(found)]
    assert order == [sha("trunk 13"), sha("trunk 11"), sha("trunk 12")]
    assert {p.commit for p in picks_to_predict(found)} == {*order}


def test_an_open_pull_request_stands_for_the_commits_that_it_picks() -> None:
    of_trunk = Prediction(sha("trunk 7"), "Change 7", Outcome.CONFLICT)
    squash = PickOf(sha("head1"), since=PICK_1.sha)
    proposed = Prediction(squash.commit, "x", Outcome.CLEAN, "tree", (), of=Origin.PULL)
    known = msgspec.structs.replace(
        FACTS,
        predictions={of_trunk.commit: of_trunk},
        proposed={proposed.commit: proposed},
    )
    found = row(one(), known)
    assert (found.predictions, found.forecast) == ((of_trunk,), (proposed,))
    assert heads_to_predict([found], CORE.release_branch) == (squash.commit,)
    assert picks_in_order([found], {squash.commit: squash}) == (squash,)
    assert picks_in_order([found]) == (PickOf(of_trunk.commit),)
    astray = row(one(7, 1, msgspec.structs.replace(pull(1, "x"), base="main")), known)
    assert astray.forecast == (of_trunk,)
    assert heads_to_predict([astray], CORE.release_branch) == ()


def test_predictions_of_a_branch_that_went_on_are_not_shown() -> None:
    prediction = Prediction(sha("trunk 7"), "Change 7", Outcome.CLEAN, "tree")
    state = with_(picks=feed(one()), trunk=feed(trunk(landing(7))))
    for onto, shown in ((PICK_2.sha, (prediction,)), (PICK_1.sha, ())):
        reading = feed(PredictionReading(onto, (prediction,)))
        assert with_(state, predictions=reading).queue[0].predictions == shown


def test_the_board_names_what_is_risky_in_the_queue() -> None:
    strays = (pull(1, "x"), msgspec.structs.replace(pull(2, "y"), base="main"))
    late = msgspec.structs.replace(nomination(9, 2), posted_at=NOW + timedelta(days=9))
    state = with_(
        GREEN,
        picks=feed(tracked(strays, (nomination(7, 1), late), ())),
        trunk=feed(trunk(landing(7, undone_by=sha("r")), findings=(MISSING_REVERT, MISSING_FIX))),
    )
    texts = [line.text for line in board(state).risky]
    for words in (
        "1 pick was reverted on trunk: #1",
        "1 nomination came after picks closed: #2",
        "1 nominated pull request targets another branch: #2",
        f"1 revert is missing from the branch, first {MISSING_REVERT.commit[:7]}",
    ):
        assert words in texts
