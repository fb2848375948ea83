"""How often a feed looks: slower while nothing changes, and while GitHub's quota shrinks."""

from __future__ import annotations

from datetime import timedelta

from cockpit.backends.ports import ApiBudget

LONGEST_WAIT = timedelta(minutes=15)
QUIET_AFTER = 5
"""Looks that find nothing new before a feed slows down."""
_QUIET_GROWTH = 1.5
QUIET_CAP = 6.0
"""A quiet feed looks this many times as seldom, and no more seldom than that."""
_AMPLE = 0.4
"""Part of the quota from which on nothing has to be saved."""
_THRIFT_CAP = 20.0


def quiet_factor(unchanged: int) -> float:
    """How much slower to look after so many looks in a row that found nothing new."""
    return float(min(_QUIET_GROWTH ** max(unchanged - QUIET_AFTER, 0), QUIET_CAP))


def thrift_factor(budget: ApiBudget | None) -> float:
    """How much slower to look with what is left of the quota; 1 while that is not known."""
    if budget is None or budget.limit <= 0:
        return 1.0
    share = budget.remaining / budget.limit
    return max(1.0, min(_AMPLE / share, _THRIFT_CAP)) if share > 0 else _THRIFT_CAP


def slowed(interval: timedelta, factor: float) -> timedelta:
    """The interval at this factor; never longer than the longest wait, unless it is itself."""
    return min(interval * factor, max(interval, LONGEST_WAIT))
