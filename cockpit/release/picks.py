"""The cherry-pick queue: one row for each change on its way to a release line."""

from __future__ import annotations

import re
from datetime import datetime
from enum import Enum

import msgspec

from cockpit.release.criteria import Criterion, Rule
from cockpit.release.jobs import JobState
from cockpit.release.nominations import Answer, Nomination
from cockpit.release.prediction import Outcome, Prediction
from cockpit.release.trunk import Finding, TrunkChange


class PickState(Enum):
    """Where a pick stands; process section 12.15."""

    FOUND = "found"
    """The cockpit found it; nobody has nominated it."""
    NOMINATED = "nominated"
    UNDER_REVIEW = "under review"
    """The team has said something, and no verdict yet."""
    NEEDS_INFO = "needs info"
    APPROVED = "approved"
    READY = "approved and green"
    DENIED = "denied"
    MERGED = "merged"
    IN_CANDIDATE = "in candidate"
    REVERTED = "reverted on the branch"
    SUPERSEDED = "superseded"

    @property
    def decided(self) -> bool:
        """Whether the release team has answered."""
        return self not in _UNDECIDED


_UNDECIDED = frozenset(
    {PickState.FOUND, PickState.NOMINATED, PickState.UNDER_REVIEW, PickState.NEEDS_INFO}
)


class PullChecks(msgspec.Struct, frozen=True):
    """What CI says of the head of a pull request."""

    state: JobState
    """The worst of its workflows; UNKNOWN where none has run."""
    passed: int = 0
    failed: tuple[str, ...] = ()
    """Names of the workflows that failed."""
    unfinished: int = 0


class PullSummary(msgspec.Struct, frozen=True):
    """A pull request into the release branch."""

    number: int
    title: str
    author: str
    state: str
    """`open` or `closed`."""
    merged_sha: str | None
    head_sha: str
    head_ref: str
    url: str
    updated_at: datetime
    base: str = ""
    """The branch that it targets; empty where that was not read."""
    draft: bool = False
    checks: PullChecks | None = None
    """None where it was not asked for."""
    forced_at: datetime | None = None
    """When its branch was last pushed by force; None where it never was, or was not asked."""
    opened_at: datetime | None = None
    merged_at: datetime | None = None

    def is_open_into(self, branch: str) -> bool:
        """Whether its squash is what would land on the branch."""
        return self.state == "open" and self.base in ("", branch)

    @property
    def picked_pull(self) -> int | None:
        """The trunk pull request that the name of its branch says it picks; section 12.6."""
        found = _PICK_BRANCH.match(self.head_ref)
        return int(found["pull"]) if found else None

    @property
    def picks_revert(self) -> bool:
        """Whether it picks what reverted that trunk pull request, by the name of its branch."""
        found = _PICK_BRANCH.match(self.head_ref)
        return bool(found and found["revert"])


_PICK_BRANCH = re.compile(r"cherry-pick-(?P<revert>revert-)?(?P<pull>\d+)-")
AUTOMATED = "automated/"
"""Branches of release-only changes, which are no picks; section 24."""


class Tracker(msgspec.Struct, frozen=True):
    """The tracker issue of exactly this version, read whole."""

    number: int
    title: str
    url: str
    nominations: tuple[Nomination, ...] = ()
    answers: tuple[Answer, ...] = ()


class PickReading(msgspec.Struct, frozen=True):
    """Everything GitHub says about the picks of one release branch."""

    tracker: Tracker | None = None
    pulls: tuple[PullSummary, ...] = ()


class Pick(msgspec.Struct, frozen=True):
    """One row of the queue: a change on its way to this release line, with its whole life."""

    key: str
    """Stable over refreshes: the release pull request, else the trunk one, else the commit."""
    trunk_pulls: tuple[int, ...]
    release_pull: int | None
    title: str
    author: str
    """Who nominated it, else who opened the pull request."""
    category: str
    state: PickState
    nominated: bool
    candidate: str | None
    """The tag of the first candidate that contains it."""
    url: str
    criterion: Criterion = Criterion.UNKNOWN
    rule: Rule = Rule.UNKNOWN
    issue: str = ""
    """The linked issue, `owner/name#n`."""
    posted_at: datetime | None = None
    nomination_url: str = ""
    """The comment that nominates it."""
    edited_at: datetime | None = None
    """When that comment was changed; None where it still says what it said at first."""
    late: bool = False
    """Whether it was nominated after picks closed."""
    landed: tuple[TrunkChange, ...] = ()
    """What of it is on trunk; empty while that is not known."""
    answers: tuple[Answer, ...] = ()
    """The words that count about it, oldest first."""
    pull: PullSummary | None = None
    predictions: tuple[Prediction, ...] = ()
    """One for each commit of trunk, in the order in which they landed."""
    proposed: Prediction | None = None
    """Of its open pull request into the branch, squashed; None without one whose head is known."""
    merged_sha: str | None = None
    undone_by: str = ""
    """The commit of the branch that took it back."""
    still_there: bool | None = None
    """Whether the branch has it now; None before it was merged, and where git was not asked."""
    finding: Finding | None = None
    problems: tuple[str, ...] = ()
    """What is not as it should be, in words."""

    @property
    def trunk_pull(self) -> int | None:
        """The trunk pull request that is named first."""
        return self.trunk_pulls[0] if self.trunk_pulls else None

    @property
    def forecast(self) -> tuple[Prediction, ...]:
        """What would land comes to: of its pull request, else of the commits of trunk."""
        return (self.proposed,) if self.proposed else self.predictions

    @property
    def collides(self) -> bool:
        """Whether its open pull request cannot be merged as it is."""
        return self.proposed is not None and self.proposed.outcome is Outcome.CONFLICT

    @property
    def reverted_on_trunk(self) -> tuple[TrunkChange, ...]:
        """What of it trunk has taken back since."""
        return tuple(change for change in self.landed if change.undone_by)

    @property
    def commits(self) -> tuple[str, ...]:
        """The commits of trunk to pick, in the order in which they landed."""
        return tuple(change.sha for change in sorted(self.landed, key=lambda c: c.at))
