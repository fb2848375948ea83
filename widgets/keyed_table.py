"""The table of every pane: rows are known by key, so a refresh never moves the selection."""

from __future__ import annotations

from typing import ClassVar

import msgspec
from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from textual import events
from textual.binding import Binding, BindingType
from textual.coordinate import Coordinate
from textual.widgets import DataTable

from cockpit.views.marks import Tone
from cockpit.views.table import Align, Column, Row, Table, cell
from widgets.columns import Fitted, fit_columns, natural_widths, row_widths
from widgets.tones import text_of

_REBUILD_FROM = 50
"""Places gone at once from which building anew is faster than removing them one by one."""


class DrawnCell:
    """A place of the table: it draws what stands there, and only when that is on screen.

    Rows come, go and change places by thousands in one refresh; places do not.
    """

    __slots__ = ("_column", "_position", "_table")

    def __init__(self, table: KeyedTable, position: int, column: int) -> None:
        self._table = table
        self._position = position
        self._column = column

    @property
    def row_key(self) -> str:
        """The key of the row that stands here."""
        return self._table.rows_shown[self._position].key

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        row = self._table.rows_shown[self._position]
        right = self._table.columns_shown[self._column].align is Align.RIGHT
        yield text_of(self._table, row.cells[self._column], options.max_width, right=right)

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        # Column widths are fixed beforehand; measuring every row would cost the first frame.
        return Measurement(1, 1)


