"""What the loopback GitHub knows beside its git repositories.

Plain mutable records, all guarded by `Forge.lock`. Times are aware UTC datetimes of the world's
clock. A job's state is never stored: it follows from its planned times and the clock, so nothing
has to tick in the background and a test can move time by hand.
"""

from __future__ import annotations

import itertools
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from cockpit.rehearsal.clock import WorldClock

Conclusion = Literal[
    "success",
    "failure",
    "cancelled",
    "skipped",
    "timed_out",
    "neutral",
    "action_required",
    "startup_failure",
]
RunStatus = Literal["queued", "in_progress", "completed", "waiting"]


@dataclass(slots=True)
class User:
    login: str
    id: int
    kind: Literal["User", "Bot"] = "User"
    name: str = ""
    email: str = ""


@dataclass(slots=True)
class Label:
    id: int
    name: str
    color: str = "ededed"
    description: str = ""


@dataclass(slots=True)
class Milestone:
    id: int
    number: int
    title: str
    state: Literal["open", "closed"] = "open"
    description: str = ""
    due_on: datetime | None = None
    created_at: datetime | None = None


@dataclass(slots=True)
class Comment:
    id: int
    user: str
    body: str
    created_at: datetime
    updated_at: datetime


@dataclass(slots=True)
class Review:
    id: int
    user: str
    state: Literal["APPROVED", "CHANGES_REQUESTED", "COMMENTED"]
    body: str
    commit_id: str
    submitted_at: datetime


@dataclass(slots=True)
class Pull:
    """The part of an issue that makes it a pull request."""

    head_ref: str
    base_ref: str
    head_sha: str
    base_sha: str
    merged_at: datetime | None = None
    merge_commit_sha: str | None = None
    merged_by: str | None = None
    draft: bool = False
    reviews: list[Review] = field(default_factory=list)
    requested_reviewers: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Edit:
    """One change of an issue's text."""

    user: str
    at: datetime
    body: str
    """The text as it was after the change."""


@dataclass(slots=True)
class Issue:
    """An issue, or a pull request when `pull` is set: they share one numbering."""

    id: int
    number: int
    title: str
    body: str
    user: str
    created_at: datetime
    updated_at: datetime
    state: Literal["open", "closed"] = "open"
    state_reason: Literal["completed", "not_planned", "reopened"] | None = None
    closed_at: datetime | None = None
    labels: list[str] = field(default_factory=list)
    assignees: list[str] = field(default_factory=list)
    milestone: int | None = None
    comments: list[Comment] = field(default_factory=list)
    locked: bool = False
    pull: Pull | None = None
    edits: list[Edit] = field(default_factory=list)


@dataclass(slots=True)
class DispatchInput:
    name: str
    kind: Literal["string", "boolean", "choice"] = "string"
    default: str = ""
    required: bool = False
    options: tuple[str, ...] = ()


Stage = Literal["prepare", "build", "test", "upload", "extract", "check"]


@dataclass(frozen=True, slots=True)
class JobTemplate:
    """One job as its workflow defines it."""

    name: str
    stage: Stage = "check"
    needs: tuple[str, ...] = ()
    """Names of the jobs of the same workflow that have to succeed first."""
    runner: str = "linux.4xlarge"
    minutes: tuple[float, float] = (2, 8)
    """Shortest and longest usual running time."""
    queue: tuple[float, float] = (0.2, 4)
    """Shortest and longest usual wait for a runner, in minutes."""
    failure_rate: float = 0.0
    environment: str = ""
    """Whose reviewers have to let it start; empty where nobody has to."""
    when: tuple[str, ...] = ()
    """An input and the values with which the job runs; with another one it is skipped."""


@dataclass(slots=True)
class Workflow:
    """A workflow, and what starts it."""

    id: int
    name: str
    path: str
    on_candidate_tag: bool = False
    on_final_tag: bool = False
    on_branch_push: tuple[str, ...] = ()
    """Patterns of branches whose push starts it, such as `main` or `release/*`."""
    on_pull: bool = False
    """Whether a pull request into one of these branches starts it too."""
    dispatchable: bool = False
    inputs: tuple[DispatchInput, ...] = ()
    state: Literal["active", "disabled_manually"] = "active"
    jobs: tuple[JobTemplate, ...] = ()


@dataclass(frozen=True, slots=True)
class PlannedStep:
    name: str
    share: float
    """Part of the job's running time, all steps together 1."""
    conclusion: Conclusion = "success"


@dataclass(slots=True)
class Job:
    """One job of one attempt of a run, with its whole future already decided."""

    id: int
    name: str
    attempt: int
    created_at: datetime
    starts_at: datetime
    ends_at: datetime
    conclusion: Conclusion
    labels: tuple[str, ...] = ("linux.4xlarge",)
    stage: Stage = "check"
    steps: tuple[PlannedStep, ...] = ()
    chance: int = 0
    """Decides what its log says."""
    log: str = ""
    """A log of its own; empty has the usual one written when somebody asks for it."""
    cancelled_at: datetime | None = None
    environment: str = ""
    """Whose reviewers it waits for; empty once they have answered."""
    carried_over: bool = False
    """Whether it ran in an earlier attempt, and this one lists it again."""

    def status(self, now: datetime) -> RunStatus:
        """The state GitHub would show at `now`."""
        if self.cancelled_at is not None and self.cancelled_at <= now:
            return "completed"
        if now < self.starts_at:
            return "waiting" if self.environment else "queued"
        return "in_progress" if now < self.ends_at else "completed"


