"""The end of a job's log: its failing lines found, searched, copied, and read in the pager."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Awaitable, Callable, Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content

from cockpit.actions import Scope, Selection
from cockpit.errors import CockpitError
from cockpit.release.coverage import configuration
from cockpit.release.job_logs import JobLog, failing_lines, line_of_step, without_time
from cockpit.release.jobs import Job, Step
from cockpit.views.framing import line
from cockpit.views.job_log import log_extent, log_spans
from cockpit.views.marks import NEEDS_YOU, Tone
from cockpit.views.stops import stop_beside
from cockpit.views.table import Line, Span
from screens.base import CockpitScreen
from screens.outside import page_text
from screens.sight import AROUND_HEADER, Sight
from widgets.filter_box import FilterBox
from widgets.keys import KeyBar, KeyHint
from widgets.lines import LineView, WrappedLines
from widgets.log_view import LogView
from widgets.tones import content_of

Read = Callable[[], Awaitable[JobLog]]


class LogScreen(CockpitScreen):
    """One log, read when the screen opens and whenever it is asked for again."""

    CSS_PATH = "../themes/log.tcss"
    AUTO_FOCUS = "LogView"
    scopes = (Scope.EVERYWHERE, Scope.LOG)

    def __init__(
        self, repository: str, key: str, job: Job, read: Read, step: Step | None = None
    ) -> None:
        super().__init__()
        self._repository = repository
        self._key = key
        self._job = job
        self._read = read
        self._step = step
        self._log: JobLog | None = None
        self._failing: tuple[int, ...] = ()
        self._found: tuple[int, ...] = ()
        self._search = ""
        self._title = LineView(id="header")
        self._frame = Vertical(id="log")
        self._trouble = WrappedLines(id="trouble")
        self._view = LogView(log_spans)
        self._box = FilterBox()
        self._background = LineView(id="running")
        self._keys = KeyBar()

    def compose(self) -> ComposeResult:
        """The text fills the screen."""
        yield self._title
        with self._frame:
            yield self._trouble
            yield self._view
            yield self._box
        yield self._background
        yield self._keys

    def on_mount(self) -> None:
        """Read at once; nothing waits for it."""
        self._look()

    @property
    def selection(self) -> Selection:
        """The job whose log it is."""
        return Selection("log", self._key, self._job.url, self._key, self._repository)

    @property
    def moving_keys(self) -> frozenset[str]:
        """In the text h and l scroll sideways."""
        return frozenset("hl") if self._view.has_focus else frozenset()

    def show(self, sight: Sight) -> None:
        """The header alone changes by itself: a log is read when somebody asks."""
        self._title.show((sight.header(self.app.size.width - AROUND_HEADER),))

    def show_keys(self, hints: Sequence[KeyHint], running: Sequence[Line]) -> None:
        """Going back is always named."""
        self._keys.show((KeyHint("esc", "Back", action="app.act('back')"), *hints))
        self._background.show(running)

    def redraw(self) -> None:
        """Draw everything anew, in another theme."""
        self._view.refresh()
        self._show_title()

    async def perform(self, action: str) -> bool:
        """What concerns this log alone."""
        match action:
            case "filter":
                await self._box.begin(self._search)
            case "back" if self._search or self._box.display:
                self._box.end()
                self._look_for("")
                self._view.focus()
            case "next-red" | "previous-red":
                self._go(1 if action == "next-red" else -1)
            case "refresh":
                self._look()
            case "copy-id":
                self._copy()
            case "pager":
                self._page()
            case _:
                return False
        return True

    # Reading

    def _look(self) -> None:
        self._say("reading…")
        self.run_worker(self._take(), exclusive=True, exit_on_error=False)

    async def _take(self) -> None:
        try:
            log = await self._read()
        except CockpitError as err:
            self._say(f"{NEEDS_YOU.shape} {err} · {err.hint or 'r reads again'}", Tone.WARN)
            return
        if not self.is_attached:
            return
        self._log = log
        self._failing = failing_lines(log.lines)
        self._say("" if log.lines else "the log is empty")
        self._view.show(log.lines)
        self._show_title()
        # The text has no size before it was laid out once, and cannot be scrolled.
        self.call_after_refresh(self._go_to_start)

    def _go_to_start(self) -> None:
        """At the first failing line, of the step that was asked for where it has one."""
        if self._log is None:
            return
        begin = None
        if self._step is not None:
            begin = line_of_step(self._log.lines, self._step.name, self._step.started_at)
        after = self._failing[bisect_left(self._failing, begin or 0) :]
        asked_for_red = self._step is None or self._step.conclusion in ("failure", "timed_out")
        if asked_for_red and after:
            self._mark(after[0])
        elif begin is not None:
            self._mark(begin)
        else:
            self._view.go_to_end()

    def _say(self, words: str, tone: Tone = Tone.DIM) -> None:
        self._trouble.show((line(Span(words, tone)),) if words else ())

    # Finding

    @property
    def _stops(self) -> tuple[int, ...]:
        return self._found if self._search else self._failing

    def _go(self, step: int) -> None:
        stops = self._stops
        if not stops:
            what = f"no line contains {self._search}" if self._search else "no failing line found"
            self.app.notify(what, markup=False)
            return
        self._mark(stop_beside(stops, self._view.marked, step))

    def _mark(self, at: int) -> None:
        self._view.mark(at)
        self._show_title()

    def _look_for(self, text: str) -> None:
        self._search = text
        needle = text.casefold()
        lines = self._log.lines if self._log else ()
        self._found = tuple(at for at, entry in enumerate(lines) if needle in entry.casefold())
        if text and self._found:
            here = self._view.marked or 0
            ahead = self._found[bisect_left(self._found, here) :]
            self._view.mark((ahead or self._found)[0])
        self._show_title()

    @on(FilterBox.Typed)
    def _typed(self, event: FilterBox.Typed) -> None:
        event.stop()
        self._look_for(event.text)

    @on(FilterBox.Left)
    def _left(self, event: FilterBox.Left) -> None:
        event.stop()
        if not event.kept:
            self._look_for("")
        self._view.focus()

    # Handing over

    def _copy(self) -> None:
        """Copy what is on screen: that is what one has just read."""
        lines = [without_time(entry) for entry in self._view.visible_lines]
        if lines:
            self.app.copy_to_clipboard("\n".join(lines))
            self.app.notify(f"{len(lines)} lines", title="Copied")

    def _page(self) -> None:
        if self._log is not None:
            problem = page_text(self.app, "\n".join(self._log.lines) + "\n")
            if problem:
                self.app.notify(problem, severity="warning", markup=False)

    def _show_title(self) -> None:
        spans = [Span(f" {configuration(self._job)} ", Tone.ACCENT)]
        if self._log is not None:
            spans.append(Span(f"· {log_extent(self._log)} ", Tone.DIM))
        stops = self._stops
        if stops or self._search:
            here = self._view.marked
            number = bisect_right(stops, here) if here is not None and here in stops else 0
            what = f"/ {self._search}" if self._search else "failing lines"
            spans.append(Span(f"· {number or '–'} of {len(stops)} {what} ", Tone.WARN))
        title: Content = content_of(self, spans)
        self._frame.border_title = title
