"""Several attempts of one job, merged into what the job is; process section 7.8."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

import msgspec

from cockpit.release.jobs import Attempt, Job, JobState, Run

_SKIPPED = "skipped"
_WEIGHT = {
    JobState.PASSED: 4,
    JobState.FAILED: 3,
    JobState.UNKNOWN: 2,
    JobState.SKIPPED: 1,
}
"""Which of several ended attempts decides: a success outranks a failure, in whatever order they
came, and a cancelled one loses to all."""


def merge_attempts(jobs: Iterable[Job], runs: Iterable[Run] = ()) -> tuple[Job, ...]:
    """One job for each name of each workflow, out of all their attempts in all their runs.

    A job that an earlier attempt skipped, and that the one under way has not listed yet, waits
    for what it needs: listed are also the jobs that are not run again.
    """
    jobs = list(jobs)
    listed = {(job.run_id, job.attempt, job.name) for job in jobs}
    under_way = {run.id: run.attempt for run in runs if not run.ended}

    def waits(job: Job) -> bool:
        attempt = under_way.get(job.run_id, job.attempt)
        return job.conclusion == _SKIPPED and (job.run_id, attempt, job.name) not in listed

    tries: dict[tuple[str, str, int], list[Job]] = defaultdict(list)
    for group in _by_try(_executed(jobs)).values():
        # GitHub allows two jobs of one name, which are told apart by their order.
        for position, job in enumerate(group):
            tries[job.workflow, job.name, position].append(job)
    merged = (_merged(attempts) for attempts in tries.values())
    return tuple(_expected(job) if waits(job) else job for job in merged)


def _executed(jobs: Iterable[Job]) -> list[Job]:
    """Every job that ran, once, in the order of their attempts.

    A new attempt lists the jobs that it did not run again as if it had: only the times of such a
    copy tell that it is one.
    """
    found: list[Job] = []
    seen: set[tuple[object, ...]] = set()
    for job in sorted(jobs, key=lambda job: (job.run_id, job.attempt, job.id)):
        ran = (job.run_id, job.name, job.started_at, job.completed_at, job.conclusion)
        if job.completed_at is None or ran not in seen:
            found.append(job)
        seen.add(ran)
    return found


def _by_try(jobs: Iterable[Job]) -> dict[tuple[int, int, str], list[Job]]:
    found: dict[tuple[int, int, str], list[Job]] = defaultdict(list)
    for job in jobs:
        found[job.run_id, job.attempt, job.name].append(job)
    return found


def _merged(attempts: Sequence[Job]) -> Job:
    newest = attempts[-1]
    decisive = newest
    if newest.state.finished:
        # The first failure is kept as evidence, the newest success as the job.
        decisive = max(enumerate(attempts), key=lambda entry: (_weight(entry[1]), entry[0]))[1]
    others = tuple(_attempt(job) for job in attempts if job is not decisive)
    return msgspec.structs.replace(decisive, superseded=others) if others else decisive


def _expected(job: Job) -> Job:
    return msgspec.structs.replace(
        job,
        state=JobState.EXPECTED,
        conclusion=None,
        started_at=None,
        completed_at=None,
        superseded=(*job.superseded, _attempt(job)),
    )


def _weight(job: Job) -> int:
    return 0 if job.conclusion == "cancelled" else _WEIGHT.get(job.state, 0)


def _attempt(job: Job) -> Attempt:
    return Attempt(
        number=job.attempt,
        id=job.id,
        run_id=job.run_id,
        state=job.state,
        conclusion=job.conclusion,
        started_at=job.started_at,
        completed_at=job.completed_at,
        url=job.url,
        failed_step=job.failed_step,
    )
