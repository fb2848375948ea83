"""Attempts of one job, merged as process section 7.8 says."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from cockpit.release.attempts import merge_attempts
from cockpit.release.jobs import Job, JobState
from tests.release.states import NOW, job
from tests.release.test_reruns import run

NAME = "manywheel-py3_12-cpu-test / test"
CONCLUSIONS = {
    "success": JobState.PASSED,
    "failure": JobState.FAILED,
    "cancelled": JobState.SKIPPED,
    "skipped": JobState.SKIPPED,
}


def tries(*conclusions: str) -> list[Job]:
    """One attempt for each conclusion, an hour apart; `running` has not ended."""
    return [
        msgspec.structs.replace(
            job(number, NAME, state=CONCLUSIONS.get(conclusion, JobState.RUNNING)),
            attempt=number,
            conclusion=conclusion if conclusion in CONCLUSIONS else None,
            started_at=NOW - timedelta(hours=10 - number),
            completed_at=NOW - timedelta(hours=9.5 - number) if conclusion in CONCLUSIONS else None,
        )
        for number, conclusion in enumerate(conclusions, start=1)
    ]


@pytest.mark.parametrize(
    ("conclusions", "state", "attempt", "flaky"),
    [
        (("success",), JobState.PASSED, 1, False),
        (("failure", "success"), JobState.PASSED, 2, True),
        (("success", "failure"), JobState.PASSED, 1, True),
        (("cancelled", "success"), JobState.PASSED, 2, False),
        (("failure", "cancelled"), JobState.FAILED, 1, False),
        (("failure", "skipped"), JobState.FAILED, 1, False),
        (("skipped", "cancelled"), JobState.SKIPPED, 1, False),
        (("failure", "failure"), JobState.FAILED, 2, False),
        (("success", "success"), JobState.PASSED, 2, False),
        (("failure", "running"), JobState.RUNNING, 2, False),
        (("success", "running"), JobState.RUNNING, 2, False),
    ],
)
def test_the_attempts_of_a_job(
    conclusions: tuple[str, ...], state: JobState, attempt: int, flaky: bool
) -> None:
    (merged,) = merge_attempts(reversed(tries(*conclusions)))

    assert (merged.state, merged.attempt, merged.flaky) == (state, attempt, flaky)
    assert len(merged.superseded) == len(conclusions) - 1
    assert attempt not in {other.number for other in merged.superseded}


def test_a_job_that_a_later_attempt_only_carries_over_ran_once() -> None:
    (ran,) = tries("success")
    carried = msgspec.structs.replace(ran, id=99, attempt=2)

    assert merge_attempts([carried, ran]) == (ran,)


def test_what_was_skipped_waits_while_a_new_attempt_has_not_listed_it() -> None:
    (skipped,) = tries("skipped")
    again = run(skipped.run_id, attempt=2, ended=False)
    (waiting,) = merge_attempts([skipped], [again])
    assert (waiting.state, waiting.conclusion, waiting.completed_at) == (
        JobState.EXPECTED,
        None,
        None,
    )
    assert [other.conclusion for other in waiting.superseded] == ["skipped"]
    listed = msgspec.structs.replace(skipped, id=99, attempt=2)
    for other in ({"attempt": 1}, {"id": skipped.run_id + 1}, {"ended": True}):
        assert merge_attempts([skipped], [msgspec.structs.replace(again, **other)]) == (skipped,)
    assert merge_attempts([skipped, listed], [again]) == (skipped,)


def test_two_jobs_of_one_name_stay_two() -> None:
    first, second = tries("success", "failure")
    twins = [first, msgspec.structs.replace(second, attempt=1)]

    assert [found.state for found in merge_attempts(twins)] == [JobState.PASSED, JobState.FAILED]


def test_jobs_of_one_name_in_two_workflows_have_nothing_in_common() -> None:
    (linux,) = tries("failure")
    windows = msgspec.structs.replace(linux, workflow="windows", run_id=2, state=JobState.PASSED)

    assert len(merge_attempts([linux, windows])) == 2
