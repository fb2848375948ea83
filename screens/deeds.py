"""What the actions do that belong to no one screen and start no operation."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial

import msgspec
from textual.app import App
from textual.screen import Screen

from cockpit.actions import Scope, Situation
from cockpit.errors import CockpitError
from cockpit.guards import meant_candidate, meant_repository, pick_meant, selected_job
from cockpit.guards_board import for_next, next_step
from cockpit.release.findings import Severity, findings
from cockpit.release.words import counted
from screens.arming import ARMED_FOR, Arming
from screens.base import CockpitScreen
from screens.conductor import Conductor
from screens.ports import Cockpit
from screens.sight import PANES
from themes.palettes import following

Perform = Callable[[str, Situation], Awaitable[None]]


class Deeds:
    """One method an action; `do` finds it."""

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
                self._open(PANES[int(action.removeprefix("pane-")) - 1])
            case "browse" | "copy-id" | "copy-url":
                self._hand_over(action, situation)
            case "open" if situation.selection and situation.selection.pane == "picks":
                from screens.pick import PickScreen

                self._push(PickScreen(self._cockpit, situation.selection.key))
            case "open" | "job-log":
                self._open_job(action, situation)
            case "next":
                await self._next(situation)
            case "refresh":
                self._refresh()
            case "verify-artifacts":
                self._app.notify("looking inside of the test channel's files")
                self._app.run_worker(self._verify(), name="verify", exit_on_error=False)
            case "arm":
                self._arm()
            case "quit":
                self._quit()
            case _:
                self._look(action, situation)

    def _look(self, action: str, situation: Situation) -> None:
        match action:
            case "command-log":
                from screens.command_log import CommandLogScreen

                log, cockpit = self._cockpit.command_log, self._cockpit
                self._push(CommandLogScreen(log, lambda: cockpit.usage))
            case "board" | "ledger" | "promotion" | "publishing":
                from screens.full import in_full

                self._push(in_full(action))
            case "timeline":
                from screens.timeline import TimelineScreen

                self._push(TimelineScreen(meant_repository(situation)))
            case "compare-candidates":
                self._compare(situation)
            case "other-builds":
                from screens.builds import BuildsScreen

                self._push(BuildsScreen(repository=meant_repository(situation).name))
            case "show-pick":
                self._show_pick(situation)
            case "handover":
                self._hand_the_release_over()
            case "export-ledger":
                self._export_ledger(situation)
            case "walk":
                from cockpit.guards_checklist import item_meant
                from screens.walk import WalkScreen

                self._push(WalkScreen(item_meant(situation)))
            case "diff":
                self._show_diff(situation)
            case "lacking":
                from screens.picks import LackingScreen

                self._push(LackingScreen())
            case "end-state":
                from screens.end_state import EndStateScreen

                self._push(EndStateScreen(self._cockpit))
            case "help":
                from screens.help import HelpScreen

                self._push(HelpScreen(situation.scopes, situation.selection))
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
            case _:
                raise LookupError(f"the registry has an action {action} that nothing carries out")

    def _hand_the_release_over(self) -> None:
        from cockpit.views.handover import handover
        from screens.handover import HandoverScreen

        cockpit, state = self._cockpit, self._cockpit.state

        def made(span: timedelta) -> str:
            return handover(state, cockpit.process, state.now - span)

        self._push(HandoverScreen(str(state.spec.version), made))

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

    def _open_job(self, action: str, situation: Situation) -> None:
        """A job's steps, or its log; from its steps the log is opened at the selected one."""
        from screens.job import JobScreen
        from screens.log import LogScreen

        job, selection = selected_job(situation), situation.selection
        if job is None or selection is None:
            return
        repository, key, front = selection.repository, selection.key, self._app.screen
        if action == "open" and not isinstance(front, JobScreen):
            self._push(JobScreen(self._cockpit, repository, key))
            return
        step = front.step if isinstance(front, JobScreen) else None
        read = partial(self._cockpit.job_log, repository, job.id)
        self._push(LogScreen(repository, key, job, read, step))

    def _compare(self, situation: Situation) -> None:
        if Scope.BUILDS in situation.scopes:
            from screens.builds_comparison import BuildsComparisonScreen

            self._push(BuildsComparisonScreen())
            return
        from cockpit.views.timeline import previous_of
        from screens.timeline import ComparisonScreen

        repository, newer = meant_repository(situation), meant_candidate(situation)
        older = previous_of(situation.state, repository, newer) if newer else None
        if newer is not None and older is not None:
            self._push(ComparisonScreen(repository, older.tag.name, newer.tag.name))

    def _show_pick(self, situation: Situation) -> None:
        from screens.full import in_full

        pick = pick_meant(situation)
        if pick is not None:
            self._push(in_full("picks", pick.key))

    def _show_diff(self, situation: Situation) -> None:
        """The selected pick's change, or that of the whole queue where its end is shown."""
        from cockpit.views.pick_life import pick_named, pick_title
        from screens.diff import DiffScreen
        from screens.end_state import EndStateScreen

        front, selection = self._app.screen, situation.selection
        if isinstance(front, EndStateScreen):
            self._push(DiffScreen("The whole queue", None, front.change))
        elif selection is not None:
            pick = pick_named(situation.state, selection.key)
            one = msgspec.structs.replace(selection, marked=())
            read = partial(self._cockpit.pick_diff, selection.key)
            self._push(DiffScreen(pick_title(pick) if pick else selection.key, one, read))

    def _push(self, screen: Screen[None]) -> None:
        """Open a screen, unless the one in front shows the same already."""
        if _shown_by(self._app.screen) != _shown_by(screen):
            self._app.push_screen(screen)

    def _open(self, pane: str) -> None:
        """Another pane in full, in place of the one that is open."""
        from screens.full import in_full

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


def _shown_by(screen: Screen[None]) -> tuple[type, str]:
    return type(screen), screen.subject if isinstance(screen, CockpitScreen) else ""
