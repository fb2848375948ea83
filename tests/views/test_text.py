"""The dashboard as plain text."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cockpit.process.loader import load_process
from cockpit.release.milestones import Milestone
from cockpit.release.state import ReleaseState
from cockpit.views.text import as_ascii, render, wrapped
from cockpit.views.width import cell_width
from tests.release.states import (
    GREEN,
    NOW,
    SPEC,
    failure,
    feed,
    item,
    pull,
    tracked,
    with_,
)

PROCESS = load_process("pytorch", Path())
UNREAD = ReleaseState(spec=SPEC, now=NOW, wall=NOW)
WIDE_TITLE = with_(picks=feed(tracked((pull(14, "修正 " * 60 + "é[/]"),), (), ())))
BROKEN = with_(
    builds=feed(GREEN.builds.value, failure=failure()),
    milestone=feed(Milestone("2.15.0", 62, (item(3),)), failure=failure()),
)
STATES = {"green": GREEN, "unread": UNREAD, "wide": WIDE_TITLE, "broken": BROKEN}


@pytest.mark.parametrize("width", [40, 80, 120, 200])
@pytest.mark.parametrize("name", STATES)
def test_no_line_is_wider_than_the_terminal(name: str, width: int) -> None:
    lines = render(STATES[name], PROCESS, width=width).splitlines()

    assert max(map(cell_width, lines)) <= width


@pytest.mark.parametrize("name", STATES)
def test_everything_the_dashboard_has_is_there_at_80_columns(name: str) -> None:
    text = render(STATES[name], PROCESS, width=80)

    for words in ("pytorch 2.15.0", "BLOCKED", "RISKY", "READY", "NEXT", "Branches", "Candidate"):
        assert words in text
    assert "Cherry-pick queue" in text
    assert "Checklist" in text


def test_what_blocks_is_said_in_whole_sentences() -> None:
    text = render(BROKEN, PROCESS, width=120)

    assert "GitHub cannot be reached: connection refused (builds, milestone)" in text
    assert "check the network, then press r" in text


def test_the_narrowest_terminal_still_gets_an_answer() -> None:
    assert "NEXT" in render(GREEN, PROCESS, width=1)


@pytest.mark.parametrize("name", STATES)
def test_ascii_is_ascii(name: str) -> None:
    assert render(STATES[name], PROCESS, width=120, ascii=True).isascii()


def test_ascii_keeps_the_columns_where_they_were() -> None:
    assert cell_width(as_ascii("✔ 日本 ·")) == cell_width("✔ 日本 ·")


def test_without_colour_there_is_no_escape_and_with_it_the_words_are_the_same() -> None:
    plain = render(GREEN, PROCESS, width=100)
    coloured = render(GREEN, PROCESS, width=100, color=True)

    assert "\x1b" not in plain
    assert "\x1b[32m✔" in coloured
    assert _words(re.sub(r"\x1b\[\d*m", "", coloured)) == _words(plain)


def _words(text: str) -> list[str]:
    return [line.rstrip() for line in text.splitlines()]


def test_nothing_is_green_before_it_was_read() -> None:
    assert "✔" not in render(UNREAD, PROCESS, width=120)


def test_a_text_is_broken_between_words() -> None:
    assert wrapped("one two three", 7) == ["one two", "three"]
    assert wrapped("extraordinarily long", 8) == ["extraor…", "long"]
    assert wrapped("", 8) == []
