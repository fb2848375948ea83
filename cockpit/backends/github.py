"""GitHub: candidate builds, branch health, picks and milestones, read whole or said to be not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import msgspec

from cockpit.backends.github_builds import GithubBuilds, started_on
from cockpit.backends.github_errors import NotFound, server_time, token_end
from cockpit.backends.github_http import Listing, Transport
from cockpit.backends.github_issues import GithubIssues
from cockpit.backends.github_kinds import EVENTS, ISSUES, RUNS, path_of, sentence, workflow_of
from cockpit.backends.github_pages import PageCache
from cockpit.backends.github_picks import GithubPicks
from cockpit.backends.github_records import (
    ActivityRecord,
    IssueRecord,
    MilestoneRecord,
    PermissionsRecord,
    RepositoryRecord,
    RunRecord,
    UserRecord,
)
from cockpit.backends.github_talk import GithubTalk
from cockpit.backends.github_writes import GithubWrites
from cockpit.backends.ports import Account, Answer, ApiBudget, ApiUsage, Credential
from cockpit.backends.text import clean
from cockpit.config import web_of
from cockpit.errors import AccessDenied
from cockpit.release.candidates import RefChange
from cockpit.release.jobs import (
    BranchHealth,
    JobState,
    state_of,
)
from cockpit.release.milestones import Milestone, MilestoneItem
from cockpit.release.preparation import PushedRun
from cockpit.release.readiness import CredentialLife
from cockpit.release.repos import Repository

_SHORT_LIVED = ("ghs_", "ghu_")
"""How the tokens of apps begin, of which GitHub does not tell when they end."""
_ACTIVITY = msgspec.json.Decoder(tuple[ActivityRecord, ...])


class Github(GithubBuilds, GithubIssues, GithubPicks, GithubTalk, GithubWrites):
    """Implements GithubPort; PyGithub is imported with the first request."""

    def __init__(
        self,
        api: str,
        token: Credential | None,
        *,
        timeout_s: float = 15,
        log: Callable[[str], None] | None = None,
        cache: Path | None = None,
    ) -> None:
        super().__init__(
            Transport(api, token, timeout_s=timeout_s, log=log, cache=PageCache(cache))
        )
        self._web = web_of(api)

    def branch_health(
        self, repository: Repository, sha: str, branch: str | None = None
    ) -> Answer[BranchHealth]:
        """The blocking workflows that a push to a branch, else the release branch, started."""
        runs, missing = self._started(repository, branch or repository.release_branch, sha)
        newest = {run.name: run for run in runs}
        found = {name: newest[name] for name in repository.blocking_workflows if name in newest}
        health = BranchHealth(
            repository=repository.name,
            sha=sha,
            workflows={
                name: state_of(found[name].status, found[name].conclusion)
                if name in found
                else JobState.UNKNOWN
                for name in repository.blocking_workflows
            },
            urls={name: run.html_url for name, run in found.items()},
        )
        return Answer(health, f"{self._web}/{repository.name}/commits/{sha}", missing)

    def pushed_runs(
        self, repository: Repository, branch: str, sha: str
    ) -> Answer[tuple[PushedRun, ...]]:
        """The newest run of every workflow that started on a commit of a branch."""
        runs, missing = self._started(repository, branch, sha)
        found = tuple(
            PushedRun(
                workflow=workflow_of(run),
                state=state_of(run.status, run.conclusion),
                started_at=run.created_at,
                url=run.html_url,
            )
            for run in runs
        )
        return Answer(found, f"{self._web}/{repository.name}/commits/{sha}", missing)

    def milestone(self, repository: Repository, title: str) -> Answer[Milestone]:
        """The milestone of exactly this title with every open item."""
        found, listing = self._milestone(repository, title)
        if found is None:
            source = f"{self._web}/{repository.name}/milestones"
            return Answer(Milestone(title), source, listing.missing)
        items = self._milestone_issues(repository, found, "open", found.open_issues)
        milestone = Milestone(
            title=title,
            number=found.number,
            open_items=tuple(_item(row) for row in items.rows),
            closed_count=found.closed_issues,
            url=found.html_url,
        )
        return Answer(milestone, found.html_url, items.missing)

    def milestone_items(
        self, repository: Repository, title: str
    ) -> Answer[tuple[MilestoneItem, ...] | None]:
        """Every item of the milestone of exactly this title, whatever its state; None without."""
        found, listing = self._milestone(repository, title)
        if found is None:
            return Answer(None, f"{self._web}/{repository.name}/milestones", listing.missing)
        expected = found.open_issues + found.closed_issues
        items = self._milestone_issues(repository, found, "all", expected)
        return Answer(tuple(_item(row) for row in items.rows), found.html_url, items.missing)

    def closing_commits(
        self, repository: Repository, numbers: Sequence[int]
    ) -> Answer[dict[int, tuple[str, ...]]]:
        """The SHAs that closed issues, where GitHub recorded them; one request an issue."""
        listings = self._transport.read_lists(
            [path_of(repository, f"issues/{number}/events") for number in numbers], EVENTS
        )
        found = {
            number: tuple(
                row.commit_id for row in listing.rows if row.event == "closed" and row.commit_id
            )
            for number, listing in zip(numbers, listings, strict=True)
        }
        missing = sentence(listing.missing for listing in listings)
        return Answer(found, f"{self._web}/{repository.name}/issues", missing)

    def ref_activity(self, repository: Repository, ref: str) -> Answer[tuple[RefChange, ...]]:
        """The latest changes of a ref that GitHub recorded, newest first; it may record none."""
        records = self._transport.read(
            path_of(repository, "activity", ref=ref, direction="desc"), _ACTIVITY.decode
        )
        changes = tuple(
            RefChange(
                repository=repository.name,
                ref=clean(row.ref),
                before=row.before,
                after=row.after,
                by=clean(row.actor.login) if row.actor else "a deleted account",
                at=row.timestamp,
            )
            for row in records
            if row.ref == ref
        )
        return Answer(changes, f"{self._web}/{repository.name}/activity")

    def account(self) -> Account:
        """Who the credential belongs to; raises AccessDenied without one."""
        if self._transport.token is None:
            raise AccessDenied(
                "No GitHub token was found",
                "looked in the environment, the credentials file, the keyring and gh",
                "release-cockpit login",
            )
        answer = self._transport.ask("/user")
        scopes = answer.headers.get("x-oauth-scopes", "")
        return Account(
            login=clean(msgspec.json.decode(answer.body, type=UserRecord).login),
            scopes=tuple(scope.strip() for scope in scopes.split(",") if scope.strip()),
            server_time=server_time(answer.headers),
        )

    def token_life(self) -> CredentialLife:
        """How long the token lives, as GitHub tells it of those with an end."""
        name, token = "the GitHub token", self._transport.token
        if token is None:
            return CredentialLife(name, unknown="there is none: release-cockpit login")
        if token.secret.startswith(_SHORT_LIVED):
            return CredentialLife(name, unknown="it is an app's, which lives some hours at most")
        if self._transport.token_end is None:
            self._transport.ask("/rate_limit")  # every answer tells it, and this one costs nothing
        told = self._transport.token_end or ""
        ends_at = token_end(told)
        if told and ends_at is None:
            return CredentialLife(name, unknown=f"GitHub says it ends {clean(told)}")
        return CredentialLife(name, ends_at)

    def permission(self, repository: Repository) -> str:
        """`admin`, `write`, `triage`, `read` or `none` on a repository."""
        try:
            record = self._transport.read(
                f"/repos/{repository.name}", msgspec.json.Decoder(RepositoryRecord).decode
            )
        except NotFound:
            return "none"
        return _highest(record.permissions)

    def budget(self) -> ApiBudget | None:
        """The quota as the newest response told it; None before the first."""
        return self._transport.budget

    def prepare(self) -> None:
        """Load PyGithub."""
        self._transport.prepare()

    def usage(self) -> ApiUsage:
        """What was asked for since the start, and how much of it cost nothing."""
        return self._transport.usage

    def _milestone_issues(
        self, repository: Repository, milestone: MilestoneRecord, state: str, expected: int
    ) -> Listing[IssueRecord]:
        path = path_of(repository, "issues", milestone=str(milestone.number), state=state)
        return self._transport.read_list(path, ISSUES, expected)

    def _started(
        self, repository: Repository, branch: str, sha: str
    ) -> tuple[list[RunRecord], str]:
        """The newest run of every workflow on a commit of a branch, and what is missing."""
        runs = self._transport.read_list(
            path_of(repository, "actions/runs", head_sha=sha, branch=branch), RUNS
        )
        started = started_on(runs.rows, branch, sha)
        return _newest(started), runs.missing


def _newest(runs: Iterable[RunRecord]) -> list[RunRecord]:
    """The newest run of each workflow."""
    newest: dict[str, RunRecord] = {}
    for run in sorted(runs, key=lambda run: (run.created_at, run.id)):
        newest[run.name or ""] = run
    return list(newest.values())


def _item(row: IssueRecord) -> MilestoneItem:
    return MilestoneItem(
        number=row.number,
        title=clean(row.title),
        is_pull=row.is_pull,
        labels=tuple(clean(label.name) for label in row.labels),
        assignees=tuple(user.login for user in row.assignees),
        url=row.html_url,
        state=row.state,
        closed_at=row.closed_at,
        updated_at=row.updated_at,
        done=row.state == "closed" and row.state_reason in (None, "completed"),
    )


def _highest(may: PermissionsRecord | None) -> str:
    """GitHub names no permissions to strangers, who may read what they could ask for."""
    if may is None:
        return "read"
    if may.admin:
        return "admin"
    if may.maintain or may.push:
        return "write"
    if may.triage:
        return "triage"
    return "read" if may.pull else "none"
