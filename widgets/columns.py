"""How wide the columns of a table are, and which of them are left out when it is narrow."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
from rich.cells import cell_len

from cockpit.views.table import Cell, Column, Row

PADDING = 2
"""Cells between two columns, half of them on either side."""
_NARROW = 6
"""No column is squeezed below this while another one is wider."""
_FLEXIBLE = 40
"""What a weighted column keeps before others are left out."""


class Fitted(msgspec.Struct, frozen=True):
    """A column that is shown."""

    index: int
    width: int


def cell_width(cell: Cell) -> int:
    """Terminal cells that a table's cell takes in full."""
    width = sum(cell_len(span.text) for span in cell.spans)
    if cell.mark is None:
        return width
    return width + (2 if cell.spans else 1)


def row_widths(
    row: Row, before: Row | None = None, widths: tuple[int, ...] = ()
) -> tuple[int, ...]:
    """What each cell of a row takes in full, by what it took before where it is the same cell."""
    if before is row:
        return widths
    if before is None or len(before.cells) != len(row.cells):
        return tuple(map(cell_width, row.cells))
    return tuple(
        width if cell is same else cell_width(cell)
        for cell, same, width in zip(row.cells, before.cells, widths, strict=True)
    )


def natural_widths(columns: Sequence[Column], rows: Iterable[tuple[int, ...]]) -> tuple[int, ...]:
    """What each column takes when nothing is cut, by the widths of its rows."""
    titles = tuple(cell_len(column.title) for column in columns)
    return tuple(map(max, zip(titles, *rows, strict=True)))


def fit_columns(
    columns: Sequence[Column], natural: Sequence[int], available: int
) -> tuple[Fitted, ...]:
    """Widths that fit: high ranks go first, weighted columns share what is left over."""
    kept = list(range(len(columns)))
    while len(kept) > 1 and _least(columns, natural, kept) > available:
        ranked = [index for index in kept if columns[index].rank]
        if not ranked:
            break
        kept.remove(max(ranked, key=lambda index: (columns[index].rank, index)))
    widths = {index: natural[index] for index in kept}
    _share(columns, widths, available - PADDING * len(kept))
    _squeeze(widths, available - PADDING * len(kept))
    return tuple(Fitted(index, widths[index]) for index in kept)


def _least(columns: Sequence[Column], natural: Sequence[int], kept: Sequence[int]) -> int:
    return sum(
        PADDING + (min(natural[index], _FLEXIBLE) if columns[index].weight else natural[index])
        for index in kept
    )


def _share(columns: Sequence[Column], widths: dict[int, int], room: int) -> None:
    """Give the weighted columns, by weight, what the others leave; none gets more than it needs."""
    waiting = sorted((i for i in widths if columns[i].weight), key=lambda i: widths[i])
    left = room - sum(width for i, width in widths.items() if not columns[i].weight)
    for position, index in enumerate(waiting):
        weights = sum(columns[i].weight for i in waiting[position:])
        fair = left * columns[index].weight // weights
        widths[index] = min(widths[index], max(fair, _NARROW))
        left -= widths[index]


def _squeeze(widths: dict[int, int], room: int) -> None:
    """Cut the widest columns where nothing else helps."""
    while sum(widths.values()) > room:
        widest = max(widths, key=lambda index: widths[index])
        if widths[widest] <= _NARROW:
            return
        widths[widest] -= 1