@dataclass(slots=True)
class Run:
    """One workflow run; its jobs of all attempts."""

    id: int
    number: int
    workflow: int
    name: str
    event: Literal["push", "workflow_dispatch", "pull_request", "schedule"]
    head_branch: str
    head_sha: str
    actor: str
    created_at: datetime
    attempt: int = 1
    jobs: list[Job] = field(default_factory=list)
    """None at all when the workflow could not be started; GitHub calls that a startup failure."""
    inputs: dict[str, str] = field(default_factory=dict)
    """What it was dispatched with."""


@dataclass(frozen=True, slots=True)
class App:
    """An application that reports on commits."""

    id: int
    slug: str
    name: str
    owner: str


@dataclass(frozen=True, slots=True)
class Check:
    """What an application says of a commit: a check run that is no job of Actions."""

    id: int
    name: str
    created_at: datetime
    ends_at: datetime
    conclusion: Conclusion
    title: str = ""

    def status(self, now: datetime) -> RunStatus:
        """The state GitHub would show at `now`."""
        return "completed" if self.ends_at <= now else "in_progress"


@dataclass(frozen=True, slots=True)
class Suite:
    """The checks of one application on one commit; many applications open one and say nothing."""

    id: int
    app: App
    head_sha: str
    head_branch: str
    created_at: datetime
    checks: tuple[Check, ...] = ()


@dataclass(frozen=True, slots=True)
class CommitStatus:
    """One report of the older kind; a later one of the same context takes its place."""

    id: int
    context: str
    state: Literal["error", "failure", "pending", "success"]
    description: str
    target: str
    creator: str
    created_at: datetime


@dataclass(slots=True)
class Release:
    id: int
    tag_name: str
    name: str
    body: str
    draft: bool
    prerelease: bool
    created_at: datetime
    published_at: datetime | None
    author: str
    target: str = ""
    """Branch or SHA its tag was made from; empty means the default branch."""


@dataclass(slots=True)
class Activity:
    """One change of a ref, as it was noticed."""

    id: int
    ref: str
    before: str
    after: str
    """All zeros where the ref was deleted."""
    kind: Literal["push", "force_push", "branch_creation", "branch_deletion"]
    actor: str
    at: datetime


@dataclass(slots=True)
class Repository:
    """One repository: its bare git directory is the truth for refs and commits."""

    id: int
    owner: str
    name: str
    git_dir: Path
    default_branch: str = "main"
    issues: dict[int, Issue] = field(default_factory=dict)
    milestones: dict[int, Milestone] = field(default_factory=dict)
    labels: dict[str, Label] = field(default_factory=dict)
    workflows: dict[int, Workflow] = field(default_factory=dict)
    runs: dict[int, Run] = field(default_factory=dict)
    releases: dict[int, Release] = field(default_factory=dict)
    reported: bool = False
    """Whether applications report on what is pushed."""
    suites: dict[str, list[Suite]] = field(default_factory=dict)
    """What applications other than Actions say: SHA → suites."""
    statuses: dict[str, list[CommitStatus]] = field(default_factory=dict)
    """SHA → every status of every context, oldest first."""
    seen_refs: dict[str, str] = field(default_factory=dict)
    """Refs whose push has been acted upon: ref name → SHA."""
    activity: list[Activity] = field(default_factory=list)
    """Changes of refs since the world began, oldest first."""
    refs_stamp: int = 0
    """When the refs last changed on disk, as far as they have been looked at; 0 looks again."""

    @property
    def full_name(self) -> str:
        """`owner/name`, as GitHub spells it."""
        return f"{self.owner}/{self.name}"

    def next_number(self) -> int:
        """The number the next issue or pull request gets."""
        return max(self.issues, default=0) + 1


@dataclass(slots=True)
class Forge:
    """The whole loopback GitHub."""

    clock: WorldClock
    repositories: dict[str, Repository] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    """Token → login. Requests without a token read only, as on GitHub."""
    collaborators: dict[str, str] = field(default_factory=dict)
    """Login → permission (`admin`, `write`, `triage`, `read`) on every repository."""
    lock: threading.RLock = field(default_factory=threading.RLock)
    seed: int = 0
    runs_appear_after: timedelta = timedelta()
    """How long after a push its runs appear at the latest, one after the other."""
    log_padding: int = 0
    """Bytes that every job's log is longer than usual."""
    _ids: itertools.count[int] = field(default_factory=lambda: itertools.count(1_000_000))

    def next_id(self) -> int:
        """A fresh database id, unique over all kinds of records."""
        return next(self._ids)
