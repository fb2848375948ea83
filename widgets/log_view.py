"""A long text with one line marked; only the lines on screen are ever drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from cockpit.views.table import Span
from themes.palettes import tone_style
from widgets.tones import shown

_MARGIN = 3
"""What is shown above the marked line, in parts of the height: one third."""


class LogView(ScrollView, can_focus=True):
    """Lines of text, drawn by `spans`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "scroll_up", "Up", show=False),
        Binding("down,j", "scroll_down", "Down", show=False),
        Binding("left,h", "scroll_left", "Left", show=False),
        Binding("right,l", "scroll_right", "Right", show=False),
        Binding("pageup,ctrl+u", "page_up", "Page up", show=False),
        Binding("pagedown,ctrl+d,space", "page_down", "Page down", show=False),
        Binding("home,g", "scroll_home", "Top", show=False),
        Binding("end,G", "scroll_end", "Bottom", show=False),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {"log--marked"}
    DEFAULT_CSS = """
    LogView {
        height: 1fr; width: 1fr; padding: 0 1;
        scrollbar-size-vertical: 1; scrollbar-size-horizontal: 1;
    }
    """

    def __init__(self, spans: Callable[[str], tuple[Span, ...]]) -> None:
        super().__init__()
        self._spans = spans
        self._lines: Sequence[str] = ()
        self._marked: int | None = None

    @property
    def marked(self) -> int | None:
        """The line that is marked."""
        return self._marked

    @property
    def visible_lines(self) -> tuple[str, ...]:
        """The lines on screen."""
        top = self.scroll_offset.y
        return tuple(self._lines[top : top + self.size.height])

    def show(self, lines: Sequence[str]) -> None:
        """Show these lines, from the first."""
        self._lines = lines
        self._marked = None
        longest = max(map(cell_len, lines), default=0)
        self.virtual_size = Size(longest, len(lines))
        self.refresh()

    def mark(self, at: int) -> None:
        """Mark a line, and bring it into view with some of what stands before it."""
        self._marked = at
        height = self.scrollable_content_region.height
        top = self.scroll_offset.y
        if not top <= at < top + height - 1:
            self.scroll_to(y=max(at - height // _MARGIN, 0), animate=False, immediate=True)
        self.refresh()

    def go_to_end(self) -> None:
        """Show the last lines."""
        self.scroll_end(animate=False, immediate=True)

    def render_line(self, y: int) -> Strip:
        """One line of the text, from where it is scrolled to."""
        left, top = self.scroll_offset
        at, width = top + y, self.size.width
        if at >= len(self._lines):
            return Strip.blank(width, self.rich_style)
        background = self._mark_style() if at == self._marked else Style()
        segments = [
            Segment(
                shown(self, span.text),
                tone_style(self.app.theme, span.tone).rich_style + background,
            )
            for span in self._spans(self._lines[at])
        ]
        strip = Strip(segments or [Segment("")])
        return strip.crop_extend(left, left + width, background).apply_style(self.rich_style)

    def _mark_style(self) -> Style:
        if self.app.native_ansi_color or self.app.no_color:
            return Style(reverse=True)
        found = self.get_component_styles("log--marked")
        return Style.from_color(bgcolor=found.background.rich_color)
