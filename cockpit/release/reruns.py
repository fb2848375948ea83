"""Which runs of a candidate can run again, which cannot and why, and what then runs: trap R7."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from cockpit.release.coverage import named
from cockpit.release.job_names import STAGES, JobKey
from cockpit.release.jobs import CandidateBuilds, Job, JobState, Run
from cockpit.release.lookups import is_red
from cockpit.release.record import Entry, Event, Ledger, OperationFinished
from cockpit.release.run_events import CancelRequested, RerunRefused, RerunRequested

RERUN_FAILED, RERUN_JOB, CANCEL_RUN = "rerun-failed", "rerun-job", "cancel-run"
MOST_RERUNS = 50
RERUN_WITHIN = timedelta(days=30)
"""GitHub's own limits: counted from the first attempt."""
ONLY_ENDED = "GitHub re-runs only ended runs"


class RedRun(msgspec.Struct, frozen=True):
    """A run with the jobs of it that failed or were cancelled."""

    run: Run
    jobs: tuple[Job, ...]


def job_title(job: Job) -> str:
    """What a job is known by across attempts, which give it a new number."""
    return f"{job.workflow} / {job.name}"


def red_runs(builds: CandidateBuilds) -> tuple[RedRun, ...]:
    """The runs whose jobs still need somebody; what another run made good is left alone."""
    found: dict[int, list[Job]] = {}
    for job in builds.jobs:
        if is_red(job):
            found.setdefault(job.run_id, []).append(job)
    return tuple(RedRun(run, tuple(found[run.id])) for run in builds.runs if run.id in found)


def named_jobs(builds: CandidateBuilds, name: str) -> tuple[Job, ...]:
    """The jobs of this `workflow / name`, else of this name alone."""
    whole = tuple(job for job in builds.jobs if job_title(job) == name)
    return whole or tuple(job for job in builds.jobs if job.name == name)


def out_of_reach(run: Run, now: datetime) -> str:
    """Why GitHub runs nothing of a run again, however it ended; empty where it does."""
    if now - run.created_at > RERUN_WITHIN:
        return (
            f"{run.workflow} was first started {(now - run.created_at).days} days ago: GitHub"
            f" re-runs a run for {RERUN_WITHIN.days} days"
        )
    if run.attempt > MOST_RERUNS:
        return f"{run.workflow} was re-run {MOST_RERUNS} times, which is all that GitHub allows"
    return ""


def still_going(run: Run) -> str:
    """Why a run cannot be re-run yet; empty once it has ended."""
    return "" if run.ended else f"{run.workflow} is still going: {ONLY_ENDED}"


def failed_twice(job: Job) -> bool:
    """Whether a job failed again after it was re-run: once more will hardly help."""
    return job.state is JobState.FAILED and any(
        attempt.state is JobState.FAILED for attempt in job.superseded
    )


def again_first(builds: CandidateBuilds) -> Job | None:
    """The first red job of a run that has ended and was not re-run in vain."""
    for red in red_runs(builds):
        if red.run.ended and not any(map(failed_twice, red.jobs)):
            return red.jobs[0]
    return None


def dependents(job: Job, jobs: Iterable[Job]) -> tuple[Job, ...] | None:
    """The later stages of what a job works on, which run again with it.

    Generated workflows chain build, test, extract and upload of one configuration. None where the
    job's name does not say what it works on.
    """
    key = job.key
    if key is None:
        return None
    later = STAGES[STAGES.index(key.stage) + 1 :]
    return tuple(
        other
        for other in jobs
        if other.key is not None and _same_work(other.key, key) and other.key.stage in later
    )


def told(job: Job) -> str:
    """A job and how it ended, in one line."""
    how = (job.conclusion or job.state.value).replace("_", " ")
    step = f" in {job.failed_step}" if job.failed_step else ""
    return f"{named(job)}: {how}{step}"


def asked_reruns(record: Ledger, repository: str, *, unfinished: bool = False) -> dict[int, int]:
    """Run → the attempt it was in when its newest re-run was asked for.

    With `unfinished` only those of operations that did not come to their end.
    """
    found: dict[int, int] = {}
    for _, event in record.events(Event):
        if isinstance(event, RerunRequested) and event.repository == repository:
            found[event.run] = event.attempt
        elif isinstance(event, RerunRefused):
            found.pop(event.run, None)
        elif unfinished and _ended_well(event, RERUN_FAILED, RERUN_JOB):
            found.clear()
    return found


def asked_cancels(record: Ledger, repository: str, *, unfinished: bool = False) -> dict[int, int]:
    """Run → the attempt that was last asked to be cancelled; `unfinished` as for re-runs."""
    found: dict[int, int] = {}
    for _, event in record.events(Event):
        if isinstance(event, CancelRequested) and event.repository == repository:
            found[event.run] = event.attempt
        elif unfinished and _ended_well(event, CANCEL_RUN):
            found.clear()
    return found


def open_rerun(record: Ledger, request: str) -> Entry | None:
    """When a re-run was last asked for, unless GitHub refused it."""
    found: Entry | None = None
    for entry, event in record.events(Event):
        if isinstance(event, RerunRequested) and event.request == request:
            found = entry
        elif isinstance(event, RerunRefused) and event.request == request:
            found = None
    return found


def _ended_well(event: Event, *operations: str) -> bool:
    return (
        isinstance(event, OperationFinished)
        and event.operation in operations
        and event.outcome == "done"
    )


def _same_work(one: JobKey, other: JobKey) -> bool:
    return msgspec.structs.replace(one, stage="") == msgspec.structs.replace(other, stage="")
