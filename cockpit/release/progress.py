"""A candidate's progress over time, from when its jobs ended."""

from __future__ import annotations

from bisect import bisect_right
from datetime import datetime, timedelta

import msgspec

from cockpit.release.jobs import CandidateBuilds, JobState
from cockpit.release.remembered import remembered


class Progress(msgspec.Struct, frozen=True):
    """When a candidate's jobs ended, counted from when its first run was made."""

    began: datetime
    total: int
    """Jobs that are listed."""
    ended: tuple[timedelta, ...]
    """In order."""
    failed: tuple[timedelta, ...]
    """In order."""

    @property
    def whole(self) -> bool:
        """Whether every listed job has ended."""
        return len(self.ended) == self.total

    @property
    def length(self) -> timedelta:
        """From the first run to the last end so far."""
        return self.ended[-1] if self.ended else timedelta()

    def share(self, at: timedelta, total: int | None = None) -> float:
        """Which part of the jobs had ended by then, of those listed or of so many."""
        count = max(total or self.total, 1)
        return min(bisect_right(self.ended, at) / count, 1.0)

    def failures(self, after: timedelta, until: timedelta) -> int:
        """Jobs that failed in a span."""
        return bisect_right(self.failed, until) - bisect_right(self.failed, after)


@remembered
def progress(builds: CandidateBuilds) -> Progress | None:
    """The progress of a candidate; None before its first run."""
    made = [run.created_at for run in builds.runs]
    made += [job.created_at for job in builds.jobs if job.created_at]
    if not made or not builds.jobs:
        return None
    began = min(made)
    ends = [
        (max(job.completed_at - began, timedelta()), job.state is JobState.FAILED)
        for job in builds.jobs
        if job.state.finished and job.completed_at
    ]
    # What ended without telling when it did, as skipped jobs may, counts from the start.
    silent = sum(job.state.finished and not job.completed_at for job in builds.jobs)
    return Progress(
        began=began,
        total=len(builds.jobs),
        ended=tuple(sorted([timedelta()] * silent + [end for end, _ in ends])),
        failed=tuple(sorted(end for end, red in ends if red)),
    )
