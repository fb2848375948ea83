"""The candidate's jobs as a list, with its numbers and when it will be done."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

import msgspec

from cockpit.release.build_groups import Grouping, grouped_jobs
from cockpit.release.coverage import configuration, elapsed
from cockpit.release.durations import Durations, slow_jobs
from cockpit.release.jobs import CandidateBuilds, Job, JobState
from cockpit.release.remembered import remembered
from cockpit.release.state import ReleaseState
from cockpit.views.ages import duration, grouped, time_left
from cockpit.views.build_grid import WORST_FIRST, Grid
from cockpit.views.build_progress import curve_line
from cockpit.views.build_subject import BuildSubject, build_subject, keys_of_jobs, moment_of
from cockpit.views.framing import framed
from cockpit.views.marks import (
    CANCELLED,
    EXPECTED,
    FAILED,
    FLAKY,
    NEEDS_YOU,
    NEVER_STARTED,
    NO_DATA,
    PASSED,
    QUEUED,
    RUNNING,
    SKIPPED,
    SLOW,
    Mark,
    Tone,
    job_mark,
)
from cockpit.views.table import Align, Cell, Column, Line, Pane, Row, Span, Table, cell
from cockpit.views.width import cell_width

COLUMNS = (
    Column("job", "job", weight=1),
    Column("workflow", "workflow", rank=3),
    Column("attempt", "try", Align.RIGHT, rank=2),
    Column("duration", "time", Align.RIGHT, rank=1),
    Column("usual", "usually", Align.RIGHT, rank=4),
)
BAR_WIDTH = 16
_ROOMY = 5
"""Counts that are set further apart; more of them have to share a narrow line."""
_NARROWEST = 76
"""Cells of a line in a pane on the narrowest terminal."""
_SMALLEST_BAR = 4
"""Cells; a shorter one tells nothing."""
_ALWAYS = (PASSED, RUNNING, FAILED)
"""Marks that are counted even where there are none."""
_NO_CELL = Cell()
_EIGHTHS = " ▏▎▍▌▋▊▉"


def builds_pane(
    state: ReleaseState,
    repository: str = "",
    grouping: Grouping = Grouping.NONE,
    *,
    curve: bool = False,
) -> Pane:
    """One row per job under the headings of a grouping, what needs somebody first.

    With `curve` a second line of numbers tells how the candidate went so far.
    """
    subject = build_subject(state, repository)
    now = moment_of(state, subject)
    table = Table(COLUMNS, _rows(subject, grouping, now), empty_words(subject))
    summary = build_summary(subject, now, curve=curve) if subject.builds.jobs else ()
    return framed(state, "builds", title_of(state, subject), (subject.feed,), table, summary)


def title_of(state: ReleaseState, subject: BuildSubject) -> str:
    """The heading of a candidate's builds; a library's names the library."""
    name = "Candidate builds"
    if subject.repository != state.spec.core.name:
        name = f"Builds of {subject.repository.rpartition('/')[2]}"
    return f"{name} · {subject.tag}" if subject.tag else name


def empty_words(subject: BuildSubject) -> str:
    """What is said where there is no job."""
    if subject.tag:
        return f"GitHub has started no job of {subject.tag} yet"
    return "no candidate has been tagged"


class _Entry(msgspec.Struct, gc=False):
    """A row, and its job while that one's times still change."""

    row: Row
    moving: Job | None = None
    _last: tuple[str, bool, Row] | None = None
    """The time and mark it was shown with, and that row: what says the same stays the same."""

    def at(self, now: datetime, slow: frozenset[int]) -> Row:
        """The row at this moment."""
        if self.moving is None:
            return self.row
        last, spent, is_slow = self._last, _time_spent(self.moving, now), self.moving.id in slow
        if last is None or last[:2] != (spent, is_slow):
            last = spent, is_slow, _moved(self.row, self.moving, spent, slow=is_slow)
            self._last = last
        return last[2]


