"""Results kept while what they were made from stays the same object.

A reading is one object until the next look replaces it, so that whatever follows from it alone is
made once a look rather than once a second.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

_KEPT = 6
"""Results of one function that are kept, since a few candidates are looked at in turn."""
_BY_VALUE = (str, int, frozenset, datetime)
"""Small values, which are compared as such; anything else is compared by identity."""


def remembered(function: Callable[P, R]) -> Callable[P, R]:
    """Remember the newest results of a pure function of readings or states.

    It is called with positional arguments only.
    """

    def parts(*args: P.args, **_: P.kwargs) -> tuple[object, ...]:
        return args

    return remembered_by(parts)(function)


def remembered_by(
    parts: Callable[P, tuple[object, ...]],
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Remember the newest results while certain `parts` of what they are made from stay the same.

    For a state, which is another object every second: the parts are all that the result rests on.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        kept: list[tuple[tuple[object, ...], R]] = []

        @wraps(function)
        def recalled(*args: P.args, **kwargs: P.kwargs) -> R:
            asked = parts(*args, **kwargs)
            # Threads may ask at the same time: the list is read as it is at one moment.
            for known, result in tuple(kept):
                if len(known) == len(asked) and all(map(_same, known, asked)):
                    return result
            made = function(*args, **kwargs)
            kept.insert(0, (asked, made))
            del kept[_KEPT:]
            return made

        return recalled

    return decorate


def _same(known: object, given: object) -> bool:
    return known is given or (isinstance(known, _BY_VALUE) and known == given)
