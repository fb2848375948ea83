"""Build jobs of a candidate: their states, and what their names say."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime
from enum import Enum
from functools import cached_property, lru_cache

import msgspec

from cockpit.release.candidates import Candidate


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


class Stage(Enum):
    """What a job of one configuration does."""

    BUILD = "build"
    TEST = "test"
    UPLOAD = "upload"
    EXTRACT = "extract"


class JobKey(msgspec.Struct, frozen=True, order=True):
    """What a generated job name says; process section 6."""

    package: str
    os: str
    arch: str
    accelerator: str
    python: str | None
    stage: str


class Job(msgspec.Struct, frozen=True):
    """The newest attempt of one job."""

    id: int
    run_id: int
    workflow: str
    name: str
    """Without the workflow's name."""
    attempt: int
    """The attempt that ran it; 1 where a later one only carried it over."""
    state: JobState
    conclusion: str | None
    created_at: datetime | None
    started_at: datetime | None
    completed_at: datetime | None
    url: str
    failed_step: str | None = None

    @property
    def key(self) -> JobKey | None:
        """What the name says, or None when it follows no known grammar."""
        return parse_job_name(self.workflow, self.name)


_CONFIGURATION = re.compile(
    r"(?P<package>manywheel|wheel|libtorch)-(?:py(?P<python>\d+_\d+t?)-)?(?P<accelerator>.+?)"
    r"(?:-shared-with-deps-release)?-(?P<stage>build|test|upload|extract)"
)
_ACCELERATOR = re.compile(r"(?:cuda-aarch64-|cuda)(\d+)_(\d+)|rocm(\d+)_(\d+)")


@lru_cache(maxsize=8192)
def parse_job_name(workflow: str, name: str) -> JobKey | None:
    """Read `manywheel-py3_12-cuda13_0-test / test`; None for a name of another grammar."""
    found = _CONFIGURATION.fullmatch(name.split(" / ")[0])
    if not found:
        return None
    python = found["python"]
    return JobKey(
        package=found["package"],
        os=_os_of(workflow),
        arch=_arch_of(workflow, found["accelerator"]),
        accelerator=_accelerator_of(found["accelerator"]),
        python=python.replace("_", ".") if python else None,
        stage=found["stage"],
    )


def _os_of(workflow: str) -> str:
    return next((os for os in ("windows", "macos") if workflow.startswith(os)), "linux")


def _arch_of(workflow: str, accelerator: str) -> str:
    for arch in ("aarch64", "s390x", "arm64"):
        if arch in workflow or arch in accelerator:
            return arch
    return "x86_64"


def _accelerator_of(text: str) -> str:
    found = _ACCELERATOR.search(text)
    if not found:
        return "cpu" if text.startswith("cpu") else text
    cuda_major, cuda_minor, rocm_major, rocm_minor = found.groups()
    return f"cu{cuda_major}{cuda_minor}" if cuda_major else f"rocm{rocm_major}.{rocm_minor}"


class CandidateBuilds(msgspec.Struct, frozen=True, dict=True):
    """Every job that a candidate's tag started."""

    candidate: Candidate | None = None
    """None while no candidate has been tagged."""
    jobs: tuple[Job, ...] = ()
    runs: int = 0
    unfinished_runs: int = 0
    """Runs that may still list further jobs: GitHub lists a job once what it needs is done."""

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
