"""The world's clock: real time, or time that runs faster."""

from __future__ import annotations

import math
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
        self._since = time.monotonic()
        self._then = epoch.astimezone(UTC)
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """The world's time in UTC."""
        with self._lock:
            return self._now()

    def run_at(self, speed: float) -> datetime:
        """Run at another speed from now on; 0 holds the clock."""
        if not 0 <= speed < math.inf:
            raise ValueError(f"the clock cannot run at {speed} times its speed")
        with self._lock:
            self._then, self._since = self._now(), time.monotonic()
            self.speed = speed
            return self._then

    def advance(self, by: timedelta) -> datetime:
        """Move the clock forward at once; tests use this instead of waiting."""
        if by < timedelta():
            raise ValueError("the clock does not run backwards")
        with self._lock:
            self._then += by
            return self._now()

    def _now(self) -> datetime:
        return self._then + timedelta(seconds=(time.monotonic() - self._since) * self.speed)
