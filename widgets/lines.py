"""Lines of the views, shown as they are."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from cockpit.views.marks import Tone
from cockpit.views.table import Line, Span
from widgets.tones import content_of_lines, plain_ascii


class LineView(Widget):
    """Some lines, each cut where it is too wide; it takes no room when there are none."""

    DEFAULT_CSS = """
    LineView { height: auto; width: 1fr; text-wrap: nowrap; text-overflow: ellipsis; }
    """

    def __init__(
        self,
        lines: Sequence[Line] = (),
        *,
        id: str | None = None,  # noqa: A002  (the framework's name)
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._lines = tuple(lines)
        self.display = bool(lines)

    @property
    def lines(self) -> tuple[Line, ...]:
        """What is shown."""
        return self._lines

    def show(self, lines: Sequence[Line]) -> None:
        """Show these lines; the same ones are not drawn again."""
        shown = self._lines
        if self._keep(lines):
            self.refresh(layout=len(shown) != len(self._lines))

    def _keep(self, lines: Sequence[Line]) -> bool:
        """Have these lines to show; whether they are others than before."""
        shown, self._lines = self._lines, tuple(lines)
        self.display = bool(self._lines)
        return shown != self._lines

    def render(self) -> Content:
        """The lines in the theme's tones."""
        return content_of_lines(self, self._lines)


class WrappedLines(LineView):
    """Lines that go on below where they are too wide, under their own beginning."""

    _known: tuple[tuple[object, ...], list[Content]] = ((), [])

    def show(self, lines: Sequence[Line]) -> None:
        """Show these lines; the screen is laid out anew only when they need another height."""
        width, height = self.content_size
        before = len(self._rows(width)) if width else -1
        if self._keep(lines):
            after = len(self._rows(width)) if width else -1
            # A style may give it more rows than it needs: they are there to be used.
            fits = before < height and after <= height
            self.refresh(layout=not width or (after != before and not fits))

    def render(self) -> Content:
        """The lines, wrapped to the width there is."""
        return Content("\n").join(self._rows(self.content_size.width))

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """The rows that the lines take at a width."""
        return len(self._rows(width))

    def _rows(self, width: int) -> list[Content]:
        """The rows at a width; those that were asked for last are kept."""
        asked = (self._lines, width, self.app.theme, plain_ascii(self))
        if asked != self._known[0]:
            rows = [row for line in self._lines for row in wrapped(self, line, width)]
            self._known = (asked, rows)
        return self._known[1]


def wrapped(widget: Widget, line: Line, width: int) -> list[Content]:
    """A line as rows of at most this width."""
    content, indent = content_of_lines(widget, [line]), hanging_indent(line)
    if content.cell_length <= width or indent >= width // 2:
        return content.wrap(max(width, 1)) or [content]
    head, rest = content[:indent], content[indent:]
    rows = rest.wrap(width - indent)
    return [row.pad_left(indent) if number else head + row for number, row in enumerate(rows)]


def clipped(widget: Widget, line: Line, width: int) -> Content:
    """A line as one row of at most this width."""
    content = content_of_lines(widget, [line])
    return content.truncate(max(width, 1), ellipsis=not plain_ascii(widget))


def hanging_indent(line: Line) -> int:
    """Where a wrapped line goes on: past its spaces, its mark, its number or its field's name."""
    text = line.text.lstrip()
    spaces = len(line.text) - len(text)
    first = line.spans[0] if line.spans else Span("")
    if text[1:2] == " " and not text[0].isalnum():
        return spaces + 2
    named = first.tone is Tone.DIM and first.text.endswith(" ") and len(line.spans) > 1
    return len(first.text) if named else spaces
