"""Items of the checklist: gates, signatures, and what voids them."""

from __future__ import annotations

import msgspec
import pytest

from cockpit.process.loader import parse
from cockpit.release.checklist import ItemState, Progress, item_states
from cockpit.release.jobs import JobState
from cockpit.release.process import Process
from cockpit.release.record import (
    Override,
    Recorded,
)
from cockpit.release.signoffs import Signed
from cockpit.release.state import ReleaseState
from cockpit.release.versions import Version
from tests.release.states import (
    CORE,
    CUT,
    GREEN,
    PICK_1,
    PICK_2,
    PINNED,
    RC1,
    RC2,
    SPEC,
    checks,
    failure,
    feed,
    ledger,
    recorded,
    with_,
)

PROCESS_TEXT = """
[[phases]]
id = "candidates"
number = 2
title = "Candidates"
[[phases]]
id = "promotion"
number = 4
title = "Promotion"
[[items]]
id = "checks"
phase = "candidates"
title = "Checks are green"
kind = "gate"
owner = "on-call"
gate = "ci-green"
[[items]]
id = "perf"
phase = "candidates"
title = "Performance is compared"
kind = "manual"
owner = "performance"
needs = ["checks"]
[[items]]
id = "tracker"
phase = "candidates"
title = "The tracker is open"
kind = "manual"
owner = "captain"
binds = "release"
[[items]]
id = "minor-only"
phase = "candidates"
title = "Tutorials"
kind = "manual"
owner = "documentation"
applies_to = "minor"
[[items]]
id = "go"
phase = "promotion"
title = "Go"
kind = "manual"
owner = "captain"
needs = ["perf", "tracker"]
[[items]]
id = "promoted"
phase = "promotion"
title = "Promoted"
kind = "auto"
owner = "captain"
gate = "wheels-promoted"
"""
PROCESS = parse(PROCESS_TEXT, "process.toml")


def states(state: ReleaseState, process: Process = PROCESS) -> dict[str, ItemState]:
    return {found.item.id: found for found in item_states(process, state)}


def signed(item: str, sha: str, *, hours: float = 1) -> Recorded:
    return recorded(Signed(item, sha, note="looked at it"), hours=hours)


def with_entries(*entries: Recorded, state: ReleaseState = GREEN) -> ReleaseState:
    return with_(state, ledger=feed(ledger(*PINNED, *entries)))


def test_a_gate_that_passes_needs_no_signature() -> None:
    found = states(GREEN)["checks"]

    assert found.progress is Progress.PASSED
    assert found.words == f"pytorch pull: passed on {PICK_2.sha[:7]} and 1 more"


@pytest.mark.parametrize(
    ("job_state", "progress"),
    [
        (JobState.FAILED, Progress.FAILED),
        (JobState.UNKNOWN, Progress.UNKNOWN),
        (JobState.RUNNING, Progress.UNDER_WAY),
    ],
)
def test_a_gate_says_how_it_does_not_pass(job_state: JobState, progress: Progress) -> None:
    assert states(with_(ci=feed(checks(job_state))))["checks"].progress is progress


def test_an_unreadable_gate_is_unknown_and_holds_up_what_needs_it() -> None:
    found = states(with_(ci=feed(checks(), failure=failure())))

    assert found["checks"].progress is Progress.UNKNOWN
    assert found["perf"].progress is Progress.WAITING
    assert found["perf"].waits_for == ("checks",)
    assert found["perf"].words == "waits for checks"


def test_a_signature_settles_an_item_and_says_who_and_when() -> None:
    found = states(with_entries(signed("perf", RC2.commit_sha)))["perf"]

    assert found.progress is Progress.SIGNED
    assert found.words == "signed by Ada, 15 Oct 13:03 UTC"
    assert found.signatures[0].note == "looked at it"


def test_a_signature_for_another_candidate_is_void_and_says_so() -> None:
    found = states(with_entries(signed("perf", RC1.commit_sha)))["perf"]

    assert found.progress is Progress.VOID
    assert found.words == f"void: Ada signed {PICK_1.sha[:7]}, v2.15.0-rc2 is another commit"
    assert found.signatures[0].void


