"""The dashboard's picture of the builds: one mark a wheel, as wide as there is room."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from cockpit.release.remembered import remembered
from cockpit.release.state import ReleaseState
from cockpit.views.build_grid import Grid, GridCell, build_grid, short_pythons, worst_mark
from cockpit.views.framing import line
from cockpit.views.marks import NOT_APPLICABLE, Mark, Tone
from cockpit.views.table import Line, Span

_GAP = 2
"""Cells between the Pythons where one mark stands for all accelerators."""


class MatrixRow(msgspec.Struct, frozen=True):
    """One operating system and architecture."""

    title: str
    groups: tuple[tuple[Mark, ...], ...]
    """Per Python one mark per accelerator."""
    accelerators: tuple[str, ...]


class Matrix(msgspec.Struct, frozen=True):
    """The candidate's wheels at a glance."""

    pythons: tuple[str, ...]
    rows: tuple[MatrixRow, ...]

    def lines(self, width: int = 0) -> tuple[Line, ...]:
        """The matrix as it is drawn, accelerators named at the end of each row.

        Where a width is given and does not suffice, one mark stands for all accelerators.
        """
        if not self.rows:
            return ()
        title, pythons = max(len(row.title) for row in self.rows) + 2, self.pythons
        column = max(*map(len, pythons), self._most()) + 1
        folded = bool(width) and title + column * len(pythons) > width
        if folded:
            common, pythons = short_pythons(pythons)
            column = max(map(len, pythons)) + _GAP
            head = f"{common:>{title - _GAP}}{' ' * _GAP}"
        else:
            head = " " * title
        head += "".join(f"{python:<{column}}" for python in pythons)
        return (
            line(Span(head, Tone.DIM)),
            *(_drawn(row, title, column, folded=folded) for row in self.rows),
        )

    def _most(self) -> int:
        return max(len(row.accelerators) for row in self.rows)


def _drawn(row: MatrixRow, title: int, column: int, *, folded: bool) -> Line:
    spans = [Span(f"{row.title:<{title}}")]
    for group in row.groups:
        marks = _folded(group) if folded else group
        spans += [Span(mark.shape, mark.tone) for mark in marks]
        spans.append(Span(" " * (column - len(marks))))
    spans.append(Span(" ".join(row.accelerators), Tone.DIM))
    return Line(tuple(spans))


def _folded(group: Sequence[Mark]) -> tuple[Mark, ...]:
    worst = worst_mark(mark for mark in group if mark is not NOT_APPLICABLE)
    return (worst or NOT_APPLICABLE,)


def build_matrix(state: ReleaseState) -> Matrix:
    """Every wheel of the support matrix and of the jobs, each by the worst of its stages."""
    return _matrix(build_grid(state))


@remembered
def _matrix(grid: Grid) -> Matrix:
    rows = []
    for target in dict.fromkeys(row.target for row in grid.rows):
        mine = [row for row in grid.rows if row.target == target]
        groups = tuple(zip(*([_wheel(cell) for cell in row.cells] for row in mine), strict=True))
        rows.append(MatrixRow(target, groups, tuple(row.title for row in mine)))
    return Matrix(grid.pythons, tuple(rows))


def _wheel(cell: GridCell | None) -> Mark:
    return (cell.worst if cell else None) or NOT_APPLICABLE
