"""What screens tell the app."""

from __future__ import annotations

from textual.message import Message


class SightWanted(Message):
    """A screen came to the front and wants the newest state."""
