"""The dashboard: header, board and four panes; one pane at a time where it is narrow."""

from __future__ import annotations

from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical

from cockpit.actions.situation import Scope
from cockpit.views.board import board_lines
from cockpit.views.build_matrix import build_matrix
from cockpit.views.table import Line, Pane
from screens.base import CockpitScreen
from screens.sight import AROUND_HEADER, PANE_SCOPES, PANES, Sight
from widgets.keys import KeyHint
from widgets.lines import LineView
from widgets.pane import PaneView
from widgets.pane_tabs import PaneTabs

WIDE_FROM = 100
"""Columns from which the four panes stand side by side."""
_AROUND_ROWS = 4
"""Lines of a pane beside its rows and summary: border, column titles and one to breathe."""
_LEAST = 8
_BESIDE_COLUMNS = 2
"""Columns of a pane beside its picture."""


class DashboardScreen(CockpitScreen):
    """Everything at a glance."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "next_pane(1)", "Next pane", show=False),
        Binding("shift+tab", "next_pane(-1)", "Previous pane", show=False),
        Binding("right", "beside(1)", "Pane beside", show=False),
        Binding("left", "beside(-1)", "Pane beside", show=False),
    ]
    scopes = (Scope.EVERYWHERE, Scope.DASHBOARD)
    ways = (KeyHint("0-4", "Pane"),)
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (WIDE_FROM, "-wide")]  # noqa: RUF012
    AUTO_FOCUS = "#pane-branches KeyedTable"

    def __init__(self) -> None:
        super().__init__(id="dashboard")
        self._current = 0
        self._branches_height = ""
        self._panes = tuple(PaneView(name, index + 1) for index, name in enumerate(PANES))
        self._panes[0].add_class("-current")
        self._board = LineView(id="board")
        self._tabs = PaneTabs(("Branches", "Builds", "Picks", "Checklist"))

    def compose_body(self) -> ComposeResult:
        """The board above the panes."""
        yield self._board
        yield self._tabs
        branches, builds, picks, checklist = self._panes
        with Horizontal(id="panes"):
            yield Vertical(branches, picks, id="left", classes="column -current")
            yield Vertical(builds, checklist, id="right", classes="column")

    @property
    def pane(self) -> PaneView:
        """The pane that has the focus, or had it last."""
        return self._panes[self._current]

    @property
    def acting_scopes(self) -> tuple[Scope, ...]:
        """The dashboard's own scope and that of the current pane."""
        return (*self.scopes, PANE_SCOPES[PANES[self._current]])

    def prepare(self, sight: Sight) -> None:
        """Make the panes and the matrix."""
        for pane in self._panes:
            pane.prepare(sight.pane(pane.pane_name))
        build_matrix(sight.state)

    def show(self, sight: Sight) -> None:
        """Show the newest state."""
        super().show(sight)
        self._board.show(board_lines(sight.board, self.app.size.width - AROUND_HEADER))
        for pane in self._panes:
            drawable = pane.pane_name == "builds" and sight.state.builds.value is not None
            picture = _picture(sight, pane.size.width) if drawable else ()
            pane.show(sight.pane(pane.pane_name), picture)
        self._fit_branches(sight.pane("branches"))

    def redraw(self) -> None:
        """Draw everything anew, in another theme."""
        for pane in self._panes:
            pane.redraw()

    async def perform(self, action: str) -> bool:
        """Going from pane to pane."""
        if action.startswith("pane-"):
            self._go(int(action.removeprefix("pane-")) - 1)
            return True
        if action == "open":
            self._open()
            return True
        return await super().perform(action)

    def action_next_pane(self, step: int) -> None:
        """Go to the pane after or before this one, around the circle."""
        self._go((self._current + step) % len(self._panes))

    def action_beside(self, step: int) -> None:
        """Go to the pane beside this one, where there is one."""
        column = self._current % 2 + step
        if not self._narrow and 0 <= column <= 1:
            self._go(self._current + step)

    def on_resize(self, _: events.Resize) -> None:
        """Header and board are made for a width."""
        if self._sight is not None:
            self.show(self._sight)

    @on(events.DescendantFocus)
    def _focused(self, event: events.DescendantFocus) -> None:
        """The pane that has the focus is the one that keys act on."""
        for index, pane in enumerate(self._panes):
            if pane in event.widget.ancestors:
                self._current = index
                self._mark_current()

    @on(PaneView.Opened)
    def _open(self) -> None:
        """Show the current pane in full, on the same row."""
        from screens.full import in_full

        key = self.selection.key if self.selection else ""
        self.app.push_screen(in_full(self.pane.pane_name, key))

    def _fit_branches(self, branches: Pane) -> None:
        """A release has few branches: what they leave over goes to the picks below them."""
        lines = len(branches.table.rows) + len(branches.summary) + _AROUND_ROWS
        half = self.app.size.height // 2
        height = "1fr" if self._narrow or branches.trouble else str(min(max(lines, _LEAST), half))
        if self._branches_height != height:
            self._branches_height = height
            self._panes[0].styles.height = height

    @property
    def _narrow(self) -> bool:
        return self.app.size.width < WIDE_FROM

    def _go(self, index: int) -> None:
        self._current = index
        self._mark_current()
        self.set_focus(self._panes[index].table)

    def _mark_current(self) -> None:
        """Where it is narrow only the current pane is displayed."""
        for index, pane in enumerate(self._panes):
            pane.set_class(index == self._current, "-current")
        for column in self.query(".column"):
            column.set_class(self.pane in column.children, "-current")
        self._tabs.show(self._current)


def _picture(sight: Sight, width: int) -> tuple[Line, ...]:
    """The matrix in a pane of this width; as wide as it is before the pane has any."""
    return build_matrix(sight.state).lines(max(width - _BESIDE_COLUMNS, 0))
