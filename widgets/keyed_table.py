"""The table of every pane: rows are known by key, so a refresh never moves the selection."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.cache import LRUCache
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from cockpit.views.marks import Tone
from cockpit.views.table import Align, Cell, Row, Table, cell
from widgets.columns import PADDING, Fitted, fit_columns, natural_widths, row_widths
from widgets.tones import segments_of

_DRAWN_ROWS = 512
"""Rows whose drawing is kept: what is on screen, and some of what was."""
_GAP = Segment(" " * (PADDING // 2))


class KeyedTable(ScrollView, can_focus=True, inherit_bindings=False):
    """A table that is told what it shows, and draws only the lines that differ."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("home,g", "edge(-1)", "Top", show=False),
        Binding("end,G", "edge(1)", "Bottom", show=False),
        Binding("ctrl+u", "half_page(-1)", "Half a page up", show=False),
        Binding("ctrl+d", "half_page(1)", "Half a page down", show=False),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {"table--cursor", "table--hover"}
    DEFAULT_CSS = """
    KeyedTable { height: 1fr; scrollbar-gutter: auto; overflow-x: hidden; }
    """

    class Moved(Message):
        """Another row is under the cursor."""

    class Opened(Message):
        """The row under the cursor was asked to be shown."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  (the framework's name)
        super().__init__(id=id)
        self._shown = Table(())
        self._at = 0
        self._hovered: int | None = None
        self._fitted: tuple[Fitted, ...] = ()
        self._natural: dict[str, tuple[Row, tuple[int, ...]]] = {}
        """Widths that rows take when nothing is cut, kept while they stay the same."""
        self._base = Style.null()
        """The style below that of every row."""
        self._strips: LRUCache[str, tuple[Row, Strip]] = LRUCache(_DRAWN_ROWS)

    @property
    def selected(self) -> Row | None:
        """The row under the cursor."""
        rows = self._shown.rows
        return rows[self._at] if self._at < len(rows) else None

    @property
    def _key(self) -> str | None:
        return self.selected.key if self.selected else None

    @property
    def cursor_row(self) -> int:
        """Where the cursor stands, counted from the first row."""
        return self._at

    @property
    def rows_shown(self) -> tuple[Row, ...]:
        """The rows in the order in which they stand."""
        return self._shown.rows

    def show(self, table: Table) -> None:
        """Show this table; the cursor stays on its row, the scroll position where it is.

        It begins below headings, of which there is nothing to tell and on which nothing acts.
        """
        if table == self._shown:
            return
        key, seen = self._key, self._sees(self._at)
        before, self._shown = self._shown, table
        wanted = (
            at
            for at, row in enumerate(table.rows)
            if (row.key == key if before.rows else not row.heading)
        )
        self._at = next(wanted, max(min(self._at, len(table.rows) - 1), 0))
        if self.size.width:
            self._adapt(before)
            if seen:
                self._follow()
        if key != (self.selected.key if self.selected else None):
            self.post_message(self.Moved())

    def measure(self, rows: Iterable[Row]) -> None:
        """Find out how wide rows are that may be shown next; takes time, and may be in a thread."""
        before = self._natural
        self._natural = {row.key: (row, row_widths(row, *before.get(row.key, ()))) for row in rows}

    def select(self, key: str) -> bool:
        """Put the cursor on a row; whether there is one of that key."""
        index = next((i for i, row in enumerate(self._shown.rows) if row.key == key), None)
        if index is not None:
            self.move_cursor(index)
        return index is not None

    def move_cursor(self, row: int) -> None:
        """Put the cursor on the row that stands there, or the nearest one, and into view."""
        before, self._at = self._at, max(min(row, len(self._shown.rows) - 1), 0)
        self._hover(None)
        if self.size.width:
            self._refresh_rows((before, self._at))
            self._follow()
        if before != self._at:
            self.post_message(self.Moved())

    def redraw(self) -> None:
        """Draw everything anew, in another theme."""
        self._strips.clear()
        self.refresh()

    def on_resize(self, _: events.Resize) -> None:
        """Fit the columns to the new width; the cursor stays in view."""
        self._adapt(self._shown)
        self._follow()

    # Moving

    def action_move(self, step: int) -> None:
        """Go to the row above or below."""
        self.move_cursor(self._at + step)

    def action_edge(self, direction: int) -> None:
        """Go to the first or the last row."""
        self.move_cursor(0 if direction < 0 else len(self._shown.rows) - 1)

    def action_page(self, direction: int) -> None:
        """Go on by what is visible, the view with the cursor."""
        step = direction * self._visible
        self.scroll_to(y=self.scroll_offset.y + step, animate=False)
        self.move_cursor(self._at + step)

    def action_half_page(self, direction: int) -> None:
        """Move the cursor by half of what is visible."""
        self.move_cursor(self._at + direction * max(self._visible // 2, 1))

    def on_click(self, event: events.Click) -> None:
        """A click goes there; one on the row under the cursor opens it."""
        row = self._row_at(event)
        if row is None:
            return
        event.stop()
        if row == self._at:
            self.post_message(self.Opened())
        else:
            self.move_cursor(row)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """The row under the mouse is marked."""
        self._hover(self._row_at(event))

    def on_leave(self) -> None:
        """The mouse is elsewhere."""
        self._hover(None)

    def _hover(self, row: int | None) -> None:
        if row != self._hovered:
            before, self._hovered = self._hovered, row
            self._refresh_rows(each for each in (before, row) if each is not None)

    def _row_at(self, event: events.MouseEvent) -> int | None:
        line = event.y - self.gutter.top - self._header
        row = line + self.scroll_offset.y
        return row if line >= 0 and row < len(self._shown.rows) else None

    # What is in view

    @property
    def _header(self) -> int:
        """Lines that the titles of the columns take."""
        return 1 if self._shown.rows else 0

    @property
    def _visible(self) -> int:
        """How many rows are in view at once."""
        return max(self.size.height - self._header, 1)

    def _sees(self, row: int) -> bool:
        return 0 <= row - self.scroll_offset.y < self._visible

    def _follow(self) -> None:
        """Scroll as little as brings the cursor into view."""
        top = self.scroll_offset.y
        lowest, highest = self._at - self._visible + 1, self._at
        if not lowest <= top <= highest:
            self.scroll_to(y=min(max(top, lowest), highest), animate=False)

    def _adapt(self, before: Table) -> None:
        """Fit columns and scroll bar to what is shown, and draw what differs from before."""
        fitted, self._fitted = self._fitted, self._fit()
        taken = sum(column.width + PADDING for column in self._fitted)
        self._take(Size(taken, len(self._shown.rows) + self._header))
        if fitted != self._fitted or before.columns != self._shown.columns:
            self._strips.clear()
            self.refresh()
        elif before.rows is not self._shown.rows:
            self._refresh_rows(self._differing(before.rows))

    def _differing(self, before: tuple[Row, ...]) -> Iterable[int]:
        """The rows in view that are others than those that stood there before."""
        top, rows = self.scroll_offset.y, self._shown.rows
        places = range(top, top + self._visible)
        if bool(before) != bool(rows):
            self.refresh()
        return [at for at in places if before[at : at + 1] != rows[at : at + 1]]

    def _take(self, size: Size) -> None:
        """Have a size to scroll over; the screen is laid out anew only for a scroll bar."""
        height = self.container_size.height
        before = self.virtual_size
        if not height or (before.height > height) != (size.height > height):
            self.virtual_size = size
        elif before != size:
            self.set_reactive(KeyedTable.virtual_size, size)
            if size.height > height:
                self.vertical_scrollbar.window_virtual_size = size.height
            self.scroll_y = self.validate_scroll_y(self.scroll_y)

    def _fit(self) -> tuple[Fitted, ...]:
        room = self.outer_size.width - self.gutter.width
        if len(self._shown.rows) + self._header > self.outer_size.height:
            room -= self.styles.scrollbar_size_vertical
        return fit_columns(self._shown.columns, self._natural_widths(), room)

    def _natural_widths(self) -> tuple[int, ...]:
        rows, known = self._shown.rows, self._natural
        if any(row.key not in known or known[row.key][0] is not row for row in rows):
            self.measure(rows)
        return natural_widths(self._shown.columns, (self._natural[row.key][1] for row in rows))

    # Drawing

    def _refresh_rows(self, rows: Iterable[int]) -> None:
        first = self._header - self.scroll_offset.y
        lines = [first + row for row in rows if self._sees(row)]
        if lines:
            self.refresh(*(Region(0, line, self.outer_size.width, 1) for line in lines))

    def render_lines(self, crop: Region) -> list[Strip]:
        """Some lines, in a style that is worked out once for all of them.

        Between a widget and the screen stands what draws borders, padding and opacity around its
        lines, and makes every line anew for it. A table has none of these, and turning a page of
        it takes half the time without.
        """
        self._base, (_, background) = self.rich_style, self.background_colors
        strips = [self.render_line(y) for y in crop.line_range]
        for line_filter in self.get_line_filters():
            strips = [strip.apply_filter(line_filter, background) for strip in strips]
        return [strip.crop(crop.x, crop.right) for strip in strips]

    def render_line(self, y: int) -> Strip:
        """The titles of the columns, or a row."""
        width, at = self.size.width, y - self._header + self.scroll_offset.y
        if y < self._header:
            strip = self._titles()
        elif at < len(self._shown.rows):
            strip = self._row(self._shown.rows[at])
        else:
            return Strip.blank(width, self._base)
        strip = strip.adjust_cell_length(width)
        if y >= self._header:
            strip = self._marked(strip, at)
        return strip.apply_style(self._base)

    def _titles(self) -> Strip:
        columns = self._shown.columns
        return self._line(
            (cell(columns[fitted.index].title, Tone.DIM), fitted) for fitted in self._fitted
        )

    def _row(self, row: Row) -> Strip:
        drawn = self._strips.get(row.key)
        if drawn is None or (drawn[0] is not row and drawn[0] != row):
            drawn = row, self._line((row.cells[fitted.index], fitted) for fitted in self._fitted)
            self._strips[row.key] = drawn
        return drawn[1]

    def _line(self, cells: Iterable[tuple[Cell, Fitted]]) -> Strip:
        segments: list[Segment] = []
        for each, fitted in cells:
            right = self._shown.columns[fitted.index].align is Align.RIGHT
            segments += [_GAP, *segments_of(self, each, fitted.width, right=right), _GAP]
        return Strip(segments)

    def _marked(self, strip: Strip, at: int) -> Strip:
        """A row as it is drawn under the cursor or the mouse."""
        if at == self._at:
            style = self.get_component_rich_style("table--cursor")
            if self.app.native_ansi_color or self.app.no_color:
                # A reversed row must not keep its tones: they would become backgrounds.
                return Strip([Segment(strip.text, style)])
            return strip.apply_style(style)
        if at == self._hovered:
            hovered = self.get_component_rich_style("table--hover")
            return strip.apply_style(Style.from_color(bgcolor=hovered.bgcolor))
        return strip
