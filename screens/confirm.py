"""The one confirmation of everything outward: it shows the plan that will run, or nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import ClassVar

import msgspec
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Button, Input, Label

from cockpit.errors import CockpitError
from cockpit.operations.plan import Danger, Plan
from cockpit.release.record import Lease
from cockpit.release.words import counted
from cockpit.views.marks import FAILED, Tone
from cockpit.views.table import Line, Span
from screens.dialog import Dialog
from screens.error import in_words
from screens.plan_lines import lease_lines, plan_lines, plan_text
from widgets.keys import KeyBar, KeyHint
from widgets.lines import WrappedLines

CONFIRM_KEY = "ctrl+y"
"""No action opens with it."""
_REACH = {
    Danger.READ: "reads only",
    Danger.LOCAL: "on this machine alone",
    Danger.REMOTE: "outward, can be taken back",
    Danger.IRREVERSIBLE: "cannot be undone",
}
_HINTS = (
    KeyHint("↑↓", "scroll"),
    KeyHint("y", "copy the plan"),
    KeyHint("s", "save it"),
)


class Confirmed(msgspec.Struct, frozen=True):
    """A person's yes to exactly this plan."""

    plan: Plan
    take_over: str
    """Why somebody else's lease is ended; empty when it is not."""


class ConfirmScreen(Dialog[Confirmed]):
    """Opens at once and reads the plan meanwhile; Cancel has the focus."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(CONFIRM_KEY, "confirm", "Yes", show=False, priority=True),
        Binding("y", "copy_plan", "Copy the plan", show=False),
        Binding("s", "save_plan", "Save the plan", show=False),
    ]
    AUTO_FOCUS = "#cancel"

    def __init__(
        self,
        title: str,
        read_plan: Callable[[], Awaitable[Plan]],
        lease: Lease | None,
        armed: Callable[[], bool],
    ) -> None:
        """`armed` is asked where the plan turns out to be one that cannot be undone."""
        super().__init__()
        self._heading = title
        self._read_plan = read_plan
        self._lease = lease
        self._armed = armed
        self._plan: Plan | None = None
        self._problem: CockpitError | None = None
        self._sentence = WrappedLines(
            [Line((Span("computing … nothing is written by looking", Tone.DIM),))], id="sentence"
        )
        self._lines = WrappedLines(id="plan")
        self._yes = Button("Yes  ^y", id="yes", disabled=True, compact=True)

    def compose(self) -> ComposeResult:
        """Cancel comes before Yes, so that it is what Enter does."""
        with Vertical(id="dialog") as dialog:
            dialog.border_title = self._heading
            yield self._sentence
            with VerticalScroll(id="body", can_focus=False):
                yield self._lines
            yield Vertical(id="asked")
            with Horizontal(id="buttons"):
                yield Button("Cancel  esc", id="cancel", compact=True)
                yield self._yes
            yield KeyBar(_HINTS)

    def on_mount(self) -> None:
        """Read the plan beside the event loop."""
        self.run_worker(self._compute(), name="plan", exit_on_error=False)

    @property
    def plan(self) -> Plan | None:
        """The plan, once it has been read."""
        return self._plan

    @property
    def obstacle(self) -> str:
        """Why it cannot be confirmed now; empty when it can."""
        if self._problem is not None:
            return self._problem.title
        if self._plan is None:
            return "the plan is still being computed"
        if self._plan.blockers:
            return f"blocked: {self._plan.blockers[0]}"
        if self._plan.danger is Danger.IRREVERSIBLE and not self._armed():
            return "it cannot be undone: leave with esc, press A to arm, and come back"
        if self._must_type and not self._plan.is_meant(self._value("#target")):
            return f"type {self._plan.to_type} first"
        return ""

    def action_confirm(self) -> None:
        """Say yes, if nothing stands in the way."""
        if self.obstacle or self._plan is None:
            self.notify(self.obstacle, severity="warning", markup=False)
            return
        self.dismiss(Confirmed(self._plan, self._value("#take-over")))

    def action_copy_plan(self) -> None:
        """Copy the plan, or why there is none."""
        if self._plan is not None:
            self.copy(plan_text(self._plan.facts), "the plan")
        elif self._problem is not None:
            self.copy(f"{self._problem}\n{self._problem.hint}", "the error")

    def action_save_plan(self) -> None:
        """Save the plan as JSON in the current folder."""
        if self._plan is None:
            return
        path = Path.cwd() / f"{self._plan.operation}-{self._plan.digest[:12]}.json"
        try:
            path.write_bytes(self._plan.facts.canonical)
        except OSError as err:
            self.notify(f"not saved: {err}", severity="error", markup=False)
        else:
            self.notify(f"saved as {path}", markup=False)

    @on(Button.Pressed, "#yes")
    def _confirm(self) -> None:
        self.action_confirm()

    @on(Input.Changed)
    def _typed(self) -> None:
        self._yes.disabled = bool(self.obstacle)

    @on(Input.Submitted)
    def _entered(self) -> None:
        """Enter in a field goes on to Yes; it never says it."""
        if not self.obstacle:
            self._yes.focus()

    async def _compute(self) -> None:
        try:
            self._plan = await self._read_plan()
        except CockpitError as err:
            self._problem = err
        except Exception as err:  # noqa: BLE001  (a defect must show here, not vanish in a worker)
            self._problem = in_words(err)
        if self._plan is not None:
            await self._show_plan(self._plan)
        elif self._problem is not None:
            self._show_problem(self._problem)
        self.call_after_refresh(self.fit)

    async def _show_plan(self, plan: Plan) -> None:
        tone = Tone.BAD if plan.danger is Danger.IRREVERSIBLE else Tone.DIM
        lines = [Line((Span(plan.sentence),)), Line((Span(_REACH[plan.danger], tone),))]
        if plan.blockers:
            stand = counted(len(plan.blockers), "thing stands", "things stand")
            lines.append(Line((Span(f"{stand} in the way, so there is no Yes", Tone.BAD),)))
        self._sentence.show(lines)
        other = lease_lines(self._lease) if self._lease else ()
        self._lines.show((*plan_lines(plan.facts), *other))
        if plan.blockers:
            self._yes.display = False
            return
        asked = self.query_one("#asked", Vertical)
        if self._must_type:
            await asked.mount(
                Label(f"To enable Yes: tab, then type {plan.to_type}", markup=False),
                Input(id="target", compact=True),
            )
        if self._lease:
            await asked.mount(
                Label("Reason for taking the lease over; leave empty to wait for it"),
                Input(id="take-over", compact=True),
            )
        self._yes.disabled = bool(self.obstacle)

    def _show_problem(self, problem: CockpitError) -> None:
        self._yes.display = False
        self._sentence.show((Line((Span(f"{FAILED.shape} {problem.title}", Tone.BAD),)),))
        hint = (Line((Span(f"next: {problem.hint}", Tone.ACCENT),)),) if problem.hint else ()
        self._lines.show((Line((Span(problem.detail),)), *hint))

    @property
    def _must_type(self) -> bool:
        return self._plan is not None and self._plan.typed

    def _value(self, selector: str) -> str:
        found = self.query(selector).results(Input)
        return next((field.value.strip() for field in found), "")
