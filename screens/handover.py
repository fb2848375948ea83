"""The hand-over between captains: to read, to copy into an issue or a chat, to save."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Button

from cockpit.views.ages import duration
from cockpit.views.framing import line
from cockpit.views.table import Line
from screens.dialog import Dialog
from widgets.keys import KeyBar, KeyHint
from widgets.lines import WrappedLines

SPANS = (timedelta(hours=24), timedelta(days=3), timedelta(days=7), timedelta(days=30))
"""How far back it looks, one after the other."""
_HINTS = (
    KeyHint("↑↓", "scroll"),
    KeyHint("y", "copy it"),
    KeyHint("s", "save it"),
    KeyHint("w", "look further back"),
)


class HandoverScreen(Dialog[None]):
    """Made when it is opened; what is copied is what is shown."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "copy_it", "Copy", show=False),
        Binding("s", "save_it", "Save", show=False),
        Binding("w", "widen", "Look further back", show=False),
    ]
    AUTO_FOCUS = "#close"

    def __init__(self, version: str, made: Callable[[timedelta], str]) -> None:
        """`made` gives the Markdown of what happened within a span, and of what is now."""
        super().__init__()
        self._version = version
        self._made = made
        self._span = SPANS[0]
        self._lines = WrappedLines(self._drawn)

    def compose(self) -> ComposeResult:
        """The text above, what can be done with it below."""
        with Vertical(id="dialog") as dialog:
            dialog.border_title = "Hand-over"
            with VerticalScroll(id="body", can_focus=False):
                yield self._lines
            with Horizontal(id="buttons"):
                yield Button("Close  esc", id="close", compact=True)
            yield KeyBar(_HINTS)

    def on_mount(self) -> None:
        """Say what it is of."""
        self._show()

    @property
    def _drawn(self) -> list[Line]:
        return [line(text) for text in self.text.splitlines()]

    @property
    def text(self) -> str:
        """The Markdown."""
        return self._made(self._span)

    def action_copy_it(self) -> None:
        """Copy the Markdown."""
        self.copy(self.text, "the hand-over")

    def action_save_it(self) -> None:
        """Save the Markdown in the current folder."""
        path = Path.cwd() / f"handover-{self._version}.md"
        try:
            path.write_text(self.text, encoding="utf-8")
        except OSError as err:
            self.notify(f"not saved: {err}", severity="error", markup=False)
        else:
            self.notify(f"saved as {path}", markup=False)

    def action_widen(self) -> None:
        """Look further back, and after the furthest at a day again."""
        self._span = SPANS[(SPANS.index(self._span) + 1) % len(SPANS)]
        self._show()

    def _show(self) -> None:
        self.query_one("#dialog").border_title = f"Hand-over of the last {duration(self._span)}"
        self._lines.show(self._drawn)
        self.call_after_refresh(self.fit)
