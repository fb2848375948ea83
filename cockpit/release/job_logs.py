"""The end of a job's log, and which of its lines tell why it failed."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from datetime import datetime

import msgspec


class JobLog(msgspec.Struct, frozen=True):
    """The end of a log, as much of it as is kept in memory."""

    lines: tuple[str, ...]
    """Cleaned and masked, each beginning with its time."""
    size: int
    """Of the whole log, in bytes."""
    whole: bool
    """Whether it begins with the log's first line."""
    cut: bool = False
    """Whether reading stopped before the log's end, which is larger than anybody reads."""


_STAMP = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?Z ?")
_STRONG = re.compile(
    r"^Traceback \(most recent call last\)"
    r"|^(?:=+ )?(?:FAILED|FAIL|ERROR)\b[: ]"
    r"|^(?:E\s{2,}|> +assert )"
    r"|\b\w*(?:Error|Exception): "
    r"|(?:^|[\s:])(?:fatal |internal compiler )?error: "
    r"|\bfatal: "
    r"|undefined (?:reference|symbol)"
    r"|Segmentation fault|core dumped|Killed$|out of memory|No space left on device"
    r"|CMake Error|ninja: build stopped"
    r"|toomanyrequests|timed out after"
)
_HARMLESS = re.compile(
    r"\b0 (?:errors|failed|failures)\b|-W(?:no-)?error|continue-on-error|error-prone|_error: false"
    r"|^\s*(?:warning|note):",
    re.IGNORECASE,
)
_WEAK = re.compile(r"^Error: Process completed with exit code|^The operation was canceled")
_MARKED = "##[error]"
_GROUP = "##[group]"


def told_at(line: str) -> str:
    """When a line was written, as the log tells it; empty where it does not."""
    found = _STAMP.match(line)
    return found[1] if found else ""


def without_time(line: str) -> str:
    """A line without the time it begins with."""
    found = _STAMP.match(line)
    return line[found.end() :] if found else line


def weight(line: str) -> int:
    """How much a line tells of a failure: 2 for what failed, 1 for that something did, else 0."""
    text = without_time(line)
    said = text.removeprefix(_MARKED)
    if _WEAK.search(said):
        return 1
    if text.startswith(_MARKED):
        return 2
    return 2 if _STRONG.search(said) and not _HARMLESS.search(said) else 0


def failing_lines(lines: Sequence[str]) -> tuple[int, ...]:
    """Where lines that tell of a failure stand; of several in a row only the first.

    What failed is preferred to the mere word that something did, which is told only where there
    is nothing else, as the HUD does with its top log line (process section 7.12).
    """
    weights = [weight(line) for line in lines]
    wanted = 2 if 2 in weights else 1
    return tuple(
        at
        for at, found in enumerate(weights)
        if found >= wanted and (at == 0 or weights[at - 1] < wanted)
    )


def line_of_step(lines: Sequence[str], name: str, started: datetime | None) -> int | None:
    """Where a step's own lines begin: at its heading, else at its time; None where neither is."""
    heading = f"{_GROUP}{name}"
    for at, line in enumerate(lines):
        if without_time(line) == heading:
            return at
    if started is None:
        return None
    stamps = [told_at(line) for line in lines]
    at = bisect_left(stamps, f"{started:%Y-%m-%dT%H:%M:%S}")
    return at if at < len(lines) else None
