"""How long jobs usually take, which are slow, and when a candidate will be done."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from functools import cached_property

import msgspec

from cockpit.release.coverage import WHEELS, elapsed, never_started, slot_of, unstarted
from cockpit.release.job_names import BUILD, EXTRACT, LIBTORCH, TEST, UPLOAD
from cockpit.release.jobs import CandidateBuilds, Job, JobState
from cockpit.release.remembered import remembered
from cockpit.release.support import Slot, SupportMatrix

SLOW_FACTOR = 1.5
SLOW_BY = timedelta(minutes=10)
"""A job is slow when it takes both longer than usual by that factor and by that much."""

Identity = Slot | tuple[str, str]
"""What a job is from one candidate to the next: the wheel or archive it works on, else its name."""
_Kind = tuple[str, ...]
_Chain = tuple[str, str, str]
"""System, architecture and accelerator."""


def identity(job: Job) -> Identity:
    """What a job can be found by in another candidate."""
    key = job.key
    if key is None or (key.package not in WHEELS and key.package != LIBTORCH):
        return job.workflow, job.name
    return slot_of(key)


class Usual(msgspec.Struct, frozen=True, gc=False):
    """What a job usually takes."""

    span: timedelta
    candidates: int = 0
    """The earlier candidates it was measured in; 0 where only its kind could be."""


class Durations(msgspec.Struct, frozen=True, dict=True):
    """What every job that passed took, by what it is and by its kind."""

    exact: dict[Identity, Usual]
    kinds: dict[_Kind, Usual]

    @cached_property
    def has_wheels(self) -> bool:
        """Whether the names of earlier candidates told which jobs are those of wheels."""
        return any(isinstance(job, Slot) and job.package == "wheel" for job in self.exact)

    def of(self, job: Job) -> Usual | None:
        """What a job usually takes: itself in earlier candidates, else its kind."""
        return self.exact.get(identity(job)) or self._first(_kinds_of(job))

    def of_slot(self, slot: Slot) -> Usual | None:
        """What a job that has not been listed yet usually takes."""
        return self.exact.get(slot) or self._first(_kinds(slot))

    def slow(self, job: Job, now: datetime) -> bool:
        """Whether a job takes, or took, much longer than usual."""
        spent, usual = elapsed(job, now), self.exact.get(identity(job))
        return bool(spent and usual and spent > slow_after(usual.span))

    def left(self, job: Job, now: datetime) -> timedelta | None:
        """Time until a job ends, once it has started; None where nothing tells."""
        usual = self.of(job)
        if usual is None:
            return None
        spent = elapsed(job, now) if job.state is JobState.RUNNING else None
        return max(usual.span - (spent or timedelta()), timedelta())

    def _first(self, kinds: Iterable[_Kind]) -> Usual | None:
        return next((self.kinds[kind] for kind in kinds if kind in self.kinds), None)


def slow_after(usual: timedelta) -> timedelta:
    """Beyond which span a job is out of the usual by far enough to be told."""
    return max(usual * SLOW_FACTOR, usual + SLOW_BY)


@remembered
def durations(builds: CandidateBuilds, earlier: tuple[CandidateBuilds, ...]) -> Durations:
    """Medians of earlier candidates, and of the kinds of jobs in all of them and this one."""
    exact, before = _usual(*earlier)
    kinds = {kind: list(spans) for kind, spans in before.items()}
    for job, took in _passed(builds):
        for kind in _kinds_of(job):
            kinds.setdefault(kind, []).append(took)
    return Durations(exact, {kind: Usual(_median(spans)) for kind, spans in kinds.items()})


@remembered
def _usual(
    *earlier: CandidateBuilds,
) -> tuple[dict[Identity, Usual], dict[_Kind, list[timedelta]]]:
    """What jobs took in candidates that change no more: by what they are, and by kind in order."""
    exact: dict[Identity, list[timedelta]] = defaultdict(list)
    kinds: dict[_Kind, list[timedelta]] = defaultdict(list)
    for candidate in earlier:
        for job, took in _passed(candidate):
            exact[identity(job)].append(took)
            for kind in _kinds_of(job):
                kinds[kind].append(took)
    return (
        {job: Usual(_median(spans), len(spans)) for job, spans in exact.items()},
        {kind: sorted(spans) for kind, spans in kinds.items()},
    )


def _passed(builds: CandidateBuilds) -> Iterator[tuple[Job, timedelta]]:
    """The jobs that passed, and what they took."""
    for job in builds.jobs:
        if job.state is JobState.PASSED and job.started_at and job.completed_at:
            yield job, job.completed_at - job.started_at


def slow_jobs(builds: CandidateBuilds, known: Durations, now: datetime) -> frozenset[int]:
    """The numbers of the running jobs that take much longer than usual."""
    return frozenset(job for moment, job in _slow_from(builds, known) if moment < now)


@remembered
def _slow_from(builds: CandidateBuilds, known: Durations) -> tuple[tuple[datetime, int], ...]:
    """When each running job becomes a slow one."""
    return tuple(
        (job.started_at + slow_after(usual.span), job.id)
        for job in builds.jobs
        if job.state is JobState.RUNNING and job.started_at
        if (usual := known.exact.get(identity(job)))
    )


class Forecast(msgspec.Struct, frozen=True):
    """When a candidate will be done, if nothing waits for a runner and nothing fails."""

    left: timedelta
    unknown: int = 0
    """Open jobs of which nothing tells how long they take; with any, `left` is a lower bound."""


@remembered
def forecast(
    builds: CandidateBuilds, known: Durations, support: SupportMatrix, now: datetime
) -> Forecast | None:
    """Time until the last job ends, with those that are expected and may still start.

    Within one configuration test follows build and upload follows test, except that the upload of
    CUDA on aarch64 needs the build alone (process section 6.3). None when nothing is open, or
    nothing tells: so it is while only what comes before the wheels has been listed.
    """
    if known.has_wheels and not any(job.key and job.key.package in WHEELS for job in builds.jobs):
        return None
    chains: dict[_Chain, dict[str | None, dict[str, timedelta]]] = defaultdict(
        lambda: defaultdict(dict)
    )
    archives: dict[_Chain, timedelta] = defaultdict(timedelta)
    spans: list[timedelta] = []
    none, unknown = timedelta(), 0
    for slot, usual, since in _open_ones(builds, known, support):
        if usual is None:
            unknown += 1
            continue
        span = max(usual - max(now - since, none), none) if since else usual
        if slot is None or slot.package not in ("wheel", LIBTORCH):
            spans.append(span)
        elif slot.package == LIBTORCH:
            archives[slot.os, slot.arch, slot.accelerator] += span
        else:
            wheel = chains[slot.os, slot.arch, slot.accelerator][slot.python]
            wheel[slot.stage] = max(span, wheel.get(slot.stage, none))
    for chain, wheels in chains.items():
        shared = _length(chain, wheels.get(None, {}))
        each = [_length(chain, stages) for python, stages in wheels.items() if python]
        spans.append(max(each, default=none) + shared)
    for chain, span in archives.items():
        builds_left = [stages.get(BUILD, none) for stages in chains[chain].values()]
        spans.append(max(builds_left, default=none) + span)
    return Forecast(max(spans), unknown) if spans else None


@remembered
def _open_ones(
    builds: CandidateBuilds, known: Durations, support: SupportMatrix
) -> tuple[tuple[Slot | None, timedelta | None, datetime | None], ...]:
    """Every open job, and every one that may still be listed: how long it takes, since when."""
    found = [
        (
            slot_of(job.key) if job.key else None,
            usual.span if (usual := known.of(job)) else None,
            job.started_at if job.state is JobState.RUNNING else None,
        )
        for job in builds.jobs
        if job.state in (JobState.RUNNING, JobState.QUEUED)
    ]
    for slot in coming(builds, support):
        usual = known.of_slot(slot)
        found.append((slot, usual.span if usual else None, None))
    return tuple(found)


@remembered
def coming(builds: CandidateBuilds, support: SupportMatrix) -> tuple[Slot, ...]:
    """Expected jobs that have not been listed, and that nothing keeps from it any more."""
    lost = {
        (slot.os, slot.arch, slot.accelerator, slot.python)
        for job in builds.jobs
        if job.key
        and job.key.package in WHEELS
        and job.state in (JobState.FAILED, JobState.SKIPPED)
        for slot in (slot_of(job.key),)
    }
    never = never_started(builds, support)
    return tuple(
        slot
        for slot in unstarted(builds, support)
        if slot not in never and (slot.os, slot.arch, slot.accelerator, slot.python) not in lost
    )


def _length(chain: _Chain, stages: dict[str, timedelta]) -> timedelta:
    none = timedelta()
    after = stages.get(TEST, none), stages.get(UPLOAD, none) + stages.get(EXTRACT, none)
    decoupled = chain[1] == "aarch64" and chain[2].startswith("cu")
    return stages.get(BUILD, none) + (max(after) if decoupled else after[0] + after[1])


def _median(spans: list[timedelta]) -> timedelta:
    return sorted(spans)[len(spans) // 2]


def _kinds_of(job: Job) -> tuple[_Kind, ...]:
    return _kinds(slot_of(job.key)) if job.key else ((job.workflow,),)


def _kinds(slot: Slot) -> tuple[_Kind, ...]:
    """What a job can be compared by, closest first."""
    family = slot.accelerator.rstrip("0123456789.")
    return (
        (slot.package, slot.os, slot.arch, family, slot.stage),
        (slot.package, slot.os, family, slot.stage),
        (slot.package, slot.os, slot.stage),
        (slot.package, slot.stage),
    )
