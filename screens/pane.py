"""One pane in full: its table, and everything about the selected row."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Container, VerticalScroll
from textual.timer import Timer
from textual.widget import Widget

from cockpit.actions.situation import Scope
from cockpit.views.marks import Tone
from cockpit.views.table import Detail, Line, Pane, Span
from screens.base import CockpitScreen
from screens.sight import PANE_SCOPES, Sight
from widgets.lines import WrappedLines
from widgets.pane import PaneView
from widgets.reading import ReadingScroll

_REST_S = 0.04
"""How long the cursor has to rest until the detail follows it."""
BESIDE_FROM = 120
"""Columns from which the detail stands beside the table rather than below it."""


class ListScreen(CockpitScreen):
    """A full-screen table with a detail side; subclasses say of what."""

    CSS_PATH = "../themes/pane.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-below"), (BESIDE_FROM, "-beside")]  # noqa: RUF012
    AUTO_FOCUS = "KeyedTable"
    beside: ClassVar[bool] = True
    """Whether the detail may stand beside the table; else it is short, and below."""

    def __init__(self, name: str, face: Widget | None = None) -> None:
        super().__init__()
        self.pane_name = name
        self._pane = PaneView(name, face=face)
        self._detail = WrappedLines(classes="detail-lines")
        self._following: Timer | None = None

    def compose_body(self) -> ComposeResult:
        """Table and detail share the screen."""
        with Container(id="split", classes="" if self.beside else "short"):
            yield self._pane
            with ReadingScroll(id="detail"):
                yield self._detail

    @property
    def pane(self) -> PaneView:
        """The table."""
        return self._pane

    @abstractmethod
    def pane_of(self, sight: Sight) -> Pane:
        """What the table shows."""

    @abstractmethod
    def detail_of(self, sight: Sight, key: str) -> Detail | None:
        """What is known of one row."""

    def show(self, sight: Sight) -> None:
        """Show the newest state."""
        super().show(sight)
        self._pane.show(self.pane_of(sight))
        self._show_detail()

    def redraw(self) -> None:
        """Draw everything anew, in another theme."""
        self._pane.redraw()
        self._detail.refresh()

    async def perform(self, action: str) -> bool:
        """Enter goes to the detail, so that a long one can be scrolled."""
        if action == "open":
            self.query_one("#detail", VerticalScroll).focus()
            return True
        if action == "back" and not self._pane.body.has_focus:
            self._pane.drop_filter()
            self._pane.body.focus()
            return True
        return await super().perform(action)

    @on(PaneView.Moved)
    def _moved(self) -> None:
        self.follow_cursor()

    def follow_cursor(self) -> None:
        """Show the detail once the cursor rests, so that moving never waits for it."""
        if self._following is None:
            self._following = self.set_timer(_REST_S, self._follow)
        else:
            self._following.reset()

    def _follow(self) -> None:
        self._following = None
        self._show_detail()

    @on(PaneView.Opened)
    async def _row_opened(self) -> None:
        """A click on the row under the cursor does what Enter does."""
        await self.run_action("app.act('open')")

    @property
    def cursor_key(self) -> str:
        """What the detail is about; empty while nothing is selected."""
        row = self._pane.table.selected
        return row.key if row else ""

    def _show_detail(self) -> None:
        if self._sight is None or not self.cursor_key:
            self._detail.show(())
            return
        detail = self.detail_of(self._sight, self.cursor_key)
        if detail is None:
            self._detail.show(())
            return
        title = Line((Span(detail.title, Tone.ACCENT),))
        self._detail.show((title, Line((Span(""),)), *detail.lines))


class PaneScreen(ListScreen):
    """A pane of the release, in full."""

    def __init__(self, name: str, key: str = "") -> None:
        super().__init__(name)
        self._first = key
        """The row that was selected where this was opened."""

    @property
    def subject(self) -> str:
        """The pane."""
        return self.pane_name

    @property
    def acting_scopes(self) -> tuple[Scope, ...]:
        """The scope of its pane."""
        return (Scope.EVERYWHERE, PANE_SCOPES[self.pane_name])

    def prepare(self, sight: Sight) -> None:
        """Make the pane."""
        self._pane.prepare(self.pane_of(sight))

    def pane_of(self, sight: Sight) -> Pane:
        """The release's own pane."""
        return sight.pane(self.pane_name, full=True)

    def detail_of(self, sight: Sight, key: str) -> Detail | None:
        """The release's own detail."""
        return sight.detail(self.pane_name, key)

    def show(self, sight: Sight) -> None:
        """Show the newest state, with the row that was opened under the cursor."""
        super().show(sight)
        if self._first and self._pane.table.select(self._first):
            self._first = ""
