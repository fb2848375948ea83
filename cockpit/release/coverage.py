"""How far a candidate's jobs cover what the release is expected to build."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from functools import lru_cache

import msgspec

from cockpit.release.job_names import LIBTORCH, JobKey, parse_job_name
from cockpit.release.jobs import CandidateBuilds, Job, JobState
from cockpit.release.remembered import remembered
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


def slot_of(key: JobKey) -> Slot:
    """The expected job that a job is, whatever its workflow calls the package."""
    package = "wheel" if key.package in WHEELS else key.package
    return Slot(package, key.os, key.arch, key.accelerator, key.python, key.stage)


@remembered
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


@remembered
def never_started(builds: CandidateBuilds, support: SupportMatrix) -> frozenset[Slot]:
    """Jobs of the support matrix that GitHub will not list any more.

    Every run of the workflows that build for their target has ended; where there is none, every
    run of the candidate has. Empty before the first run, and while a listing may lack them.
    """
    if not builds.runs or builds.cut_short:
        return frozenset()
    going = {run.workflow for run in builds.runs if not run.ended}
    makers: dict[tuple[str, str], set[str]] = defaultdict(set)
    for job in builds.jobs:
        if job.key and job.key.package in (*WHEELS, LIBTORCH):
            makers[job.key.os, job.key.arch].add(job.workflow)
    return frozenset(
        slot
        for slot in unstarted(builds, support)
        if going.isdisjoint(makers.get((slot.os, slot.arch), going))
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


def named(job: Job) -> str:
    """A job with nothing beside it that tells its workflow: its configuration, else both names."""
    words = configuration(job)
    return f"{job.workflow} / {job.name}" if words == job.name else words


@lru_cache(maxsize=8192)
def _configuration(workflow: str, name: str) -> str:
    key = parse_job_name(workflow, name)
    if key is None or not key.tells_which:
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
