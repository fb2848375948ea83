"""What an action is."""

from __future__ import annotations

from enum import Enum

import msgspec

from cockpit.actions.situation import Capture, Guard, Scope, always, nothing
from cockpit.operations.plan import Danger


class Group(Enum):
    """Headings of help and palette."""

    MOVE = "Move"
    LOOK = "Look"
    ACT = "Act"
    COCKPIT = "Cockpit"


class Action(msgspec.Struct, frozen=True):
    """Something a person can do, by key, palette or command line."""

    id: str
    title: str
    """Starts with a verb."""
    tooltip: str
    keys: tuple[str, ...]
    group: Group
    danger: Danger
    scopes: tuple[Scope, ...] = (Scope.EVERYWHERE,)
    guard: Guard = always
    operation: str | None = None
    """The operation behind it; every action above `local` has one."""
    arguments: Capture = nothing
    """What the operation is called with: fixed when the key is pressed."""
    asks: tuple[str, ...] = ()
    """Parameters of the operation that a person fills in before the plan is read.

    Nobody is asked for those that are all known from what is selected.
    """
    offers: tuple[str, ...] = ()
    """Parameters that a person may fill in before the plan is read, and may leave empty."""
    footer: bool = False
    """Whether it is one of the few that the footer names."""
