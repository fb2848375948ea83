"""From a key to a confirmed plan to a run: the app's own hands, which no screen holds."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from textual.app import App

from cockpit.actions.action import Action
from cockpit.actions.guards.branches import meant_repository
from cockpit.actions.guards.checklist import item_meant
from cockpit.actions.situation import Situation
from cockpit.errors import CockpitError
from cockpit.operations.plan import Danger
from cockpit.views.table import Line

if TYPE_CHECKING:
    from cockpit.release.workflows import WorkflowSpec
    from screens.arming import Arming
    from screens.confirm import Confirmed
    from screens.ports import Cockpit
    from screens.runs import Run


class Conductor:
    """Opens one confirmation at a time, owns the run, and reports how it ended."""

    def __init__(
        self,
        app: App[None],
        cockpit: Cockpit,
        arming: Arming,
        report: Callable[[BaseException], None],
        started: Callable[[Danger], None],
        changed: Callable[[], None],
    ) -> None:
        self._app = app
        self._cockpit = cockpit
        self._arming = arming
        self._report = report
        self._started = started
        self._changed = changed
        self.run: Run | None = None

    @property
    def lines(self) -> tuple[Line, ...]:
        """The run that somebody sent to the background, until they have seen how it ended."""
        if self.run is None or self.run.seen:
            return ()
        from screens.progress import run_line

        return (run_line(self.run),)

    @property
    def running(self) -> str:
        """What is being carried out; empty when nothing is."""
        return self.run.plan.sentence if self.run and not self.run.finished else ""

    def _armed(self) -> bool:
        return self._arming.left is not None

    def carries_out(self, entry: Action) -> bool:
        """Whether the operation of this action is under way."""
        run = self.run
        return run is not None and not run.finished and run.plan.operation == entry.operation

    def begin(self, entry: Action, situation: Situation) -> None:
        """Ask for the words that an action still needs, then for its confirmation."""
        if entry.id == "dispatch":
            self._choose_workflow(entry, situation)
            return
        arguments = entry.arguments(situation)
        # What was captured without a value is asked for as well, such as the parent of a merge.
        asks = {*entry.asks, *(name for name, value in arguments.items() if not value)}
        known = not entry.offers and all(arguments.get(name) for name in asks)
        if entry.operation is None or known:
            self._go_on(entry, arguments)
            return
        from cockpit.operations.registry import operation
        from cockpit.release.gates import GATES
        from screens.ask import AskScreen

        spec = operation(entry.operation)
        asked = tuple(p for p in spec.parameters if p.name in {*asks, *entry.offers})
        gate = GATES.get(arguments.get("gate", ""))
        subject = gate.title if gate else self._subject(situation)
        screen = AskScreen(
            entry.title, subject, entry.tooltip, asked, arguments, optional=entry.offers
        )

        def filled(given: dict[str, str] | None) -> None:
            if given is not None:
                self._go_on(entry, arguments | given)

        self._app.push_screen(screen, filled)

    def _subject(self, situation: Situation) -> str:
        """What the words that are asked for are about."""
        item = self._cockpit.process.by_id.get(item_meant(situation))
        if item is not None:
            return item.title
        meant = meant_repository(situation)
        return f"{meant.release_branch} of {meant.name}"

    def _go_on(self, entry: Action, arguments: Mapping[str, str]) -> None:
        """To the confirmation; a conflict is resolved on the way there."""
        if entry.id == "resolve":
            self._app.run_worker(self._resolve(entry, arguments), exit_on_error=False)
        else:
            self.ask(entry, arguments)

    async def _resolve(self, entry: Action, arguments: Mapping[str, str]) -> None:
        """Hand the terminal over to the person's editor, then show what came of it."""
        from textual.app import SuspendNotSupported

        from cockpit.editing import edit

        try:
            resolution = await self._cockpit.begin_resolution(arguments)
            with self._app.suspend():
                edit(resolution.path, resolution.files)
        except SuspendNotSupported:
            self._app.notify(
                f"{resolution.path}\n(this terminal cannot be handed over: resolve it there)",
                title="Work tree",
                markup=False,
            )
            return
        except CockpitError as err:
            self._report(err)
            return
        self.ask(entry, arguments)

    def _choose_workflow(self, entry: Action, situation: Situation) -> None:
        """Ask which workflow, then for its inputs, then for the confirmation of its plan."""
        from textual.command import CommandPalette

        from cockpit.release.dispatches import dispatched
        from screens.workflow_form import WorkflowForm, workflow_provider

        state = situation.state
        spec, candidate = state.spec, state.candidate
        words = {
            "version": str(spec.version),
            "line": str(spec.version.line),
            "candidate": candidate.tag.name if candidate else "",
        }

        def filled(given: dict[str, str] | None) -> None:
            if given is not None:
                self.ask(entry, given)

        def chosen(workflow: WorkflowSpec) -> None:
            known = dispatched(state.record, workflow.file)
            last = known[-1] if known else None
            form = WorkflowForm(workflow, words, last, armed=self._armed())
            self._app.push_screen(form, filled)

        provider = workflow_provider(spec.workflows, chosen)
        self._app.push_screen(CommandPalette([provider], placeholder="Which workflow?"))

    def ask(self, entry: Action, arguments: Mapping[str, str] | None = None) -> None:
        """Open the confirmation of an action, unless one is open."""
        from screens.confirm import ConfirmScreen

        if entry.operation is None or isinstance(self._app.screen, ConfirmScreen):
            return
        operation, words = entry.operation, dict(arguments or {})
        state = self._cockpit.state
        lease = state.record.lease
        if lease is not None and lease.expired(state.now):
            lease = None
        # What can always not be undone was armed for when its key was pressed.
        armed = (lambda: True) if entry.danger is Danger.IRREVERSIBLE else self._armed
        screen = ConfirmScreen(
            entry.title, lambda: self._cockpit.plan(operation, words), lease, armed
        )
        self._app.push_screen(screen, self._confirmed)

    def watch(self) -> bool:
        """Show the run that is under way, or the last one; False when there was none."""
        from screens.progress import ProgressScreen

        if self.run is not None and not isinstance(self._app.screen, ProgressScreen):
            self._app.push_screen(ProgressScreen(self.run))
        return self.run is not None

    def _confirmed(self, confirmed: Confirmed | None) -> None:
        if confirmed is None:
            return
        from screens.runs import Run

        run = Run(confirmed.plan, time.monotonic)
        self.run = run
        self._started(run.plan.danger)
        self._app.run_worker(
            self._carry_out(run, confirmed.take_over), name=run.plan.subject, exit_on_error=False
        )
        self.watch()

    async def _carry_out(self, run: Run, take_over: str) -> None:
        """Belongs to the app: it ends when the plan has ended, whatever screens come and go."""
        from screens.error import in_words

        try:
            outcome = await self._cockpit.carry_out(run.plan, run.observe, run.cancel, take_over)
        except CockpitError as err:
            run.finish(None, err)
            self._end(run, err)
        except Exception as err:  # noqa: BLE001  (a defect must be as loud as a failure)
            problem = in_words(err)
            run.finish(None, problem)
            self._end(run, problem)
        else:
            run.finish(outcome, None)
            self._end(run, outcome.problem)

    def _end(self, run: Run, problem: BaseException | None) -> None:
        from screens.progress import ProgressScreen

        self._changed()
        if problem is not None:
            self._report(problem)
        elif run.outcome is not None and not isinstance(self._app.screen, ProgressScreen):
            self._app.notify(
                f"{run.plan.subject}: {run.outcome.ending.value}; w shows it", markup=False
            )
