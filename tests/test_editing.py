"""The person's own editor and pager, as their environment names them."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

import pytest
from textual.app import App

from cockpit.commands.resolve import next_line
from cockpit.editing import edit
from cockpit.errors import CockpitError
from screens.outside import page_text


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ({"change": "199376"}, "release-cockpit do resolve 199376"),
        (
            {"change": "1", "onto": "release/2.14"},
            "release-cockpit do resolve 1 --onto release/2.14",
        ),
        ({"change": "1", "mainline": "2"}, "release-cockpit do resolve 1 --mainline 2"),
        (
            {"change": "1", "config": Path("of 2.14.toml")},
            "release-cockpit --config 'of 2.14.toml' do resolve 1",
        ),
        (
            {"change": "1", "config": Path("gone.toml"), "rehearsal": True},
            "release-cockpit do resolve 1",
        ),
    ],
)
def test_the_next_line_is_about_the_same_work_tree(words: dict[str, object], line: str) -> None:
    given = {"onto": None, "mainline": None, "config": None, "rehearsal": False, **words}
    assert next_line("do", Namespace(**given)) == line


def test_whoever_gets_a_shell_is_told_how_to_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    for name in ("VISUAL", "EDITOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SHELL", "pwd")
    edit(str(tmp_path), ["file.py"])
    said = capfd.readouterr().out.splitlines()
    assert "exit leaves it and goes on" in said[0]
    assert said[1] == str(tmp_path)


def test_a_quote_that_is_not_closed_is_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VISUAL", 'vim "')
    with pytest.raises(CockpitError, match="cannot be read as a command") as refused:
        edit(str(tmp_path), ["file.py"])
    assert refused.value.hint == f"work in {tmp_path}"
    monkeypatch.setenv("PAGER", 'less "')
    assert page_text(App(), "text").startswith("PAGER cannot be read as a command")
