"""What the board says, line by line."""

from __future__ import annotations

import msgspec


class BoardLine(msgspec.Struct, frozen=True):
    """One thing the captain should know."""

    text: str
    action: str | None = None
    """The action that deals with it, where the cockpit has one."""
    subject: str = ""
    """The gate, feed, pick or tag it is about."""
    url: str = ""
    source: str = ""
    then: str = ""
    """What to do about it, exactly."""
    pick: str = ""
    """The row of the queue that its action is about."""
