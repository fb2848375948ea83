"""How a grid of builds is laid out: on one page where it fits, else on several."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from cockpit.views.build_grid import Grid, GridCell, GridRow, WideRow

Item = GridRow | WideRow
_ROOMY, _NARROWEST = 3, 1
"""Cells between the marks of two wheels, at most and at least."""


class Page(msgspec.Struct, frozen=True):
    """What is shown at once."""

    lines: tuple[Item | None, ...]
    """Its rows; None for an empty line between two targets."""
    first: int
    """The first Python that is shown."""
    end: int
    """The one behind the last."""

    @property
    def items(self) -> tuple[Item, ...]:
        """Its rows alone."""
        return tuple(item for item in self.lines if item is not None)


class Layout(msgspec.Struct, frozen=True):
    """All pages of a grid, at one size."""

    pages: tuple[Page, ...]
    target: int
    """Width of the first title."""
    title: int
    """Width of both titles of a row."""
    column: int
    """Width of a wheel with the gap behind it."""
    wide: int
    """Width of the title of a group of jobs."""

    def page_of(self, key: str) -> int | None:
        """The number of the page on which a cell or row is."""
        for number, page in enumerate(self.pages):
            for item in page.items:
                if isinstance(item, WideRow):
                    if item.key == key:
                        return number
                elif any(cell and cell.key == key for cell in cells_on(page, item)):
                    return number
        return None


def cells_on(page: Page, row: GridRow) -> tuple[GridCell | None, ...]:
    """The wheels of a row that a page shows."""
    return row.cells[page.first : page.end]


def same_columns(before: Layout | None, after: Layout) -> bool:
    """Whether two layouts have the same widths."""
    widths = [(each.target, each.title, each.column, each.wide) for each in (before, after) if each]
    return len(widths) == 2 and widths[0] == widths[1]


def differing_lines(before: Page, after: Page) -> set[int] | None:
    """The lines that differ between two pages; None where they have nothing in common."""
    shapes = [(len(page.lines), page.first, page.end) for page in (before, after)]
    if shapes[0] != shapes[1]:
        return None
    pairs = enumerate(zip(before.lines, after.lines, strict=True))
    changed = {at for at, (was, now) in pairs if was != now}
    # A row names its target unless the one above does.
    return changed | {at + 1 for at in changed if at + 1 < len(after.lines)}


def lay_out(grid: Grid, width: int, height: int) -> Layout:
    """Pages of so many columns and lines, the line with the Pythons not counted.

    The wheels of one target stay together where they fit; whole Pythons go to the next page where
    the width does not suffice.
    """
    target = max((len(row.target) for row in grid.rows), default=0) + 1
    title = target + max((len(row.title) for row in grid.rows), default=0) + 2
    marks = len(grid.stages)
    room = max(width - title, marks + _NARROWEST)
    longest = max(map(len, grid.pythons), default=0)
    gap = max(_ROOMY, longest + 1 - marks)
    while gap > _NARROWEST and len(grid.pythons) * (marks + gap) > room:
        gap -= 1
    column = marks + gap
    fitting = max(room // column, 1)
    columns = [
        (first, min(first + fitting, len(grid.pythons)))
        for first in range(0, max(len(grid.pythons), 1), fitting)
    ]
    pages = [
        Page(_spaced(_shown(items, at), height), first, end)
        for items in _row_groups(grid, max(height, 1))
        for at, (first, end) in enumerate(columns)
    ]
    wide = max((len(row.title) for row in grid.others), default=0) + 2
    return Layout(
        tuple(page for page in pages if page.lines),
        target,
        title,
        column,
        min(max(wide, title), width // 2),
    )


def _shown(items: Sequence[Item], column_group: int) -> tuple[Item, ...]:
    """Groups of jobs have no Python, and stand on the first page of their rows only."""
    return tuple(item for item in items if column_group == 0 or isinstance(item, GridRow))


def _spaced(items: tuple[Item, ...], height: int) -> tuple[Item | None, ...]:
    """Rows with an empty line between two targets; where there is little room, only some."""
    breaks = [at for at in range(1, len(items)) if _target(items[at]) != _target(items[at - 1])]
    if len(items) + len(breaks) > height:
        # What is no wheel is set apart first.
        breaks = [at for at in breaks if isinstance(items[at], WideRow)]
    if len(items) + len(breaks) > height:
        return items
    spaced: list[Item | None] = []
    for at, item in enumerate(items):
        spaced += [None, item] if at in breaks else [item]
    return tuple(spaced)


def _target(item: Item) -> str:
    return item.target if isinstance(item, GridRow) else ""


def _row_groups(grid: Grid, height: int) -> list[list[Item]]:
    sections: list[list[Item]] = []
    for row in grid.rows:
        last = sections[-1][0] if sections else None
        if isinstance(last, GridRow) and last.target == row.target:
            sections[-1].append(row)
        else:
            sections.append([row])
    if grid.others:
        sections.append(list(grid.others))
    groups: list[list[Item]] = [[]]
    for section in sections:
        if groups[-1] and len(groups[-1]) + len(section) > height:
            groups.append([])
        for item in section:
            if len(groups[-1]) >= height:
                groups.append([])
            groups[-1].append(item)
    return groups
