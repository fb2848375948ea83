"""The views' spans and marks as text a terminal shows: toned, never parsed as markup."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.segment import Segment
from textual.content import Content
from textual.widget import Widget

from cockpit.views import marks
from cockpit.views.marks import Mark
from cockpit.views.table import Cell, Line, Span
from cockpit.views.width import cell_width, clip_spans
from themes.palettes import tone_style

ASCII_CLASS = "-ascii"
"""On the app, when the font has no other characters."""

_TYPOGRAPHY = {
    "▸": ">",
    "◌": "o",
    "●": "*",
    "…": "~",
    "–": "-",
    "—": "-",
    "−": "-",
    "·": "-",
    "“": '"',
    "”": '"',
    "‘": "'",
    "’": "'",
    "→": ">",
    "←": "<",
    "↑": "^",
    "↓": "v",
    "⏎": "Enter",
    "─": "-",
    "│": "|",
    "█": "#",
    **dict(zip("▁▂▃▄▅▆▇", ".:-=+**", strict=True)),
    "•": ".",
    "▏": "|",
    "▕": "|",
    "≥": ">=",
    "≤": "<=",
    "×": "x",
    "\u2009": " ",
    "\u202f": " ",
    "\u00a0": " ",
}
_MARKS = {mark.shape: mark.ascii for mark in vars(marks).values() if isinstance(mark, Mark)}
_ASCII = str.maketrans({**_TYPOGRAPHY, **_MARKS})


def plain_ascii(widget: Widget) -> bool:
    """Whether the app draws for a poor font."""
    return widget.app.has_class(ASCII_CLASS)


def shown(widget: Widget, text: str) -> str:
    """Our own characters as the font can show them; other people's letters stay."""
    return text.translate(_ASCII) if plain_ascii(widget) else text


def content_of(widget: Widget, spans: Iterable[Span]) -> Content:
    """Spans as content in the tones of the theme."""
    theme = widget.app.theme
    return Content.assemble(
        *((shown(widget, span.text), tone_style(theme, span.tone)) for span in spans)
    )


def content_of_lines(widget: Widget, lines: Iterable[Line]) -> Content:
    """Lines as content, one below the other."""
    return Content("\n").join(content_of(widget, line.spans) for line in lines)


def segments_of(
    widget: Widget, cell: Cell, width: int, *, right: bool = False
) -> Iterator[Segment]:
    """A table's cell, mark and text, in exactly this width: filled up, or cut and marked so."""
    theme, poor = widget.app.theme, plain_ascii(widget)
    spans = cell.spans
    if cell.mark is not None:
        mark = Span(cell.mark.drawn(plain_ascii=poor), cell.mark.tone)
        spans = (mark, Span(" "), *spans) if spans else (mark,)
    spans = clip_spans(spans, width)
    gap = width - sum(cell_width(span.text) for span in spans)
    if gap and right:
        yield Segment(" " * gap)
    for span in spans:
        yield Segment(shown(widget, span.text), tone_style(theme, span.tone).rich_style)
    if gap and not right:
        yield Segment(" " * gap)
