"""The walk-through: one item of the checklist a page, to be signed, waived, doubted or skipped."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import msgspec
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll

from cockpit.actions.situation import Scope, Selection
from cockpit.release.checklist import ItemState, item_states
from cockpit.release.walking import beside, next_open, pages, resume, signable, tally
from cockpit.views.checklist import item_url
from cockpit.views.table import Line
from cockpit.views.walk import walk_page, walk_progress
from screens.base import CockpitScreen
from screens.sight import Sight
from widgets.keys import KeyHint
from widgets.lines import LineView, WrappedLines

_SHORT = {"n": "Next open", "-": "N/A", "!": "Problem"}
"""Titles that fit beside the others on a narrow terminal."""
_ELSEWHERE = ("⏎", "/", "e", "A")
"""Keys that are of no use on a page."""


class WalkScreen(CockpitScreen):
    """Begins where everybody together has come to: the ledger knows what is settled."""

    CSS_PATH = "../themes/walk.tcss"
    AUTO_FOCUS = "#page"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,space,l", "turn(1)", "Next page", show=False),
        Binding("left,backspace", "turn(-1)", "Page before", show=False),
        Binding("j,down", "scroll(1)", "Down", show=False),
        Binding("k,up", "scroll(-1)", "Up", show=False),
    ]
    scopes = (Scope.EVERYWHERE, Scope.WALK)
    ways = (*CockpitScreen.ways, KeyHint("←→", "Page", action="screen.turn(1)"))

    def __init__(self, item: str = "") -> None:
        super().__init__()
        self.item = item
        """The item of this page; empty to begin at the first that is open."""
        self._walk: tuple[ItemState, ...] = ()
        self._progress = LineView(id="walk-progress")
        self._page = WrappedLines(classes="detail-lines")

    def compose_body(self) -> ComposeResult:
        """One page fills the screen."""
        yield self._progress
        with VerticalScroll(id="page"):
            yield self._page

    @property
    def moving_keys(self) -> frozenset[str]:
        """Turning a page and scrolling."""
        return frozenset({"l", "space"})

    @property
    def selection(self) -> Selection | None:
        """The item of this page."""
        found = self._found
        if found is None:
            return None
        return Selection("checklist", found.item.id, item_url(found), found.item.id)

    def show(self, sight: Sight) -> None:
        """Show the page as it is now."""
        super().show(sight)
        self._walk = pages(sight.process, item_states(sight.process, sight.state))
        self._mine = signable(sight.process, sight.state.spec.team, sight.state.me)
        if self._found is None:
            self.item = resume(self._walk, self._mine)
        found = self._found
        progress = walk_progress(self._walk, self.item, tally(self._walk, self._mine))
        self._progress.show((progress,))
        self._page.show(walk_page(sight.state, sight.process, found) if found else ())

    def show_keys(self, hints: Sequence[KeyHint], running: Sequence[Line]) -> None:
        """Only the keys that are of use on a page, in few words."""
        here = [
            msgspec.structs.replace(hint, title=_SHORT.get(hint.key, hint.title))
            for hint in hints
            if hint.key not in _ELSEWHERE
        ]
        super().show_keys(here, running)

    def redraw(self) -> None:
        """Draw everything anew, in another theme."""
        self._page.refresh()
        self._progress.refresh()

    async def perform(self, action: str) -> bool:
        """Going to the next item that is open."""
        if action in ("next-red", "previous-red"):
            if self._found is not None:
                step = 1 if action == "next-red" else -1
                self._go(next_open(self._walk, self.item, step, self._mine))
            return True
        return action in ("open", "filter")

    def action_turn(self, step: int) -> None:
        """Go a page further or back."""
        if self._found is not None:
            self._go(beside(self._walk, self.item, step))

    def action_scroll(self, lines: int) -> None:
        """Scroll the page."""
        self.query_one("#page", VerticalScroll).scroll_relative(y=lines, animate=False)

    def _go(self, item: str) -> None:
        if self._sight is not None and item != self.item:
            self.item = item
            self.query_one("#page", VerticalScroll).scroll_home(animate=False)
            self.show(self._sight)

    @property
    def _found(self) -> ItemState | None:
        return next((found for found in self._walk if found.item.id == self.item), None)
