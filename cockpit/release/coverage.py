"""How far a candidate's jobs cover what the release is expected to build."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from functools import lru_cache

import msgspec

from cockpit.release.job_names import UPLOAD, JobKey, parse_job_name
from cockpit.release.jobs import CandidateBuilds, Job, JobState
from cockpit.release.support import Cell, Slot, SupportMatrix

WHEELS = frozenset({"manywheel", "wheel"})
"""Packages whose jobs bring a wheel; process section 6.1."""
SEVERITY = (
    JobState.FAILED,
    JobState.UNKNOWN,
    JobState.RUNNING,
    JobState.QUEUED,
    JobState.EXPECTED,
    JobState.SKIPPED,
    JobState.PASSED,
)
"""Worst first."""


def worst(states: Iterable[JobState]) -> JobState:
    """The state that says most about a group; UNKNOWN for an empty one."""
    return min(states, key=SEVERITY.index, default=JobState.UNKNOWN)


def cell_of(key: JobKey) -> Cell | None:
    """The wheel a job works on; None when it works on something else."""
    if key.package not in WHEELS or key.python is None:
        return None
    return Cell(key.os, key.arch, key.accelerator, key.python)


def jobs_by_cell(builds: CandidateBuilds) -> dict[Cell, list[tuple[str, Job]]]:
    """Stage and job of everything that works on one wheel."""
    found: dict[Cell, list[tuple[str, Job]]] = defaultdict(list)
    for job in builds.jobs:
        key = job.key
        cell = cell_of(key) if key else None
        if key is not None and cell is not None:
            found[cell].append((key.stage, job))
    return found


def cell_state(jobs: Iterable[tuple[str, Job]]) -> JobState:
    """The state of one wheel: the worst of its stages; without an upload it is not there yet."""
    stages = list(jobs)
    state = worst(job.state for _, job in stages)
    uploads = any(stage == UPLOAD for stage, _ in stages)
    return JobState.EXPECTED if state is JobState.PASSED and not uploads else state


def slot_of(key: JobKey) -> Slot:
    """The expected job that a job is, whatever its workflow calls the package."""
    package = "wheel" if key.package in WHEELS else key.package
    return Slot(package, key.os, key.arch, key.accelerator, key.python, key.stage)


def unstarted(builds: CandidateBuilds, support: SupportMatrix) -> tuple[Slot, ...]:
    """Jobs of the support matrix that GitHub has not listed.

    A job that names no Python serves every Python of its accelerator. Empty while no job name
    follows the known grammar: then nothing can be told by names.
    """
    started = {slot_of(job.key) for job in builds.jobs if job.key}
    if not any(slot.package == "wheel" for slot in started):
        return ()
    return tuple(
        slot
        for slot in support.slots()
        if slot not in started and msgspec.structs.replace(slot, python=None) not in started
    )


def unstarted_workflows(builds: CandidateBuilds, support: SupportMatrix) -> tuple[str, ...]:
    """Patterns of workflows that the tag should have started, and of which there is no run."""
    started = {run.workflow for run in builds.runs}
    return tuple(
        pattern
        for pattern in support.workflows
        if not any(fnmatchcase(name, pattern) for name in started)
    )


def configuration(job: Job) -> str:
    """A job's configuration as people say it, else its own name."""
    return _configuration(job.workflow, job.name)


@lru_cache(maxsize=8192)
def _configuration(workflow: str, name: str) -> str:
    key = parse_job_name(workflow, name)
    if key is None:
        return name
    parts = (key.os, key.arch, f"py{key.python}" if key.python else "", key.accelerator)
    package = "" if key.package in WHEELS else key.package
    return " ".join(part for part in (package, *parts, key.stage) if part)


def elapsed(job: Job, now: datetime) -> timedelta | None:
    """How long a job ran, or has been running; None before it started."""
    if job.started_at is None:
        return None
    end = job.completed_at or (now if job.state is JobState.RUNNING else None)
    return max(end - job.started_at, timedelta()) if end else None


def remaining(builds: CandidateBuilds, now: datetime) -> timedelta | None:
    """Time until the last listed job ends, from what finished jobs of its kind took.

    Time in the queue is not foreseen. None when nothing is open, or nothing comparable finished.
    """
    open_jobs = [job for job in builds.jobs if job.state in (JobState.RUNNING, JobState.QUEUED)]
    usual = _usual_durations(builds) if open_jobs else {}
    left: dict[object, timedelta] = defaultdict(timedelta)
    for job in open_jobs:
        expected = next((usual[kind] for kind in _kinds(job) if kind in usual), None)
        if expected is None:
            return None
        spent = elapsed(job, now) if job.state is JobState.RUNNING else None
        chain = cell_of(job.key) if job.key else None
        left[chain or job.id] += max(expected - (spent or timedelta()), timedelta())
    return max(left.values(), default=None)


def _usual_durations(builds: CandidateBuilds) -> dict[tuple[str, ...], timedelta]:
    """The median of what finished jobs of each kind took."""
    taken: dict[tuple[str, ...], list[timedelta]] = defaultdict(list)
    for job in builds.jobs:
        if job.state is JobState.PASSED and job.started_at and job.completed_at:
            for kind in _kinds(job):
                taken[kind].append(job.completed_at - job.started_at)
    return {kind: sorted(spans)[len(spans) // 2] for kind, spans in taken.items()}


def _kinds(job: Job) -> tuple[tuple[str, ...], ...]:
    """What a job can be compared by, closest first."""
    key = job.key
    if key is None:
        return ((job.workflow,),)
    family = key.accelerator.rstrip("0123456789.")
    return (
        (key.os, key.arch, family, key.stage),
        (key.os, family, key.stage),
        (key.os, key.stage),
        (key.stage,),
    )
