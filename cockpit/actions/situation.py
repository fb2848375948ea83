"""What an action is taken on, and whether it can be taken there."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

import msgspec

from cockpit.release.process import Process
from cockpit.release.state import ReleaseState


class Scope(Enum):
    """Where an action is offered."""

    EVERYWHERE = "everywhere"
    DASHBOARD = "dashboard"
    BRANCHES = "branches"
    BUILDS = "builds"
    PICKS = "picks"
    CHECKLIST = "checklist"
    LEDGER = "ledger"
    PUBLISHING = "package index"
    BOARD = "board"
    PROMOTION = "promotion"
    TIMELINE = "timeline"
    BUILDS_SCREEN = "builds in full"
    BUILDS_COMPARED = "builds compared"
    JOB = "job"
    LOG = "log"
    WALK = "walk-through"
    QUEUE = "the queue in full"
    PICK = "one pick"
    DIFF = "diff"
    END_STATE = "end state of the queue"


class Selection(msgspec.Struct, frozen=True):
    """What was selected when a key was pressed: an identity, never a position."""

    pane: str
    key: str
    """Empty where nothing is selected and something is marked."""
    url: str = ""
    copy: str = ""
    repository: str = ""
    """The repository that the row belongs to, where a screen shows only one."""
    jobs: tuple[str, ...] = ()
    """The keys of all jobs of a cell or group, where what is selected is more than one."""
    marked: tuple[str, ...] = ()
    """The rows that are marked, where a screen lets some be; they count instead of this one."""


class Situation(msgspec.Struct, frozen=True):
    """What guards look at."""

    state: ReleaseState
    scopes: tuple[Scope, ...] = (Scope.EVERYWHERE,)
    selection: Selection | None = None
    armed: bool = False
    read_only: bool = False
    running: str = ""
    """The operation that is being carried out."""
    process: Process | None = None
    """What the checklist's rows are items of."""


class Enabled(msgspec.Struct, frozen=True):
    """The action can be taken."""


class Disabled(msgspec.Struct, frozen=True):
    """The action cannot be taken, and why."""

    reason: str


Availability = Enabled | Disabled
Guard = Callable[[Situation], Availability]
Capture = Callable[[Situation], dict[str, str]]


def always(_: Situation) -> Availability:
    """No condition."""
    return Enabled()


def nothing(_: Situation) -> dict[str, str]:
    """An operation that is about the whole release."""
    return {}


def selected(what: str) -> Guard:
    def guard(situation: Situation) -> Availability:
        there = situation.selection is not None and situation.selection.key
        return Enabled() if there else Disabled(f"no {what} is selected")

    return guard


def has_url(situation: Situation) -> Availability:
    if situation.selection is None:
        return Disabled("nothing is selected")
    return Enabled() if situation.selection.url else Disabled("this row has no page to open")
