"""GitHub's answers as they come over the wire, with only the fields that are used."""

from __future__ import annotations

from datetime import datetime

import msgspec


class UserRecord(msgspec.Struct, frozen=True):
    """An account; GitHub leaves it out where the account was deleted."""

    login: str


class ActivityRecord(msgspec.Struct, frozen=True):
    """A change of a ref."""

    before: str
    after: str
    ref: str
    timestamp: datetime
    actor: UserRecord | None = None


class LabelRecord(msgspec.Struct, frozen=True):
    """A label."""

    name: str = ""


class StepRecord(msgspec.Struct, frozen=True, gc=False):
    """A step of a job."""

    name: str
    conclusion: str | None = None
    status: str = ""
    number: int = 0
    started_at: datetime | None = None
    completed_at: datetime | None = None


class RunRecord(msgspec.Struct, frozen=True):
    """A workflow run, in its newest attempt."""

    id: int
    workflow_id: int
    head_sha: str
    event: str
    html_url: str
    created_at: datetime
    run_attempt: int = 1
    name: str | None = None
    path: str = ""
    head_branch: str | None = None
    status: str | None = None
    conclusion: str | None = None
    actor: UserRecord | None = None


class WorkflowRecord(msgspec.Struct, frozen=True):
    """A workflow."""

    state: str


class DispatchRecord(msgspec.Struct, frozen=True):
    """What a dispatch started, where GitHub says so."""

    workflow_run_id: int


class RunPage(msgspec.Struct, frozen=True):
    """A page of runs."""

    total_count: int
    workflow_runs: tuple[RunRecord, ...]


class JobRecord(msgspec.Struct, frozen=True, gc=False):
    """A job of a run."""

    id: int
    run_id: int
    name: str
    status: str
    workflow_name: str | None = None
    run_attempt: int = 1
    conclusion: str | None = None
    created_at: datetime | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    html_url: str | None = None
    steps: tuple[StepRecord, ...] = ()


class JobPage(msgspec.Struct, frozen=True):
    """A page of jobs."""

    total_count: int
    jobs: tuple[JobRecord, ...]


class AppRecord(msgspec.Struct, frozen=True):
    """An app that reports checks."""

    slug: str = ""
    name: str = ""


class CheckSuiteRecord(msgspec.Struct, frozen=True):
    """The check runs of one app on one commit."""

    id: int
    app: AppRecord | None = None
    latest_check_runs_count: int = 1


class CheckSuitePage(msgspec.Struct, frozen=True):
    """A page of check suites."""

    total_count: int
    check_suites: tuple[CheckSuiteRecord, ...]


class CheckRunRecord(msgspec.Struct, frozen=True):
    """A check run."""

    id: int
    name: str
    status: str
    conclusion: str | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    html_url: str | None = None
    app: AppRecord | None = None


class CheckRunPage(msgspec.Struct, frozen=True):
    """A page of check runs."""

    total_count: int
    check_runs: tuple[CheckRunRecord, ...]


class StatusRecord(msgspec.Struct, frozen=True):
    """The newest status of one context."""

    id: int
    context: str
    state: str
    updated_at: datetime | None = None
    target_url: str | None = None


class StatusPage(msgspec.Struct, frozen=True):
    """A page of the combined status of a commit."""

    total_count: int
    statuses: tuple[StatusRecord, ...]


class IssueRecord(msgspec.Struct, frozen=True):
    """An issue, or a pull request seen as one."""

    id: int
    number: int
    title: str
    state: str
    html_url: str
    created_at: datetime
    updated_at: datetime | None = None
    comments: int = 0
    labels: tuple[LabelRecord, ...] = ()
    assignees: tuple[UserRecord, ...] = ()
    pull_request: dict[str, object] | None = None
    closed_at: datetime | None = None
    state_reason: str | None = None
    body: str | None = None

    @property
    def is_pull(self) -> bool:
        """Whether it is a pull request."""
        return self.pull_request is not None


class EventRecord(msgspec.Struct, frozen=True):
    """Something that happened to an issue."""

    id: int
    event: str
    commit_id: str | None = None
    created_at: datetime | None = None


class CommentRecord(msgspec.Struct, frozen=True):
    """A comment on an issue."""

    id: int
    html_url: str
    created_at: datetime
    updated_at: datetime | None = None
    body: str | None = None
    user: UserRecord | None = None


class BranchRecord(msgspec.Struct, frozen=True):
    """One side of a pull request."""

    ref: str
    sha: str


class MilestoneTitle(msgspec.Struct, frozen=True):
    """The milestone of an issue or pull request."""

    title: str


class PullRecord(msgspec.Struct, frozen=True):
    """A pull request as lists have it."""

    id: int
    number: int
    title: str
    state: str
    html_url: str
    updated_at: datetime
    head: BranchRecord
    base: BranchRecord
    user: UserRecord | None = None
    created_at: datetime | None = None
    merged_at: datetime | None = None
    merge_commit_sha: str | None = None
    draft: bool = False
    body: str | None = None
    milestone: MilestoneTitle | None = None


class MergeRecord(msgspec.Struct, frozen=True):
    """What merging a pull request came to."""

    sha: str


class CommitMessage(msgspec.Struct, frozen=True):
    """What a commit says."""

    message: str


class PullCommitRecord(msgspec.Struct, frozen=True):
    """A commit of a pull request."""

    sha: str
    commit: CommitMessage

    @property
    def id(self) -> int:
        """What tells it from the others of a list."""
        return int(self.sha, 16)


class MilestoneRecord(msgspec.Struct, frozen=True):
    """A milestone."""

    id: int
    number: int
    title: str
    html_url: str
    open_issues: int
    closed_issues: int


class PermissionsRecord(msgspec.Struct, frozen=True):
    """What the asking account may do in a repository."""

    admin: bool = False
    maintain: bool = False
    push: bool = False
    triage: bool = False
    pull: bool = False


class RepositoryRecord(msgspec.Struct, frozen=True):
    """A repository."""

    permissions: PermissionsRecord | None = None


class ErrorRecord(msgspec.Struct, frozen=True):
    """The body of a refusal."""

    message: str = ""
