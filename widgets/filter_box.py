"""The line in which a filter is typed."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Label


class FilterBox(Horizontal):
    """A `/`, what is typed, and what is wrong with it; empty until somebody filters."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "drop", "Drop the filter")]

    DEFAULT_CSS = """
    FilterBox { height: 1; width: 1fr; display: none; }
    FilterBox Label { width: auto; padding: 0 1 0 0; }
    FilterBox #problem {
        max-width: 60%; padding: 0 1; text-wrap: nowrap; text-overflow: ellipsis;
    }
    FilterBox Input, FilterBox Input:focus { width: 1fr; border: none; height: 1; padding: 0; }
    """

    class Typed(Message):
        """The text has changed."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Left(Message):
        """Typing is over; the filter is kept or dropped."""

        def __init__(self, *, kept: bool) -> None:
            super().__init__()
            self.kept = kept

    async def begin(self, text: str) -> None:
        """Open with this text and take the keys at once, so that none goes astray."""
        self.display = True
        if not self.children:
            await self.mount(
                Label("/"),
                Input(text, select_on_focus=False, id="filter"),
                Label("", id="problem", markup=False),
            )
        self.screen.set_focus(self._input)

    def end(self) -> None:
        """Close and forget the text."""
        self.display = False
        if self.children:
            with self.prevent(Input.Changed):
                self._input.value = ""

    def complain(self, problem: str) -> None:
        """Say what is wrong with the text; nothing when it is fine."""
        if self.children:
            self.query_one("#problem", Label).update(problem)

    def action_drop(self) -> None:
        """Drop the filter and give the keys back."""
        self.end()
        self.post_message(self.Left(kept=False))

    def on_descendant_blur(self) -> None:
        """A filter that is left is kept."""
        self.display = False

    @property
    def _input(self) -> Input:
        return self.query_one("#filter", Input)

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Typed(event.value))

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.display = False
        self.post_message(self.Left(kept=True))
