"""Two candidates compared job by job: what is newly red, fixed, still red, missing or slower."""

from __future__ import annotations

from datetime import timedelta
from enum import Enum

import msgspec

from cockpit.release.coverage import never_started, worst
from cockpit.release.durations import Identity, identity, slow_after
from cockpit.release.jobs import CandidateBuilds, Job, JobState
from cockpit.release.lookups import is_red
from cockpit.release.remembered import remembered
from cockpit.release.support import Slot, SupportMatrix


class Turn(Enum):
    """What became of a job from one candidate to the next, what matters most first."""

    NEWLY_RED = "newly red"
    STILL_RED = "still red"
    NEWLY_MISSING = "newly missing"
    SLOWER = "slower"
    FIXED = "fixed"
    ADDED = "new"
    OPEN = "not finished"
    SAME = "as before"


class Compared(msgspec.Struct, frozen=True, gc=False):
    """One job in two candidates."""

    what: Identity
    turn: Turn
    older: Job | None = None
    newer: Job | None = None

    @property
    def job(self) -> Job | None:
        """The job that tells most: the newer one, where there is one."""
        return self.newer or self.older

    @property
    def spans(self) -> tuple[timedelta | None, timedelta | None]:
        """What it took in the older and in the newer candidate."""
        return _took(self.older), _took(self.newer)


class BuildComparison(msgspec.Struct, frozen=True):
    """Every job of two candidates."""

    jobs: tuple[Compared, ...]

    def of(self, turn: Turn) -> tuple[Compared, ...]:
        """The jobs that took this turn."""
        return tuple(found for found in self.jobs if found.turn is turn)


@remembered
def compare_builds(
    older: CandidateBuilds, newer: CandidateBuilds, support: SupportMatrix
) -> BuildComparison:
    """Compare two candidates; a job that has not started yet is not missing while it may still."""
    before, after = _by_identity(older), _by_identity(newer)
    may_come = bool(newer.unfinished_runs)
    never = never_started(newer, support)
    found = []
    for what in dict.fromkeys((*before, *after)):
        then, now = before.get(what), after.get(what)
        gone = now is None and (what in never if isinstance(what, Slot) and never else not may_come)
        found.append(Compared(what, _turn(then, now, gone=gone), then, now))
    return BuildComparison(tuple(found))


def _by_identity(builds: CandidateBuilds) -> dict[Identity, Job]:
    """The jobs of a candidate; of two that are the same, the worse."""
    found: dict[Identity, Job] = {}
    for job in builds.jobs:
        what = identity(job)
        other = found.get(what)
        if other is None or worst((other.state, job.state)) is not other.state:
            found[what] = job
    return found


def _turn(then: Job | None, now: Job | None, *, gone: bool) -> Turn:
    if now is None:
        return Turn.NEWLY_MISSING if gone else Turn.OPEN
    if is_red(now):
        return Turn.STILL_RED if then is not None and is_red(then) else Turn.NEWLY_RED
    if not now.state.finished:
        return Turn.OPEN
    if then is None:
        return Turn.ADDED
    if is_red(then) and now.state is JobState.PASSED:
        return Turn.FIXED
    took_then, took_now = _took(then), _took(now)
    if took_then and took_now and took_now > slow_after(took_then):
        return Turn.SLOWER
    return Turn.SAME


def _took(job: Job | None) -> timedelta | None:
    if job is None or job.started_at is None or job.completed_at is None:
        return None
    return max(job.completed_at - job.started_at, timedelta())
