"""A failure that must not be missed: title, detail and the next step, to read and to copy."""

from __future__ import annotations

import logging
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Button

from cockpit.errors import CockpitError
from cockpit.logs import LogFile
from cockpit.views.marks import FAILED, Tone
from cockpit.views.table import Line, Span
from screens.dialog import Dialog
from widgets.keys import KeyBar, KeyHint
from widgets.lines import WrappedLines


def in_words(error: BaseException) -> CockpitError:
    """The error itself, or a defect in words, its details left in the log file."""
    if isinstance(error, CockpitError):
        return error
    logger = logging.getLogger("cockpit")
    logger.critical("defect", exc_info=error)
    files = [handler.path for handler in logger.handlers if isinstance(handler, LogFile)]
    where = f"report it with {files[0]}" if files else "run again with --debug"
    return CockpitError("A defect in the cockpit", f"{type(error).__name__}: {error}", where)


class ErrorScreen(Dialog[None]):
    """Shows one failure."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "copy_error", "Copy", show=False),
    ]
    AUTO_FOCUS = "#close"

    def __init__(self, error: CockpitError) -> None:
        super().__init__()
        self.error = error

    def compose(self) -> ComposeResult:
        """What happened, what was found, what to do."""
        error = self.error
        lines = [Line((Span(text),)) for text in error.detail.splitlines()]
        if error.hint:
            lines += [Line((Span(""),)), Line((Span(f"next: {error.hint}", Tone.ACCENT),))]
        title = Line((Span(f"{FAILED.shape} {error.title}", Tone.BAD),))
        with Vertical(id="dialog", classes="error"):
            yield WrappedLines([title], id="sentence")
            with VerticalScroll(id="body", can_focus=False):
                yield WrappedLines(lines)
            with Horizontal(id="buttons"):
                yield Button("Close  esc", id="close", compact=True)
            yield KeyBar((KeyHint("y", "copy"), KeyHint("esc", "close")))

    def action_copy_error(self) -> None:
        """Copy everything that is shown."""
        error = self.error
        self.copy("\n".join(filter(None, (error.title, error.detail, error.hint))), "the error")
