"""The release's time."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the release's time, which a rehearsal lets run fast."""

    def now(self) -> datetime:
        """The time in UTC."""
        ...
