"""The picture of one candidate's builds, as it is watched from one look to the next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import Enum
from functools import cached_property

import msgspec

from cockpit.release.branches import BranchState
from cockpit.release.candidates import Candidate, Tag
from cockpit.release.commits import short
from cockpit.release.coverage import never_started, unstarted, unstarted_workflows
from cockpit.release.durations import Forecast, durations, forecast
from cockpit.release.jobs import CandidateBuilds, Job, JobState, Run
from cockpit.release.repos import Repository
from cockpit.release.state import FeedState, Reading, ReleaseState
from cockpit.release.support import Slot, SupportMatrix

JobId = tuple[str, str, int]
"""Workflow, name, and which of several jobs of that name."""


class Ending(Enum):
    """The ways in which watching ends."""

    SUCCESS = "success"
    FAILURE = "failure"
    CANCELLED = "cancelled"
    TIMEOUT = "timeout"
    NO_RUN = "no-run"
    SUPERSEDED = "superseded"


class End(msgspec.Struct, frozen=True):
    """How it ended, and why."""

    ending: Ending
    reason: str


class Picture(msgspec.Struct, frozen=True, dict=True):
    """What is known of one candidate's builds at one moment."""

    repository: str
    candidate: Candidate | None
    """The candidate that is watched; None while there is none."""
    builds: CandidateBuilds
    """As last read; of another candidate while this one has not been read yet."""
    now: datetime
    """The release's time."""
    support: SupportMatrix = SupportMatrix()
    """What its jobs are expected to be; nothing for a library."""
    earlier: tuple[CandidateBuilds, ...] | None = ()
    """Candidates before it, by which its end is foreseen; None while they have not been read."""
    missing: str = ""
    """Why the reading is not whole."""
    trouble: str = ""
    """Why the newest look failed."""
    newer: Candidate | None = None
    """A candidate that was tagged after this one."""
    moved: str = ""
    """What became of the tag, when it is no longer what it was."""
    dud: bool = False
    """Whether it was declared dead."""
    carried_jobs: tuple[Job, ...] = ()
    """Jobs of earlier looks that an incomplete reading left out."""
    carried_runs: tuple[Run, ...] = ()
    end: End | None = None
    """How the builds ended, as far as looks that were whole have told."""

    @property
    def left(self) -> timedelta | None:
        """Time until the last job ends; None while nothing tells that of some open job."""
        return self.ahead.left if self.ahead and not self.ahead.unknown else None

    @cached_property
    def ahead(self) -> Forecast | None:
        """When the builds will be done, from what their jobs took before, else their kinds."""
        if not self.read or self.earlier is None:
            return None
        known = durations(self.builds, self.earlier)
        return forecast(self.builds, known, self.support, self.now)

    @property
    def read(self) -> bool:
        """Whether the builds are those of this candidate."""
        return self.candidate is not None and self.builds.candidate == self.candidate

    @property
    def whole(self) -> bool:
        """Whether conclusions may be drawn from it."""
        return self.read and not self.missing and not self.trouble

    @property
    def tag(self) -> str:
        """The candidate's tag."""
        return self.candidate.tag.name if self.candidate else ""

    @cached_property
    def jobs(self) -> dict[JobId, Job]:
        """Every job that is known of, also where the newest reading left it out."""
        if not self.read:
            return {}
        return jobs_by_id(self.carried_jobs) | jobs_by_id(self.builds.jobs)

    @cached_property
    def runs(self) -> dict[int, Run]:
        """Every run that is known of, by its number."""
        if not self.read:
            return {}
        return {run.id: run for run in (*self.carried_runs, *self.builds.runs)}

    @cached_property
    def expected(self) -> tuple[Slot, ...]:
        """Jobs of the support matrix that have not started."""
        return unstarted(self.builds, self.support) if self.read else ()

    @cached_property
    def never(self) -> frozenset[Slot]:
        """Those of them that GitHub will not list any more."""
        return never_started(self.builds, self.support) if self.read else frozenset()

    @cached_property
    def silent(self) -> tuple[str, ...]:
        """Patterns of workflows of which there is no run."""
        return (
            unstarted_workflows(self.builds, self.support) if self.read else self.support.workflows
        )

    @cached_property
    def counts(self) -> dict[JobState, int]:
        """Jobs per state, the expected ones that have not started among them."""
        counted = dict(self.builds.counts) if self.read else dict.fromkeys(JobState, 0)
        counted[JobState.EXPECTED] += len(self.expected)
        return counted

    @property
    def flaky(self) -> tuple[Job, ...]:
        """Jobs that are green after red."""
        return tuple(job for job in self.builds.jobs if job.flaky) if self.read else ()

    @property
    def last_event(self) -> datetime | None:
        """When something last happened on GitHub; None when nothing did."""
        if not self.read:
            return None
        moments = [run.created_at for run in self.builds.runs]
        for job in self.builds.jobs:
            moments += [m for m in (job.created_at, job.started_at, job.completed_at) if m]
        return max(moments, default=None)


