"""How the grid of builds fits a terminal: on one page, or on pages of targets and Pythons."""

from __future__ import annotations

import pytest

from cockpit.views.build_grid import Grid, GridCell, GridRow, WideRow
from cockpit.views.marks import PASSED
from widgets.matrix_layout import Layout, lay_out

STAGES = ("build", "test", "upload")
TARGETS = {"linux x86_64": 7, "linux aarch64": 4, "windows x86_64": 5, "macos arm64": 1}


def grid(pythons: int, targets: dict[str, int], others: int = 6) -> Grid:
    rows = tuple(
        GridRow(
            target,
            f"cu{number:03}",
            tuple(
                GridCell(f"{target}/{number}/{python}", (PASSED,) * 3) for python in range(pythons)
            ),
        )
        for target, count in targets.items()
        for number in range(count)
    )
    wide = tuple(WideRow(f"more:{n}", f"workflow {n}", ()) for n in range(others))
    return Grid(tuple(f"3.{n + 8}" for n in range(pythons)), STAGES, rows, wide)


def keys(layout: Layout) -> list[str]:
    found: list[str] = []
    for page in layout.pages:
        for item in page.items:
            if isinstance(item, WideRow):
                found.append(item.key)
            else:
                found += [cell.key for cell in item.cells[page.first : page.end] if cell]
    return found


def test_a_release_of_eight_pythons_is_one_page_at_120_by_40() -> None:
    layout = lay_out(grid(8, TARGETS), 78, 32)
    (page,) = layout.pages

    assert layout.column == 6
    # An empty line stands between two targets, since there is room for it.
    assert page.lines.count(None) == 4


def test_where_there_is_little_room_what_is_no_wheel_is_set_apart_first() -> None:
    (page,) = lay_out(grid(8, TARGETS), 78, 24).pages
    assert [at for at, line in enumerate(page.lines) if line is None] == [17]
    (full,) = lay_out(grid(8, TARGETS), 78, 23).pages
    assert None not in full.lines


def test_thirteen_pythons_fit_eighty_columns() -> None:
    layout = lay_out(grid(13, TARGETS), 77, 40)
    assert (layout.column, len(layout.pages)) == (4, 1)


@pytest.mark.parametrize("width", [30, 44, 60, 77, 120])
@pytest.mark.parametrize("height", [3, 9, 20, 60])
def test_every_cell_is_on_exactly_one_page(width: int, height: int) -> None:
    whole = grid(13, {"linux x86_64": 18, "linux aarch64": 10, "windows x86_64": 18})
    layout = lay_out(whole, width, height)
    found = keys(layout)

    assert sorted(found) == sorted(
        [cell.key for row in whole.rows for cell in row.cells if cell]
        + [row.key for row in whole.others]
    )
    for number, page in enumerate(layout.pages):
        assert len(page.lines) <= height
        for item in page.items:
            key = item.key if isinstance(item, WideRow) else item.cells[page.first]
            assert layout.page_of(key if isinstance(key, str) else key.key if key else "") == number
    assert layout.page_of("nowhere") is None


def test_targets_stay_together_where_they_fit_a_page() -> None:
    layout = lay_out(grid(8, TARGETS), 78, 9)
    targets = [
        {item.target for item in page.items if not isinstance(item, WideRow)}
        for page in layout.pages
    ]
    assert targets == [{"linux x86_64"}, {"linux aarch64", "windows x86_64"}, {"macos arm64"}]


def test_nothing_is_no_page() -> None:
    assert lay_out(Grid((), (), (), ()), 78, 30).pages == ()
