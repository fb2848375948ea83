"""The world's own count of what runs for a tag, to hold the cockpit's against.

It is taken from the plan at one moment, and so knows what no list of GitHub's tells yet: how many
jobs there will be.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime

import msgspec

from cockpit.rehearsal.builds import job_conclusion, known_runs, pushed_sha, run_status
from cockpit.rehearsal.model import Forge, Job, Repository, Run

_PLANNED = "planned"
_RANKS = {"success": 3, "neutral": 3, "skipped": 1, "cancelled": 0}
"""Which of several ended tries of a job tells what became of it; a red one stands between."""
_RED = 2


class CountedJob(msgspec.Struct, frozen=True):
    """One job of one attempt of one run."""

    id: int
    name: str
    workflow: str
    run_id: int
    attempt: int
    status: str
    """As GitHub says it; `planned` where GitHub does not list the job yet."""
    conclusion: str | None
    carried_over: bool
    """Whether it is an earlier attempt's job, listed again."""
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None


class CountedRun(msgspec.Struct, frozen=True):
    """One run of a workflow."""

    id: int
    workflow: str
    event: str
    attempt: int
    status: str
    conclusion: str | None


class Counts(msgspec.Struct, frozen=True):
    """How many jobs stand how."""

    total: int
    by_status: dict[str, int]
    by_conclusion: dict[str, int]


class BuildsCount(msgspec.Struct, frozen=True):
    """Everything that runs for one branch or tag at its present commit."""

    now: datetime
    repository: str
    ref: str
    sha: str
    runs: list[CountedRun]
    jobs: list[CountedJob]
    """Of every attempt, also those that GitHub does not list yet."""
    planned: int
    """Names of jobs that there will be, over all runs of a workflow."""
    listed: Counts
    """What GitHub lists for the newest attempt of every run."""
    merged: Counts
    """Each name of each workflow once, out of all attempts and runs; process section 7.8."""


def count_builds(forge: Forge, repository: Repository, ref: str) -> BuildsCount:
    """Count what runs for a branch or tag; raises ValueError where there is no such ref."""
    with forge.lock:
        sha = pushed_sha(forge, repository, ref)
        now = forge.clock.now()
        every = [run for run in repository.runs.values() if _runs_for(run, ref, sha)]
        known = [run for run in known_runs(repository, now) if _runs_for(run, ref, sha)]
        shown = {run.id for run in known}
        jobs = [_counted(run, job, now, shown) for run in every for job in run.jobs]
    newest = {run.id: run.attempt for run in known}
    visible = [job for job in jobs if job.status != _PLANNED]
    return BuildsCount(
        now,
        repository.full_name,
        ref,
        sha,
        runs=[_counted_run(run, now) for run in known],
        jobs=jobs,
        planned=len({(job.workflow, job.name) for job in jobs}),
        listed=_counts(job for job in visible if job.attempt == newest[job.run_id]),
        merged=_counts(_merged(visible)),
    )


def _runs_for(run: Run, ref: str, sha: str) -> bool:
    return (run.head_branch, run.head_sha) == (ref, sha) and run.event != "pull_request"


def _counted_run(run: Run, now: datetime) -> CountedRun:
    status, conclusion = run_status(run, now)
    return CountedRun(run.id, run.name, run.event, run.attempt, status, conclusion)


def _counted(run: Run, job: Job, now: datetime, shown: set[int]) -> CountedJob:
    listed = run.id in shown and job.created_at <= now
    status = job.status(now) if listed else _PLANNED
    ended = job.cancelled_at or job.ends_at
    return CountedJob(
        job.id,
        job.name,
        run.name,
        run.id,
        job.attempt,
        status,
        job_conclusion(job) if status == "completed" else None,
        job.carried_over,
        job.created_at,
        job.starts_at if job.starts_at <= now else None,
        ended if status == "completed" else None,
    )


def _merged(jobs: Iterable[CountedJob]) -> list[CountedJob]:
    tries: dict[tuple[str, str], list[CountedJob]] = defaultdict(list)
    for job in sorted(jobs, key=lambda job: (job.run_id, job.attempt)):
        if not job.carried_over:
            tries[job.workflow, job.name].append(job)
    return [_decisive(several) for several in tries.values()]


def _decisive(tries: list[CountedJob]) -> CountedJob:
    if tries[-1].status != "completed":
        return tries[-1]
    ended = [job for job in tries if job.status == "completed"]
    return max(ended, key=lambda job: _RANKS.get(job.conclusion or "", _RED))


def _counts(jobs: Iterable[CountedJob]) -> Counts:
    counted = list(jobs)
    statuses = Counter(job.status for job in counted)
    conclusions = Counter(job.conclusion for job in counted if job.conclusion)
    return Counts(len(counted), dict(statuses), dict(conclusions))
