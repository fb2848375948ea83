"""The filter: words, their absence, and regular expressions."""

from __future__ import annotations

import pytest

from cockpit.views.marks import FAILED, PASSED, Mark
from cockpit.views.table import Row, cell
from widgets.row_filter import RowFilter


def row(key: str, mark: Mark, search: str = "") -> Row:
    return Row(key, (cell(key, mark=mark),), search=search)


ROWS = (
    row("linux py3.13 cpu", PASSED),
    row("windows py3.13t cu130", FAILED, "Test timed out"),
    row("Fix [SDPA] stride", PASSED),
)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("", [0, 1, 2]),
        ("  ", [0, 1, 2]),
        ("WINDOWS", [1]),
        ("failed", [1]),
        ("timed out", [1]),
        ("[sdpa]", [2]),
        ("!py3.13", [2]),
        ("!", [0, 1, 2]),
        ("/py3\\.13\\b/", [0]),
        ("!/py3\\.13\\b/", [1, 2]),
        ("/", []),
        ("/(/", [0, 1, 2]),
        ("/a{4294967295}/", [0, 1, 2]),
        ("/(?a)(?u)x/", [0, 1, 2]),
        pytest.param(f"/{'(' * 999}{')' * 999}/", [0, 1, 2], id="too deep"),
    ],
)
def test_what_is_kept(text: str, kept: list[int]) -> None:
    assert RowFilter(text).keep(ROWS) == tuple(ROWS[index] for index in kept)


def test_a_broken_expression_says_so() -> None:
    assert "regular expression" in RowFilter("/(/").problem
    assert RowFilter("(").problem == ""
