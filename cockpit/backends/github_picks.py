"""GitHub's part of the queue: the tracker, and pull requests into the release branch."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from cockpit.backends.github_builds import read_foreign_checks
from cockpit.backends.github_errors import NotFound
from cockpit.backends.github_http import Transport
from cockpit.backends.github_kinds import (
    COMMENTS,
    EVENTS,
    ISSUES,
    PULL,
    PULLS,
    RUNS,
    path_of,
    pull_path,
    sentence,
    workflow_of,
)
from cockpit.backends.github_records import (
    CommentRecord,
    IssueRecord,
    PullRecord,
    RunRecord,
)
from cockpit.backends.ports import Answer
from cockpit.backends.text import clean, clean_lines
from cockpit.release.coverage import worst
from cockpit.release.jobs import JobState, state_of
from cockpit.release.nominations import Comment, read_answers, read_nominations, tracker_version
from cockpit.release.people import Duty, Team
from cockpit.release.picks import PickReading, PullChecks, PullSummary, Tracker
from cockpit.release.repos import Repository
from cockpit.release.required_checks import RequiredChecks, hold_against
from cockpit.release.versions import Version
from cockpit.threads import gather

_FORCED = "head_ref_force_pushed"
_SINGLY = 20
"""How many nominated pull requests that target other branches are read one by one."""


class GithubPicks:
    """The part of the adapter that reads what people want to have picked."""

    _transport: Transport
    _web: str

    def picks(
        self, repository: Repository, version: Version, label: str, team: Team
    ) -> Answer[PickReading]:
        """The tracker of exactly this version, whole, and the pulls into the release branch.

        The open ones come with what CI says of their heads. Those that are nominated and target
        another branch are read singly.
        """
        branch = repository.release_branch
        issues = self._transport.read_list(
            path_of(repository, "issues", labels=label, state="all"), ISSUES
        )
        pulls = self._transport.read_list(
            path_of(repository, "pulls", base=branch, state="all"), PULLS
        )
        missing = [issues.missing, pulls.missing]
        record = _tracker_among(issues.rows, version)
        tracker = None
        if record is None:
            missing.append(f"no issue labelled {label!r} is the tracker of {version}")
        else:
            tracker, left_out = self._tracker(repository, record, team)
            missing.append(left_out)
        rows = [row for row in pulls.rows if row.base.ref == branch]
        elsewhere, left_out = self._elsewhere(repository, tracker, rows)
        missing.append(left_out)
        still_open = [row for row in rows if row.state == "open"]
        checks = self.pull_checks(repository, [row.head.sha for row in still_open])
        missing.append(checks.missing)
        forced, left_out = self._forced(repository, still_open)
        missing.append(left_out)
        found = tuple(
            _pull(
                row,
                checks.value.get(row.head.sha) if row.state == "open" else None,
                forced.get(row.number),
            )
            for row in (*rows, *elsewhere)
        )
        source = record.html_url if record else f"{self._web}/{repository.name}/issues"
        return Answer(PickReading(tracker, found), source, sentence(missing))

    def pull_checks(
        self, repository: Repository, heads: Sequence[str]
    ) -> Answer[dict[str, PullChecks]]:
        """What workflows and required checks say of heads of pull requests, by SHA.

        Heads of which that could not be read are left out.
        """
        listings = self._transport.read_lists(
            [
                path_of(repository, "actions/runs", head_sha=head, event="pull_request")
                for head in heads
            ],
            RUNS,
        )
        found = {
            head: _checks_of(listing.rows)
            for head, listing in zip(heads, listings, strict=True)
            if not listing.missing
        }
        missing = [listing.missing for listing in listings]
        if repository.required_checks:
            read = partial(read_foreign_checks, self._transport, self._web, repository)
            answers = gather([partial(read, head) for head in found], threads=4)
            for head, answer in zip(tuple(found), answers, strict=True):
                held = hold_against(answer.value.found, repository.required_checks)
                found[head] = _joined(found[head], held)
            missing += [answer.missing for answer in answers]
        return Answer(found, f"{self._web}/{repository.name}/actions", sentence(missing))

    def open_pulls(self, repository: Repository, base: str) -> Answer[tuple[PullSummary, ...]]:
        """The pull requests into a branch that are open, oldest first."""
        pulls = self._transport.read_list(path_of(repository, "pulls", base=base), PULLS)
        found = sorted((row for row in pulls.rows if row.base.ref == base), key=lambda r: r.number)
        source = f"{self._web}/{repository.name}/pulls"
        return Answer(tuple(_pull(row) for row in found), source, pulls.missing)

    def _tracker(
        self, repository: Repository, issue: IssueRecord, team: Team
    ) -> tuple[Tracker, str]:
        listing = self._transport.read_list(
            path_of(repository, f"issues/{issue.number}/comments"), COMMENTS, issue.comments
        )
        comments = [read_comment(record) for record in listing.rows]
        nominations = (read_nominations(comment, repository.name) for comment in comments)
        tracker = Tracker(
            number=issue.number,
            title=clean(issue.title),
            url=issue.html_url,
            nominations=tuple(one for found in nominations for one in found),
            answers=read_answers(comments, repository.name, team.with_duty(Duty.APPROVER)),
        )
        return tracker, listing.missing

    def _elsewhere(
        self, repository: Repository, tracker: Tracker | None, rows: Sequence[PullRecord]
    ) -> tuple[list[PullRecord], str]:
        """The newest nominated pull requests that are not among those into the branch."""
        listed = {row.number for row in rows}
        named = (nomination.release_pull for nomination in (tracker.nominations if tracker else ()))
        absent = sorted({number for number in named if number and number not in listed})
        asked = absent[-_SINGLY:]
        found = gather(
            [partial(read_pull, self._transport, repository, number) for number in asked], threads=4
        )
        left_out = absent[:-_SINGLY]
        missing = f"{len(left_out)} nominated pull requests were not looked at" if left_out else ""
        return [row for row in found if row is not None], missing

    def _forced(
        self, repository: Repository, pulls: Sequence[PullRecord]
    ) -> tuple[dict[int, datetime], str]:
        """When the branches of pull requests were last pushed by force, where they were."""
        listings = self._transport.read_lists(
            [path_of(repository, f"issues/{pull.number}/events") for pull in pulls], EVENTS
        )
        moments = {
            pull.number: [e.created_at for e in listing.rows if e.event == _FORCED and e.created_at]
            for pull, listing in zip(pulls, listings, strict=True)
        }
        found = {number: max(times) for number, times in moments.items() if times}
        return found, sentence(listing.missing for listing in listings)


def read_pull(transport: Transport, repository: Repository, number: int) -> PullRecord | None:
    """A pull request; None where there is none of this number."""
    try:
        return transport.read(pull_path(repository, number), PULL.decode)
    except NotFound:
        return None


def read_comment(record: CommentRecord) -> Comment:
    edited = record.updated_at
    return Comment(
        id=record.id,
        author=clean(record.user.login) if record.user else "",
        body=clean_lines(record.body or ""),
        posted_at=record.created_at,
        edited_at=edited if edited and edited > record.created_at else None,
        url=record.html_url,
    )


def _checks_of(runs: Sequence[RunRecord]) -> PullChecks:
    newest = {workflow_of(run): run for run in sorted(runs, key=lambda run: run.id)}
    states = {name: state_of(run.status, run.conclusion) for name, run in newest.items()}
    ran = [state for state in states.values() if state is not JobState.SKIPPED]
    return PullChecks(
        state=worst(ran),
        passed=sum(state is JobState.PASSED for state in ran),
        failed=tuple(name for name, state in states.items() if state is JobState.FAILED),
        unfinished=sum(not state.finished for state in ran),
    )


def _joined(checks: PullChecks, held: RequiredChecks) -> PullChecks:
    """What workflows and required checks come to together; silence is no success."""
    others = [check.state for check in (*held.passed, *held.red, *held.unsettled)]
    others += [JobState.UNKNOWN] * len(held.silent)
    return PullChecks(
        state=worst([checks.state, *others]),
        passed=checks.passed + len(held.passed),
        failed=(*checks.failed, *(check.name for check in held.red)),
        unfinished=checks.unfinished + len(held.unsettled),
    )


def _tracker_among(issues: Sequence[IssueRecord], version: Version) -> IssueRecord | None:
    """The tracker of a version: an open one before closed ones, the newest among equals."""
    found = [
        issue for issue in issues if not issue.is_pull and tracker_version(issue.title) == version
    ]
    return max(found, key=lambda i: (i.state == "open", i.created_at, i.number), default=None)


def _pull(
    row: PullRecord, checks: PullChecks | None = None, forced_at: datetime | None = None
) -> PullSummary:
    return PullSummary(
        number=row.number,
        title=clean(row.title),
        author=row.user.login if row.user else "",
        state=row.state,
        merged_sha=row.merge_commit_sha if row.merged_at else None,
        head_sha=row.head.sha,
        head_ref=clean(row.head.ref),
        url=row.html_url,
        updated_at=row.updated_at,
        base=clean(row.base.ref),
        draft=row.draft,
        checks=checks,
        forced_at=forced_at,
        opened_at=row.created_at,
        merged_at=row.merged_at,
    )
