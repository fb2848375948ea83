"""Tables and panes as data: what a widget draws and the command line prints."""

from __future__ import annotations

from enum import Enum

import msgspec

from cockpit.views.marks import Mark, Tone


class Align(Enum):
    """Where a column's text stands."""

    LEFT = "left"
    RIGHT = "right"


class Span(msgspec.Struct, frozen=True, gc=False):
    """A piece of text in one tone; never markup."""

    text: str
    tone: Tone = Tone.PLAIN


class Cell(msgspec.Struct, frozen=True, gc=False):
    """One cell of a table."""

    spans: tuple[Span, ...] = ()
    mark: Mark | None = None
    """Drawn before the text."""
    sort: str | int | float | None = None
    """What the column sorts by, where the text is not it; of one kind in a column."""

    @property
    def text(self) -> str:
        """The text without its mark."""
        return "".join(span.text for span in self.spans)


def cell(text: str | int, tone: Tone = Tone.PLAIN, *, mark: Mark | None = None) -> Cell:
    """A cell of one span."""
    return Cell((Span(str(text), tone),), mark)


class Column(msgspec.Struct, frozen=True):
    """One column of a table."""

    key: str
    title: str
    align: Align = Align.LEFT
    weight: int = 0
    """Share of the width that is left over; 0 takes what its text needs."""
    rank: int = 0
    """Columns of a higher rank go first when the width does not suffice."""


class Row(msgspec.Struct, frozen=True, gc=False):
    """One row, known by a key that no refresh changes."""

    key: str
    cells: tuple[Cell, ...]
    url: str = ""
    """What `o` opens and `Y` copies."""
    copy: str = ""
    """What `y` copies."""
    search: str = ""
    """Words a filter finds the row by, beside what its cells say."""
    group: str = ""
    """The key of the heading it stands under."""
    heading: bool = False
    """Whether it is the heading of its group rather than one of its rows."""


class Table(msgspec.Struct, frozen=True):
    """Rows under columns."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...] = ()
    empty: str = ""
    """What is said instead, when there are no rows."""


class Line(msgspec.Struct, frozen=True, gc=False):
    """A line of text in several tones."""

    spans: tuple[Span, ...]

    @property
    def text(self) -> str:
        """The line's text."""
        return "".join(span.text for span in self.spans)


class Detail(msgspec.Struct, frozen=True):
    """The side of a full-screen pane that tells everything about the selected row."""

    title: str
    lines: tuple[Line, ...]


class Pane(msgspec.Struct, frozen=True):
    """One pane: a heading, how old it is, what is wrong with it, and its rows."""

    name: str
    title: str
    age: str
    """`12 s ago`, `stale, 5 min ago`, `never read`."""
    stale: bool
    trouble: str
    """Why the newest look failed or is not whole, with the next step; empty when all is well."""
    summary: tuple[Line, ...]
    """Numbers above the rows."""
    table: Table
