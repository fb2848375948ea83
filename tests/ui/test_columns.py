"""Column widths: what fits, what is left out and what is cut."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cockpit.views.marks import PASSED
from cockpit.views.table import Column, Row, cell
from widgets.columns import PADDING, fit_columns, natural_widths, row_widths

NARROWEST = 6


def test_natural_widths_count_cells_and_marks() -> None:
    columns = (Column("a", "title"), Column("b", "b"))
    rows = (Row("1", (cell("日本", mark=PASSED), cell("123"))),)
    assert natural_widths(columns, map(row_widths, rows)) == (6, 3)


def test_everything_fits_at_its_natural_width() -> None:
    columns = (Column("a", "a"), Column("b", "b", weight=1), Column("c", "c", rank=1))
    assert [c.width for c in fit_columns(columns, (5, 30, 7), 60)] == [5, 30, 7]


def test_the_weighted_column_gives_way_first() -> None:
    columns = (Column("a", "a"), Column("b", "b", weight=1), Column("c", "c", rank=1))
    assert [c.width for c in fit_columns(columns, (5, 60, 7), 60)] == [5, 42, 7]


def test_high_ranks_are_left_out_before_a_weighted_column_is_crushed() -> None:
    columns = (Column("a", "a", rank=1), Column("b", "b", weight=1), Column("c", "c", rank=2))
    assert [c.index for c in fit_columns(columns, (15, 60, 15), 60)] == [0, 1]
    assert [c.index for c in fit_columns(columns, (15, 60, 15), 50)] == [1]


def test_weights_share_what_is_left() -> None:
    columns = (Column("a", "a", weight=3), Column("b", "b", weight=1))
    widths = [c.width for c in fit_columns(columns, (90, 90), 84)]
    assert widths == [60, 20]


@given(
    st.lists(
        st.tuples(st.integers(1, 120), st.integers(0, 3), st.integers(0, 3)),
        min_size=1,
        max_size=8,
    ),
    st.integers(10, 250),
)
def test_nothing_ever_overflows(shapes: list[tuple[int, int, int]], available: int) -> None:
    columns = [
        Column(str(i), str(i), weight=weight, rank=rank)
        for i, (_, weight, rank) in enumerate(shapes)
    ]
    natural = [width for width, _, _ in shapes]
    fitted = fit_columns(columns, natural, available)
    assert fitted
    assert all(0 < c.width <= natural[c.index] for c in fitted)
    taken = sum(c.width + PADDING for c in fitted)
    squeezed = all(c.width <= NARROWEST for c in fitted)
    assert taken <= available or squeezed
