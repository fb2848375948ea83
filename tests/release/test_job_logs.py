"""Which lines of a log tell why a job failed."""

from __future__ import annotations

import pytest

from cockpit.release.job_logs import failing_lines, line_of_step, weight
from tests.release.states import NOW

STAMP = "2026-10-09T20:54:37.0000000Z "
LOG = [
    STAMP + "##[group]Test",
    STAMP + "collected 5 items, 0 errors",
    STAMP + "warning: error: is only a word here",
    STAMP + "FAILED test_nn.py::TestNN::test_conv - AssertionError: 1 != 2",
    STAMP + "Traceback (most recent call last):",
    STAMP + "done",
    STAMP + "c10/Allocator.cpp:12:3: error: expected ';'",
    STAMP + "##[error]Process completed with exit code 1.",
    STAMP + "##[endgroup]",
]


def test_failing_lines_are_found_and_neighbours_count_once() -> None:
    assert failing_lines(LOG) == (3, 6)


def test_the_mere_word_that_something_failed_is_told_where_there_is_nothing_else() -> None:
    assert failing_lines(["ok", "##[error]Error: Process completed with exit code 1."]) == (1,)
    assert failing_lines(["ok", "-Werror", "0 failed, 7 passed"]) == ()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("ERROR: test_x", 2),
        ("RuntimeError: CUDA error: device-side assert", 2),
        ("fatal: unable to access", 2),
        ("ninja: build stopped: subcommand failed.", 2),
        ("Error: Process completed with exit code 1.", 1),
        ("The operation was canceled.", 1),
        ("compiling error_handling.cpp", 0),
        ("tests: 0 errors", 0),
    ],
)
def test_how_much_a_line_tells(line: str, expected: int) -> None:
    assert weight(STAMP + line) == expected


def test_a_step_is_found_by_its_heading_else_by_its_time() -> None:
    assert line_of_step(LOG, "Test", None) == 0
    assert line_of_step(LOG, "Build", NOW.replace(month=10, day=9, hour=20, minute=54)) == 0
    assert line_of_step(LOG, "Build", NOW) is None
    assert line_of_step(LOG, "Build", None) is None
