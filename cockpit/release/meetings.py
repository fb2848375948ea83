"""The sync meetings of the workstreams, from the cut to release week; process section 19.7."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from enum import Enum

import msgspec

from cockpit.release.schedule import Schedule


class Weekday(Enum):
    """A day of the week."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"

    @property
    def number(self) -> int:
        """0 is Monday."""
        return list(Weekday).index(self)


class Meetings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[meetings]`: when the workstreams meet every week."""

    weekday: Weekday = Weekday.TUESDAY
    time: str = "16:00"
    """In UTC."""

    @property
    def at(self) -> dt.time:
        """The time of day; raises ValueError for what is none."""
        return dt.time.fromisoformat(self.time)


def meetings(rules: Meetings, schedule: Schedule) -> Iterator[datetime]:
    """Every meeting from the day after the cut to release day; none while either is not dated."""
    first, last = schedule.branch_cut, schedule.release_day
    if first is None or last is None:
        return
    day = first + timedelta(days=1)
    while day <= last:
        if day.weekday() == rules.weekday.number:
            yield datetime.combine(day, rules.at, UTC)
        day += timedelta(days=1)


def next_meeting(rules: Meetings, schedule: Schedule, now: datetime) -> datetime | None:
    """The meeting that is on today, or comes next; None after the last."""
    return next((at for at in meetings(rules, schedule) if at.date() >= now.date()), None)
