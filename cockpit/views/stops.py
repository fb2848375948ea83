"""Going from stop to stop: failing lines of a log, or jobs that need somebody."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence


def stop_beside(stops: Sequence[int], here: int | None, step: int) -> int:
    """The stop after a place, or before it where `step` is negative, around the circle.

    `stops` are positions in ascending order, at least one; without a place it is the first or last.
    """
    if here is None:
        return stops[0 if step > 0 else -1]
    at = bisect_right(stops, here) if step > 0 else bisect_left(stops, here) - 1
    return stops[at % len(stops)]
