"""The command log: every git, gh and aws line the cockpit ran, as a person could run it."""

from __future__ import annotations

import threading
from collections import deque
from datetime import UTC, datetime

import msgspec

KEPT = 2000
"""Lines kept; older ones are in the log file."""


class LoggedCommand(msgspec.Struct, frozen=True):
    """One command and when it was run."""

    at: datetime
    text: str


class CommandLog:
    """Filled from any thread; secrets are masked where the line is made."""

    def __init__(self) -> None:
        self._lines: deque[LoggedCommand] = deque(maxlen=KEPT)
        self._lock = threading.Lock()

    def add(self, text: str) -> None:
        """Keep a line."""
        with self._lock:
            self._lines.append(LoggedCommand(datetime.now(UTC), text))

    @property
    def lines(self) -> tuple[LoggedCommand, ...]:
        """The newest lines, oldest first."""
        with self._lock:
            return tuple(self._lines)
