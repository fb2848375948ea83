"""One pick in full: its life at one side, what it would come to and what is said at the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import VerticalScroll

from cockpit.actions.situation import Scope, Selection
from cockpit.errors import CockpitError
from cockpit.release.lookups import pick_label
from cockpit.release.picks import Pick, PullSummary
from cockpit.views.framing import heading, line
from cockpit.views.marks import NEEDS_YOU, Tone
from cockpit.views.pick_life import (
    comment_lines,
    forecast_lines,
    life_lines,
    pick_named,
    pick_title,
)
from cockpit.views.table import Line, Span
from screens.base import CockpitScreen
from screens.outside import page_text
from screens.pane import BESIDE_FROM
from screens.sight import Sight
from widgets.lines import WrappedLines
from widgets.reading import ReadingScroll
from widgets.tones import content_of

if TYPE_CHECKING:
    from cockpit.release.nominations import Comment
    from screens.ports import Cockpit

_Said = tuple[int, PullSummary | None]
"""The words that count and the pull request: comments are read again when either changes."""
_EMPTY = line("")


class PickScreen(CockpitScreen):
    """Everything that is known of one row of the queue; comments are read when it is opened."""

    CSS_PATH = "../themes/pick.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-below"), (BESIDE_FROM, "-beside")]  # noqa: RUF012
    AUTO_FOCUS = "#life"
    scopes = (Scope.EVERYWHERE, Scope.PICKS, Scope.PICK)

    def __init__(self, cockpit: Cockpit, key: str) -> None:
        super().__init__()
        self.key = key
        self._cockpit = cockpit
        self._comments: tuple[Comment, ...] | None = None
        self._trouble = ""
        self._seen: _Said | None = None
        self._side = ReadingScroll(id="life")
        self._life = WrappedLines()
        self._forecast = WrappedLines()
        self._said = WrappedLines()

    def compose_body(self) -> ComposeResult:
        """Two columns where there is room, else one below the other."""
        with VerticalScroll(id="pick", can_focus=False):
            with self._side:
                yield self._life
            with ReadingScroll(id="rest"):
                yield self._forecast
                yield self._said

    @property
    def selection(self) -> Selection | None:
        """The pick."""
        pick = self._pick
        if pick is None:
            return None
        return Selection("picks", self.key, pick.url, pick_label(pick))

    def prepare(self, sight: Sight) -> None:
        """Make the lines."""
        pick = pick_named(sight.state, self.key)
        if pick is not None:
            life_lines(sight.state, pick)
            forecast_lines(sight.state, pick)
            comment_lines(sight.state, self._comments or ())

    def show(self, sight: Sight) -> None:
        """Show the newest state; what people say is read again when they have said more."""
        super().show(sight)
        pick = self._pick
        if pick is None:
            gone = "the queue has no such row any more; esc goes back"
            self._life.show((line(Span(f"{NEEDS_YOU.shape} {gone}", Tone.WARN)),))
            return
        title = Span(f" {pick_title(pick)} ", Tone.ACCENT)
        self._side.border_title = content_of(self, (title,))
        self._life.show(life_lines(sight.state, pick))
        self._forecast.show((*forecast_lines(sight.state, pick), _EMPTY))
        self._said.show(self._said_lines(sight))
        seen = (len(pick.answers), pick.pull)
        if seen != self._seen:
            self._seen = seen
            self._read()

    def redraw(self) -> None:
        """Draw everything anew, in another theme."""
        for lines in (self._life, self._forecast, self._said):
            lines.refresh()

    async def perform(self, action: str) -> bool:
        """Reading, in the pager too, which searches."""
        match action:
            case "open":
                self.screen.focus_next()
            case "refresh":
                self._read()
                return False
            case "filter":
                self.app.notify("p opens it in the pager, where it can be searched")
            case "pager":
                self._page()
            case _:
                return await super().perform(action)
        return True

    @property
    def _pick(self) -> Pick | None:
        return pick_named(self._sight.state, self.key) if self._sight else None

    def _read(self) -> None:
        self.run_worker(self._read_comments(), exclusive=True, exit_on_error=False)

    async def _read_comments(self) -> None:
        try:
            answer = await self._cockpit.pick_comments(self.key)
        except CockpitError as err:
            self._trouble = f"{err} · {err.hint or 'r reads again'}"
        else:
            self._comments = answer.value
            self._trouble = f"not all: {answer.missing}" if answer.missing else ""
        if self._sight is not None and self.is_attached:
            self._said.show(self._said_lines(self._sight))

    def _said_lines(self, sight: Sight) -> tuple[Line, ...]:
        lines = [heading("What people say")]
        if self._trouble:
            lines.append(line(Span(f"{NEEDS_YOU.shape} {self._trouble}", Tone.WARN)))
        if self._comments is not None:
            lines += comment_lines(sight.state, self._comments)
        elif not self._trouble:
            lines.append(line(Span("reading…", Tone.DIM)))
        return tuple(lines)

    def _page(self) -> None:
        parts = (self._life, self._forecast, self._said)
        text = "\n".join(each.text for part in parts for each in part.lines)
        problem = page_text(self.app, text + "\n")
        if problem:
            self.app.notify(problem, severity="warning", markup=False)
