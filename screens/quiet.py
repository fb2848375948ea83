"""Keeps the garbage collector and the threads that work from making a person wait."""

from __future__ import annotations

import gc
import sys

_YOUNG, _MIDDLE, _OLD = 2_000, 20, 100
"""Allocations between two walks through what is new, and how many of one kind make the next.

What is drawn is a hundred thousand small objects, in which hardly anything goes in circles: the
walk through all of them, a tenth of a second on a busy machine, is made a hundred times as seldom.
"""
_TURN_S = 0.0005
"""How long a thread that works may keep the interpreter from one that waits for it.

From a key to its picture the loop gives the interpreter away ten times. The usual five milliseconds
for each of them are felt while readings are decoded and judged.
"""


def spare_the_keys() -> None:
    """Leave out what was loaded so far, which stays, and walk through the rest less often."""
    sys.setswitchinterval(_TURN_S)
    gc.freeze()
    gc.set_threshold(_YOUNG, _MIDDLE, _OLD)
