"""What every dialog has: it takes all keys, scrolls, and closes with escape."""

from __future__ import annotations

from typing import ClassVar, TypeVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Button

Result = TypeVar("Result")


class Dialog(ModalScreen[Result]):
    """A modal screen whose keys never reach what lies below."""

    CSS_PATH = "../themes/dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Close", show=False),
        Binding("up", "scroll(-1)", "Up", show=False),
        Binding("down", "scroll(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("home", "to_end(-1)", "Top", show=False),
        Binding("end", "to_end(1)", "Bottom", show=False),
    ]

    VERTICAL_BREAKPOINTS = [(0, "-low"), (30, "-tall")]  # noqa: RUF012

    def on_resize(self) -> None:
        """The buttons stay in view, whatever the size of the terminal."""
        self.call_after_refresh(self.fit)

    def fit(self) -> None:
        """Give the part that scrolls what the others leave."""
        dialog = next(iter(self.query("#dialog")), None)
        if dialog is None:  # closed in the meantime
            return
        others = sum(
            child.outer_size.height + child.styles.margin.height
            for child in dialog.children
            if child.display and child is not self.body
        )
        room = self.size.height - others - dialog.gutter.height
        self.body.styles.max_height = max(room, 3)

    @property
    def body(self) -> VerticalScroll:
        """The part that scrolls."""
        return self.query_one("#body", VerticalScroll)

    @on(Button.Pressed, "#cancel, #close, #stay")
    def _leave_pressed(self) -> None:
        """A button that says so does what escape does."""
        self.action_leave()

    def action_leave(self) -> None:
        """Close without a result."""
        self.dismiss(None)

    def action_scroll(self, lines: int) -> None:
        """Scroll by lines."""
        self.body.scroll_relative(y=lines, animate=False)

    def action_page(self, direction: int) -> None:
        """Scroll by almost a page."""
        step = max(self.body.size.height - 2, 1)
        self.body.scroll_relative(y=direction * step, animate=False)

    def action_to_end(self, direction: int) -> None:
        """Scroll to the first line, or to the last."""
        if direction < 0:
            self.body.scroll_home(animate=False)
        else:
            self.body.scroll_end(animate=False)

    def copy(self, text: str, what: str) -> None:
        """Put text on the clipboard and say so; a terminal may refuse without telling."""
        self.app.copy_to_clipboard(text)
        self.notify(f"{what} copied", markup=False)
