"""The queue's end, simulated: what lands in which order, and the files that change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.actions.situation import Scope
from cockpit.errors import CockpitError
from cockpit.views.end_state import end_state_detail, end_state_pane, order_words, simulations
from cockpit.views.table import Detail, Pane
from screens.pane import ListScreen
from screens.sight import Sight

if TYPE_CHECKING:
    from cockpit.release.changes import ChangeText, EndState
    from screens.ports import Cockpit


class EndStateScreen(ListScreen):
    """One order at a time; its files are read when it is opened, and when the order changes."""

    scopes = (Scope.EVERYWHERE, Scope.END_STATE)
    beside = False

    def __init__(self, cockpit: Cockpit) -> None:
        super().__init__("end-state")
        self._cockpit = cockpit
        self._which = 0
        self._read_order: tuple[str, ...] | None = None
        self._ended: EndState | None = None
        self._trouble = ""

    def prepare(self, sight: Sight) -> None:
        """Make the rows."""
        self.pane_of(sight)

    def show(self, sight: Sight) -> None:
        """Show the newest simulation; another order is read anew."""
        super().show(sight)
        self._pane.annotate(order_words(sight.state, self._which))
        order = self._order(sight)
        if order != self._read_order:
            self._read_order, self._ended, self._trouble = order, None, ""
            self.run_worker(self._read(order), exclusive=True, exit_on_error=False)

    def pane_of(self, sight: Sight) -> Pane:
        """The commits and the files."""
        return end_state_pane(sight.state, self._which, self._ended, self._trouble)

    def detail_of(self, sight: Sight, key: str) -> Detail | None:
        """What one commit comes to."""
        return end_state_detail(sight.state, self._which, key)

    async def perform(self, action: str) -> bool:
        """Fold a heading, or show the other order."""
        row = self.pane.table.selected
        if action == "open" and row is not None and row.heading and self.pane.body.has_focus:
            self.pane.fold(row.key)
            return True
        if action == "sort" and self._sight is not None:
            self._which += 1
            self.show(self._sight)
            return True
        return await super().perform(action)

    async def change(self) -> ChangeText:
        """The whole change of the order that is shown; raises CockpitError."""
        from cockpit.release.changes import ChangeText

        ended = self._ended or await self._cockpit.end_state(self._read_order or ())
        return ChangeText(f"tree {ended.tree}" if ended.tree else "", ended.diff)

    def _order(self, sight: Sight) -> tuple[str, ...]:
        orders = simulations(sight.state)
        return orders[self._which % len(orders)].order if orders else ()

    async def _read(self, order: tuple[str, ...]) -> None:
        try:
            ended = await self._cockpit.end_state(order)
        except CockpitError as err:
            self._trouble = f"{err} · {err.hint or 'r looks again'}"
        else:
            self._ended = ended
        if self._sight is not None and self.is_attached:
            super().show(self._sight)
