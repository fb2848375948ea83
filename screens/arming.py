"""Arming: the short time in which something irreversible may be started."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

ARMED_FOR = timedelta(minutes=10)


class Arming:
    """Off until somebody arms; it ends by itself, and when an irreversible operation starts."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        """A steady clock in seconds."""
        self._until: float | None = None

    @property
    def left(self) -> timedelta | None:
        """Time until it ends; None while disarmed."""
        if self._until is None or self._clock() >= self._until:
            return None
        return timedelta(seconds=self._until - self._clock())

    @property
    def ran_out(self) -> bool:
        """Whether the time has passed without anybody disarming."""
        return self._until is not None and self.left is None

    def arm(self) -> None:
        """Start the time."""
        self._until = self._clock() + ARMED_FOR.total_seconds()

    def disarm(self) -> None:
        """End it now."""
        self._until = None
