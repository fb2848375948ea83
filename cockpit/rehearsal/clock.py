"""The world's clock: real time, or time that runs faster."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta


class WorldClock:
    """Tells the world's time; it starts at `epoch` and runs `speed` times as fast as ours."""

    def __init__(self, epoch: datetime, speed: float = 1.0) -> None:
        if speed <= 0:
            raise ValueError("the clock's speed must be positive")
        self.epoch = epoch
        self.speed = speed
        self._started = time.monotonic()
        self._skipped = timedelta()
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """The world's time in UTC."""
        elapsed = timedelta(seconds=(time.monotonic() - self._started) * self.speed)
        with self._lock:
            return (self.epoch + elapsed + self._skipped).astimezone(UTC)

    def advance(self, by: timedelta) -> datetime:
        """Move the clock forward at once; tests use this instead of waiting."""
        if by < timedelta():
            raise ValueError("the clock does not run backwards")
        with self._lock:
            self._skipped += by
        return self.now()