class KeyedTable(DataTable[DrawnCell], inherit_bindings=False):
    """A data table that is told what it shows, and changes only what differs."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "cursor_up", "Up", show=False),
        Binding("down,j", "cursor_down", "Down", show=False),
        Binding("pageup", "page_up", "Page up", show=False),
        Binding("pagedown", "page_down", "Page down", show=False),
        Binding("home,g", "scroll_top", "Top", show=False),
        Binding("end,G", "scroll_bottom", "Bottom", show=False),
        Binding("ctrl+u", "half_page(-1)", "Half a page up", show=False),
        Binding("ctrl+d", "half_page(1)", "Half a page down", show=False),
    ]

    DEFAULT_CSS = """
    KeyedTable { height: 1fr; scrollbar-gutter: auto; overflow-x: hidden; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  (the framework's name)
        super().__init__(
            cursor_type="row",
            cursor_foreground_priority="renderable",
            show_row_labels=False,
            id=id,
        )
        self._shown = Table(())
        self._fitted: tuple[Fitted, ...] = ()
        self._built = False
        self._natural: dict[str, tuple[Row, tuple[int, ...]]] = {}
        """Widths that rows take when nothing is cut, kept while they stay the same."""
        self._wanted: str | None = None
        """The row to select once there are rows."""

    @property
    def selected(self) -> Row | None:
        """The row under the cursor."""
        rows = self._shown.rows
        return rows[self.cursor_row] if 0 <= self.cursor_row < len(rows) else None

    @property
    def rows_shown(self) -> tuple[Row, ...]:
        """The rows in the order in which they stand."""
        return self._shown.rows

    @property
    def columns_shown(self) -> tuple[Column, ...]:
        """The columns, those that are left out included."""
        return self._shown.columns

    def show(self, table: Table) -> None:
        """Show this table; the cursor stays on its row, the scroll position where it is."""
        if table == self._shown and self._built:
            return
        before, self._shown = self._shown, table
        if not self.size.width:
            return
        self.show_header = bool(table.rows)
        fitted = self._fit()
        with self.app.batch_update():
            if not self._built or before.columns != table.columns or fitted != self._fitted:
                self._rebuild(before, columns=True)
            elif self.row_count - len(table.rows) > _REBUILD_FROM:
                self._rebuild(before, columns=False)
            else:
                self._amend(before)

    def select(self, key: str) -> bool:
        """Put the cursor on a row; whether there is one of that key."""
        index = next((i for i, row in enumerate(self._shown.rows) if row.key == key), None)
        if index is None:
            return False
        if self._built:
            self.move_cursor(row=index)
        else:
            self._wanted = key
        return True

    def redraw(self) -> None:
        """Draw every cell anew, in another theme or width."""
        if self.size.width:
            self._rebuild(self._shown, columns=True)

    def on_resize(self, _: events.Resize) -> None:
        """Fit the columns to the new width."""
        amiss = not self._built or self.row_count != len(self._shown.rows)
        if amiss or self._fit() != self._fitted:
            self.show_header = bool(self._shown.rows)
            self._rebuild(self._shown, columns=True)

    def action_half_page(self, direction: int) -> None:
        """Move the cursor by half of what is visible."""
        step = max((self.size.height - self.header_height) // 2, 1)
        self.move_cursor(row=self.cursor_row + direction * step)

    def _fit(self) -> tuple[Fitted, ...]:
        room = self.outer_size.width - self.gutter.width
        if len(self._shown.rows) + self.header_height > self.outer_size.height:
            room -= self.styles.scrollbar_size_vertical
        return fit_columns(self._shown.columns, self._natural_widths(), room)

    def _natural_widths(self) -> tuple[int, ...]:
        known, self._natural = self._natural, {}
        for row in self._shown.rows:
            found = known.get(row.key)
            same = found is not None and found[0] is row
            self._natural[row.key] = found if found and same else (row, row_widths(row))
        return natural_widths(self._shown.columns, (w for _, w in self._natural.values()))

    def _rebuild(self, before: Table, *, columns: bool) -> None:
        """Build everything anew and put cursor and scroll position back."""
        place = self._place(before)
        # A reversed row must not keep its tones: they would become backgrounds of their own.
        reverses = self.app.native_ansi_color or self.app.no_color
        self.cursor_foreground_priority = "css" if reverses else "renderable"
        self.clear(columns=columns)
        if columns:
            self._fitted = self._fit()
            for fitted in self._fitted:
                column = self._shown.columns[fitted.index]
                title = cell(column.title, Tone.DIM)
                label = text_of(self, title, fitted.width, right=column.align is Align.RIGHT)
                self.add_column(label, width=fitted.width, key=column.key)
        self._fill()
        self._built = True
        self._restore(place)

    def _amend(self, before: Table) -> None:
        """Show other rows in the places there are, and have more or fewer of them."""
        place = self._place(before)
        for position in reversed(range(len(self._shown.rows), self.row_count)):
            self.remove_row(str(position))
        self._fill()
        if self._shown.rows and self._fitted:
            # What is drawn is kept until a cell changes; one stands for all.
            self.update_cell_at(Coordinate(0, 0), DrawnCell(self, 0, self._fitted[0].index))
        self._restore(place)

    def _fill(self) -> None:
        """Add the places that are missing at the end."""
        for position in range(self.row_count, len(self._shown.rows)):
            cells = (DrawnCell(self, position, fitted.index) for fitted in self._fitted)
            self.add_row(*cells, key=str(position))

    def _place(self, table: Table) -> _Place:
        """Where the person is, in a table that is about to change."""
        at = self.cursor_row
        top, height = self.scroll_y, self.size.height - self.header_height
        return _Place(
            key=self._wanted or (table.rows[at].key if at < len(table.rows) else None),
            row=at,
            scroll=top,
            in_view=top <= at < top + height,
        )

    def _restore(self, place: _Place) -> None:
        rows = self._shown.rows
        if not rows:
            return
        self._wanted = None
        same = next((i for i, row in enumerate(rows) if row.key == place.key), None)
        row = min(place.row, len(rows) - 1) if same is None else same
        self.move_cursor(row=row, scroll=False)

        def settle() -> None:
            self.scroll_to(y=place.scroll, animate=False, immediate=True)
            if place.in_view:
                self.move_cursor(row=self.cursor_row)

        if place.scroll or row:
            self.call_after_refresh(settle)


class _Place(msgspec.Struct, frozen=True):
    """A cursor's identity and the part of the table that is in view."""

    key: str | None
    row: int
    scroll: float
    in_view: bool
