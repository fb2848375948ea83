"""Times, durations, deadlines and numbers as people read them."""

from __future__ import annotations

from datetime import datetime, timedelta

from cockpit.release.durations import Forecast

THIN_SPACE = "\u2009"
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"))


def ago(age: timedelta) -> str:
    """How long ago something was, in its largest unit: `12 s ago`; never in the future."""
    seconds = max(int(age.total_seconds()), 0)
    for size, unit in _UNITS:
        if seconds >= size:
            return f"{seconds // size} {unit} ago"
    return f"{seconds} s ago"


def duration(span: timedelta) -> str:
    """How long something takes, to two units: `41 s`, `12 min`, `2 h 05 min`, `3 d 4 h`."""
    seconds = max(int(span.total_seconds()), 0)
    if seconds < 60:
        return f"{seconds} s"
    minutes, hours, days = seconds // 60, seconds // 3_600, seconds // 86_400
    if not hours:
        return f"{minutes} min"
    if not days:
        return f"{hours} h {minutes % 60:02} min"
    return f"{days} d {hours % 24} h" if hours % 24 else f"{days} d"


def time_left(ahead: Forecast | None) -> str:
    """A forecast as far as it goes: `~12 min`, `over 12 min` when it is a lower bound, or empty."""
    if ahead is None or (ahead.unknown and not ahead.left):
        return ""
    return f"{'over ' if ahead.unknown else '~'}{duration(ahead.left)}"


def grouped(number: int) -> str:
    """A whole number in groups of three with thin spaces."""
    return f"{number:,}".replace(",", THIN_SPACE)


def deadline(what: str, days: int | None) -> str:
    """A date that is so many days away: `release in 12 d`; empty when it is not set."""
    if days is None:
        return ""
    if days == 0:
        return f"{what} today"
    if days == 1:
        return f"{what} tomorrow"
    return f"{what} in {days} d" if days > 0 else f"{what} was {-days} d ago"


def timestamp(moment: datetime | None) -> str:
    """A moment to the minute with its zone; a dash where there is none."""
    return f"{moment:%Y-%m-%d %H:%M %Z}" if moment else "–"
