"""A diff as it is read: files and places in their tones."""

from __future__ import annotations

from collections.abc import Sequence

from cockpit.views.marks import Tone
from cockpit.views.table import Span

_FILE = "diff --git "
_QUIET = ("index ", "similarity index ", "old mode ", "new mode ", "--- ", "+++ ")


def diff_spans(line: str) -> tuple[Span, ...]:
    """One line of a diff."""
    return (Span(line.expandtabs(4), _tone(line)),)


def file_lines(lines: Sequence[str]) -> tuple[int, ...]:
    """Where the files of a diff begin."""
    return tuple(at for at, line in enumerate(lines) if line.startswith(_FILE))


def _tone(line: str) -> Tone:
    if line.startswith(_FILE):
        return Tone.ACCENT
    if line.startswith(_QUIET):
        return Tone.DIM
    if line.startswith("@@"):
        return Tone.BUSY
    if line.startswith("+"):
        return Tone.GOOD
    return Tone.BAD if line.startswith("-") else Tone.PLAIN
