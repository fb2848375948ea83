"""The builds of a candidate: five hundred jobs as a matrix or as a list."""

from __future__ import annotations

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Container, Vertical, VerticalScroll

from cockpit.actions.situation import Scope, Selection
from cockpit.release.build_groups import Grouping, needs_somebody
from cockpit.release.remembered import remembered
from cockpit.release.state import ReleaseState
from cockpit.views.build_details import job_detail, place_detail
from cockpit.views.build_grid import Grid, build_grid, foremost, jobs_at, key_of
from cockpit.views.build_progress import progress_plot
from cockpit.views.build_subject import (
    BuildSubject,
    build_repositories,
    build_subject,
    jobs_by_key,
    keys_of_jobs,
    moment_of,
)
from cockpit.views.builds import builds_pane, legend
from cockpit.views.stops import stop_beside
from cockpit.views.table import Detail, Line, Pane
from screens.pane import BESIDE_FROM, ListScreen
from screens.sight import Sight
from widgets.lines import LineView
from widgets.matrix import MatrixView

_CURVE_FROM = 32
"""Lines of the terminal from which the summary shows how the candidate went."""
_BROAD_FROM = 150
"""Columns from which the side is broad."""
_SIDE, _BROAD = 40, 60
"""Columns of the side, as the style sheet has them."""
_AROUND, _AROUND_LEGEND = 4, 8
_PLOT_FROM = 34
"""Lines from which it is drawn larger beside the matrix."""


