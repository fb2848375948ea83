"""Calls of which one that fails does not hide the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TypeVar

from cockpit.errors import CockpitError
from cockpit.threads import gather

T = TypeVar("T")
_THREADS = 8


def attempt(call: Callable[[], T]) -> T | CockpitError:
    """What a call returns, or why it failed."""
    try:
        return call()
    except CockpitError as err:
        return err


def attempt_all(calls: Iterable[Callable[[], T]]) -> list[T | CockpitError]:
    """What calls return, or why they failed, in their order; several are made at once."""
    return gather([partial(attempt, call) for call in calls], threads=_THREADS)
