"""Build jobs of a candidate, the runs they belong to, and their states.

There are thousands of jobs, in which nothing refers back: they are kept from the collector, whose
walk through them would hold up whoever types.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from enum import Enum
from functools import cached_property

import msgspec

from cockpit.release.candidates import Candidate
from cockpit.release.job_names import JobKey, parse_job_name


class JobState(Enum):
    """What a job is, in the words every screen uses."""

    PASSED = "passed"
    FAILED = "failed"
    RUNNING = "running"
    QUEUED = "queued"
    EXPECTED = "expected"
    """Expected, but no run has started it."""
    SKIPPED = "skipped"
    """Skipped or cancelled."""
    UNKNOWN = "no data"

    @property
    def finished(self) -> bool:
        """Whether nothing more will happen without somebody acting."""
        return self in (JobState.PASSED, JobState.FAILED, JobState.SKIPPED)


_CONCLUSIONS = {
    "success": JobState.PASSED,
    "neutral": JobState.PASSED,
    "failure": JobState.FAILED,
    "timed_out": JobState.FAILED,
    "startup_failure": JobState.FAILED,
    "action_required": JobState.FAILED,
    "cancelled": JobState.SKIPPED,
    "skipped": JobState.SKIPPED,
}
_STATUSES = {
    "queued": JobState.QUEUED,
    "waiting": JobState.QUEUED,
    "requested": JobState.QUEUED,
    "pending": JobState.QUEUED,
    "in_progress": JobState.RUNNING,
}


def state_of(status: str | None, conclusion: str | None) -> JobState:
    """The state behind GitHub's status and conclusion; anything new is unknown, never green."""
    if status == "completed":
        return _CONCLUSIONS.get(conclusion or "", JobState.UNKNOWN)
    return _STATUSES.get(status or "", JobState.UNKNOWN)


class Attempt(msgspec.Struct, frozen=True, gc=False):
    """One try of a job that another one has superseded."""

    number: int
    id: int
    run_id: int
    state: JobState
    conclusion: str | None
    started_at: datetime | None
    completed_at: datetime | None
    url: str
    failed_step: str | None = None


class Step(msgspec.Struct, frozen=True, gc=False):
    """One step of a job."""

    number: int
    name: str
    state: JobState
    conclusion: str | None
    started_at: datetime | None = None
    completed_at: datetime | None = None


class Job(msgspec.Struct, frozen=True, gc=False):
    """One job of a candidate, as its attempts together say; process section 7.8."""

    id: int
    run_id: int
    workflow: str
    name: str
    """Without the workflow's name."""
    attempt: int
    """The attempt that decided."""
    state: JobState
    conclusion: str | None
    created_at: datetime | None
    started_at: datetime | None
    completed_at: datetime | None
    url: str
    failed_step: str | None = None
    superseded: tuple[Attempt, ...] = ()
    """The other attempts, in the order in which they were made."""

    @property
    def key(self) -> JobKey | None:
        """What the name says, or None when it follows no known grammar."""
        return parse_job_name(self.workflow, self.name)

    @property
    def flaky(self) -> bool:
        """Whether it passed once and failed another time; a cancelled try says nothing."""
        return self.state is JobState.PASSED and any(
            attempt.state is JobState.FAILED for attempt in self.superseded
        )


class Run(msgspec.Struct, frozen=True, gc=False):
    """One run of a workflow, in its newest attempt."""

    id: int
    workflow: str
    attempt: int
    state: JobState
    conclusion: str | None
    ended: bool
    """Whether it will list no further jobs: GitHub lists a job once what it needs is done."""
    event: str
    """What started it: `push` by the tag, `workflow_dispatch` by hand."""
    created_at: datetime
    url: str


class CandidateBuilds(msgspec.Struct, frozen=True, dict=True):
    """Every job that ran for a candidate: on its tag, and on its commit."""

    candidate: Candidate | None = None
    """None while no candidate has been tagged."""
    jobs: tuple[Job, ...] = ()
    runs: tuple[Run, ...] = ()
    """All of them, also those that a newer run of the same workflow has superseded."""
    repository: str = ""
    """`owner/name`."""
    cut_short: bool = False
    """Whether GitHub listed fewer runs or jobs than it says there are."""

    @cached_property
    def unfinished_runs(self) -> int:
        """Runs that may still list further jobs."""
        return sum(not run.ended for run in self.runs)

    def run_of(self, job: Job) -> Run | None:
        """The run that a job belongs to."""
        return next((run for run in self.runs if run.id == job.run_id), None)

    @cached_property
    def counts(self) -> dict[JobState, int]:
        """Jobs per state; every state is present."""
        counted = Counter(job.state for job in self.jobs)
        return {state: counted[state] for state in JobState}

    @property
    def failed(self) -> tuple[Job, ...]:
        """Jobs that ended red."""
        return tuple(job for job in self.jobs if job.state is JobState.FAILED)


class BranchHealth(msgspec.Struct, frozen=True):
    """The blocking workflows of one branch head."""

    repository: str
    sha: str
    workflows: dict[str, JobState]
    """Workflow name → state of its newest run on this SHA; UNKNOWN when it has none."""
    urls: dict[str, str] = {}

    @property
    def state(self) -> JobState:
        """The worst of them: failed, then unknown, running, queued; passed only if all are."""
        order = (JobState.FAILED, JobState.UNKNOWN, JobState.RUNNING, JobState.QUEUED)
        for state in order:
            if state in self.workflows.values():
                return state
        if JobState.SKIPPED in self.workflows.values():
            return JobState.UNKNOWN
        return JobState.PASSED if self.workflows else JobState.UNKNOWN


class ContinuousIntegration(msgspec.Struct, frozen=True):
    """The health of every release branch's head."""

    heads: tuple[BranchHealth, ...] = ()
    problems: dict[str, str] = {}

    def of(self, repository: str) -> BranchHealth | None:
        """The health of one repository's branch, or None when it is not known."""
        return next((h for h in self.heads if h.repository == repository), None)


class LibraryBuilds(msgspec.Struct, frozen=True):
    """The newest candidate of every library of the release."""

    libraries: tuple[CandidateBuilds, ...] = ()
    problems: dict[str, str] = {}
    """Repository → why its builds could not be read."""

    def of(self, repository: str) -> CandidateBuilds | None:
        """The builds of one library, or None when they are not known."""
        return next((b for b in self.libraries if b.repository == repository), None)


class EarlierBuilds(msgspec.Struct, frozen=True):
    """The candidates of the core before the newest one, newest first."""

    candidates: tuple[CandidateBuilds, ...] = ()

    def before(self, candidate: Candidate | None) -> tuple[CandidateBuilds, ...]:
        """Those before a candidate: both are read one after the other, so one may be in both."""
        if candidate is None:
            return ()
        return tuple(
            b for b in self.candidates if b.candidate and b.candidate.name < candidate.name
        )


class Check(msgspec.Struct, frozen=True, gc=False):
    """A check run or a status on a commit that is not a job of Actions."""

    id: str
    """`check/N`, or `status/NAME`."""
    app: str
    """Who reported it."""
    name: str
    state: JobState
    conclusion: str | None
    updated_at: datetime | None
    url: str = ""


class Checks(msgspec.Struct, frozen=True):
    """What others than Actions say of the candidate's commit."""

    sha: str = ""
    found: tuple[Check, ...] = ()