class BuildsScreen(ListScreen):
    """Matrix and list of one candidate's jobs, with what is selected at the side."""

    CSS_PATH = "../themes/builds.tcss"
    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012
        (0, "-below"),
        (BESIDE_FROM, "-beside"),
        (_BROAD_FROM, "-broad"),
    ]
    AUTO_FOCUS = "MatrixView"
    scopes = (Scope.EVERYWHERE, Scope.BUILDS, Scope.BUILDS_SCREEN)

    def __init__(self, key: str = "", repository: str = "") -> None:
        self._matrix = MatrixView()
        super().__init__("builds", face=self._matrix)
        self._repository = repository
        self._grouping = Grouping.NONE
        self._as_list = False
        self._first = key
        """The job that was selected where this was opened."""
        self._plot = LineView(id="plot")
        self._pane.table.display = False

    def compose_body(self) -> ComposeResult:
        """Matrix or list share the screen with the detail and the plot."""
        with Container(id="split"):
            yield self._pane
            with Vertical(id="side"):
                with VerticalScroll(id="detail"):
                    yield self._detail
                yield self._plot

    # Showing

    @property
    def moving_keys(self) -> frozenset[str]:
        """In the matrix h and l move too."""
        return frozenset("hl") if self._matrix.has_focus else frozenset()

    def prepare(self, sight: Sight) -> None:
        """Make what takes time: the views of a new reading."""
        self._grid(sight)
        self._pane.prepare(self.pane_of(sight))

    def pane_of(self, sight: Sight) -> Pane:
        """The jobs under the headings of the grouping."""
        curve = self.app.size.height >= _CURVE_FROM
        return _pane_of(sight.state, self._repository, self._grouping, curve)

    def detail_of(self, sight: Sight, key: str) -> Detail | None:
        """The cell, or the job."""
        if self._as_list:
            return job_detail(sight.state, key, self._repository)
        return place_detail(sight.state, key, self._repository)

    def show(self, sight: Sight) -> None:
        """Show the newest state, with the job that was opened under the cursor."""
        subject = self._subject(sight)
        self._matrix.show(self._grid(sight))
        super().show(sight)
        if self._first and self._go_to(subject, self._first):
            self._first = ""
        self._annotate(sight)
        self._show_plot()

    def redraw(self) -> None:
        """Draw everything anew, in another theme."""
        super().redraw()
        self._matrix.redraw()
        self._plot.refresh()
        if self._sight is not None:
            self._annotate(self._sight)

    def on_resize(self, _: events.Resize) -> None:
        """Summary and plot are made for a size."""
        if self._sight is not None:
            self.show(self._sight)

    @property
    def cursor_key(self) -> str:
        """The cell or row under the cursor."""
        return super().cursor_key if self._as_list else self._matrix.key

    @property
    def selection(self) -> Selection | None:
        """The job under the cursor; of a cell the one to look at, with all of its jobs."""
        if self._sight is None:
            return None
        subject = self._subject(self._sight)
        if self._as_list:
            row = self._pane.table.selected
            if row is None or row.heading:
                return None
            return Selection("builds", row.key, row.url, row.copy, subject.repository)
        jobs = jobs_at(subject, self._matrix.key)
        job = foremost(jobs)
        if job is None:
            return None
        keys = keys_of_jobs(subject.builds)
        key = keys[job.id]
        every = tuple(keys[other.id] for other in jobs)
        return Selection("builds", key, job.url, key, subject.repository, every)

    # Acting

    async def perform(self, action: str) -> bool:
        """What concerns the matrix and the list alone."""
        match action:
            case "builds-view":
                self._show_as(as_list=not self._as_list)
            case "builds-group":
                self._group()
            case "fold":
                self._show_as(as_list=True)
                self._pane.fold_all()
            case "next-red" | "previous-red":
                self._go_to_red(1 if action == "next-red" else -1)
            case "other-builds":
                self._next_repository()
            case "filter":
                self._show_as(as_list=True)
                return await super().perform(action)
            case "open":
                return self._open()
            case _:
                return await super().perform(action)
        return True

    def _open(self) -> bool:
        """Fold a heading, list the jobs of a group; a job is opened by the app."""
        if self._sight is None or not self._pane.has_focus_within:
            return False
        row = self._pane.table.selected
        if self._as_list and row is not None and row.heading:
            self._pane.fold(row.key)
            return True
        if not self._as_list and self.cursor_key.startswith("more:"):
            subject = self._subject(self._sight)
            jobs = jobs_at(subject, self.cursor_key)
            if jobs:
                self._grouping = Grouping.WORKFLOW
                self._show_as(as_list=True)
                self._pane.table.select(keys_of_jobs(subject.builds)[jobs[0].id])
            return True
        return self.selection is None

    def _show_as(self, *, as_list: bool) -> None:
        """Show the other view, on the same job."""
        if as_list == self._as_list or self._sight is None:
            return
        before = self.selection
        self._as_list = as_list
        self._pane.show_face(shown=not as_list)
        self.show(self._sight)
        if before is not None:
            self._go_to(self._subject(self._sight), before.key)
        self._show_detail()

    def _group(self) -> None:
        """The next grouping, or the list where the matrix was shown."""
        if self._as_list or self._grouping is Grouping.NONE:
            self._grouping = self._grouping.following
        self._show_as(as_list=True)
        if self._sight is not None:
            self.show(self._sight)

    def _go_to_red(self, step: int) -> None:
        if self._sight is None:
            return
        subject = self._subject(self._sight)
        if self._as_list:
            jobs = jobs_by_key(subject.builds)
            order = [row.key for row in self._pane.table.rows_shown if not row.heading]
            red = [at for at, key in enumerate(order) if needs_somebody(jobs[key])]
        else:
            order = list(self._matrix.keys)
            red = [
                at
                for at, key in enumerate(order)
                if any(map(needs_somebody, jobs_at(subject, key)))
            ]
        if not red:
            self.app.notify("No job needs anybody")
            return
        here = order.index(self.cursor_key) if self.cursor_key in order else None
        found = order[stop_beside(red, here, step)]
        if self._as_list:
            self._pane.table.select(found)
        else:
            self._matrix.select(found)

    def _next_repository(self) -> None:
        if self._sight is None:
            return
        names = build_repositories(self._sight.state)
        here = self._subject(self._sight).repository
        at = names.index(here) if here in names else -1
        self._repository = names[(at + 1) % len(names)]
        self.show(self._sight)

    def _go_to(self, subject: BuildSubject, key: str) -> bool:
        job = jobs_by_key(subject.builds).get(key)
        if job is None:
            return False
        self._pane.table.select(key)
        self._matrix.select(key_of(subject, job))
        return True

    def _subject(self, sight: Sight) -> BuildSubject:
        return build_subject(sight.state, self._repository)

    def _grid(self, sight: Sight) -> Grid:
        return build_grid(sight.state, self._repository)

    def _annotate(self, sight: Sight) -> None:
        """Say how the list is grouped, or which page of the matrix this is."""
        if self._as_list:
            self._pane.annotate(self._grouping.value)
            self._pane.subtitle(())
            return
        width = self.app.size.width
        room = width - _side(width) - _AROUND_LEGEND
        self._pane.annotate(self._matrix.pages)
        self._pane.subtitle(legend(self._grid(sight), room))

    def _show_plot(self) -> None:
        width, height = self.app.size
        drawn: tuple[Line, ...] = ()
        if self._sight is not None and width >= BESIDE_FROM and height >= _PLOT_FROM:
            subject = self._subject(self._sight)
            now = moment_of(self._sight.state, subject)
            drawn = progress_plot(subject, now, _side(width) - _AROUND)
        self._plot.show(drawn)

    @on(MatrixView.Moved)
    def _cell_moved(self) -> None:
        self.follow_cursor()

    @on(MatrixView.Paged)
    def _paged(self) -> None:
        if not self._as_list:
            self._pane.annotate(self._matrix.pages)

    @on(MatrixView.Opened)
    async def _cell_opened(self) -> None:
        await self.run_action("app.act('open')")


def _side(width: int) -> int:
    """How many columns of so many stand beside the matrix."""
    if width < BESIDE_FROM:
        return 0
    return _BROAD if width >= _BROAD_FROM else _SIDE


@remembered
def _pane_of(state: ReleaseState, repository: str, grouping: Grouping, curve: bool) -> Pane:
    return builds_pane(state, repository, grouping, curve=curve)