def picture_of(
    state: ReleaseState,
    repository: Repository,
    candidate: Candidate | None,
    builds: FeedState[CandidateBuilds],
) -> Picture:
    """One candidate of one repository in a state."""
    core = repository.name == state.spec.core.name
    value = builds.value or CandidateBuilds()
    branches = state.branches
    branch = branches.value.of(repository) if branches.value else None
    alive = state.candidates_of(repository)
    newer = [c for c in alive if candidate and c.number > candidate.number]
    return Picture(
        repository=repository.name,
        candidate=candidate,
        builds=value,
        now=state.now,
        support=state.spec.support if core else SupportMatrix(),
        earlier=_before(state, candidate) if core else (),
        missing=builds.reading.missing if builds.reading and value.candidate == candidate else "",
        trouble=str(builds.failure) if builds.failure else "",
        newer=newer[-1] if newer else None,
        moved=_moved(candidate, branch) if branches.failure is None else "",
        dud=candidate is not None and state.record.is_dud(repository, candidate.tag.name),
    )


def _before(state: ReleaseState, candidate: Candidate | None) -> tuple[CandidateBuilds, ...] | None:
    """The core's candidates before one; None where there are some that have not been read.

    What the jobs of the candidate itself took tells too little by then: the first that pass are the
    quick ones.
    """
    found = state.earlier.value.before(candidate) if state.earlier.value else ()
    there = state.candidates_of(state.spec.core)
    unread = not found and any(candidate and c.number < candidate.number for c in there)
    return None if unread else found


def pictures(state: ReleaseState) -> tuple[Picture, ...]:
    """The newest candidate of the core and of every library."""
    core = picture_of(state, state.spec.core, state.candidate, state.builds)
    libraries = state.libraries.value.libraries if state.libraries.value else ()
    found = [core]
    for builds in libraries:
        repository = next((r for r in state.spec.repositories if r.name == builds.repository), None)
        if repository is None or state.libraries.reading is None:
            continue
        told = state.libraries.reading
        reading = Reading(builds, told.taken_at, told.source, told.missing)
        feed = FeedState(reading, state.libraries.failure)
        found.append(picture_of(state, repository, state.candidate_of(repository), feed))
    return tuple(found)


def _moved(candidate: Candidate | None, branch: BranchState | None) -> str:
    """What became of a candidate's tag; empty when nothing did, or nobody could look."""
    if candidate is None or branch is None:
        return ""
    was = candidate.tag
    now = branch.tag(was.name)
    if now is None:
        return f"{was.name} was deleted; it was {short(was.commit_sha)}"
    if now != was:
        return f"{was.name} was moved from {short(was.commit_sha)} to {_place(was, now)}"
    return ""


def _place(was: Tag, now: Tag) -> str:
    if now.commit_sha != was.commit_sha:
        return short(now.commit_sha)
    return f"another tag object, {short(now.object_sha)}"


def jobs_by_id(jobs: Iterable[Job]) -> dict[JobId, Job]:
    """Jobs by what they are known by across attempts."""
    seen: Counter[tuple[str, str]] = Counter()
    found: dict[JobId, Job] = {}
    for job in jobs:
        name = (job.workflow, job.name)
        found[*name, seen[name]] = job
        seen[name] += 1
    return found
