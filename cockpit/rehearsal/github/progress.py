"""How far runs and jobs are: all of it follows from planned times and the clock."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from cockpit.rehearsal.builds import attempt_jobs, job_conclusion, run_status, visible_jobs
from cockpit.rehearsal.model import Conclusion, Job, PlannedStep, Run, RunStatus

LOGS_KEPT = timedelta(days=90)
"""GitHub's default retention of logs."""


@dataclass(frozen=True, slots=True)
class Progress:
    """The state of a run's attempt, or of one job, at one moment."""

    status: RunStatus
    conclusion: Conclusion | None
    changed_at: datetime
    """When it last changed."""


@dataclass(frozen=True, slots=True)
class StepProgress:
    """The state of one step of a job."""

    step: PlannedStep
    number: int
    status: RunStatus
    conclusion: Conclusion | None
    started_at: datetime | None
    completed_at: datetime | None


def job_progress(job: Job, now: datetime) -> Progress:
    """How far a job is."""
    status = job.status(now)
    if status in ("queued", "waiting"):
        return Progress(status, None, job.created_at)
    if status == "in_progress":
        return Progress(status, None, job.starts_at)
    return Progress(status, job_conclusion(job), job.cancelled_at or job.ends_at)


def started_at(job: Job, now: datetime) -> datetime | None:
    """When a job began to run; None while it waits, or when it was cancelled before."""
    return job.starts_at if _end_so_far(job, now) >= job.starts_at else None


def steps(job: Job, now: datetime) -> Iterator[StepProgress]:
    """How far each step of a job is; what a cancelled job had not reached is skipped."""
    if started_at(job, now) is None:
        return
    reached = _end_so_far(job, now)
    stopped = job.status(now) == "completed"
    opens = job.starts_at
    for number, step in enumerate(job.steps, 1):
        closes = opens + step.share * (job.ends_at - job.starts_at)
        if closes <= reached or (stopped and reached == job.ends_at):
            yield StepProgress(step, number, "completed", step.conclusion, opens, closes)
        elif stopped:
            begun = opens < reached
            yield StepProgress(
                step, number, "completed", "cancelled" if begun else "skipped",
                opens if begun else reached, reached,
            )  # fmt: skip
        elif opens <= reached:
            yield StepProgress(step, number, "in_progress", None, opens, None)
        else:
            yield StepProgress(step, number, "queued", None, None, None)
        opens = closes


def run_progress(run: Run, attempt: int, now: datetime) -> Progress:
    """How far an attempt of a run is."""
    status, conclusion = run_status(run, now, attempt)
    changes = [job_progress(job, now).changed_at for job in visible_jobs(run, attempt, now)]
    return Progress(status, conclusion, max(changes, default=run.created_at))


def attempt_started_at(run: Run, attempt: int) -> datetime:
    """When an attempt was asked for."""
    if attempt == 1:
        return run.created_at
    planned = [job.created_at for job in attempt_jobs(run, attempt)]
    earlier = {job.created_at for job in attempt_jobs(run, attempt - 1)}
    return min((moment for moment in planned if moment not in earlier), default=run.created_at)


def log_is_expired(job: Job, now: datetime) -> bool:
    """Whether GitHub has thrown the log away."""
    return job.status(now) == "completed" and _end_so_far(job, now) + LOGS_KEPT <= now


def _end_so_far(job: Job, now: datetime) -> datetime:
    ends = [now, job.ends_at]
    if job.cancelled_at is not None:
        ends.append(job.cancelled_at)
    return min(ends)
