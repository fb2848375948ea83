"""The still: the picture the cockpit was left with, shown at once when it opens again.

Importing the interface takes most of a second; a captain should see the last known world before
that. The still is text and the terminal's own attributes, so showing it needs neither textual nor
any reading. Its last line says how old it is, and the live screen takes its place as it stands.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import termios
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

StyledText = tuple[str, str]
"""Text, and the SGR parameters it is drawn with, such as `1;38;5;12`."""

_ENTER = "\x1b[?1049h\x1b[?25l\x1b[H\x1b[2J"
_LEAVE = "\x1b[?25h\x1b[?1049l"
_LARGEST_FILE = 1_000_000


def keep(path: Path, lines: Sequence[Sequence[StyledText]], width: int) -> None:
    """Keep what the screen shows; a disk that refuses costs the still, nothing else."""
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".new")
        draft.write_text(
            json.dumps({"taken_at": time.time(), "width": width, "lines": lines}), encoding="utf-8"
        )
        draft.replace(path)


@contextlib.contextmanager
def shown(path: Path | None) -> Iterator[None]:
    """Show the still until the block ends; what is typed meanwhile waits for the live screen."""
    picture = _drawn(path, os.get_terminal_size(sys.stdout.fileno())) if path else None
    if picture is None:
        yield
        return
    keyboard = sys.stdin.fileno()
    before = termios.tcgetattr(keyboard)
    silent = termios.tcgetattr(keyboard)
    silent[3] &= ~(termios.ECHO | termios.ICANON)
    try:
        termios.tcsetattr(keyboard, termios.TCSANOW, silent)
        sys.stdout.write(_ENTER + picture)
        sys.stdout.flush()
        yield
    except BaseException:
        sys.stdout.write(_LEAVE)
        raise
    finally:
        termios.tcsetattr(keyboard, termios.TCSANOW, before)


def _drawn(path: Path, size: os.terminal_size) -> str | None:
    """The still as a terminal draws it; None when there is none for this width."""
    try:
        if path.stat().st_size > _LARGEST_FILE:
            return None
        still = json.loads(path.read_text(encoding="utf-8"))
        taken_at, width = float(still["taken_at"]), int(still["width"])
        lines = ["".join(_attributed(text, sgr) for text, sgr in line) for line in still["lines"]]
    except (OSError, ValueError, TypeError, KeyError):
        return None
    if width != size.columns or len(lines) < size.lines:
        return None
    notice = f" as it was {_ago(time.time() - taken_at)}; opening …".ljust(size.columns)
    lines = [*lines[: size.lines - 1], f"\x1b[7m{notice[: size.columns]}\x1b[0m"]
    return "\r\n".join(lines)


def _attributed(text: str, sgr: str) -> str:
    # The file is ours, but whoever can write it must not be able to drive the terminal.
    clean = "".join(character for character in str(text) if character.isprintable())
    safe = all(part.isdigit() for part in str(sgr).split(";"))
    return f"\x1b[{sgr}m{clean}\x1b[0m" if sgr and safe else clean


def _ago(seconds: float) -> str:
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{int(seconds // size)} {unit} ago"
    return f"{max(int(seconds), 0)} s ago"
