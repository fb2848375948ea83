"""Asks before the program ends under an operation that is being carried out."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Button

from cockpit.views.table import Line, Span
from screens.confirm import CONFIRM_KEY
from screens.dialog import Dialog
from widgets.lines import WrappedLines


class QuitScreen(Dialog[bool]):
    """Staying is what Enter does."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(CONFIRM_KEY, "quit_anyway", "Quit", show=False, priority=True),
    ]
    AUTO_FOCUS = "#stay"

    def __init__(self, running: str) -> None:
        super().__init__()
        self._operation = running

    def compose(self) -> ComposeResult:
        """What is still going on, and the two ways."""
        why = (
            "The step that is under way may be cut off. The same plan can be run again: "
            "its steps look at the world before they act."
        )
        with Vertical(id="dialog") as dialog:
            dialog.border_title = "Still running"
            yield WrappedLines([Line((Span(self._operation),))], id="sentence")
            with VerticalScroll(id="body", can_focus=False):
                yield WrappedLines([Line((Span(why),))])
            with Horizontal(id="buttons"):
                yield Button("Stay  esc", id="stay", compact=True)
                yield Button("Quit anyway  ^y", id="quit", compact=True)

    def action_quit_anyway(self) -> None:
        """Quit."""
        self.dismiss(True)

    @on(Button.Pressed, "#quit")
    def _quit(self) -> None:
        self.action_quit_anyway()
