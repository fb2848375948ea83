"""Tells a person's keys from a paste or a script that landed in the wrong window."""

from __future__ import annotations

from collections import deque
from typing import Generic, TypeVar

WINDOW_S = 0.05
"""Keys that are closer together than this were not typed by hand."""
MOST = 5
"""Printable keys in one window that a person can produce."""
QUIET_S = 0.3
"""How long it must be quiet after a burst."""

T = TypeVar("T")


class BurstGuard(Generic[T]):
    """Holds keys for a moment and drops them all when too many come at once.

    Times are those at which the keys were read, in seconds of any steady clock.
    """

    def __init__(self) -> None:
        self._recent: deque[float] = deque(maxlen=MOST + 1)
        self._held: list[T] = []
        self._quiet_until = float("-inf")

    @property
    def holding(self) -> bool:
        """Whether keys wait for the window to pass."""
        return bool(self._held)

    def dropping(self, at: float) -> bool:
        """Whether a key at this time still belongs to a burst."""
        return at < self._quiet_until

    def count(self, at: float) -> bool:
        """Count a printable key; True when it completes a burst, and everything held is gone."""
        self._recent.append(at)
        if len(self._recent) <= MOST or self._recent[-1] - self._recent[0] > WINDOW_S:
            return False
        self._held.clear()
        self._recent.clear()
        self.prolong(at)
        return True

    def take(self, key: T, at: float, *, printable: bool) -> bool:
        """Hold a key; True when it completes a burst, and everything held is gone."""
        self._held.append(key)
        return printable and self.count(at)

    def prolong(self, at: float) -> None:
        """A burst goes on."""
        self._quiet_until = at + QUIET_S

    def release(self) -> tuple[T, ...]:
        """The keys that were held, in order."""
        held = tuple(self._held)
        self._held.clear()
        return held
