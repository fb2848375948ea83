"""The views' spans and marks as text a terminal shows: toned, never parsed as markup."""

from __future__ import annotations

from collections.abc import Iterable

from rich.text import Text
from textual.content import Content
from textual.widget import Widget

from cockpit.views import marks
from cockpit.views.marks import Mark
from cockpit.views.table import Cell, Line, Span
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


def text_of(widget: Widget, cell: Cell, width: int, *, right: bool = False) -> Text:
    """A table's cell: mark and text on one line, cut where it is wider than this."""
    theme, poor = widget.app.theme, plain_ascii(widget)
    text = Text(no_wrap=True, overflow="ellipsis", justify="right" if right else "left", end="")
    if cell.mark is not None:
        style = tone_style(theme, cell.mark.tone).rich_style
        text.append(cell.mark.drawn(plain_ascii=poor), style)
        if cell.spans:
            text.append(" ")
    for span in cell.spans:
        text.append(shown(widget, span.text), tone_style(theme, span.tone).rich_style)
    if poor and text.cell_len > width:
        text.truncate(width - 1, overflow="crop")
        text.append("~")
    return text