def _rows(subject: BuildSubject, grouping: Grouping, now: datetime) -> tuple[Row, ...]:
    known = subject.durations
    slow = slow_jobs(subject.builds, known, now)
    entries, moving = _entries(subject.builds, known, grouping)
    if not moving:
        return tuple(entry.row for entry in entries)
    return tuple(entry.at(now, slow) for entry in entries)


@remembered
def _entries(
    builds: CandidateBuilds, known: Durations, grouping: Grouping
) -> tuple[tuple[_Entry, ...], bool]:
    keys = keys_of_jobs(builds)
    entries: list[_Entry] = []
    for group in grouped_jobs(builds.jobs, grouping):
        heading = f"group:{group.title}" if group.title else ""
        if heading:
            entries.append(_Entry(_heading(heading, group.title, group.jobs)))
        for job in group.jobs:
            row = _row(keys[job.id], job, known, heading)
            entries.append(_Entry(row, job if job.state is JobState.RUNNING else None))
    return tuple(entries), any(entry.moving for entry in entries)


def _heading(key: str, title: str, jobs: tuple[Job, ...]) -> Row:
    spans = [Span(f"{title}  ", Tone.ACCENT), Span(f"{grouped(len(jobs))}   ", Tone.DIM)]
    for mark, count in mark_counts(jobs):
        if mark is not PASSED:
            spans.append(Span(f"{mark.shape} {count}  ", mark.tone))
    blanks = (_NO_CELL,) * (len(COLUMNS) - 1)
    return Row(key, (Cell(tuple(spans)), *blanks), copy=title, group=key, heading=True)


def mark_counts(jobs: tuple[Job, ...]) -> list[tuple[Mark, int]]:
    """How many jobs have each mark, what needs somebody first; marks without a job are left out."""
    found: dict[str, int] = {}
    for job in jobs:
        shape = job_mark(job).shape
        found[shape] = found.get(shape, 0) + 1
    order = (FAILED, CANCELLED, NO_DATA, SLOW, RUNNING, QUEUED, EXPECTED, SKIPPED, FLAKY, PASSED)
    return [(mark, found[mark.shape]) for mark in order if mark.shape in found]


def _row(key: str, job: Job, known: Durations, group: str) -> Row:
    mark = job_mark(job)
    usual = known.of(job)
    words = f"{job.name} {mark.word} {job.conclusion or ''} {job.failed_step or ''}"
    return Row(
        key=key,
        cells=(
            Cell((Span(configuration(job)),), mark),
            _workflow_cell(job.workflow),
            cell(job.attempt, Tone.WARN) if job.attempt > 1 else _NO_CELL,
            _time_cell(_time_spent(job, None), slow=_was_slow(job, known)),
            _dim_cell(duration(usual.span)) if usual else _NO_CELL,
        ),
        url=job.url,
        copy=f"{job.workflow} / {job.name}",
        search=words,
        group=group,
    )


def _was_slow(job: Job, known: Durations) -> bool:
    """Whether a job that has ended took much longer than usual; no clock is asked for it."""
    return job.completed_at is not None and known.slow(job, job.completed_at)


def _moved(row: Row, job: Job, spent: str, *, slow: bool) -> Row:
    """The row of a running job at one moment."""
    first = msgspec.structs.replace(row.cells[0], mark=job_mark(job, slow=slow))
    cells = (first, *row.cells[1:3], _time_cell(spent, slow=slow), row.cells[4])
    return msgspec.structs.replace(row, cells=cells)


def _time_spent(job: Job, now: datetime | None) -> str:
    """How long a job took, or takes so far; empty where that is not known."""
    at = now or job.completed_at
    spent = elapsed(job, at) if at else None
    return "" if spent is None else duration(spent)


def _time_cell(spent: str, *, slow: bool) -> Cell:
    if not spent:
        return _NO_CELL
    return cell(f"slow {spent}", Tone.WARN) if slow else _dim_cell(spent)


@lru_cache(maxsize=1024)
def _dim_cell(text: str) -> Cell:
    return cell(text, Tone.DIM)


