"""What stands above a pane's rows: its trouble in words, its numbers, and a picture of it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from cockpit.views.marks import NEEDS_YOU, Tone
from cockpit.views.table import Line, Span
from widgets.lines import clipped, wrapped

_MOST_TROUBLE = 3
"""Rows that trouble may take from the pane's own rows."""
_BLANK = Content("")


class HeadLines(msgspec.Struct, frozen=True):
    """The parts of a head; each may be missing."""

    trouble: str = ""
    summary: tuple[Line, ...] = ()
    picture: tuple[Line, ...] = ()
    empty: str = ""
    """What is said in place of rows."""

    def __bool__(self) -> bool:
        return bool(self.trouble or self.summary or self.picture or self.empty)


class PaneHead(Widget):
    """One widget for all of it, since every widget costs the first frame."""

    DEFAULT_CSS = """
    PaneHead { height: auto; width: 1fr; padding: 0 1; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._lines = HeadLines()

    @property
    def parts(self) -> HeadLines:
        """What is shown."""
        return self._lines

    def show(self, lines: HeadLines) -> None:
        """Show these parts; the same ones are not drawn again."""
        if lines == self._lines:
            return
        width = self.content_size.width
        before = len(self._rows(width)) if width else -1
        self._lines = lines
        # A layout that is asked for before the first one would keep the next from being made.
        if self.is_mounted:
            self.refresh(layout=not width or len(self._rows(width)) != before)

    def render(self) -> Content:
        """The parts, one below the other."""
        return Content("\n").join(self._rows(self.content_size.width))

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """The rows they take at a width."""
        return len(self._rows(width))

    def _rows(self, width: int) -> Sequence[Content]:
        lines, rows = self._lines, []
        if lines.trouble:
            trouble = Line((Span(f"{NEEDS_YOU.shape} {lines.trouble}", Tone.WARN),))
            rows += wrapped(self, trouble, width)[:_MOST_TROUBLE]
        rows += [clipped(self, line, width) for line in lines.summary]
        if lines.picture:
            rows += [_BLANK, *(clipped(self, line, width) for line in lines.picture), _BLANK]
        if lines.empty:
            rows += [_BLANK, *wrapped(self, Line((Span(lines.empty, Tone.DIM),)), width)]
        return rows
