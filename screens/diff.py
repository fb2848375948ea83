"""A diff in full: from file to file, searched, copied, and read in the pager."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from cockpit.actions.situation import Scope, Selection
from cockpit.views.diff import diff_spans, file_lines
from cockpit.views.marks import Tone
from cockpit.views.table import Span
from screens.text import TextScreen

if TYPE_CHECKING:
    from cockpit.release.changes import ChangeText


class DiffScreen(TextScreen):
    """What a pick, or a whole queue, changes."""

    stops_are = "files"
    empty = "it changes nothing"

    def __init__(
        self, name: str, selection: Selection | None, read: Callable[[], Awaitable[ChangeText]]
    ) -> None:
        """`selection` is the pick that keys act on; None for more than one."""
        super().__init__(diff_spans)
        self._name = name
        self._selection = selection
        self._read = read
        self._of = ""

    @property
    def acting_scopes(self) -> tuple[Scope, ...]:
        """Where one pick is shown, it can be acted on."""
        picks = (Scope.PICKS,) if self._selection else ()
        return (Scope.EVERYWHERE, Scope.DIFF, *picks)

    @property
    def selection(self) -> Selection | None:
        """The pick."""
        return self._selection

    @property
    def heading(self) -> Sequence[Span]:
        """What it is the change of."""
        of = Span(f"· {self._of} ", Tone.DIM)
        return (Span(f" {self._name} ", Tone.ACCENT), *((of,) if self._of else ()))

    async def read(self) -> Sequence[str]:
        """The diff's lines."""
        change = await self._read()
        self._of = change.title
        return change.lines

    def stops_in(self, lines: Sequence[str]) -> tuple[int, ...]:
        """Where the files begin."""
        return file_lines(lines)
