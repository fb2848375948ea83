"""Asks for the words an operation is called with, before its plan is read."""

from __future__ import annotations

from collections.abc import Mapping

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Button, Input, Label

from cockpit.operations.specs import Parameter
from cockpit.views.marks import Tone
from cockpit.views.table import Line, Span
from screens.dialog import Dialog
from widgets.lines import WrappedLines


class AskScreen(Dialog[dict[str, str]]):
    """One field a parameter; nothing is read or written before the confirmation that follows."""

    AUTO_FOCUS = "Input"

    def __init__(
        self,
        title: str,
        subject: str,
        sentence: str,
        parameters: tuple[Parameter, ...],
        known: Mapping[str, str],
        optional: tuple[str, ...] = (),
    ) -> None:
        """`optional` are the names of those that may stay empty."""
        super().__init__()
        self._heading = title
        self._lines = (Line((Span(subject),)), Line((Span(sentence, Tone.DIM),)))
        self._parameters = parameters
        self._known = known
        self._optional = optional

    def compose(self) -> ComposeResult:
        """What is known already stands in its field."""
        with Vertical(id="dialog") as dialog:
            dialog.border_title = self._heading
            yield WrappedLines(self._lines, id="sentence")
            with VerticalScroll(id="body", can_focus=False), Vertical(id="asked"):
                for parameter in self._parameters:
                    may = " (may stay empty)" if parameter.name in self._optional else ""
                    said = f"{parameter.name.capitalize()}: {parameter.help}{may}"
                    yield Label(said, markup=False)
                    value = self._known.get(parameter.name, "")
                    yield Input(value, id=f"asked-{parameter.name}", compact=True)
            with Horizontal(id="buttons"):
                yield Button("Cancel  esc", id="cancel", compact=True)
                yield Button("Go on to the plan  ⏎", id="go-on", compact=True)

    def on_mount(self) -> None:
        """The first field that is empty wants to be filled."""
        self.call_after_refresh(self.fit)
        empty = next((field for field in self._fields if not field.value), None)
        if empty is not None:
            empty.focus()

    @property
    def _fields(self) -> list[Input]:
        return list(self.query(Input))

    @on(Button.Pressed, "#go-on")
    @on(Input.Submitted)
    def _go_on(self) -> None:
        """Go on when every field is filled, else to the first that is not."""
        for parameter, field in zip(self._parameters, self._fields, strict=True):
            if not field.value.strip() and parameter.name not in self._optional:
                self.notify(f"{parameter.name} is empty", severity="warning", markup=False)
                field.focus()
                return
        self.dismiss(
            {
                parameter.name: field.value.strip()
                for parameter, field in zip(self._parameters, self._fields, strict=True)
                if field.value.strip()
            }
        )
