"""Acting on picks by keys: what is captured, what is asked, and why something is not offered."""

from __future__ import annotations

import msgspec

from cockpit.actions.guards.picks import of_changes, of_pulls
from cockpit.actions.registry import action, availability
from cockpit.actions.situation import Disabled, Enabled, Scope, Selection, Situation
from cockpit.release.forecast import PredictionReading
from cockpit.release.picks import PickReading, PullSummary, Tracker
from cockpit.release.prediction import NO_PARENT_NAMED, Outcome, Prediction
from cockpit.release.state import FeedState, Reading
from cockpit.release.trunk import Finding, FindingKind
from tests.release.states import (
    GREEN,
    NOW,
    PICK_2,
    feed,
    landing,
    nomination,
    sha,
    tracked,
    trunk,
)


def pull(number: int, head: str, *, state: str = "open") -> PullSummary:
    return PullSummary(
        number=number,
        title=f"Fix {number}",
        author="mei",
        state=state,
        merged_sha=None,
        head_sha="a" * 40,
        head_ref=head,
        url="",
        updated_at=NOW,
        base="release/2.15",
    )


PULLS = (pull(20, "cherry-pick-10-by-mei"), pull(21, "cherry-pick-11-by-mei"))
READING = Reading(PickReading(Tracker(1, "", ""), PULLS), NOW, "")
STATE = msgspec.structs.replace(GREEN, picks=FeedState(READING))


def on(key: str, *marked: str, armed: bool = False) -> Situation:
    selection = Selection("picks", key, marked=marked)
    return Situation(STATE, (Scope.EVERYWHERE, Scope.PICKS), selection, armed=armed)


def reason(name: str, situation: Situation) -> str:
    found = availability(action(name), situation)
    return found.reason if isinstance(found, Disabled) else ""


def test_marked_rows_count_instead_of_the_selected_one() -> None:
    assert of_pulls(on("pull-20")) == {"pull": "20"}
    assert of_pulls(on("pull-20", "pull-21", "pull-20")) == {"pull": "21,20"}
    assert of_pulls(on("pull-20", "gone")) == {"pull": ""}
    assert of_changes(on("pull-20")) == {"change": "10"}


def test_of_a_merge_the_parent_is_asked_for_and_of_a_missing_revert_the_pull() -> None:
    landed = landing(10)
    merge = Prediction(landed.sha, "Merge", Outcome.UNKNOWN, why=NO_PARENT_NAMED)
    revert = Finding(FindingKind.MISSING_REVERT, sha("r"), None, "Revert", "why", reverts=9)
    state = msgspec.structs.replace(
        STATE,
        trunk=feed(trunk(landed, findings=(revert,)), "git"),
        predictions=feed(PredictionReading(PICK_2.sha, (merge,)), "git"),
    )
    assert of_changes(msgspec.structs.replace(on("pull-20"), state=state)) == {
        "change": "10",
        "mainline": "",
    }
    of_revert = msgspec.structs.replace(on(f"commit-{revert.commit}"), state=state)
    assert of_changes(of_revert) == {"change": "9", "category": "cherry-pick revert"}
    assert "C picks what reverted it" in reason("nominate", of_revert)
    queue = tracked(PULLS, (nomination(10, 20),), ())
    both = msgspec.structs.replace(
        on("pull-20", "pull-20", f"commit-{revert.commit}"),
        state=msgspec.structs.replace(state, picks=feed(queue)),
    )
    assert of_changes(both) == {"change": "10,9", "mainline": "", "category": "Critical"}


def test_what_cannot_be_done_says_why() -> None:
    assert isinstance(availability(action("approve"), on("pull-20")), Enabled)
    assert reason("approve", on("gone")) == "no pick is selected"
    assert "one at a time" in reason("nominate", on("pull-20", "pull-20", "pull-21"))
    assert reason("pick", on("pull-20")) == "#20 picks it already"
    assert reason("merge-pick", on("pull-20")) == "#20 is found, not approved"
    assert "its author resolves it" in reason("resolve", on("pull-20"))
    elsewhere = Situation(STATE, (Scope.BUILDS,), Selection("builds", "pull-20"))
    assert reason("approve", elsewhere) == "no pick is selected"
