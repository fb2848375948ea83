"""Rows in the order of a column."""

from __future__ import annotations

from cockpit.views.sorting import Order
from cockpit.views.table import Cell, Column, Row, Span, Table, cell

TABLE = Table(
    (Column("mark", ""), Column("n", "number"), Column("word", "word")),
    tuple(
        Row(key, (Cell(), Cell((Span(f"#{sort}" if sort else "–"),), sort=sort), cell(word)))
        for key, sort, word in (("10", 10, "b"), ("9", 9, "A"), ("x", None, "–"), ("8", 8, "–"))
    ),
)


def keys(order: Order) -> list[str]:
    return [row.key for row in order.sorted(TABLE).rows]


def test_numbers_words_and_what_says_nothing() -> None:
    assert keys(Order("n")) == ["8", "9", "10", "x"]
    assert keys(Order("n", descending=True)) == ["10", "9", "8", "x"]
    assert keys(Order("word")) == ["9", "10", "x", "8"]
    assert keys(Order("word", descending=True)) == ["10", "9", "x", "8"]
    assert keys(Order()) == ["10", "9", "x", "8"]
    assert keys(Order(descending=True)) == ["8", "x", "9", "10"]
    assert keys(Order("gone")) == keys(Order())


def test_from_column_to_column_and_back_to_none() -> None:
    order = Order().following(TABLE.columns)
    assert (order, order.words(TABLE.columns)) == (Order("n"), "by number ↑")
    assert order.turned.words(TABLE.columns) == "by number ↓"
    assert order.following(TABLE.columns).following(TABLE.columns) == Order()
    assert Order().words(TABLE.columns) == ""
