"""The cherry-pick queue in full: sorted, filtered, marked; Enter opens one pick."""

from __future__ import annotations

from abc import abstractmethod

from cockpit.actions.situation import Scope, Selection
from cockpit.release.state import ReleaseState
from cockpit.views.lacking import lacking_pane
from cockpit.views.pick_queue import pick_in_short, pick_queue
from cockpit.views.sorting import Order
from cockpit.views.table import Detail, Pane
from screens.pane import ListScreen
from screens.sight import Sight


class PickListScreen(ListScreen):
    """Rows of the queue that can be sorted and marked; both survive a refresh."""

    scopes = (Scope.EVERYWHERE, Scope.PICKS, Scope.QUEUE)
    beside = False

    def __init__(self, key: str = "") -> None:
        super().__init__("picks")
        self._order = Order()
        self._marked: frozenset[str] = frozenset()
        self._first = key
        """The row that was selected where this was opened."""

    @abstractmethod
    def made(self, state: ReleaseState, order: Order, marked: frozenset[str]) -> Pane:
        """The rows in an order, with marks on some."""

    @property
    def moving_keys(self) -> frozenset[str]:
        """Marking goes from row to row."""
        return frozenset({"space"})

    @property
    def selection(self) -> Selection | None:
        """The selected row, and those that are marked in the order in which they stand.

        Marks count where a filter leaves no row to select, too.
        """
        if self._sight is None:
            return None
        rows = self.pane_of(self._sight).table.rows
        marked = tuple(each.key for each in rows if each.key in self._marked)
        row = self._pane.table.selected
        if row is None:
            return Selection("picks", "", marked=marked) if marked else None
        return Selection("picks", row.key, row.url, row.copy or row.key, marked=marked)

    def prepare(self, sight: Sight) -> None:
        """Make the rows."""
        self.pane_of(sight)

    def pane_of(self, sight: Sight) -> Pane:
        """The rows as they are asked for."""
        return self.made(sight.state, self._order, self._marked)

    def detail_of(self, sight: Sight, key: str) -> Detail | None:
        """What the line has no room for."""
        return pick_in_short(sight.state, key)

    def show(self, sight: Sight) -> None:
        """Show the newest state, with the row that was opened under the cursor."""
        super().show(sight)
        if self._first and self._pane.table.select(self._first):
            self._first = ""
        self._annotate()

    async def perform(self, action: str) -> bool:
        """Marks and order; one pick is opened by the app."""
        match action:
            case "open":
                return self._pane.table.selected is None
            case "mark":
                self._mark_row()
            case "mark-all":
                self._mark_all()
            case "sort" | "sort-around":
                self._sort(around=action == "sort-around")
            case _:
                return await super().perform(action)
        return True

    def _mark_row(self) -> None:
        row = self._pane.table.selected
        if row is not None:
            self._marked ^= {row.key}
            self._again()
            self._pane.table.action_move(1)

    def _mark_all(self) -> None:
        """Every row that is shown, or none."""
        here = frozenset(row.key for row in self._pane.table.rows_shown)
        self._marked = self._marked - here if here <= self._marked else self._marked | here
        self._again()

    def _sort(self, *, around: bool) -> None:
        if self._sight is not None:
            columns = self.pane_of(self._sight).table.columns
            self._order = self._order.turned if around else self._order.following(columns)
            self._again()

    def _again(self) -> None:
        if self._sight is not None:
            self.show(self._sight)

    def _annotate(self) -> None:
        """Say in the title how the rows are sorted, and how many are marked, hidden ones too."""
        if self._sight is None:
            return
        table = self.pane_of(self._sight).table
        words = []
        marked = self._marked & {row.key for row in table.rows}
        if marked:
            hidden = len(marked - {row.key for row in self._pane.table.rows_shown})
            words.append(f"{len(marked)} marked" + (f", {hidden} hidden" if hidden else ""))
        words.append(self._order.words(table.columns))
        self._pane.annotate(" · ".join(filter(None, words)))


class PicksScreen(PickListScreen):
    """The queue."""

    def made(self, state: ReleaseState, order: Order, marked: frozenset[str]) -> Pane:
        """Every row of the queue."""
        return pick_queue(state, order, marked)


class LackingScreen(PickListScreen):
    """What the branch lacks, or has alone."""

    def made(self, state: ReleaseState, order: Order, marked: frozenset[str]) -> Pane:
        """Every finding, by kind."""
        return lacking_pane(state, order, marked)
