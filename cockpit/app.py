"""The application: it puts the parts together and routes what people ask for."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import App
from textual.binding import Binding, BindingType

from cockpit.actions.registry import ACTIONS, action, availability, belongs_to, offered
from cockpit.actions.situation import Disabled, Situation
from cockpit.operations.plan import Danger
from screens.arming import Arming
from screens.base import CockpitScreen
from screens.conductor import Conductor
from screens.dashboard import DashboardScreen
from screens.deeds import Deeds
from screens.messages import SightWanted
from screens.notices import Notices
from screens.showing import Showing
from screens.sight import AROUND_HEADER, Sight
from screens.typed_keys import TypedKeys
from themes.palettes import DARK, THEMES
from widgets.keys import hint_of
from widgets.tones import ASCII_CLASS

if TYPE_CHECKING:
    from screens.ports import Cockpit


class CockpitApp(App[None], inherit_bindings=False):
    """The release cockpit on a terminal."""

    CSS_PATH = "../themes/cockpit.tcss"
    TITLE = "release-cockpit"
    ENABLE_COMMAND_PALETTE = False  # the framework's own key; ours opens from the registry
    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(",".join(entry.keys), f"act('{entry.id}')", entry.title, id=entry.id)
            for entry in ACTIONS
        ),
        Binding("ctrl+q", "act('quit')", "Quit", show=False, priority=True),
        Binding("ctrl+c", "act('quit')", "Quit", show=False),
    ]

    def __init__(
        self,
        cockpit: Cockpit,
        *,
        plain_ascii: bool = False,
        theme: str = DARK.name,
        compact: bool = False,
    ) -> None:
        super().__init__()
        for entry in THEMES:
            self.register_theme(entry)
        self.theme = theme
        self.animation_level = "none"
        self.set_class(plain_ascii, ASCII_CLASS)
        self.set_class(compact, "-compact")
        self.cockpit = cockpit
        self.arming = Arming(time.monotonic)
        self._showing = Showing(self, lambda: self.front, self.sight, self._prepare, self._draw)
        self.conductor = Conductor(
            self, cockpit, self.arming, self.report, self._started, changed=self._showing.soon
        )
        self._deeds = Deeds(self, cockpit, self.arming, self.conductor, self.perform)
        self._notices = Notices(self, cockpit)
        self._typed = TypedKeys(
            self, lambda: self.front, self._showing.pressed, through=super().on_event
        )

    def get_default_screen(self) -> DashboardScreen:
        """The dashboard lies below everything else; its first frame shows what is known."""
        screen = DashboardScreen()
        self._draw(screen, self.sight())
        screen.just_shown = True
        return screen

    def on_mount(self) -> None:
        """The world is looked at once the readings that were kept are on screen."""
        self._unsubscribe = self.cockpit.subscribe(self._showing.soon)
        self.theme_changed_signal.subscribe(self, lambda _: self.redraw())
        self.call_after_refresh(self._begin)

    async def _begin(self) -> None:
        await self.cockpit.start()
        self._showing.tick()
        self.set_interval(1.0, self._check_arming)

    async def on_unmount(self) -> None:
        """Stop looking at the world."""
        self._unsubscribe()
        await self.cockpit.stop()

    # Showing

    @property
    def front(self) -> CockpitScreen | None:
        """The uppermost screen that is no dialog; None while the app closes."""
        screens = (s for s in reversed(self.screen_stack) if isinstance(s, CockpitScreen))
        return next(screens, None)

    def sight(self) -> Sight:
        """Everything as it is at this moment."""
        return Sight(
            self.cockpit.state,
            self.cockpit.process,
            armed_for=self.arming.left,
            read_only=self.cockpit.read_only,
            running=self.conductor.running,
            budget=self.cockpit.budget,
        )

    @on(SightWanted)
    def show_now(self) -> None:
        """Show the newest state on the screen in front, without waiting for anything."""
        if self.front is not None:
            self._draw(self.front, self.sight())

    def _prepare(self, front: CockpitScreen, sight: Sight) -> None:
        """Make, in a thread, what takes time: keys and header need the release judged."""
        _ = sight.board
        sight.header(self.size.width - AROUND_HEADER)
        front.prepare(sight)
        self._notices.look(sight.state)

    def _draw(self, front: CockpitScreen, sight: Sight) -> None:
        self._notices.tell()
        situation = sight.situation(front.acting_scopes, front.selection)
        with self.batch_update():
            front.show(sight)
            hints = [
                hint_of(entry, availability(entry, situation))
                for entry in offered(situation)
                if entry.footer
            ]
            front.show_keys(hints, self.conductor.lines)

    def redraw(self) -> None:
        """Draw everything anew, in another theme."""
        for screen in self.screen_stack:
            if isinstance(screen, CockpitScreen):
                screen.redraw()

    def _check_arming(self) -> None:
        if self.arming.ran_out:
            self.arming.disarm()
            self.notify("Disarmed: ten minutes have passed")

    # Acting

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A key that several actions share belongs to the one that is offered here."""
        if action == "act" and self.front is not None:
            return belongs_to(str(parameters[0]), self.front.acting_scopes)
        return super().check_action(action, parameters)

    async def action_act(self, action_id: str) -> None:
        """Take an action of the registry, or say why not."""
        front = self.front
        if front is not None:
            situation = self.sight().situation(front.acting_scopes, front.selection)
            await self.perform(action_id, situation)

    async def perform(self, action_id: str, situation: Situation) -> None:
        """Take an action in this situation."""
        entry = action(action_id)
        if entry.operation and self.conductor.carries_out(entry):
            self.conductor.watch()
            return
        available = availability(entry, situation)
        if entry not in offered(situation) and not isinstance(available, Disabled):
            available = Disabled("not on this screen")
        if isinstance(available, Disabled):
            reason = f"{entry.title}: {available.reason}"
            self.notify(reason, severity="warning", markup=False)
        elif entry.operation:
            self.conductor.begin(entry, situation)
        elif self.front is None or not await self.front.perform(action_id):
            await self._deeds.do(action_id, situation)
            self.show_now()

    def _started(self, danger: Danger) -> None:
        """Something irreversible disarms as soon as it starts."""
        if danger is Danger.IRREVERSIBLE:
            self.arming.disarm()
        self._showing.soon()

    def report(self, error: BaseException) -> None:
        """The one place where failures are shown."""
        from screens.error import ErrorScreen, in_words

        self.push_screen(ErrorScreen(in_words(error)))

    def _fatal_error(self) -> None:
        """End on a defect with words; the details are in the log file."""
        from rich.text import Text

        from screens.error import in_words

        defect = in_words(self._exception or RuntimeError("the interface ended"))
        self._exit_renderables.append(
            Text(f"release-cockpit: {defect.title}: {defect.detail}\n  next: {defect.hint}")
        )
        self._close_messages_no_wait()

    async def on_event(self, event: events.Event) -> None:
        """Let through what a person typed."""
        await self._typed.hear(event)
