"""Keeps the garbage collector and the threads that work from making a person wait."""

from __future__ import annotations

import asyncio
import gc
import selectors
import sys
import time

_YOUNG, _MIDDLE, _OLD = 5_000, 1_000, 10_000
"""Allocations between two walks through what is new, and how many of one kind make the next.

Drawn lines go in circles (a line remembers itself as the whole of what it was cut into), thousands
of objects every second. A walk through that many takes the interpreter for a few milliseconds;
one through everything takes it for over a hundred, so that it is left for a rest.
"""
_LONG_REST_S = 30.0
_THOROUGH_EVERY_S = 600.0
_TAKEN_AFTER_S = 0.0005
"""After how long the loop, once it has something to do, takes the interpreter from a thread."""
_KEPT_S = 0.02
"""How long the loop then keeps it from them.

From a key to its picture it goes through ten steps. Each of them would give the interpreter away,
and get it back only after every thread that decodes or judges a reading has had a turn.
"""


class KeysFirst(selectors.DefaultSelector):
    """Waits for what the loop is to do next, and asks for more only where there is time for it."""

    _asked_at = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """What is ready; nothing, without looking, while the loop has enough to do."""
        busy = timeout is not None and timeout <= 0
        if busy and time.monotonic() - self._asked_at < _KEPT_S:
            return []
        sys.setswitchinterval(_TAKEN_AFTER_S)
        try:
            return super().select(timeout)
        finally:
            sys.setswitchinterval(_KEPT_S)
            self._asked_at = time.monotonic()


def keys_first() -> asyncio.AbstractEventLoop:
    """A loop whose steps go before the work of other threads."""
    return asyncio.SelectorEventLoop(KeysFirst())


class Rests:
    """Walks through what is new while nobody presses a key, through everything in a long rest."""

    def __init__(self) -> None:
        """Leave out what was loaded so far, which stays."""
        gc.freeze()
        gc.set_threshold(_YOUNG, _MIDDLE, _OLD)
        self._thorough_at = time.monotonic()

    def take(self, idle_s: float) -> None:
        """Use a rest; no key was pressed for so long."""
        now = time.monotonic()
        if idle_s > _LONG_REST_S and now - self._thorough_at > _THOROUGH_EVERY_S:
            self._thorough_at = now
            gc.collect()
        else:
            gc.collect(1)
