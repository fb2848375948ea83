"""What is asked of GitHub."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

import msgspec

if TYPE_CHECKING:
    from cockpit.backends.ports.answers import Answer
    from cockpit.release.candidates import Candidate, RefChange
    from cockpit.release.dispatches import StartedRun, WorkflowCall
    from cockpit.release.job_logs import JobLog
    from cockpit.release.jobs import BranchHealth, CandidateBuilds, Checks, Job, Run, Step
    from cockpit.release.milestones import Milestone, MilestoneItem
    from cockpit.release.mirror import MirrorIssue
    from cockpit.release.nominations import Comment
    from cockpit.release.people import Team
    from cockpit.release.picks import PickReading, PullChecks, PullSummary
    from cockpit.release.preparation import PushedRun
    from cockpit.release.pullrequests import OpenPull, PullDraft, PullPage
    from cockpit.release.readiness import CredentialLife
    from cockpit.release.repos import Repository
    from cockpit.release.versions import Version


class ApiBudget(msgspec.Struct, frozen=True):
    """What is left of GitHub's hourly quota."""

    remaining: int
    limit: int
    resets_at: datetime


class ApiUse(msgspec.Struct, frozen=True):
    """Requests for one kind of thing since the start."""

    asked: int = 0
    unchanged: int = 0
    """How many of them were answered with "not modified", which costs no quota."""


class ApiUsage(msgspec.Struct, frozen=True):
    """Who spent GitHub's quota since the start."""

    by_kind: dict[str, ApiUse] = {}
    """What was asked for, such as `runs/jobs` or `issues`."""

    @property
    def asked(self) -> int:
        """Every request."""
        return sum(use.asked for use in self.by_kind.values())

    @property
    def unchanged(self) -> int:
        """Requests that cost nothing."""
        return sum(use.unchanged for use in self.by_kind.values())


class Account(msgspec.Struct, frozen=True):
    """Who a credential belongs to."""

    login: str
    scopes: tuple[str, ...]
    server_time: datetime | None


