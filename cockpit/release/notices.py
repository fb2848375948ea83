"""Which changes somebody is disturbed for, and how many at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import Enum

import msgspec

from cockpit.release.build_changes import NOTABLE, Change, ChangeKind
from cockpit.release.words import counted


class Desktop(Enum):
    """How a desktop notification is asked for."""

    AUTO = "auto"
    """As the terminal is known to understand it; not at all where that is not known."""
    OSC_9 = "osc9"
    OSC_777 = "osc777"
    OFF = "off"


class Notice(msgspec.Struct, frozen=True):
    """One message for somebody who is not looking."""

    text: str
    bad: bool = False
    """Whether something is wrong."""


class Quiet(msgspec.Struct, frozen=True):
    """What was told lately, and what waits to be told."""

    told: tuple[datetime, ...] = ()
    held: tuple[Change, ...] = ()


class Threshold(msgspec.Struct, frozen=True):
    """How many notices are bearable in how long; beyond it they are summed up in one."""

    notices: int
    window: timedelta


_URGENT = frozenset(
    {ChangeKind.TAG_MOVED, ChangeKind.SUPERSEDED, ChangeKind.ENDED, ChangeKind.ALL_GREEN}
)
"""Rare, and never late: told at once, whatever else was told."""
_BAD = frozenset(
    {ChangeKind.JOB_FAILED, ChangeKind.TAG_MOVED, ChangeKind.ENDED, ChangeKind.JOBS_GONE}
)
_WORDS = {
    ChangeKind.JOB_FAILED: ("job failed", "jobs failed"),
    ChangeKind.RUN_ENDED: ("workflow ended", "workflows ended"),
    ChangeKind.JOBS_GONE: ("run is gone", "runs are gone"),
}


def tell(
    quiet: Quiet, changes: Sequence[Change], now: datetime, threshold: Threshold
) -> tuple[Quiet, tuple[Notice, ...]]:
    """What to tell of these changes now, and what is kept for later.

    Few changes are told one by one. More than the threshold within its window are summed up: at
    once when nothing was told within the window, else when it has passed. The fate of the whole
    candidate is told at once.
    """
    urgent = tuple(_notice(change) for change in changes if change.kind in _URGENT)
    common = NOTABLE - _URGENT
    held = (*quiet.held, *(change for change in changes if change.kind in common))
    told = tuple(moment for moment in quiet.told if now - moment < threshold.window)
    if not held:
        return Quiet(told), urgent
    if len(told) + len(held) <= threshold.notices:
        notices = tuple(_notice(change) for change in held)
    elif told:
        return Quiet(told, held), urgent
    else:
        notices = (summed_up(held),)
    return Quiet((*told, *(now for _ in notices))), (*urgent, *notices)


def summed_up(changes: Sequence[Change]) -> Notice:
    """Many changes in one line; what there is one of is named."""
    counts = Counter(change.kind for change in changes)
    parts: list[str] = []
    for kind in ChangeKind:
        if counts[kind] > 1 and kind in _WORDS:
            parts.append(counted(counts[kind], *_WORDS[kind]))
        else:
            parts += [change.text for change in changes if change.kind is kind]
    return Notice(" · ".join(parts), any(_is_bad(change) for change in changes))


def _notice(change: Change) -> Notice:
    return Notice(change.text, _is_bad(change))


def _is_bad(change: Change) -> bool:
    return change.kind in _BAD
