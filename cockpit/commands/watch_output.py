"""How `watch` tells what it sees: lines on a pipe, JSON lines, or a block that is redrawn."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from cockpit.commands.candidates import candidate_data, counts_data
from cockpit.commands.common import wants_colour
from cockpit.config_tables import NotificationsTable
from cockpit.release.build_changes import Change, ChangeKind
from cockpit.release.coverage import named
from cockpit.release.jobs import JobState
from cockpit.release.picture import End, Ending, Picture
from cockpit.views.ages import ago, duration
from cockpit.views.build_report import counts_text, head
from cockpit.views.desktop import desktop_sequence
from cockpit.views.framing import line, marked
from cockpit.views.marks import FAILED, JOB_MARKS, NEEDS_YOU, PASSED, RUNNING, Mark, Tone
from cockpit.views.table import Line, Span
from cockpit.views.text import as_ascii, printed

_ENDING_MARKS = {Ending.SUCCESS: PASSED, Ending.FAILURE: FAILED}
_CHANGE_MARKS = {
    ChangeKind.JOB_FAILED: FAILED,
    ChangeKind.ENDED: FAILED,
    ChangeKind.TAG_MOVED: NEEDS_YOU,
    ChangeKind.SUPERSEDED: NEEDS_YOU,
    ChangeKind.JOBS_GONE: NEEDS_YOU,
    ChangeKind.UNREADABLE: NEEDS_YOU,
    ChangeKind.INCOMPLETE: NEEDS_YOU,
    ChangeKind.FLAKY: NEEDS_YOU,
    ChangeKind.ALL_GREEN: PASSED,
}
_RED_LINES = 8
_UNCLIPPED = 10_000
_FRESH = timedelta(seconds=5)
_TITLE = "release-cockpit"


class Glance(msgspec.Struct, frozen=True):
    """The picture with what is known about the next one."""

    picture: Picture
    at: datetime
    """The release's time."""
    wall: datetime
    next_look: datetime | None
    trouble: str
    """Why the newest look failed."""
    refreshing: bool
    age: timedelta | None = None
    """Of the reading."""

    @property
    def coming(self) -> str:
        """When the next look is."""
        if self.refreshing:
            return "looking …"
        if self.next_look is None or self.next_look <= self.wall:
            return "next look now"
        return f"next look in {duration(self.next_look - self.wall)}"


class Output(Protocol):
    """Where watching is told."""

    def changed(self, found: Sequence[Change], glance: Glance) -> None:
        """Something is not as it was; with no changes it is the first picture."""
        ...

    def tick(self, glance: Glance) -> None:
        """A second has passed."""
        ...

    def ended(self, end: End | None, glance: Glance) -> None:
        """It is over; None when somebody stopped it."""
        ...


def output_for(arguments: argparse.Namespace, notifications: NotificationsTable) -> Output:
    """JSON lines when asked for, a live block on a terminal, else plain lines."""
    if arguments.json:
        return JsonLines()
    if tells_what_is_left(arguments):
        return LiveBlock(notifications, plain_ascii=arguments.ascii)
    return PlainLines(plain_ascii=arguments.ascii)


def tells_what_is_left(arguments: argparse.Namespace) -> bool:
    """Whether the output has a live block, whose head says when the builds will be done."""
    terminal = sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
    return terminal and not arguments.json


class PlainLines:
    """One line a change: when, what, and the counts after it."""

    def __init__(self, *, plain_ascii: bool) -> None:
        self._plain_ascii = plain_ascii
        self._told = ""

    def changed(self, found: Sequence[Change], glance: Glance) -> None:
        """Tell the changes, what matters most first."""
        counts = counts_text(glance.picture) or "no jobs"
        for mark, text in _told(found, glance):
            shape = f"{mark.shape} " if mark else ""
            self._write(f"{_clock(glance)}  {shape}{text}  [{counts}]")

    def tick(self, glance: Glance) -> None:
        """Say once that nothing can be watched yet, and once for each wait that was asked for."""
        waiting = _waiting(glance)
        if waiting and waiting != self._told:
            self._write(f"{_clock(glance)}  {waiting}")
        self._told = waiting

    def ended(self, end: End | None, glance: Glance) -> None:
        """Tell how it ended."""
        mark, text = _last(end, glance)
        self._write(f"{_clock(glance)}  {mark.shape} {text}")

    def _write(self, text: str) -> None:
        sys.stdout.write((as_ascii(text) if self._plain_ascii else text) + "\n")
        sys.stdout.flush()


class JsonLines:
    """One JSON object a line; the last one has the ending."""

    def __init__(self) -> None:
        self._told = ""

    def changed(self, found: Sequence[Change], glance: Glance) -> None:
        """Tell the changes, what matters most first."""
        if not found:
            self._write("picture", glance, text=_first(glance))
        for change in found:
            self._write(
                change.kind.value,
                glance,
                text=change.text,
                subject=change.subject or None,
                state=change.state.value if change.state else None,
                url=change.url or None,
            )

    def tick(self, glance: Glance) -> None:
        """Say once that nothing can be watched yet."""
        waiting = _waiting(glance)
        if waiting and waiting != self._told:
            self._write("waiting", glance, text=waiting)
        self._told = waiting

    def ended(self, end: End | None, glance: Glance) -> None:
        """Tell how it ended."""
        ending = end.ending.value if end else "stopped"
        flaky = [f"{job.workflow} / {job.name}" for job in glance.picture.flaky]
        self._write("end", glance, ending=ending, text=_last(end, glance)[1], flaky=flaky)

    def _write(self, kind: str, glance: Glance, **more: object) -> None:
        picture = glance.picture
        document = {
            "at": glance.at,
            "kind": kind,
            **more,
            "candidate": candidate_data(picture.candidate),
            "repository": picture.repository,
            "counts": counts_data(picture),
            "complete": picture.whole,
        }
        sys.stdout.write(msgspec.json.encode(document).decode() + "\n")
        sys.stdout.flush()


