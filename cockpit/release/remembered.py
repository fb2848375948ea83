"""Results kept while what they were made from stays the same object.

A reading is one object until the next look replaces it, so that whatever follows from it alone is
made once a look rather than once a second.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

_KEPT = 6
"""Results of one function that are kept, since a few candidates are looked at in turn."""
_BY_VALUE = (str, int, frozenset)
"""Small values, which are compared as such; anything else is compared by identity."""


def remembered(function: Callable[P, R]) -> Callable[P, R]:
    """Remember the newest results of a pure function of readings or states.

    It is called with positional arguments only.
    """
    kept: list[tuple[tuple[object, ...], R]] = []

    @wraps(function)
    def recalled(*args: P.args, **kwargs: P.kwargs) -> R:
        # Threads may ask at the same time: the list is read as it is at one moment.
        for known, result in tuple(kept):
            if len(known) == len(args) and all(map(_same, known, args)):
                return result
        made = function(*args, **kwargs)
        kept.insert(0, (args, made))
        del kept[_KEPT:]
        return made

    return recalled


def _same(known: object, given: object) -> bool:
    return known is given or (isinstance(known, _BY_VALUE) and known == given)