@lru_cache(maxsize=256)
def _workflow_cell(workflow: str) -> Cell:
    return cell(workflow, Tone.DIM)


def build_summary(subject: BuildSubject, now: datetime, *, curve: bool) -> tuple[Line, ...]:
    """The counts with what is left, and how the candidate went so far."""
    drawn = curve_line(subject.builds, now) if curve else None
    return (_counts_line(subject, now), *((drawn,) if drawn else ()))


@remembered
def counts(subject: BuildSubject, slow: int) -> tuple[tuple[Mark, int], ...]:
    """How many jobs have each mark, with those that are expected; so many of them are slow."""
    found = dict.fromkeys((mark.shape for mark in _ALWAYS), 0)
    for mark, count in mark_counts(subject.builds.jobs):
        found[mark.shape] = count
    never = len(subject.never)
    found[NEVER_STARTED.shape] = never
    found[EXPECTED.shape] = found.get(EXPECTED.shape, 0) + len(subject.absent) - never
    found[RUNNING.shape] -= slow
    found[SLOW.shape] = slow
    order = (PASSED, FLAKY, RUNNING, SLOW, FAILED, CANCELLED, QUEUED, EXPECTED, NEVER_STARTED)
    return tuple(
        (mark, found[mark.shape])
        for mark in (*order, SKIPPED, NO_DATA)
        if found.get(mark.shape) or mark in _ALWAYS
    )


def _counts_line(subject: BuildSubject, now: datetime) -> Line:
    known = subject.durations
    found = counts(subject, len(slow_jobs(subject.builds, known, now)))
    gap = " " * (3 if len(found) <= _ROOMY else 2)
    spans = [
        Span(f"{mark.shape} {grouped(count)}{gap}", mark.tone if count else Tone.DIM)
        for mark, count in found
    ]
    total = sum(count for _, count in found)
    done = sum(job.state.finished for job in subject.builds.jobs)
    share = done / total if total else 0.0
    ahead = time_left(subject.left(now))
    told = [Span(f" {int(share * 100)} %")] + ([Span(f"  {ahead}", Tone.DIM)] if ahead else [])
    # The time that is left ends the line, where a narrow terminal would cut it off.
    room = _NARROWEST - sum(cell_width(span.text) for span in (*spans, *told)) - len("▕▏")
    bar = Span(_bar(share, min(room, BAR_WIDTH)), Tone.ACCENT)
    return Line((*spans, bar, *told))


def _bar(share: float, width: int) -> str:
    if width < _SMALLEST_BAR:
        return ""
    eighths = int(share * width * 8)
    full, part = divmod(eighths, 8)
    drawn = "█" * full + (_EIGHTHS[part] if part else "")
    return f"▕{drawn:<{width}}▏"


_FILE = msgspec.structs.replace(NEEDS_YOU, word="wrong file")
_SHORT = {
    EXPECTED: "expected",
    NEVER_STARTED: "never started",
    FLAKY: "flaky",
    SLOW: "slow",
}


@remembered
def legend(grid: Grid, width: int) -> tuple[Span, ...]:
    """What the marks of a grid mean: its stages, and those marks that are in it."""
    cells = [cell for row in grid.rows for cell in row.cells if cell is not None]
    drawn = {mark.shape for cell in cells for mark in cell.marks if mark is not None}
    used = [mark for mark in WORST_FIRST if mark.shape in drawn]
    if any(cell.note for cell in cells):
        used.insert(0, _FILE)
    stages = Span(" ".join(grid.stages), Tone.DIM)
    spans: list[Span] = []
    for marks, short in ((used, False), (used, True), ([m for m in used if m is not PASSED], True)):
        spans = [stages] if cells else []
        for mark in marks:
            word = _SHORT.get(mark, mark.word) if short else mark.word
            spans += [Span(f"  {mark.shape}", mark.tone), Span(f" {word}", Tone.DIM)]
        if sum(len(span.text) for span in spans) <= width:
            break
    return tuple(spans)
