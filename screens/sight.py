"""One look at everything the interface shows, made anew whenever something changed."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from cockpit.actions.situation import Scope, Selection, Situation
from cockpit.release.board import Board, board
from cockpit.views.header import Controls, header
from cockpit.views.table import Detail, Line, Pane

if TYPE_CHECKING:
    from datetime import timedelta

    from cockpit.backends.ports import ApiBudget
    from cockpit.release.process import Process
    from cockpit.release.state import ReleaseState

AROUND_HEADER = 2
"""Columns of the terminal that the header leaves free."""
PANES = ("branches", "builds", "picks", "checklist")
"""The dashboard's panes, in the order of their numbers."""
PANE_SCOPES = {
    "branches": Scope.BRANCHES,
    "builds": Scope.BUILDS,
    "picks": Scope.PICKS,
    "checklist": Scope.CHECKLIST,
    "board": Scope.BOARD,
    "ledger": Scope.LEDGER,
    "publishing": Scope.PUBLISHING,
    "promotion": Scope.PROMOTION,
}


class Sight:
    """The release's state with what the interface itself knows; panes are made when asked for."""

    def __init__(
        self,
        state: ReleaseState,
        process: Process,
        *,
        armed_for: timedelta | None,
        read_only: bool,
        running: str,
        budget: ApiBudget | None,
    ) -> None:
        self.state = state
        self.process = process
        self.armed_for = armed_for
        """Time until the cockpit disarms itself; None while it is disarmed."""
        self.read_only = read_only
        self.running = running
        self.budget = budget
        self._panes: dict[tuple[str, bool], Pane] = {}
        self._headers: dict[int, Line] = {}

    @cached_property
    def board(self) -> Board:
        """What blocks, is risky, is ready and comes next."""
        return board(self.state)

    @property
    def _stranger(self) -> str:
        """Why whoever flies may only look; empty for people of the team."""
        return self.state.spec.team.stranger(self.state.me)

    def header(self, width: int) -> Line:
        """The line on top of every screen."""
        if width not in self._headers:
            left = self.budget.remaining if self.budget else None
            resets_at = self.budget.resets_at if self.budget else None
            looks_only = self.read_only or bool(self.state.me and self._stranger)
            controls = Controls(self.armed_for, looks_only, left, resets_at)
            self._headers[width] = header(self.state, self.process, controls, width)
        return self._headers[width]

    def pane(self, name: str, *, full: bool = False) -> Pane:
        """The pane of this name; `full` where it has the screen to itself."""
        if (name, full) not in self._panes:
            self._panes[name, full] = self._made(name, full=full)
        return self._panes[name, full]

    def detail(self, name: str, key: str) -> Detail | None:
        """Everything about one row of a pane that is shown as such in full."""
        match name:
            case "branches":
                from cockpit.views.branches import branch_detail

                return branch_detail(self.state, key)
            case "checklist":
                from cockpit.views.checklist import item_detail

                return item_detail(self.state, self.process, key)
            case "board":
                from cockpit.views.board_pane import board_detail

                return board_detail(self.state, key)
            case "ledger":
                from cockpit.views.ledger import entry_detail

                return entry_detail(self.state, key)
            case "publishing":
                from cockpit.views.publishing import publication_detail

                return publication_detail(self.state, key)
            case "promotion":
                from cockpit.views.promotion import promotion_detail

                return promotion_detail(self.state, key)
            case _:
                raise KeyError(name)

    def situation(self, scopes: tuple[Scope, ...], selection: Selection | None) -> Situation:
        """What the guards of the actions look at."""
        return Situation(
            state=self.state,
            scopes=scopes,
            selection=selection,
            armed=self.armed_for is not None,
            read_only=self.read_only,
            running=self.running,
            process=self.process,
        )

    def _made(self, name: str, *, full: bool) -> Pane:
        match name:
            case "branches":
                from cockpit.views.branches import branches_pane

                return branches_pane(self.state)
            case "builds":
                from cockpit.views.builds import builds_pane

                return builds_pane(self.state)
            case "picks":
                from cockpit.views.picks import picks_pane

                return picks_pane(self.state)
            case "checklist":
                from cockpit.views.checklist import checklist_pane

                return checklist_pane(self.state, self.process, every=full)
            case "board":
                from cockpit.views.board_pane import board_pane

                return board_pane(self.state)
            case "ledger":
                from cockpit.views.ledger import ledger_pane

                return ledger_pane(self.state)
            case "publishing":
                from cockpit.views.publishing import publishing_pane

                return publishing_pane(self.state)
            case "promotion":
                from cockpit.views.promotion import promotion_pane

                return promotion_pane(self.state)
            case _:
                raise KeyError(name)
