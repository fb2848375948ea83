"""Waiting for GitHub to show what it was asked to do: absence just after a write is no answer."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import TypeVar

from cockpit.errors import AccessDenied, CockpitError, Throttled, Unreachable
from cockpit.operations.plan import Progress

T = TypeVar("T")
WAITING = Progress(note="waiting for GitHub")
LISTED_WITHIN_S = (0.0, 0.5, 1.0, 2.0, 4.0)
"""How long GitHub may take to list what it has just made or changed."""


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


def listed(look: Callable[[], T | None], cancel: threading.Event | None = None) -> T | None:
    """Look until GitHub lists what it has just made or changed, for a few seconds."""
    return awaited(look, LISTED_WITHIN_S, cancel or threading.Event())


def asked_once(
    ask: Callable[[], object],
    look: Callable[[], T | None],
    report: Callable[[Progress], None],
    cancel: threading.Event,
) -> None:
    """Ask GitHub once; when its answer is lost, looking tells whether it did what was asked.

    Raises what asking raised when it was refused, or nothing is found. What GitHub answered with
    an error is looked for once: somebody else may have done it meanwhile.
    """
    report(Progress(note="asking GitHub"))
    try:
        ask()
    except (AccessDenied, Throttled):
        raise
    except CockpitError as err:
        report(WAITING)
        pauses_s = LISTED_WITHIN_S if isinstance(err, Unreachable) else LISTED_WITHIN_S[:1]
        if awaited(look, pauses_s, cancel) is None:
            raise
