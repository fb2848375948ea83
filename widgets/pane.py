"""One pane: title with its age, what is wrong with it, numbers, and the table of its rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

import msgspec
from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.geometry import Region
from textual.message import Message
from textual.widget import Widget

from cockpit.actions.situation import Selection
from cockpit.views.marks import Tone
from cockpit.views.table import Line, Pane, Row, Span
from themes.palettes import rule_style, tone_style
from widgets.keyed_table import KeyedTable
from widgets.pane_head import HeadLines, PaneHead
from widgets.row_filter import RowFilter
from widgets.tones import content_of, plain_ascii, shown

if TYPE_CHECKING:
    from widgets.filter_box import FilterBox

_FEWEST_ROWS = 6
"""Rows that must remain under a picture of the same data for it to be shown."""
_CORNER = 3
"""What a corner of the border takes from the title."""


class PaneView(Vertical):
    """Draws a `Pane`; the filter is the only thing it decides itself."""

    class Opened(Message):
        """A row, or the pane, was asked to be shown in full."""

        def __init__(self, pane: str) -> None:
            super().__init__()
            self.pane = pane

    class Moved(Message):
        """The cursor is on another row."""

        def __init__(self, pane: str, row: Row | None) -> None:
            super().__init__()
            self.pane = pane
            self.row = row

    def __init__(self, name: str, number: int | None = None, face: Widget | None = None) -> None:
        self._bordering = False
        super().__init__(id=f"pane-{name}", classes="pane")
        self._face = face
        self._note = ""
        self._folded: set[str] = set()
        self.pane_name = name
        self._number = number
        self._pane: Pane | None = None
        self._picture: tuple[Line, ...] = ()
        self._title = self._subtitle = Content("")
        self._filter = RowFilter()
        self.table = KeyedTable()
        self._head = PaneHead()
        self._box: FilterBox | None = None

    def compose(self) -> ComposeResult:
        """What is said about the rows stands above them, never over them."""
        yield self._head
        if self._face is not None:
            yield self._face
        yield self.table

    @property
    def body(self) -> Widget:
        """What takes the keys: the rows, or what stands in their place."""
        faced = self._face is not None and self._face.display
        return self._face if self._face is not None and faced else self.table

    def show_face(self, *, shown: bool) -> None:
        """Show another face of the same data in place of the rows, or the rows again."""
        if self._face is not None:
            focused = self.has_focus_within
            self._face.display = shown
            self.table.display = not shown
            if focused:
                self.body.focus()
            if self._pane is not None:
                self._show_rows(self._pane)
            self._show_head()
            self.show_title()

    def annotate(self, note: str) -> None:
        """Say something beside the title."""
        if note != self._note:
            self._note = note
            self.show_title()

    @property
    def selection(self) -> Selection | None:
        """The selected row as an identity."""
        row = self.table.selected
        if row is None:
            return None
        return Selection(self.pane_name, row.key, row.url, row.copy or row.key)

    @property
    def row_filter(self) -> RowFilter:
        """The filter that is in force."""
        return self._filter

    def prepare(self, pane: Pane) -> None:
        """Measure what may be shown next; runs in a thread, and draws nothing."""
        if self.table.display:
            self.table.measure(pane.table.rows)

    def show(self, pane: Pane, picture: Sequence[Line] = ()) -> None:
        """Show this pane, and a picture of it where there is room."""
        picture = tuple(picture)
        before, self._pane = self._pane, pane
        if before == pane and picture == self._picture:
            return
        self._picture = picture
        aged = before is not None and msgspec.structs.replace(before, age=pane.age) == pane
        if not aged:
            self._show_rows(pane)
        self._show_head()
        self.show_title()

    def subtitle(self, spans: Sequence[Span]) -> None:
        """Explain what is shown, in the lower border."""
        subtitle = content_of(self, spans)
        if not subtitle.is_same(self._subtitle):
            self._subtitle = subtitle
            with self._only_borders():
                self.border_subtitle = subtitle

    @contextmanager
    def _only_borders(self) -> Iterator[None]:
        """Have a change draw the two lines with the titles alone, not all that stands between."""
        self._bordering = True
        try:
            yield
        finally:
            self._bordering = False

    def refresh(
        self,
        *regions: Region,
        repaint: bool = True,
        layout: bool = False,
        recompose: bool = False,
    ) -> Self:
        """Draw this anew, or only its borders where nothing else has changed."""
        if self._bordering and not regions:
            width, height = self.outer_size
            left, top = self.gutter.left, self.gutter.top
            # Regions count from where the content begins.
            lines = (-top, height - top - 1)
            regions = tuple(Region(-left, line, width, 1) for line in lines)
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def fold(self, heading: str) -> None:
        """Fold the group under a heading, or unfold it."""
        self._folded ^= {heading}
        if self._pane is not None:
            self._show_rows(self._pane)
            self.show_title()

    def fold_all(self) -> None:
        """Fold every group; unfold them where all are folded."""
        if self._pane is None:
            return
        headings = {row.key for row in self._pane.table.rows if row.heading}
        self._folded = set() if headings <= self._folded else headings
        self._show_rows(self._pane)

    async def begin_filter(self) -> None:
        """Let a filter be typed."""
        if self._box is None:
            from widgets.filter_box import FilterBox

            self._box = FilterBox()
            await self.mount(self._box)
        await self._box.begin(self._filter.text)

    def set_filter(self, text: str) -> None:
        """Filter by what was typed; the cursor stays on its row while that is shown."""
        self._filter = RowFilter(text)
        if self._box is not None:
            self._box.complain(self._filter.problem)
        if self._pane is not None:
            self._show_rows(self._pane)
        self._show_head()
        self.show_title()

    def drop_filter(self) -> bool:
        """Show every row again; whether there was a filter."""
        typing = self._box is not None and self._box.display
        if self._box is not None:
            self._box.end()
        active = typing or bool(self._filter.text)
        if self._filter.text:
            self.set_filter("")
        return active

    def redraw(self) -> None:
        """Draw everything anew, in another theme."""
        self.table.redraw()
        self.show_title()
        self.refresh()

    def on_resize(self, _: events.Resize) -> None:
        """The title's rule and the picture depend on the size."""
        self._show_head()
        self.show_title()

    def on_click(self) -> None:
        """A click anywhere in the pane makes it the one that keys act on."""
        self.body.focus()

    def on_descendant_focus(self) -> None:
        """The title is drawn in the colour of focus."""
        self.show_title()

    def on_descendant_blur(self) -> None:
        """The title is drawn at rest."""
        self.show_title()

    @on(KeyedTable.Moved)
    def _row_moved(self, event: KeyedTable.Moved) -> None:
        event.stop()
        self.post_message(self.Moved(self.pane_name, self.table.selected))

    @on(KeyedTable.Opened)
    def _row_opened(self, event: KeyedTable.Opened) -> None:
        event.stop()
        self.post_message(self.Opened(self.pane_name))

    def on_filter_box_typed(self, event: FilterBox.Typed) -> None:
        """Filter as it is typed."""
        event.stop()
        self.set_filter(event.text)

    def on_filter_box_left(self, event: FilterBox.Left) -> None:
        """Give the keys back to the rows."""
        event.stop()
        if not event.kept:
            self.set_filter("")
        self.body.focus()

    def _show_rows(self, pane: Pane) -> None:
        """What a filter finds is shown in folded groups too; hidden rows are left as they are."""
        if not self.table.display:
            return
        kept = self._filter.keep(pane.table.rows)
        if self._folded and not self._filter.active:
            kept = tuple(row for row in kept if row.heading or row.group not in self._folded)
        self.table.show(msgspec.structs.replace(pane.table, rows=kept))

    def _show_head(self) -> None:
        pane = self._pane
        if pane is None:
            return
        room = self.size.height - len(self._picture) - _FEWEST_ROWS - len(pane.summary)
        empty = ""
        if not self.table.rows_shown and (self.table.display or not pane.table.rows):
            no_match = f"no row matches {self._filter.text}"
            empty = no_match if pane.table.rows else pane.table.empty or "nothing here"
        self._head.show(
            HeadLines(pane.trouble, pane.summary, self._picture if room > 0 else (), empty)
        )

    def show_title(self) -> None:
        """Number, title and filter at the left of the border, the age at its right."""
        pane = self._pane
        if pane is None:
            return
        theme, focused = self.app.theme, self.has_focus_within
        age = f" {pane.age}" if pane.age else ""
        sides = (self.styles.border_left[0], self.styles.border_right[0])
        room = self.outer_size.width - sum(_CORNER if side else 1 for side in sides) - len(age)
        named = self._named(pane, focused=focused)
        filtered = self._filtered(pane)
        if not self.size.width:
            # Before the first layout the rule has no length yet; the words are there already.
            room = named.cell_length + filtered.cell_length + 2
        most = max(room - filtered.cell_length - 2, 1)
        named = named.truncate(most, ellipsis=not plain_ascii(self))
        gap = max(room - named.cell_length - filtered.cell_length - 1, 0)
        line = (" " + shown(self, "─") * gap, rule_style(theme, focused=focused))
        tone = tone_style(theme, Tone.WARN if pane.stale else Tone.DIM)
        title = Content.assemble(named, filtered, line, (shown(self, age), tone))
        if not title.is_same(self._title):
            self._title = title
            with self._only_borders():
                self.border_title = title

    def _named(self, pane: Pane, *, focused: bool) -> Content:
        number = Span(f"{self._number} " if self._number else "", Tone.DIM)
        title = Span(pane.title, Tone.ACCENT if focused else Tone.PLAIN)
        named = content_of(self, (number, title)).stylize("bold" if focused else "")
        note = content_of(self, (Span(f" · {self._note}" if self._note else "", Tone.DIM),))
        return Content.assemble(named, note)

    def _filtered(self, pane: Pane) -> Content:
        if not self._filter.text:
            return Content("")
        kept, total = (
            sum(not row.heading for row in rows)
            for rows in (self.table.rows_shown, pane.table.rows)
        )
        found = "wrong expression" if self._filter.problem else f"{kept} of {total}"
        return content_of(self, (Span(f"  / {self._filter.text}  {found}", Tone.WARN),))
