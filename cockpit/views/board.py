"""The board lines: the first thing that is read."""

from __future__ import annotations

from cockpit.release.board import Board
from cockpit.release.board_lines import BoardLine
from cockpit.views.marks import Tone
from cockpit.views.table import Line, Span
from cockpit.views.width import cell_width, clip_spans

WIDE = 150
"""From this width on, what blocks and what is risky share a line."""


def board_lines(board: Board, width: int, key: str = "e") -> tuple[Line, ...]:
    """What blocks, what is risky, what is ready and what comes next; `key` does what comes next."""
    blocked = _part("BLOCKED", board.blocked, Tone.BAD)
    risky = _part("RISKY", board.risky, Tone.WARN)
    ready = _head("READY", len(board.ready), Tone.GOOD)
    following = _next(board, key)
    if width >= WIDE:
        half = (width - 3) // 2
        left = clip_spans(blocked, half)
        gap = Span(" " * (width - half - _width(left)))
        first = (*left, gap, *clip_spans(risky, half))
        second = (*clip_spans(following, half), *_gap(following, half, width), *ready)
        return Line(first), Line(clip_spans(second, width))
    last = (*ready, Span("   "), *following)
    return tuple(Line(clip_spans(spans, width)) for spans in (blocked, risky, last))


def _gap(spans: tuple[Span, ...], half: int, width: int) -> tuple[Span, ...]:
    return (Span(" " * (width - half - _width(clip_spans(spans, half)))),)


def _width(spans: tuple[Span, ...]) -> int:
    return sum(cell_width(span.text) for span in spans)


def _head(title: str, count: int, tone: Tone) -> tuple[Span, ...]:
    return (Span(f"{title} {count}", tone if count else Tone.DIM),)


def _part(title: str, lines: tuple[BoardLine, ...], tone: Tone) -> tuple[Span, ...]:
    texts = " · ".join(entry.text for entry in lines)
    return (*_head(title, len(lines), tone), Span(f"  {texts}" if texts else ""))


def _next(board: Board, key: str) -> tuple[Span, ...]:
    pressed = (Span(f"{key}  ", Tone.ACCENT),) if board.next.action else ()
    return (Span("NEXT  ", Tone.ACCENT), *pressed, Span(board.next.text))
