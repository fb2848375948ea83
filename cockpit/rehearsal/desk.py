"""Puts issues, comments and labels on the loopback GitHub."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from cockpit.rehearsal.model import Comment, Forge, Issue, Label, Milestone, Pull, Repository

_COLORS = {
    "release tracker": "b60205",
    "high priority": "d93f0b",
    "triaged": "0e8a16",
    "Merged": "8259dd",
    "Reverted": "bfd4f2",
    "unstable": "fbca04",
}


@dataclass(frozen=True, slots=True)
class Desk:
    """Where the records of one repository are filed."""

    forge: Forge
    repository: Repository

    def issue(
        self,
        number: int,
        title: str,
        body: str,
        *,
        user: str,
        at: datetime,
        labels: Iterable[str] = (),
        milestone: int | None = None,
        assignees: Iterable[str] = (),
    ) -> Issue:
        """File an open issue."""
        at = at.replace(microsecond=0)
        if number in self.repository.issues:
            raise ValueError(f"#{number} has been given out already")
        issue = Issue(
            id=self.forge.next_id(),
            number=number,
            title=title,
            body=body,
            user=user,
            created_at=at,
            updated_at=at,
            labels=list(labels),
            assignees=list(assignees),
            milestone=milestone,
        )
        for name in issue.labels:
            self.label(name)
        self.repository.issues[number] = issue
        return issue

    def label(self, name: str) -> None:
        """Make a label known, unless it is."""
        if name not in self.repository.labels:
            color = _COLORS.get(name, "ededed")
            self.repository.labels[name] = Label(self.forge.next_id(), name, color)

    def milestone(self, number: int, title: str, *, at: datetime, due_on: datetime) -> Milestone:
        """Open a milestone."""
        milestone = Milestone(self.forge.next_id(), number, title, due_on=due_on, created_at=at)
        self.repository.milestones[number] = milestone
        return milestone

    def comment(self, issue: Issue, user: str, body: str, at: datetime) -> Comment:
        """Comment on an issue or a pull request."""
        at = at.replace(microsecond=0)
        comment = Comment(self.forge.next_id(), user, body, created_at=at, updated_at=at)
        issue.comments.append(comment)
        issue.updated_at = max(issue.updated_at, at)
        return comment


def close(
    issue: Issue, at: datetime, reason: Literal["completed", "not_planned"] | None = "completed"
) -> None:
    """Close an issue; a pull request is closed without a reason."""
    at = at.replace(microsecond=0)
    issue.state = "closed"
    issue.state_reason = None if issue.pull else reason
    issue.closed_at = at
    issue.updated_at = max(issue.updated_at, at)


def merge(issue: Issue, pull: Pull, sha: str, *, by: str, at: datetime) -> None:
    """Mark a pull request merged as this commit."""
    issue.pull = pull
    pull.merged_at, pull.merge_commit_sha, pull.merged_by = at, sha, by
    close(issue, at)
