"""Numbers with their nouns, lists cut short, and SHAs as people write them."""

from __future__ import annotations

from collections.abc import Iterable


def counted(number: int, noun: str, plural: str = "") -> str:
    """`1 commit`, `3 commits`; `plural` where an s does not make it."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def are(number: int) -> str:
    """What so many do where one `is`."""
    return "is" if number == 1 else "are"


def have(number: int) -> str:
    """What so many do where one `has`."""
    return "has" if number == 1 else "have"


def few(texts: Iterable[str], limit: int = 3) -> str:
    """The first of some texts, and how many more there are: `a, b, c and 4 more`."""
    found = list(texts)
    more = len(found) - limit
    return ", ".join(found[:limit]) + (f" and {more} more" if more > 0 else "")


def short(sha: str) -> str:
    """A SHA as people write it."""
    return sha[:7]


def size(number: float) -> str:
    """An amount of bytes as people say it: `4.3 GB`, `527 MB`, `12 kB`."""
    for unit, bytes_ in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if number >= bytes_:
            amount = number / bytes_
            return f"{amount:.1f} {unit}" if amount < 10 else f"{amount:.0f} {unit}"
    return f"{number:.0f} bytes"
