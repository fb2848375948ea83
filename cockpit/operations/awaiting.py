"""Waiting for GitHub to show what it was asked to do: absence just after a write is no answer."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import TypeVar

from cockpit.operations.plan import Progress

T = TypeVar("T")
WAITING = Progress(note="waiting for GitHub")


def awaited(
    look: Callable[[], T | None], pauses_s: Iterable[float], cancel: threading.Event
) -> T | None:
    """Look after each pause until there is something; None when there was nothing to the end."""
    for pause in pauses_s:
        if cancel.wait(pause):
            return None
        found = look()
        if found is not None:
            return found
    return None