class GithubPort(Protocol):
    """GitHub."""

    def candidate_builds(
        self, repository: Repository, candidate: Candidate
    ) -> Answer[CandidateBuilds]:
        """Every job that ran on the candidate's tag and SHA, all attempts merged."""
        ...

    def foreign_checks(self, repository: Repository, sha: str) -> Answer[Checks]:
        """The newest check runs and statuses of a commit that are not jobs of Actions."""
        ...

    def branch_health(
        self, repository: Repository, sha: str, branch: str | None = None
    ) -> Answer[BranchHealth]:
        """The blocking workflows that a push to a branch, else the release branch, started."""
        ...

    def pushed_runs(
        self, repository: Repository, branch: str, sha: str
    ) -> Answer[tuple[PushedRun, ...]]:
        """The newest run of every workflow that started on a commit of a branch."""
        ...

    def picks(
        self, repository: Repository, version: Version, label: str, team: Team
    ) -> Answer[PickReading]:
        """The tracker of exactly this version, whole, and the pulls into the release branch."""
        ...

    def pull_checks(
        self, repository: Repository, heads: Sequence[str]
    ) -> Answer[dict[str, PullChecks]]:
        """What CI says of heads of pull requests, by SHA; what could not be read is left out."""
        ...

    def milestone(self, repository: Repository, title: str) -> Answer[Milestone]:
        """The milestone of exactly this title with every open item."""
        ...

    def milestone_items(
        self, repository: Repository, title: str
    ) -> Answer[tuple[MilestoneItem, ...] | None]:
        """Every item of the milestone of exactly this title, whatever its state; None without."""
        ...

    def closing_commits(
        self, repository: Repository, numbers: Sequence[int]
    ) -> Answer[dict[int, tuple[str, ...]]]:
        """The SHAs that closed issues, where GitHub recorded them; one request an issue."""
        ...

    def open_pulls(self, repository: Repository, base: str) -> Answer[tuple[PullSummary, ...]]:
        """The pull requests into a branch that are open, oldest first."""
        ...

    def ref_activity(self, repository: Repository, ref: str) -> Answer[tuple[RefChange, ...]]:
        """The latest changes of a ref that GitHub recorded, newest first; it may record none."""
        ...

    def job_steps(self, repository: Repository, job_id: int) -> tuple[Step, ...]:
        """The steps of a job, in their order; none before it has started."""
        ...

    def job_log(self, repository: Repository, job_id: int) -> JobLog:
        """The end of a job's log, a few megabytes of it at most."""
        ...

    def pulls_from(self, repository: Repository, branch: str) -> Answer[tuple[OpenPull, ...]]:
        """The open pull requests of a branch of the repository itself."""
        ...

    def open_pull(self, repository: Repository, draft: PullDraft) -> OpenPull:
        """Open a pull request, asked for once; after a lost answer look before asking again."""
        ...

    def amend_pull(self, repository: Repository, number: int, draft: PullDraft) -> OpenPull:
        """Give a pull request its title and our part of its text; the rest of it stays."""
        ...

    def workflow_state(self, call: WorkflowCall) -> str | None:
        """`active`, or how a workflow was disabled; None when there is no such file."""
        ...

    def dispatch(self, call: WorkflowCall) -> int | None:
        """Start a workflow, asked for once; gives the run where GitHub names it at once."""
        ...

    def dispatched_runs(
        self, call: WorkflowCall, since: datetime
    ) -> Answer[tuple[StartedRun, ...]]:
        """The runs of a workflow that were started by hand since then, oldest first."""
        ...

    def started_run(self, repository: str, run_id: int) -> StartedRun:
        """How a run of `owner/name` stands, and how many of its jobs have ended."""
        ...

    def run(self, repository: Repository, run_id: int) -> Run | None:
        """A run in its newest attempt; None when there is none of this number."""
        ...

    def run_jobs(self, repository: Repository, run: Run) -> Answer[tuple[Job, ...]]:
        """The jobs of all attempts of a run, each as GitHub lists it."""
        ...

    def job(self, repository: Repository, job_id: int) -> Job | None:
        """A job of any attempt; None when there is none of this number."""
        ...

    def rerun_failed(self, repository: Repository, run_id: int) -> None:
        """Have a run's failed and cancelled jobs run again, asked for once."""
        ...

    def rerun_job(self, repository: Repository, job_id: int) -> None:
        """Have one job of a run's newest attempt run again, asked for once."""
        ...

    def cancel_run(self, repository: Repository, run_id: int) -> None:
        """Ask a run to stop; its jobs may take minutes to do so."""
        ...

    def comments(self, repository: Repository, number: int) -> Answer[tuple[Comment, ...]]:
        """The comments under an issue or pull request, oldest first."""
        ...

    def comments_on(
        self, repository: Repository, numbers: Sequence[int]
    ) -> Answer[dict[int, tuple[Comment, ...]]]:
        """The comments under several issues, oldest first; one request an issue."""
        ...

    def comment(self, repository: Repository, number: int, body: str) -> Comment:
        """Comment on an issue or pull request; after a lost answer look before asking again."""
        ...

    def titled_issue(
        self, repository: Repository, title: str, label: str
    ) -> Answer[MirrorIssue | None]:
        """The issue of exactly this title that carries the label, with who edited its text."""
        ...

    def open_issue(
        self, repository: Repository, title: str, own: str, labels: Sequence[str]
    ) -> MirrorIssue:
        """Open an issue whose text is the cockpit's part, asked for once."""
        ...

    def amend_issue(self, repository: Repository, number: int, own: str) -> MirrorIssue:
        """Give an issue our part of its text; the rest of it stays."""
        ...

    def pull(self, repository: Repository, number: int) -> PullPage | None:
        """A pull request; None where there is none of this number."""
        ...

    def pull_messages(self, repository: Repository, number: int) -> Answer[tuple[str, ...]]:
        """What the commits of a pull request say, oldest first."""
        ...

    def set_milestone(self, repository: Repository, number: int, title: str) -> None:
        """Put an issue or pull request into the milestone of exactly this title."""
        ...

    def merge_pull(
        self, repository: Repository, number: int, head: str, title: str, message: str
    ) -> str:
        """Squash a pull request whose head is exactly this commit; gives what it became."""
        ...

    def account(self) -> Account:
        """Who the credential belongs to; raises AccessDenied without one."""
        ...

    def token_life(self) -> CredentialLife:
        """How long the token lives, as GitHub tells it of those with an end."""
        ...

    def permission(self, repository: Repository) -> str:
        """`admin`, `write`, `triage`, `read` or `none` on a repository."""
        ...

    def budget(self) -> ApiBudget | None:
        """The quota as the newest response told it; None before the first."""
        ...

    def prepare(self) -> None:
        """Load what the first request needs, which takes a while; asks nothing."""
        ...

    def usage(self) -> ApiUsage:
        """What was asked for since the start, and how much of it cost nothing."""
        ...
