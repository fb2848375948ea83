"""Keeps the garbage collector and the threads that work from making a person wait."""

from __future__ import annotations

import asyncio
import gc
import selectors
import sys
import time

_YOUNG, _MIDDLE, _OLD = 2_000, 20, 100
"""Allocations between two walks through what is new, and how many of one kind make the next.

What is drawn is a hundred thousand small objects, in which hardly anything goes in circles: the
walk through all of them, a tenth of a second on a busy machine, is made a hundred times as seldom.
"""
_TAKEN_AFTER_S = 0.0005
"""After how long the loop, once it has something to do, takes the interpreter from a thread."""
_KEPT_S = 0.005
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


def spare_the_keys() -> None:
    """Leave out what was loaded so far, which stays, and walk through the rest less often."""
    gc.freeze()
    gc.set_threshold(_YOUNG, _MIDDLE, _OLD)
