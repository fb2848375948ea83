"""Time filters, in the forms GitHub's API and its search take."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EVER = (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))


def moment(text: str) -> datetime | None:
    """A date or a time in ISO 8601, UTC when it names no zone; None when it is neither."""
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        return None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def within(when: datetime, limits: str) -> bool:
    """Whether a time fits `2026-10-05`, `>=2026-10-05`, `<2026-10-05`, `A..B`, `A..*` or `*..B`.

    A date stands for its whole day in UTC. Nothing fits what cannot be read.
    """
    low, dots, high = limits.partition("..")
    if dots:
        opens, closes = _span(low), _span(high)
        return opens is not None and closes is not None and opens[0] <= when < closes[1]
    sign = limits[: len(limits) - len(limits.lstrip("<>="))]
    span = _span(limits.removeprefix(sign))
    if span is None:
        return False
    fits = {
        "": span[0] <= when < span[1],
        ">": when >= span[1],
        ">=": when >= span[0],
        "<": when < span[0],
        "<=": when < span[1],
    }
    return fits.get(sign, False)


def _span(text: str) -> tuple[datetime, datetime] | None:
    if text == "*":
        return _EVER
    start = moment(text)
    if start is None:
        return None
    return start, start + (timedelta(seconds=1) if "T" in text else timedelta(days=1))
