"""The still: shown at once, marked with its age, and harmless whatever its file says."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from cockpit.places import Folders, still_of
from cockpit.still import keep

ROOT = Path(__file__).parent.parent
SHOW = """
import sys
from pathlib import Path
from cockpit.still import shown
with shown(Path(sys.argv[1])):
    heavy = {"textual", "msgspec", "asyncio"} & set(sys.modules)
    print(f"<loaded {sorted(heavy)}>")
    sys.exit(3) if len(sys.argv) > 2 else None
print("<done>")
"""


def drawn(still: Path, *words: str, columns: int = 40, lines: int = 6) -> str:
    """What a terminal of this size gets to see."""
    parent, child = pty.openpty()
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-c", SHOW, str(still), *words],
        stdin=child,
        stdout=child,
        stderr=child,
        cwd=ROOT,
        start_new_session=True,
    )
    os.close(child)
    seen = b""
    try:
        while piece := os.read(parent, 65536):
            seen += piece
    except OSError:  # what a terminal says when its last process has gone
        pass
    finally:
        process.wait()
        os.close(parent)
    return seen.decode()


def a_still(folder: Path, text: str = "BLOCKED 2", sgr: str = "1;31") -> Path:
    path = folder / "cache" / "still.json"
    keep(path, [[(text, sgr), (" ", "")], *([("row", "")] for _ in range(7))], 40)
    return path


def test_it_is_shown_with_its_age_before_anything_heavy_is_loaded(tmp_path: Path) -> None:
    still = a_still(tmp_path)
    document = json.loads(still.read_text())
    still.write_text(json.dumps(document | {"taken_at": time.time() - 7300}))
    seen = drawn(still)
    assert "\x1b[1;31mBLOCKED 2\x1b[0m" in seen
    assert "as it was 2 h ago; opening" in seen
    assert "<loaded []>" in seen
    assert seen.count("row") == 4, "six lines: one of the board, four rows, and the notice"


@pytest.mark.parametrize("columns", [39, 41])
def test_a_terminal_of_another_width_sees_none(tmp_path: Path, columns: int) -> None:
    seen = drawn(a_still(tmp_path), columns=columns)
    assert "BLOCKED" not in seen
    assert "<done>" in seen


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"taken_at": "x", "width": 40, "lines": []}'])
def test_a_broken_file_is_no_still(tmp_path: Path, text: str) -> None:
    path = tmp_path / "still.json"
    path.write_text(text)
    assert "<done>" in drawn(path)


def test_a_forged_file_cannot_drive_the_terminal(tmp_path: Path) -> None:
    seen = drawn(a_still(tmp_path, "title\x1b]0;owned\x07", "31m\x1b]0;owned\x07"))
    assert "\x1b]" not in seen
    assert "title]0;owned" in seen


def test_the_screen_is_given_back_when_opening_fails(tmp_path: Path) -> None:
    seen = drawn(a_still(tmp_path), "fail")
    assert seen.index("\x1b[?1049h") < seen.index("\x1b[?1049l")


def test_it_is_found_by_the_config_alone(tmp_path: Path) -> None:
    config = tmp_path / "release.toml"
    config.write_text('folder = "own"\n[release]\nversion = "2.15.0"\n')
    expected = Folders(config, project="pytorch", version="2.15.0", folder="own").still
    assert still_of(config) == expected
    config.write_text("[release")
    assert still_of(config) is None


def test_a_disk_that_refuses_costs_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where a folder should be")
    keep(tmp_path / "cache" / "still.json", [[("x", "")]], 1)
    assert (tmp_path / "cache").read_text() == "a file where a folder should be"
