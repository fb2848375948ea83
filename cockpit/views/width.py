"""How many cells a text takes, and how it is shortened to fit."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from cockpit.views.table import Span


def cell_width(text: str) -> int:
    """Cells of a terminal that a text takes."""
    return len(text) if text.isascii() else sum(map(_character_width, text))


@lru_cache(maxsize=4096)
def _character_width(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Cf", "Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def clip(text: str, width: int, *, ellipsis: str = "…") -> str:
    """A text that takes at most `width` cells, ending in an ellipsis where it was cut."""
    if cell_width(text) <= width:
        return text
    room = width - cell_width(ellipsis)
    if room < 0:
        return ""
    return _prefix(text, room) + ellipsis


def _prefix(text: str, room: int) -> str:
    taken = 0
    for position, character in enumerate(text):
        taken += _character_width(character)
        if taken > room:
            return text[:position]
    return text


def clip_spans(spans: tuple[Span, ...], width: int, *, ellipsis: str = "…") -> tuple[Span, ...]:
    """Spans that together take at most `width` cells."""
    if sum(cell_width(span.text) for span in spans) <= width:
        return spans
    kept: list[Span] = []
    room = width - cell_width(ellipsis)
    if room < 0:
        return ()
    for span in spans:
        if cell_width(span.text) > room:
            kept.append(Span(_prefix(span.text, room) + ellipsis, span.tone))
            break
        kept.append(span)
        room -= cell_width(span.text)
    return tuple(kept)


def pad(text: str, width: int, *, right: bool = False) -> str:
    """A text filled up to `width` cells; to the left of it when it stands right."""
    gap = " " * max(width - cell_width(text), 0)
    return gap + text if right else text + gap
