"""What the log of a job says.

A log is written when somebody asks for it, out of the job's steps and a chance that was drawn
when the job was planned: so it says the same every time, and a world of many jobs holds none.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from cockpit.rehearsal.logwords import (
    BETWEEN_STEPS,
    CLEANING,
    SETTING_UP,
    last_words,
    preamble,
    work_lines,
)
from cockpit.rehearsal.model import Job, PlannedStep
from cockpit.rehearsal.steps import MAIN_STEP

_CHUNK_LINES = 512
_FILLER = b"%b [%9d/%9d] Building CXX object caffe2/CMakeFiles/torch_cpu.dir/%09d.o\n"


@dataclass(frozen=True, slots=True)
class JobLog:
    """A text that may be far too long to hold: lines of one length between two short pieces."""

    head: bytes
    tail: bytes
    lines: int = 0
    """How many lines of filler lie between."""
    stamp: bytes = b""
    """The time those lines begin with."""

    @property
    def size(self) -> int:
        """Its length in bytes."""
        return len(self.head) + self.lines * self.line_size + len(self.tail)

    def read(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """The bytes from `start` up to but without `stop`, in pieces."""
        stop = self.size if stop is None else min(stop, self.size)
        before_tail = self.size - len(self.tail)
        if start < len(self.head):
            yield self.head[start:stop]
        yield from self._filler(max(start, len(self.head)), min(stop, before_tail))
        if stop > before_tail:
            yield self.tail[max(start - before_tail, 0) : stop - before_tail]

    def _filler(self, start: int, stop: int) -> Iterator[bytes]:
        size, offset = self.line_size, len(self.head)
        while start < stop:
            first = (start - offset) // size
            last = min(first + _CHUNK_LINES, self.lines)
            opens = offset + first * size
            chunk = b"".join(map(self._line, range(first, last)))
            yield chunk[start - opens : stop - opens]
            start = opens + len(chunk)

    def _line(self, at: int) -> bytes:
        return _FILLER % (self.stamp, at + 1, self.lines, at + 1)

    @property
    def line_size(self) -> int:
        """How long a line of filler is."""
        return len(self._line(0))


def log_of(job: Job, padding: int = 0) -> JobLog:
    """The log of a job that has ended, longer by about `padding` bytes."""
    if job.log or job.conclusion == "skipped":
        return JobLog(b"", _stopped(job.log, job.cancelled_at).encode())
    lines = list(_lines(job))
    if job.cancelled_at is not None:
        lines = [(at, text) for at, text in lines if at <= job.cancelled_at]
        lines.append((job.cancelled_at, "##[error]The operation was canceled."))
    main = next((n for n, (_, text) in enumerate(lines) if text == _opening(job)), len(lines))
    head, tail = (
        "".join(f"{_stamp(at)} {text}\n" for at, text in part)
        for part in (lines[: main + 1], lines[main + 1 :])
    )
    log = JobLog(f"\ufeff{head}".encode(), tail.encode(), stamp=_stamp(job.starts_at).encode())
    return replace(log, lines=padding // log.line_size)


def _lines(job: Job) -> Iterator[tuple[datetime, str]]:
    rng = random.Random(job.chance)
    opens = job.starts_at
    for step in job.steps:
        lasts = step.share * (job.ends_at - job.starts_at)
        said = _said(job, step, rng)
        for number, text in enumerate(said):
            yield opens + lasts * number / len(said), text
        opens += lasts


def _said(job: Job, step: PlannedStep, rng: random.Random) -> list[str]:
    if step.conclusion == "skipped":
        return []
    if step.name == "Set up job":
        return [*preamble(job.name, job.labels), *SETTING_UP]
    if step.name == MAIN_STEP[job.stage]:
        failed = step.conclusion != "success"
        said = [_opening(job), *work_lines(job.stage, rng, cut_short=failed)]
        return [*said, *last_words(job, step.conclusion, rng)] if failed else said
    if step.name.startswith("Post "):
        return list(CLEANING)
    if step.name == "Complete job":
        return ["Cleaning up orphan processes"]
    return [f"##[group]Run {step.name}", *BETWEEN_STEPS]


def _opening(job: Job) -> str:
    return f"##[group]Run .ci/pytorch/{job.stage}.sh"


def _stopped(text: str, at: datetime | None) -> str:
    """A log of its own, cut off half-way where the job was cancelled."""
    if at is None:
        return text
    head = text[: len(text) // 2].rpartition("\n")[0]
    return f"{head}\n{_stamp(at)} ##[error]The operation was canceled.\n"


def _stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.%f0Z")
