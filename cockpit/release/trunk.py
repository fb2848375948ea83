"""What trunk and a release branch have of each other's changes."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from functools import cached_property

import msgspec

from cockpit.release.claims import plain, plain_pick, telling


class TrunkChange(msgspec.Struct, frozen=True):
    """A change that landed on trunk."""

    sha: str
    pull: int | None
    title: str
    author: str
    at: datetime
    undone_by: str = ""
    """The commit of trunk that took it back and stands; empty while trunk has it."""


class BranchChange(msgspec.Struct, frozen=True):
    """A commit of the release branch since the cut, with where it comes from."""

    commit: str
    trunk: str | None
    pull: int | None
    """The pull request by which it landed on trunk."""
    kind: str
    """`pick`, `release-only`, `revert` or `unknown`."""
    by: str | None
    """The evidence: `trailer`, `pr`, `title` or `patch-id`."""
    undone_by: str = ""
    """The commit of the branch that took it back and stands."""


class FindingKind(Enum):
    """Why somebody should look at a change."""

    MISSING_FIX = "missing fix"
    MISSING_REVERT = "missing revert"
    CARRY_FORWARD = "not carried forward"
    NEVER_LANDED = "never landed on trunk"


class Finding(msgspec.Struct, frozen=True):
    """A change that the branch may lack, or has alone."""

    kind: FindingKind
    commit: str
    """What is to be picked; for what never landed, the branch's own commit."""
    pull: int | None
    title: str
    why: str
    """In words, with the commits that prove it."""
    issue: str = ""
    """The issue of the milestone that it fixes, `owner/name#n`."""
    url: str = ""
    reverts: int | None = None
    """Of a missing revert, the pull request that it takes back."""


class TrunkReading(msgspec.Struct, frozen=True, dict=True):
    """Everything that git tells of one release branch and the trunk it was cut from."""

    branch_sha: str = ""
    trunk_sha: str = ""
    cut: str = ""
    changes: tuple[TrunkChange, ...] = ()
    """Those that were asked for, by nominations, the milestone or a finding; newest first."""
    picks: tuple[BranchChange, ...] = ()
    findings: tuple[Finding, ...] = ()
    nameless: tuple[TrunkChange, ...] = ()
    """Reverts on trunk since the cut of something that could not be found."""
    unknown: tuple[str, ...] = ()
    """In words, what git could not tell."""
    fixes_unknown: str = ""
    """Why the missing fixes are not known, or not all."""

    def found(self, kind: FindingKind) -> tuple[Finding, ...]:
        """The findings of one kind."""
        return tuple(finding for finding in self.findings if finding.kind is kind)

    @cached_property
    def by_pull(self) -> dict[int, TrunkChange]:
        """The newest landing of each trunk pull request."""
        return {c.pull: c for c in reversed(self.changes) if c.pull is not None}

    @cached_property
    def on_branch(self) -> dict[str, BranchChange]:
        """What of the branch comes from a commit of trunk, by that commit."""
        return {pick.trunk: pick for pick in self.picks if pick.trunk is not None}

    def titled(self, pick_title: str) -> list[str]:
        """The one change that a pick's title names; none where several bear it, or none."""
        wanted = plain_pick(pick_title)
        found = [c.sha for c in self.changes if plain(c.title) == wanted and not c.undone_by]
        return found if len(found) == 1 and telling(wanted) else []

    def change(self, sha: str) -> TrunkChange | None:
        """A change by its SHA, which may be abbreviated."""
        return next((c for c in self.changes if c.sha.startswith(sha)), None)
