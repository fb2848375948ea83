"""Two candidates' builds compared, as a list or cell by cell; one key goes one further back."""

from __future__ import annotations

from textual import on

from cockpit.actions.situation import Scope, Selection
from cockpit.views.build_subject import build_subject
from cockpit.views.builds_comparison import (
    builds_comparison_detail,
    builds_comparison_pane,
    comparison_key,
)
from cockpit.views.comparison_grid import (
    compared_at,
    comparison_grid,
    comparison_legend,
    comparison_place_detail,
    foremost_compared,
)
from cockpit.views.table import Detail, Pane
from screens.pane import ListScreen
from screens.sight import Sight
from widgets.matrix import MatrixView


class BuildsComparisonScreen(ListScreen):
    """The newest candidate against an earlier one."""

    scopes = (Scope.EVERYWHERE, Scope.BUILDS, Scope.BUILDS_COMPARED)

    def __init__(self) -> None:
        self._matrix = MatrixView()
        self._matrix.display = False
        super().__init__("builds-comparison", face=self._matrix)
        self._older = ""

    @property
    def moving_keys(self) -> frozenset[str]:
        """In the matrix h and l move too."""
        return frozenset("hl") if self._matrix.has_focus else frozenset()

    @property
    def _as_matrix(self) -> bool:
        return self._matrix.display

    def prepare(self, sight: Sight) -> None:
        """Make the list and the matrix."""
        self._pane.prepare(self.pane_of(sight))
        comparison_grid(sight.state, self._older)

    def pane_of(self, sight: Sight) -> Pane:
        """The two candidates as they are now."""
        return builds_comparison_pane(sight.state, self._older)

    def detail_of(self, sight: Sight, key: str) -> Detail | None:
        """The cell or the job in both, or what a heading means."""
        if self._as_matrix:
            return comparison_place_detail(sight.state, key, self._older)
        return builds_comparison_detail(sight.state, key, self._older)

    def show(self, sight: Sight) -> None:
        """Show the newest state."""
        self._matrix.show(comparison_grid(sight.state, self._older))
        super().show(sight)
        self._annotate()

    def redraw(self) -> None:
        """Draw everything anew, in another theme."""
        super().redraw()
        self._matrix.redraw()
        self._annotate()

    @property
    def cursor_key(self) -> str:
        """The cell or row under the cursor."""
        return self._matrix.key if self._as_matrix else super().cursor_key

    @property
    def selection(self) -> Selection | None:
        """The job under the cursor; of a cell the one that matters most."""
        if not self._as_matrix:
            return super().selection
        if self._sight is None:
            return None
        found = foremost_compared(compared_at(self._sight.state, self.cursor_key, self._older))
        if found is None:
            return None
        key = comparison_key(found)
        return Selection(self.pane_name, key, found.job.url if found.job else "", key)

    async def perform(self, action: str) -> bool:
        """Change the view, fold a heading, or compare with one candidate further back."""
        row = self.pane.table.selected
        match action:
            case "builds-view":
                self._show_as(as_matrix=not self._as_matrix)
                return True
            case "filter":
                self._show_as(as_matrix=False)
            case "open" if not self._as_matrix and row is not None and row.heading:
                if self.pane.body.has_focus:
                    self.pane.fold(row.key)
                    return True
            case "compare-candidates" if self._sight is not None:
                self._older = _further_back(self._sight, self._older)
                self.show(self._sight)
                return True
            case _:
                pass
        return await super().perform(action)

    def _show_as(self, *, as_matrix: bool) -> None:
        """Show the other view, in the list on the job that was looked at."""
        if as_matrix == self._as_matrix or self._sight is None:
            return
        before = self.selection
        self._pane.show_face(shown=as_matrix)
        self.show(self._sight)
        if before is not None and not as_matrix:
            self._pane.table.select(before.key)

    def _annotate(self) -> None:
        """In the matrix, say what its marks mean and which page this is."""
        grid = comparison_grid(self._sight.state, self._older) if self._sight else None
        shown = self._as_matrix and grid is not None
        self._pane.annotate(self._matrix.pages if shown else "")
        self._pane.subtitle(comparison_legend(grid) if shown and grid is not None else ())

    @on(MatrixView.Moved)
    def _cell_moved(self) -> None:
        self.follow_cursor()

    @on(MatrixView.Paged)
    def _paged(self) -> None:
        self._annotate()

    @on(MatrixView.Opened)
    async def _cell_opened(self) -> None:
        await self.perform("open")


def _further_back(sight: Sight, older: str) -> str:
    """The candidate before this one, and after the first the last again."""
    earlier = build_subject(sight.state).earlier
    names = [builds.candidate.tag.name for builds in earlier if builds.candidate]
    if not names:
        return ""
    at = names.index(older) if older in names else 0
    return names[(at + 1) % len(names)]
