"""What picking a commit onto a branch would come to, before anybody picks it."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

import msgspec

NO_PARENT_NAMED = "it is a merge, and no parent to see it from was named"


class Outcome(Enum):
    """How a pick would end."""

    CLEAN = "clean"
    """`git cherry-pick` would make a commit, and its tree is known."""
    CONFLICT = "conflict"
    """`git cherry-pick` would stop and ask a person."""
    EMPTY = "empty"
    """It applies, and changes nothing; nothing on the branch is known to be this change."""
    ALREADY = "already"
    """The branch has this change, and has not undone it; see `Landing`."""
    UNKNOWN = "unknown"
    """It could not be found out; the prediction says why."""

    @property
    def stands_in_the_way(self) -> bool:
        """Whether a person has to look before the pick can go on."""
        return self in (Outcome.CONFLICT, Outcome.UNKNOWN)


class Landing(Enum):
    """How it is known that a branch has a change.

    A landing that a later commit of the branch reverts counts no more, unless that revert was
    reverted too. Queue, trailer and patch-id speak of a whole change: the pick is *already* there
    even where it would conflict now or would still change a part. They give way to one thing only:
    when the pick would apply in full, the branch has undone it in whatever way, and it is *clean*.
    History and pull number say less, so for them the pick must also come to nothing new.
    """

    QUEUE = "queue"
    """It is in the queue a second time."""

    HISTORY = "history"
    """The commit itself is part of the branch."""
    TRAILER = "trailer"
    """A commit of the branch says `(cherry picked from commit …)`."""
    PATCH_ID = "patch-id"
    """A commit of the branch makes the same change, as `git patch-id` has it."""
    PULL = "pr"
    """A commit of the branch names the same pull request."""

    @property
    def speaks_of_all(self) -> bool:
        """Whether it tells of the whole change."""
        return self in (Landing.QUEUE, Landing.TRAILER, Landing.PATCH_ID)


class Landed(msgspec.Struct, frozen=True):
    """The commit of a branch that is a change from elsewhere."""

    commit: str
    by: Landing


class Origin(Enum):
    """Whose change it is that would land."""

    COMMIT = "trunk commit"
    PULL = "pull request"


class PickOf(msgspec.Struct, frozen=True):
    """What is to be picked: a commit, or all that a pull request brings, squashed."""

    commit: str
    """Of a pull request its head."""
    mainline: int | None = None
    """For a merge the number of the parent it is seen from."""
    since: str | None = None
    """Of a pull request where it left the branch, so that what it brings begins there."""

    @property
    def origin(self) -> Origin:
        """Whose change it is."""
        return Origin.PULL if self.since else Origin.COMMIT


class Region(msgspec.Struct, frozen=True):
    """One conflicting region, with git's marks around both sides."""

    line: int
    """Where it begins in the file that git would leave, from 1."""
    text: str
    cut: int = 0
    """Lines of it that are left out at the end."""


class FileConflict(msgspec.Struct, frozen=True):
    """One file that `git cherry-pick` would leave to a person."""

    path: str
    kinds: tuple[str, ...]
    """git's own words: `contents`, `modify/delete`, `rename/delete`, `binary` …"""
    said: tuple[str, ...] = ()
    """git's sentences about it."""
    regions: tuple[Region, ...] = ()
    more_regions: int = 0
    """How many regions there are beyond those."""


class Evidence(Enum):
    """What ties a missing commit to a conflict."""

    LINES = "lines"
    """It changed the lines that collide."""
    FILES = "files"
    """It changed a file in conflict; which lines collide cannot be told."""


class Cause(msgspec.Struct, frozen=True):
    """A commit that the branch lacks, and without which the pick collides."""

    commit: str
    title: str
    evidence: Evidence
    paths: tuple[str, ...]
    """The files in conflict that it changed."""


class Prediction(msgspec.Struct, frozen=True):
    """What one pick would come to."""

    commit: str
    title: str
    outcome: Outcome
    tree: str | None = None
    """The branch's tree afterwards; None for a conflict, which leaves none that could land."""
    conflicts: tuple[FileConflict, ...] = ()
    caused_by: tuple[Cause, ...] = ()
    """Oldest first: in this order they would have to land before the pick."""
    landed: Landed | None = None
    """Where the branch has, or once had, this change."""
    why: str = ""
    """What is unknown and why; a known outcome may still have unknown causes."""
    of: Origin = Origin.COMMIT
    since: str | None = None
    """Of a pull request where it left the branch."""

    @property
    def pick(self) -> PickOf:
        """What was predicted."""
        return PickOf(self.commit, since=self.since)

    @property
    def files(self) -> tuple[str, ...]:
        """The files in conflict."""
        return tuple(conflict.path for conflict in self.conflicts)

    @property
    def wants_parent(self) -> bool:
        """Whether it is a merge, of which somebody has to say from which parent it is seen."""
        return self.outcome is Outcome.UNKNOWN and self.why == NO_PARENT_NAMED

    @property
    def lands(self) -> bool:
        """Whether it would add a commit to the branch."""
        return self.outcome is Outcome.CLEAN


def obstacle(pick: PickOf, parents: Sequence[str]) -> str:
    """Why git would refuse to pick a commit, whatever the branch; empty when it would not.

    The rules are those of `git cherry-pick`: a merge needs `-m`, any other commit takes `-m 1`
    as well, and a root commit takes every number, since it has no parent to choose. A pull request
    is seen from where it left the branch.
    """
    if not parents or pick.since:
        return ""
    if pick.mainline is None:
        return NO_PARENT_NAMED if parents[1:] else ""
    if not 1 <= pick.mainline <= len(parents):
        return f"it has no parent {pick.mainline}"
    return ""


def base_of(pick: PickOf, parents: Sequence[str]) -> str | None:
    """What the change is seen from, a parent; None for a root commit, which adds everything."""
    if pick.since:
        return pick.since
    return parents[(pick.mainline or 1) - 1] if parents else None


def outcome_of(*, changes: bool | None, in_full: bool, landed: Landed | None) -> Outcome:
    """The outcome by what the merge came to and what is known of the branch.

    `changes` is None for a conflict; `in_full` says that the merge brings the whole change.
    """
    if landed is not None and (changes is False or (landed.by.speaks_of_all and not in_full)):
        return Outcome.ALREADY
    if changes is None:
        return Outcome.CONFLICT
    return Outcome.CLEAN if changes else Outcome.EMPTY
