"""The grid of builds: a cursor on a wheel or a group of jobs, known by key."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from cockpit.views.build_grid import Grid, GridCell, GridRow, WideRow, short_pythons
from cockpit.views.marks import Mark, Tone
from cockpit.views.width import clip, clip_spans, pad
from themes.palettes import tone_style
from widgets.matrix_layout import (
    Item,
    Layout,
    Page,
    cells_on,
    differing_lines,
    lay_out,
    same_columns,
)
from widgets.tones import plain_ascii, shown

_EMPTY = Grid((), (), (), ())


class MatrixView(Widget, can_focus=True):
    """Draws a page of a `Grid` line by line; a move of the cursor draws what it touches."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("left,h", "aside(-1)", "Left", show=False),
        Binding("right,l", "aside(1)", "Right", show=False),
        Binding("home,g", "edge(-1)", "First", show=False),
        Binding("end,G", "edge(1)", "Last", show=False),
        Binding("pageup,left_square_bracket,ctrl+u", "page(-1)", "Previous page", show=False),
        Binding("pagedown,right_square_bracket,ctrl+d", "page(1)", "Next page", show=False),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {"matrix--cursor"}
    DEFAULT_CSS = """
    MatrixView { height: 1fr; width: 1fr; padding: 0 0 0 1; }
    """

    class Moved(Message):
        """The cursor is on another cell or row."""

    class Opened(Message):
        """The cell or row under the cursor was asked to be shown."""

    class Paged(Message):
        """Another page is shown, or there are more or fewer of them."""

    def __init__(self) -> None:
        super().__init__()
        self._grid = _EMPTY
        self._layout: Layout | None = None
        self._page = 0
        self._key = ""
        self._python = 0
        """The column that moves up and down keep to."""
        self._told = ""
        self._base = Style.null()
        """The style below that of every line."""

    @property
    def key(self) -> str:
        """The cell or row under the cursor; empty while there is none."""
        return self._key

    @property
    def keys(self) -> tuple[str, ...]:
        """Every cell and row, from left to right and from top to bottom."""
        found: list[str] = []
        for item in self._items:
            if isinstance(item, WideRow):
                found.append(item.key)
            else:
                found += [cell.key for cell in item.cells if cell is not None]
        return tuple(found)

    @property
    def pages(self) -> str:
        """`page 1 of 3`; empty while everything is on one."""
        count = len(self._layout.pages) if self._layout else 0
        return f"page {self._page + 1} of {count}" if count > 1 else ""

    def show(self, grid: Grid) -> None:
        """Show this grid; the cursor stays on its cell."""
        if grid is not self._grid:
            before, self._grid = self._grid, grid
            if grid != before:
                heads = [(each.pythons, each.stages) for each in (before, grid)]
                self._lay_out(anew=heads[0] != heads[1])

    def select(self, key: str) -> bool:
        """Put the cursor on a cell or row; whether there is one of that key."""
        for item in self._items:
            if isinstance(item, WideRow):
                if item.key == key:
                    self._put(key)
                    return True
                continue
            for python, cell in enumerate(item.cells):
                if cell is not None and cell.key == key:
                    self._python = python
                    self._put(key)
                    return True
        return False

    def redraw(self) -> None:
        """Draw everything anew, in another theme."""
        self.refresh()

    # Moving

    def action_move(self, step: int) -> None:
        """Go up or down, onto the next page where this one ends."""
        at = self._row_at()
        if self._items:
            self._put_on(self._items[min(max(at + step, 0), len(self._items) - 1)])

    def action_aside(self, step: int) -> None:
        """Go to the next wheel of the row."""
        row = self._items[self._row_at()] if self._items else None
        if not isinstance(row, GridRow):
            return
        python = self._python + step
        while 0 <= python < len(row.cells):
            cell = row.cells[python]
            if cell is not None:
                self._python = python
                self._put(cell.key)
                return
            python += step

    def action_edge(self, direction: int) -> None:
        """Go to the first or last row."""
        if self._items:
            self._put_on(self._items[0 if direction < 0 else -1])

    def action_page(self, step: int) -> None:
        """Go to the first row of another page; within the only page, to its edge."""
        if self._layout is None or len(self._layout.pages) < 2:
            self.action_edge(step)
            return
        page = self._layout.pages[min(max(self._page + step, 0), len(self._layout.pages) - 1)]
        self._python = min(max(self._python, page.first), max(page.end - 1, page.first))
        self._put_on(page.items[0])

    def on_click(self, event: events.Click) -> None:
        """A click goes there; a second one opens."""
        key = self._key_at(event.x - self.gutter.left, event.y - self.gutter.top)
        if key and key == self._key:
            self.post_message(self.Opened())
        elif key:
            self.select(key)

    def on_focus(self) -> None:
        """The cursor is drawn in the colour of focus."""
        self.refresh()

    def on_blur(self) -> None:
        """The cursor is drawn at rest."""
        self.refresh()

    def on_resize(self, _: events.Resize) -> None:
        """Lay out for the new size."""
        self._lay_out()

    @property
    def _items(self) -> tuple[Item, ...]:
        return (*self._grid.rows, *self._grid.others)

    def _row_at(self) -> int:
        for at, item in enumerate(self._items):
            if _holds(item, self._key):
                return at
        return 0

    def _put_on(self, item: Item) -> None:
        if isinstance(item, WideRow):
            self._put(item.key)
            return
        found = [(abs(at - self._python), cell.key) for at, cell in enumerate(item.cells) if cell]
        if found:
            self._put(min(found)[1])

    def _put(self, key: str) -> None:
        if key == self._key:
            return
        before, self._key = self._key, key
        page = self._layout.page_of(key) if self._layout else None
        if page is not None and page != self._page:
            self._page = page
            self.refresh()
        else:
            self._refresh_rows(before, key)
        self._tell()
        self.post_message(self.Moved())

    def _refresh_rows(self, *keys: str) -> None:
        lines = {
            number
            for number, item in enumerate(self._shown.lines)
            if item is not None and any(_holds(item, key) for key in keys)
        }
        self.refresh(Region(0, 0, self.outer_size.width, 1))
        self._refresh_lines(lines)

    def _refresh_lines(self, lines: Iterable[int]) -> None:
        regions = [Region(0, line + 1, self.outer_size.width, 1) for line in lines]
        if regions:
            self.refresh(*regions)

    def _tell(self) -> None:
        if self.pages != self._told:
            self._told = self.pages
            self.post_message(self.Paged())

    # Drawing

    def _lay_out(self, *, anew: bool = True) -> None:
        """Lay the grid out and draw it: all of it `anew`, or else the lines that differ."""
        if not self.size.width:
            return
        before, page_before, key_before = self._layout, self._shown, self._key
        self._layout = lay_out(self._grid, self.size.width, self.size.height - 1)
        if not any(_holds(item, self._key) for item in self._items):
            self._key = ""
            if self._items:
                self._put_on(self._items[0])
        self._page = self._layout.page_of(self._key) or 0
        self._tell()
        alike = not anew and self._key == key_before and same_columns(before, self._layout)
        lines = differing_lines(page_before, self._shown) if alike else None
        if lines is None:
            self.refresh()
        else:
            self._refresh_lines(lines)

    @property
    def _shown(self) -> Page:
        pages = self._layout.pages if self._layout else ()
        return pages[self._page] if self._page < len(pages) else Page((), 0, 0)

    def render_lines(self, crop: Region) -> list[Strip]:
        """Some lines, in a style that is worked out once for all of them."""
        self._base = self.rich_style
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        """One line: the Pythons, a row of wheels, or a group of jobs."""
        page, layout, width = self._shown, self._layout, self.size.width
        if layout is None or y > len(page.lines):
            return Strip.blank(width, self._base)
        if y == 0:
            segments = self._heading(page, layout)
        else:
            item = page.lines[y - 1]
            above = page.lines[y - 2] if y > 1 else None
            if item is None:
                return Strip.blank(width, self._base)
            if isinstance(item, WideRow):
                segments = self._wide(item, layout, width)
            else:
                first = not isinstance(above, GridRow) or above.target != item.target
                segments = self._row(page, layout, item, named=first)
        return Strip(segments).adjust_cell_length(width).apply_style(self._base)

    def _heading(self, page: Page, layout: Layout) -> list[Segment]:
        if not any(isinstance(item, GridRow) for item in page.items):
            return [Segment("", None)]
        common, pythons = "", self._grid.pythons
        if max(map(len, pythons), default=0) >= layout.column:
            common, pythons = short_pythons(pythons)
        title = f"Python {common}".rstrip()
        segments = [Segment(f"{title:>{layout.title - 2}}  ", self._style(Tone.DIM))]
        here = self._column_of_cursor()
        for at, text in enumerate(pythons[page.first : page.end], page.first):
            tone = Tone.ACCENT if at == here else Tone.DIM
            segments.append(Segment(f"{text:<{layout.column}}", self._style(tone, bold=at == here)))
        return segments

    def _row(self, page: Page, layout: Layout, row: GridRow, *, named: bool) -> list[Segment]:
        cells = cells_on(page, row)
        here = any(cell and cell.key == self._key for cell in cells)
        target = row.target if named else ""
        rest = layout.title - layout.target
        segments = [
            Segment(f"{target:<{layout.target}}", self._style(Tone.PLAIN)),
            Segment(
                f"{row.title:<{rest}}",
                self._style(Tone.ACCENT if here else Tone.DIM, bold=here),
            ),
        ]
        for cell in cells:
            segments += self._cell(cell, layout.column)
        return segments

    def _cell(self, cell: GridCell | None, width: int) -> list[Segment]:
        if cell is None:
            return [Segment(" " * width, None)]
        cursor = self._cursor() if cell.key == self._key else Style()
        segments = [self._marked(mark, cursor) for mark in cell.marks]
        used = len(cell.marks)
        if cell.note is not None:
            segments.append(self._marked(cell.note, cursor))
            used += 1
        return [*segments, Segment(" " * (width - used), None)]

    def _wide(self, row: WideRow, layout: Layout, width: int) -> list[Segment]:
        here = row.key == self._key
        cursor = self._cursor() if here else Style()
        title = shown(self, pad(clip(row.title, layout.wide - 1), layout.wide))
        tone = Tone.ACCENT if here else Tone.PLAIN
        segments = [Segment(title, self._style(tone, bold=here) + cursor)]
        for span in clip_spans(row.spans, max(width - layout.wide, 0)):
            segments.append(Segment(shown(self, span.text), self._style(span.tone) + cursor))
        return segments

    def _marked(self, mark: Mark | None, cursor: Style) -> Segment:
        if mark is None:
            return Segment(" ", cursor)
        text = mark.drawn(plain_ascii=plain_ascii(self))
        return Segment(text, self._style(mark.tone) + cursor)

    def _style(self, tone: Tone, *, bold: bool = False) -> Style:
        style = tone_style(self.app.theme, tone).rich_style
        return style + Style(bold=True) if bold else style

    def _cursor(self) -> Style:
        style = self.get_component_styles("matrix--cursor")
        plain = self.app.native_ansi_color or self.app.no_color
        if plain:
            return Style(reverse=True) if self.has_focus else Style(underline=True)
        return Style.from_color(bgcolor=style.background.rich_color)

    def _column_of_cursor(self) -> int | None:
        for row in self._grid.rows:
            for at, cell in enumerate(row.cells):
                if cell is not None and cell.key == self._key:
                    return at
        return None

    def _key_at(self, x: int, y: int) -> str:
        page, layout = self._shown, self._layout
        item = page.lines[y - 1] if 0 < y <= len(page.lines) else None
        if layout is None or item is None:
            return ""
        if isinstance(item, WideRow):
            return item.key
        cells: Sequence[GridCell | None] = cells_on(page, item)
        column = (x - layout.title) // layout.column
        found = cells[column] if 0 <= column < len(cells) else None
        return found.key if found else ""


def _holds(item: Item, key: str) -> bool:
    if isinstance(item, WideRow):
        return item.key == key
    return any(cell is not None and cell.key == key for cell in item.cells)