def test_a_void_signature_does_not_hide_a_valid_one() -> None:
    entries = (signed("perf", RC2.commit_sha, hours=1), signed("perf", RC1.commit_sha, hours=0.5))

    assert states(with_entries(*entries))["perf"].progress is Progress.SIGNED


def test_what_is_signed_for_the_release_outlives_the_candidate() -> None:
    assert states(with_entries(signed("tracker", CUT.sha)))["tracker"].progress is Progress.SIGNED


def test_needs_are_named_first_one_first() -> None:
    found = states(GREEN)["go"]

    assert found.progress is Progress.WAITING
    assert found.waits_for == ("perf", "tracker")
    assert found.words == "waits for perf and 1 more"


def test_an_item_whose_needs_are_settled_can_be_done() -> None:
    entries = (signed("perf", RC2.commit_sha), signed("tracker", CUT.sha))

    assert states(with_entries(*entries))["go"].progress is Progress.TO_DO


def test_what_has_failed_is_not_hidden_by_what_it_needs() -> None:
    text = PROCESS_TEXT.replace('gate = "ci-green"', 'gate = "ci-green"\nneeds = ["tracker"]')
    found = states(with_(ci=feed(checks(JobState.FAILED))), parse(text, "process.toml"))["checks"]

    assert found.progress is Progress.FAILED


def test_what_is_not_done_yet_in_a_later_phase_has_not_failed() -> None:
    assert states(GREEN)["promoted"].progress is Progress.TO_DO


def test_what_cannot_be_told_in_a_later_phase_is_still_to_do() -> None:
    artifacts = feed(GREEN.artifacts.value, missing="a page is missing")

    assert states(with_(artifacts=artifacts))["promoted"].progress is Progress.TO_DO


def test_an_override_of_this_candidate_counts_and_is_shown() -> None:
    red = with_(ci=feed(checks(JobState.FAILED)))
    override = recorded(Override("ci-green", RC2.commit_sha, "known infrastructure failure"))
    found = states(with_entries(override, state=red))["checks"]

    assert found.progress is Progress.OVERRIDDEN
    assert found.progress.settled
    assert found.words == "overridden by Ada: known infrastructure failure"


def test_an_override_of_another_candidate_does_not_count() -> None:
    red = with_(ci=feed(checks(JobState.FAILED)))
    override = recorded(Override("ci-green", RC1.commit_sha, "known infrastructure failure"))

    assert states(with_entries(override, state=red))["checks"].progress is Progress.FAILED


@pytest.mark.parametrize("email", ["", "mika@example.org"])
def test_an_override_by_somebody_without_the_duty_does_not_count(email: str) -> None:
    red = with_(ci=feed(checks(JobState.FAILED)))
    override = recorded(Override("ci-green", RC2.commit_sha, "I say so"), email=email)

    assert states(with_entries(override, state=red))["checks"].progress is Progress.FAILED


@pytest.mark.parametrize(
    ("lines", "version", "words"),
    [
        ('until = "2.5"', Version(2, 15, 0), "only up to 2.5"),
        ('until = "2.5"', Version(2, 5, 0), ""),
        ('since = "2.9"', Version(2, 15, 0), ""),
        ('since = "2.9"', Version(2, 8, 0), "only from 2.9 on"),
        ('left_out = "nobody needs it"', Version(2, 15, 0), "left out: nobody needs it"),
    ],
)
def test_items_belong_to_lines(lines: str, version: Version, words: str) -> None:
    item = parse(PROCESS_TEXT + lines, "process.toml").items[-1]

    assert item.beside(version) == words


def test_items_of_minor_releases_do_not_apply_to_a_patch() -> None:
    core = msgspec.structs.replace(CORE, version=Version(2, 15, 1))
    spec = msgspec.structs.replace(SPEC, version=Version(2, 15, 1), repositories=(core,))
    found = states(with_(spec=spec))["minor-only"]

    assert found.progress is Progress.NOT_APPLICABLE
    assert found.words == "only for a minor release"
    assert states(GREEN)["minor-only"].progress is Progress.TO_DO
