"""What the actions do that belong to no one screen and start no operation."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from functools import partial

from textual.app import App
from textual.screen import Screen

from cockpit.actions.guards.board import for_next, next_step
from cockpit.actions.situation import Situation
from cockpit.errors import CockpitError
from cockpit.release.findings import Severity, findings
from cockpit.release.words import counted
from screens.arming import ARMED_FOR, Arming
from screens.base import CockpitScreen
from screens.conductor import Conductor
from screens.full import in_full
from screens.opening import opened
from screens.ports import Cockpit
from screens.sight import PANES
from themes.palettes import following

Perform = Callable[[str, Situation], Awaitable[None]]


class Deeds:
    """What is more than opening a screen."""

    def __init__(
        self,
        app: App[None],
        cockpit: Cockpit,
        arming: Arming,
        conductor: Conductor,
        perform: Perform,
    ) -> None:
        self._app = app
        self._cockpit = cockpit
        self._arming = arming
        self._conductor = conductor
        self._perform = perform

    async def do(self, action: str, situation: Situation) -> None:
        """Take an action that the screen in front left to the app."""
        match action:
            case "back":
                if len(self._app.screen_stack) > 1:
                    self._app.pop_screen()
            case "pane-1" | "pane-2" | "pane-3" | "pane-4":
                self._switch(PANES[int(action.removeprefix("pane-")) - 1])
            case "browse" | "copy-id" | "copy-url":
                self._hand_over(action, situation)
            case "export-ledger":
                self._export_ledger(situation)
            case "next":
                await self._next(situation)
            case "refresh":
                self._refresh()
            case "verify-artifacts":
                self._app.notify("looking inside of the test channel's files")
                self._app.run_worker(self._verify(), name="verify", exit_on_error=False)
            case "arm":
                self._arm()
            case "palette":
                self._palette(situation)
            case "watch":
                if not self._conductor.watch():
                    self._app.notify("nothing has been carried out since the start")
            case "theme":
                self._app.theme = following(self._app.theme)
                self._app.notify(f"theme: {self._app.theme}")
            case "density":
                self._app.toggle_class("-compact")
            case "quit":
                self._quit()
            case _:
                self._open(action, situation)

    def _export_ledger(self, situation: Situation) -> None:
        """Copy the rows that the filter lets through, oldest first."""
        from cockpit.views.ledger import entries_markdown

        front = self._app.screen
        pane = front.pane if isinstance(front, CockpitScreen) else None
        shown = {row.key for row in pane.table.rows_shown} if pane else set()
        entries = [entry for entry in situation.state.record.entries if entry.sha in shown]
        self._app.copy_to_clipboard(entries_markdown(entries) + "\n")
        told = counted(len(entries), "entry", "entries")
        self._app.notify(f"{told} as a Markdown table", title="Copied", markup=False)

    def _open(self, action: str, situation: Situation) -> None:
        """Open a screen, unless the one in front shows the same already."""
        front = self._app.screen
        screen = opened(action, situation, self._cockpit, front)
        if screen is not None and _shown_by(front) != _shown_by(screen):
            self._app.push_screen(screen)

    def _switch(self, pane: str) -> None:
        """Another pane in full, in place of the one that is open."""
        self._app.switch_screen(in_full(pane))

    def _hand_over(self, action: str, situation: Situation) -> None:
        """Copy, or open the browser; the text is always shown, since a terminal may refuse."""
        from screens.outside import browser_missing

        selection = situation.selection
        if selection is None:
            return
        if action == "browse":
            missing = browser_missing(os.environ)
            if missing:
                self._app.notify(f"{selection.url}\n({missing})", title="Address", markup=False)
            else:
                self._app.open_url(selection.url)
            return
        text = selection.copy if action == "copy-id" else selection.url
        self._app.copy_to_clipboard(text)
        self._app.notify(text, title="Copied", markup=False)

    async def _next(self, situation: Situation) -> None:
        following = next_step(situation)
        if following.action is not None:
            await self._perform(following.action, for_next(situation, following))

    def _refresh(self) -> None:
        self._app.notify("looking at every backend")
        self._app.run_worker(self._cockpit.refresh(), name="refresh", exit_on_error=False)

    async def _verify(self) -> None:
        """Nothing is written; what is found shows on the board, in the builds and the checklist."""
        try:
            problems = await self._cockpit.verify()
        except CockpitError as err:
            self._app.notify(
                f"{err}\n{err.hint}", title="Not verified", severity="error", markup=False
            )
            return
        blocking = [f for f in findings(self._cockpit.state) if f.severity is Severity.BLOCKS]
        said = [f"{key}: {why}" for key, why in problems.items()][:3]
        said.insert(0, f"{counted(len(blocking), 'file')} with something wrong")
        self._app.notify("\n".join(said), title="Looked inside", markup=False)

    def _arm(self) -> None:
        if self._arming.left is not None:
            self._arming.disarm()
            self._app.notify("Disarmed")
            return
        self._arming.arm()
        minutes = int(ARMED_FOR.total_seconds() // 60)
        self._app.notify(f"Armed for {minutes} minutes", severity="warning")

    def _palette(self, situation: Situation) -> None:
        from textual.command import CommandPalette

        from screens.palette import palette_provider

        provider = palette_provider(situation, partial(self._perform_in, situation))
        self._app.push_screen(CommandPalette([provider], placeholder="What do you want to do?"))

    async def _perform_in(self, situation: Situation, action: str) -> None:
        await self._perform(action, situation)

    def _quit(self) -> None:
        from screens.quitting import QuitScreen

        if not self._conductor.running:
            self._leave()
        elif not isinstance(self._app.screen, QuitScreen):
            self._app.push_screen(
                QuitScreen(self._conductor.running), lambda sure: self._leave() if sure else None
            )

    def _leave(self) -> None:
        from screens.picture import keep_picture

        keep_picture(self._app, self._cockpit.still)
        self._app.exit()


def _shown_by(screen: Screen[object] | Screen[None]) -> tuple[type, str]:
    return type(screen), screen.subject if isinstance(screen, CockpitScreen) else ""
