"""A long text in full: read when it is opened, gone through from stop to stop, searched, paged."""

from __future__ import annotations

from abc import abstractmethod
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content

from cockpit.errors import CockpitError
from cockpit.views.framing import line
from cockpit.views.marks import NEEDS_YOU, Tone
from cockpit.views.stops import stop_beside
from cockpit.views.table import Span
from screens.base import CockpitScreen
from screens.outside import page_text
from widgets.filter_box import FilterBox
from widgets.lines import WrappedLines
from widgets.log_view import LogView
from widgets.tones import content_of


class TextScreen(CockpitScreen):
    """One text; subclasses say where it comes from, and at which lines one stops."""

    CSS_PATH = "../themes/log.tcss"
    AUTO_FOCUS = "LogView"
    stops_are = "stops"
    """What the lines are called that `n` goes to."""
    empty = "there is nothing to read"

    def __init__(self, spans: Callable[[str], tuple[Span, ...]]) -> None:
        """`spans` draws one line."""
        super().__init__()
        self._lines: Sequence[str] = ()
        self._was_read = False
        self._stops: tuple[int, ...] = ()
        self._found: tuple[int, ...] = ()
        self._search = ""
        self._frame = Vertical(id="log")
        self._trouble = WrappedLines(id="trouble")
        self._view = LogView(spans)
        self._box = FilterBox()

    def compose_body(self) -> ComposeResult:
        """The text fills the screen; it is read when somebody asks, whatever changes around it."""
        with self._frame:
            yield self._trouble
            yield self._view
            yield self._box

    def on_mount(self) -> None:
        """Read at once; nothing waits for it."""
        self._look()

    # What subclasses say

    @abstractmethod
    async def read(self) -> Sequence[str]:
        """The text's lines; raises CockpitError where they cannot be read."""

    @abstractmethod
    def stops_in(self, lines: Sequence[str]) -> tuple[int, ...]:
        """The lines at which one stops."""

    @property
    @abstractmethod
    def heading(self) -> Sequence[Span]:
        """What it is, for the border."""

    def go_to_start(self) -> None:
        """Where one begins to read."""

    def copied(self, line: str) -> str:
        """What of a line is copied."""
        return line

    # Showing

    @property
    def moving_keys(self) -> frozenset[str]:
        """In the text h and l scroll sideways."""
        return frozenset("hl") if self._view.has_focus else frozenset()

    def redraw(self) -> None:
        """Draw everything anew, in another theme."""
        self._view.refresh()
        self._show_title()

    async def perform(self, action: str) -> bool:
        """What concerns this text alone."""
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
            lines = await self.read()
        except CockpitError as err:
            self._say(f"{NEEDS_YOU.shape} {err} · {err.hint or 'r reads again'}", Tone.WARN)
            return
        if not self.is_attached:
            return
        self._lines, self._was_read = lines, True
        self._stops = self.stops_in(lines)
        self._say("" if lines else self.empty)
        self._view.show(lines)
        self._show_title()
        # The text has no size before it was laid out once, and cannot be scrolled.
        self.call_after_refresh(self.go_to_start)

    def _say(self, words: str, tone: Tone = Tone.DIM) -> None:
        self._trouble.show((line(Span(words, tone)),) if words else ())

    # Finding

    @property
    def _reached(self) -> tuple[int, ...]:
        return self._found if self._search else self._stops

    def _go(self, step: int) -> None:
        stops = self._reached
        if not stops:
            none = f"no {self.stops_are.rstrip('s')} found"
            what = f"no line contains {self._search}" if self._search else none
            self.app.notify(what, markup=False)
            return
        self.mark(stop_beside(stops, self._view.marked, step))

    def mark(self, at: int) -> None:
        """Mark a line and bring it into view."""
        self._view.mark(at)
        self._show_title()

    def go_to_end(self) -> None:
        """Show the last lines."""
        self._view.go_to_end()

    def _look_for(self, text: str) -> None:
        self._search = text
        needle = text.casefold()
        self._found = tuple(
            at for at, entry in enumerate(self._lines) if needle in entry.casefold()
        )
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
        lines = [self.copied(entry) for entry in self._view.visible_lines]
        if lines:
            self.app.copy_to_clipboard("\n".join(lines))
            self.app.notify(f"{len(lines)} lines", title="Copied")

    def _page(self) -> None:
        if self._was_read:
            problem = page_text(self.app, "\n".join(self._lines) + "\n")
            if problem:
                self.app.notify(problem, severity="warning", markup=False)

    def _show_title(self) -> None:
        spans = [*self.heading]
        stops = self._reached
        if stops or self._search:
            here = self._view.marked
            number = bisect_right(stops, here) if here is not None and here in stops else 0
            what = f"/ {self._search}" if self._search else self.stops_are
            spans.append(Span(f"· {number or '–'} of {len(stops)} {what} ", Tone.WARN))
        title: Content = content_of(self, spans)
        self._frame.border_title = title
