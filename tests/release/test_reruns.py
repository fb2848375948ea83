"""Runs that can run again, and why others cannot."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from cockpit.actions.registry import action, availability
from cockpit.actions.situation import Disabled, Enabled, Scope, Selection, Situation
from cockpit.release.board import board
from cockpit.release.jobs import Attempt, CandidateBuilds, Job, JobState, Run
from cockpit.release.record import OperationFinished
from cockpit.release.reruns import (
    again_first,
    asked_reruns,
    dependents,
    named_jobs,
    open_rerun,
    out_of_reach,
    red_runs,
)
from cockpit.release.run_events import RerunRefused, RerunRequested
from cockpit.release.state import ReleaseState
from tests.release.states import (
    CORE,
    NOW,
    builds,
    candidate,
    feed,
    green_jobs,
    job,
    ledger,
    recorded,
    with_,
)

PREFIX = "manywheel-py3_12-cuda13_0"


def run(number: int = 10, *, attempt: int = 1, ended: bool = True, days: float = 1) -> Run:
    return Run(
        id=number,
        workflow="linux-binary-manywheel",
        attempt=attempt,
        state=JobState.FAILED if ended else JobState.RUNNING,
        conclusion="failure" if ended else None,
        ended=ended,
        event="push",
        created_at=NOW - timedelta(days=days),
        url=f"https://github.example/runs/{number}",
    )


FAILED = job(1000, f"{PREFIX}-test / test", state=JobState.FAILED)
PASSED = job(1001, f"{PREFIX}-build / build")
CANCELLED = msgspec.structs.replace(
    job(1002, f"{PREFIX}-upload / upload", state=JobState.SKIPPED), conclusion="cancelled"
)


def ran(*jobs: Job, ended: bool = True, days: float = 1) -> CandidateBuilds:
    """Jobs of one run."""
    return CandidateBuilds(candidate(), jobs, (run(ended=ended, days=days),), CORE.name)


def test_failed_and_cancelled_jobs_make_a_run_red() -> None:
    (red,) = red_runs(ran(PASSED, FAILED, CANCELLED))
    assert red.jobs == (FAILED, CANCELLED)
    assert red_runs(ran(PASSED)) == ()


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (run(), ""),
        (run(days=29.9, attempt=50), ""),
        (run(days=30.1), "first started 30 days ago: GitHub re-runs a run for 30 days"),
        (run(attempt=51), "re-run 50 times, which is all that GitHub allows"),
    ],
)
def test_githubs_own_limits_are_said_in_words(found: Run, said: str) -> None:
    assert out_of_reach(found, NOW).endswith(said)
    assert bool(out_of_reach(found, NOW)) is bool(said)


def test_later_stages_of_one_configuration_depend_on_a_job() -> None:
    other = job(1003, "manywheel-py3_13-cuda13_0-upload / upload")
    every = (PASSED, FAILED, CANCELLED, other)
    assert dependents(PASSED, every) == (FAILED, CANCELLED)
    assert dependents(FAILED, every) == (CANCELLED,)
    assert dependents(CANCELLED, every) == ()
    assert dependents(job(1004, "docs push"), every) is None


def test_a_job_is_found_by_its_whole_name_or_its_own() -> None:
    found = ran(PASSED, FAILED)
    assert named_jobs(found, f"linux-binary-manywheel / {FAILED.name}") == (FAILED,)
    assert named_jobs(found, FAILED.name) == (FAILED,)
    assert named_jobs(found, "test") == ()


def asked(number: int, attempt: int = 1) -> RerunRequested:
    return RerunRequested(f"rerun/{number}/{attempt}", CORE.name, number, attempt, "it")


def test_a_rerun_is_open_until_its_operation_ended_well() -> None:
    record = ledger(
        recorded(asked(1), hours=9),
        recorded(OperationFinished("rerun-failed", "s", "d", "done"), hours=8),
        recorded(asked(2), hours=7),
        recorded(OperationFinished("rerun-failed", "s", "d", "failed"), hours=6),
        recorded(OperationFinished("tag-candidate", "s", "d", "done"), hours=5),
        recorded(asked(3), hours=4),
        recorded(RerunRefused("rerun/3/1", 3, "no"), hours=3),
    )
    assert asked_reruns(record, CORE.name) == {1: 1, 2: 1}
    assert asked_reruns(record, CORE.name, unfinished=True) == {2: 1}
    assert asked_reruns(record, "pytorch/vision") == {}
    assert open_rerun(record, "rerun/2/1") is not None
    assert open_rerun(record, "rerun/3/1") is None


def failed_again() -> Job:
    first = Attempt(1, 900, 10, JobState.FAILED, "failure", None, None, "")
    return msgspec.structs.replace(FAILED, attempt=2, superseded=(first,))


def test_what_failed_twice_is_not_offered_once_more() -> None:
    assert again_first(ran(FAILED)) == FAILED
    assert again_first(ran(FAILED, ended=False)) is None
    assert again_first(ran(failed_again())) is None


def red_state(*jobs: Job, ended: bool = True, days: float = 1) -> ReleaseState:
    return with_(builds=feed(ran(*jobs, ended=ended, days=days)))


def test_next_offers_the_rerun_of_red_builds() -> None:
    found = board(red_state(PASSED, FAILED)).next
    assert (found.text, found.action) == (
        "re-run the failed linux x86_64 py3.12 cu130 test job",
        "rerun-failed",
    )
    assert board(red_state(failed_again())).next.text.startswith("look into")


def situated(state: ReleaseState, key: str | None = None, url: str = "") -> Situation:
    selection = Selection("builds", key, url) if key is not None else None
    scope = Scope.BUILDS if key is not None else Scope.DASHBOARD
    return Situation(state, (Scope.EVERYWHERE, scope), selection)


def title(of: Job) -> str:
    return f"{of.workflow} / {of.name}"


@pytest.mark.parametrize(
    ("act", "situation", "reason"),
    [
        ("rerun-failed", situated(red_state(FAILED)), ""),
        ("rerun-failed", situated(red_state(FAILED), title(FAILED)), ""),
        ("rerun-failed", situated(red_state(PASSED)), "no job has failed"),
        ("rerun-failed", situated(red_state(PASSED), title(PASSED)), "no job of linux-binary"),
        ("rerun-failed", situated(red_state(FAILED, ended=False)), "only ended runs"),
        ("rerun-failed", situated(red_state(FAILED, ended=False), title(FAILED)), "still going"),
        ("rerun-failed", situated(red_state(FAILED), "a wheel"), "no job is selected"),
        ("rerun-failed", situated(with_(builds=feed(CandidateBuilds()))), "no builds"),
        ("rerun-job", situated(red_state(PASSED), title(PASSED)), ""),
        ("rerun-job", situated(red_state(PASSED), "renamed", PASSED.url), ""),
        ("rerun-job", situated(red_state(PASSED, ended=False), title(PASSED)), "still going"),
        ("rerun-job", situated(red_state(PASSED, days=31), title(PASSED)), "30 days"),
        ("rerun-job", situated(with_(builds=feed(builds(*green_jobs()))), "x"), "no job is"),
        ("cancel-run", situated(red_state(PASSED, ended=False), title(PASSED)), ""),
        ("cancel-run", situated(red_state(PASSED), title(PASSED)), "has ended"),
        ("dispatch", situated(red_state(PASSED)), "lists no"),
    ],
)
def test_a_greyed_key_says_why(act: str, situation: Situation, reason: str) -> None:
    found = availability(action(act), situation)
    if reason:
        assert isinstance(found, Disabled)
        assert reason in found.reason
    else:
        assert found == Enabled()


def test_what_is_acted_on_is_fixed_by_the_selection() -> None:
    situation = situated(red_state(FAILED), title(FAILED))
    assert action("rerun-failed").arguments(situation) == {"run": "10"}
    assert action("rerun-job").arguments(situation) == {"job": "1000"}
    assert action("rerun-failed").arguments(situated(red_state(FAILED))) == {}