class LiveBlock:
    """Changes scroll by; below them a few lines that are drawn anew."""

    def __init__(self, notifications: NotificationsTable, *, plain_ascii: bool) -> None:
        self._notifications = notifications
        self._plain_ascii = plain_ascii
        self._drawn = 0
        self._last: tuple[Line, ...] = ()

    def changed(self, found: Sequence[Change], glance: Glance) -> None:
        """Let the changes scroll by."""
        if found:
            lines = [
                line(
                    Span(f"{_clock(glance)}  ", Tone.DIM), *(marked(mark, "") if mark else ()), text
                )
                for mark, text in _told(found, glance)
            ]
            self._draw(lines, ())
        self.tick(glance)

    def tick(self, glance: Glance) -> None:
        """Draw the block."""
        block = self._block(glance)
        if block != self._last:
            self._draw((), block)

    def ended(self, end: End | None, glance: Glance) -> None:
        """Leave the counts and how it ended, and call whoever looked away."""
        mark, text = _last(end, glance)
        self._draw((*head(glance.picture, _clock(glance)), line(*marked(mark, text))), ())
        if end is None:
            return
        if self._notifications.bell:
            sys.stdout.write("\a")
        style = self._notifications.desktop
        sys.stdout.write(desktop_sequence(style, _TITLE, text, os.environ))
        sys.stdout.flush()

    def _block(self, glance: Glance) -> tuple[Line, ...]:
        picture = glance.picture
        if picture.candidate is None:
            return (line(Span(f"{_waiting(glance)} · {glance.coming}", Tone.DIM)),)
        red = [job for job in picture.builds.jobs if job.state is JobState.FAILED]
        mark = JOB_MARKS[JobState.FAILED]
        rows = [line("  ", *marked(mark, named(job))) for job in red[:_RED_LINES]]
        if len(red) > _RED_LINES:
            rows.append(line(Span(f"  and {len(red) - _RED_LINES} more failed", Tone.DIM)))
        return (*head(picture, glance.coming, _columns()), *rows)

    def _draw(self, above: Sequence[Line], block: tuple[Line, ...]) -> None:
        """Put lines in the block's place, whole, and the block below them, a row a line."""
        erase = f"\x1b[{self._drawn}A\x1b[J" if self._drawn else ""
        lines = [self._printed(entry, _UNCLIPPED) for entry in above]
        lines += [self._printed(entry, _columns()) for entry in block]
        sys.stdout.write(erase + "".join(lines))
        sys.stdout.flush()
        self._drawn, self._last = len(block), block

    def _printed(self, entry: Line, width: int) -> str:
        return printed(entry, width, plain_ascii=self._plain_ascii, color=wants_colour())


def _columns() -> int:
    return shutil.get_terminal_size().columns - 1


def _told(found: Sequence[Change], glance: Glance) -> list[tuple[Mark | None, str]]:
    if not found:
        return [(RUNNING, _first(glance))]
    return [(_CHANGE_MARKS.get(change.kind), change.text) for change in found]


def _first(glance: Glance) -> str:
    """The first picture in words."""
    picture = glance.picture
    what = f"watching {picture.repository} {picture.tag}".rstrip()
    if picture.read and glance.age is not None and glance.age > _FRESH:
        what += f", last read {ago(glance.age)}"
    reservation = picture.trouble or picture.missing
    return f"{what}: {reservation}" if reservation else what


def _waiting(glance: Glance) -> str:
    """Why there is nothing to watch yet, or not at the moment."""
    picture = glance.picture
    if picture.candidate is None:
        reason = glance.trouble or "no candidate has been tagged"
        return f"waiting: {reason}" if not glance.refreshing else ""
    if glance.trouble and glance.next_look is not None and not glance.refreshing:
        seconds = (glance.next_look - glance.wall).total_seconds()
        # By the minute: a countdown by the second is for those who see it change.
        return f"asked to wait: about {max(round(seconds / 60), 1)} min" if seconds > 0 else ""
    return ""


def _last(end: End | None, glance: Glance) -> tuple[Mark, str]:
    if end is None:
        return NEEDS_YOU, "stopped watching; the builds go on"
    flaky = len(glance.picture.flaky)
    note = f" ({flaky} flaky)" if flaky and "flaky" not in end.reason else ""
    return _ENDING_MARKS.get(end.ending, NEEDS_YOU), f"{end.ending.value}: {end.reason}{note}"


def _clock(glance: Glance) -> str:
    return f"{glance.at:%H:%M:%S} UTC"
