"""Rows in the order of a column that somebody chose."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from cockpit.views.table import Cell, Column, Table

_NONE = ("", "–", "?")
"""Cells that say nothing stand last, whichever way the column is sorted."""


class Order(msgspec.Struct, frozen=True):
    """By which column rows are sorted; without one they stand as the view has them."""

    column: str = ""
    descending: bool = False

    def following(self, columns: Sequence[Column]) -> Order:
        """By the next column that has a title, and after the last as the view has them."""
        keys = ["", *(column.key for column in columns if column.title)]
        at = keys.index(self.column) if self.column in keys else 0
        return Order(keys[(at + 1) % len(keys)])

    @property
    def turned(self) -> Order:
        """The same column the other way round."""
        return Order(self.column, not self.descending)

    def words(self, columns: Sequence[Column]) -> str:
        """How it is told in a title; empty where nobody sorted."""
        column = next((column for column in columns if column.key == self.column), None)
        if column is None:
            return "turned around" if self.descending else ""
        return f"by {column.title} {'↓' if self.descending else '↑'}"

    def sorted(self, table: Table) -> Table:
        """A table with its rows in this order; equal ones stay as they are."""
        at = next((i for i, column in enumerate(table.columns) if column.key == self.column), None)
        if at is None:
            rows = table.rows[::-1] if self.descending else table.rows
            return msgspec.structs.replace(table, rows=rows)
        said = [row for row in table.rows if not _says_nothing(row.cells[at])]
        silent = [row for row in table.rows if _says_nothing(row.cells[at])]
        said.sort(key=lambda row: _value(row.cells[at]), reverse=self.descending)
        return msgspec.structs.replace(table, rows=(*said, *silent))


def _says_nothing(cell: Cell) -> bool:
    return cell.sort is None and cell.mark is None and cell.text in _NONE


def _value(cell: Cell) -> tuple[float, str]:
    if isinstance(cell.sort, str):
        return 0, cell.sort
    return (0, cell.text.casefold()) if cell.sort is None else (cell.sort, "")
