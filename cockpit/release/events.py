"""What everything that the ledger records has in common."""

from __future__ import annotations

import msgspec


class Event(msgspec.Struct, frozen=True, tag_field="kind", tag=True):
    """Base of everything that can be recorded."""

    def describe(self) -> str:
        """One line for the ledger's log."""
        raise TypeError(f"{type(self).__name__} does not say what it records")
