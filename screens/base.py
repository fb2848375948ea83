"""What every screen of the cockpit has: a frame, scopes, a selection, its share of the actions."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.screen import Screen

from cockpit.actions.situation import Scope, Selection
from cockpit.views.table import Line
from screens.messages import SightWanted
from screens.sight import AROUND_HEADER, Sight
from widgets.keys import KeyBar, KeyHint
from widgets.lines import LineView

if TYPE_CHECKING:
    from widgets.pane import PaneView


class CockpitScreen(Screen[None]):
    """A screen that shows the release; the app tells it what to show and asks it to act."""

    just_shown = False
    """Whether it was given the newest state before it came to the front."""
    scopes: ClassVar[tuple[Scope, ...]] = (Scope.EVERYWHERE,)
    ways: ClassVar[tuple[KeyHint, ...]] = (KeyHint("esc", "Back", action="app.act('back')"),)
    """The keys that are always named."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  (the framework's name)
        super().__init__(id=id)
        self._sight: Sight | None = None
        self._header = LineView(id="header")
        self._background = LineView(id="running")
        self._keys = KeyBar()

    def compose(self) -> ComposeResult:
        """The header first, the keys last."""
        yield self._header
        yield from self.compose_body()
        yield self._background
        yield self._keys

    @abstractmethod
    def compose_body(self) -> ComposeResult:
        """What stands between them."""

    @property
    def subject(self) -> str:
        """What it shows, where screens of its kind show different things."""
        return ""

    @property
    def moving_keys(self) -> frozenset[str]:
        """Printable keys that only move here, and so are never held back."""
        return frozenset()

    @property
    def pane(self) -> PaneView | None:
        """The pane that keys act on."""
        return None

    @property
    def acting_scopes(self) -> tuple[Scope, ...]:
        """Where actions are taken at the moment."""
        return self.scopes

    @property
    def selection(self) -> Selection | None:
        """The selected row."""
        return self.pane.selection if self.pane else None

    def prepare(self, sight: Sight) -> None:
        """Make what takes time before `sight` is shown; runs in a thread, and draws nothing."""

    def show(self, sight: Sight) -> None:
        """Show the newest state; only what differs is drawn."""
        self._sight = sight
        self._header.show((sight.header(self.app.size.width - AROUND_HEADER),))

    def on_screen_resume(self) -> None:
        """What lies below another screen is not kept up to date."""
        if not self.just_shown:
            self.post_message(SightWanted())
        self.just_shown = False

    def show_keys(self, hints: Sequence[KeyHint], running: Sequence[Line]) -> None:
        """Name the keys of this place, and the operation in the background."""
        self._keys.show((*self.ways, *hints))
        self._background.show(running)

    def redraw(self) -> None:
        """Draw everything anew, in another theme."""

    async def perform(self, action: str) -> bool:
        """Take an action that concerns this screen alone; False leaves it to the app."""
        pane = self.pane
        if pane is None:
            return False
        if action == "filter":
            await pane.begin_filter()
            return True
        return action == "back" and pane.drop_filter()
