"""The builds pane: every job of the candidate, and the matrix of its wheels."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

import msgspec

from cockpit.release.coverage import (
    SEVERITY,
    cell_state,
    configuration,
    elapsed,
    jobs_by_cell,
    remaining,
    unstarted,
)
from cockpit.release.jobs import CandidateBuilds, Job, JobState
from cockpit.release.state import ReleaseState
from cockpit.release.support import Cell as WheelCell
from cockpit.views.ages import duration, grouped, timestamp
from cockpit.views.framing import detail, field, framed, line, link
from cockpit.views.marks import EXPECTED, FAILED, JOB_MARKS, NOT_APPLICABLE, Mark, Tone
from cockpit.views.table import Align, Cell, Column, Detail, Line, Pane, Row, Span, Table, cell

COLUMNS = (
    Column("job", "job", weight=1),
    Column("workflow", "workflow", rank=3),
    Column("attempt", "try", Align.RIGHT, rank=2),
    Column("duration", "time", Align.RIGHT, rank=1),
)
BAR_WIDTH = 20
_RANK = {state: position for position, state in enumerate(SEVERITY)}
_COUNTED = (
    JobState.PASSED,
    JobState.RUNNING,
    JobState.FAILED,
    JobState.QUEUED,
    JobState.EXPECTED,
    JobState.SKIPPED,
    JobState.UNKNOWN,
)
_NO_CELL = Cell()
_EIGHTHS = " ▏▎▍▌▋▊▉"


def builds_pane(state: ReleaseState) -> Pane:
    """One row per job, what needs somebody first."""
    builds = state.builds.value or CandidateBuilds()
    tag = builds.candidate.tag.name if builds.candidate else ""
    title = f"Candidate builds · {tag}" if tag else "Candidate builds"
    empty = f"GitHub has started no job of {tag} yet" if tag else "no candidate has been tagged"
    rows = [_row(state, job) for job in sorted(builds.jobs, key=_order)]
    table = Table(COLUMNS, tuple(_distinct(rows)), empty)
    summary = _summary(state, builds) if builds.jobs else ()
    return framed(state, "builds", title, ("builds",), table, summary)


def _order(job: Job) -> tuple[int, str, str]:
    rank = 0 if job.conclusion == "cancelled" else _RANK[job.state]
    return rank, job.workflow, job.name


def _distinct(rows: list[Row]) -> list[Row]:
    """Two jobs of one name, which GitHub allows, get keys of their own."""
    seen: dict[str, int] = {}
    found = []
    for row in rows:
        seen[row.key] = seen.get(row.key, 0) + 1
        again = seen[row.key]
        found.append(
            row if again == 1 else msgspec.structs.replace(row, key=f"{row.key} ({again})")
        )
    return found


def job_key(job: Job) -> str:
    """What a job is known by across attempts, which give it a new number."""
    return f"{job.workflow} / {job.name}"


def _row(state: ReleaseState, job: Job) -> Row:
    mark, key = JOB_MARKS[job.state], job_key(job)
    return Row(
        key=key,
        cells=(
            Cell((Span(configuration(job)),), mark, _RANK[job.state]),
            _workflow_cell(job.workflow),
            cell(job.attempt, Tone.WARN) if job.attempt > 1 else _NO_CELL,
            _time_cell(job, state.now),
        ),
        url=job.url,
        copy=key,
        search=f"{job.name} {mark.word} {job.conclusion or ''} {job.failed_step or ''}",
    )


@lru_cache(maxsize=256)
def _workflow_cell(workflow: str) -> Cell:
    return cell(workflow, Tone.DIM)


def _time_cell(job: Job, now: datetime) -> Cell:
    spent = elapsed(job, now)
    if spent is None:
        return _NO_CELL
    return Cell((Span(duration(spent), Tone.DIM),), None, spent.total_seconds())


def _summary(state: ReleaseState, builds: CandidateBuilds) -> tuple[Line, ...]:
    counts = dict(builds.counts)
    counts[JobState.EXPECTED] += len(unstarted(builds, state.spec.support))
    spans: list[Span] = []
    for job_state in _COUNTED:
        mark, count = JOB_MARKS[job_state], counts[job_state]
        if count or job_state in (JobState.PASSED, JobState.RUNNING, JobState.FAILED):
            tone = mark.tone if count else Tone.DIM
            spans.append(Span(f"{mark.shape} {grouped(count)}   ", tone))
    total = sum(counts.values())
    share = sum(count for s, count in counts.items() if s.finished) / total
    spans += [Span(_bar(share), Tone.ACCENT), Span(f" {int(share * 100)} %")]
    left = remaining(builds, state.now)
    if left is not None:
        spans.append(Span(f"  ~{duration(left)}", Tone.DIM))
    return (Line(tuple(spans)),)


def _bar(share: float) -> str:
    eighths = int(share * BAR_WIDTH * 8)
    full, part = divmod(eighths, 8)
    drawn = "█" * full + (_EIGHTHS[part] if part else "")
    return f"▕{drawn:<{BAR_WIDTH}}▏"


class MatrixRow(msgspec.Struct, frozen=True):
    """One operating system and architecture."""

    title: str
    groups: tuple[tuple[Mark, ...], ...]
    """Per Python one mark per accelerator."""
    accelerators: tuple[str, ...]


class Matrix(msgspec.Struct, frozen=True):
    """The candidate's wheels at a glance."""

    pythons: tuple[str, ...]
    rows: tuple[MatrixRow, ...]

    def lines(self) -> tuple[Line, ...]:
        """The matrix as it is drawn, accelerators named at the end of each row."""
        if not self.rows:
            return ()
        title = max(len(row.title) for row in self.rows) + 2
        width = max(5, *(len(row.accelerators) + 1 for row in self.rows))
        head = " " * title + "".join(f"{python:<{width}}" for python in self.pythons)
        return (line(Span(head, Tone.DIM)), *(_drawn(row, title, width) for row in self.rows))


def _drawn(row: MatrixRow, title: int, width: int) -> Line:
    spans = [Span(f"{row.title:<{title}}")]
    for group in row.groups:
        spans += [Span(mark.shape, mark.tone) for mark in group]
        spans.append(Span(" " * (width - len(group))))
    spans.append(Span(" ".join(row.accelerators), Tone.DIM))
    return Line(tuple(spans))


def build_matrix(state: ReleaseState) -> Matrix:
    """Every wheel of the support matrix and of the jobs, each by the worst of its stages."""
    builds = state.builds.value or CandidateBuilds()
    found = {where: cell_state(jobs) for where, jobs in jobs_by_cell(builds).items()}
    expected = state.spec.support.cells()
    wheels = tuple(dict.fromkeys((*expected, *sorted(found))))
    pythons = tuple(dict.fromkeys(wheel.python for wheel in wheels))
    targets = dict.fromkeys((wheel.os, wheel.arch) for wheel in wheels)
    rows = []
    for os, arch in targets:
        mine = [wheel for wheel in wheels if (wheel.os, wheel.arch) == (os, arch)]
        accelerators = tuple(dict.fromkeys(wheel.accelerator for wheel in mine))
        present = frozenset(mine)
        groups = tuple(
            tuple(
                _wheel_mark(WheelCell(os, arch, accelerator, python), present, found)
                for accelerator in accelerators
            )
            for python in pythons
        )
        rows.append(MatrixRow(f"{os} {arch}", groups, accelerators))
    return Matrix(pythons, tuple(rows))


def _wheel_mark(
    wheel: WheelCell, present: frozenset[WheelCell], found: dict[WheelCell, JobState]
) -> Mark:
    if wheel not in present:
        return NOT_APPLICABLE
    return JOB_MARKS[found[wheel]] if wheel in found else EXPECTED


def job_detail(state: ReleaseState, key: str) -> Detail | None:
    """Everything about one job."""
    builds = state.builds.value or CandidateBuilds()
    job = next((job for job in builds.jobs if job_key(job) == key), None)
    if job is None:
        return None
    mark = JOB_MARKS[job.state]
    spent = elapsed(job, state.now)
    failure: tuple[Line, ...] = ()
    if job.failed_step:
        failure = (field("failed in", Span(f"{FAILED.shape} {job.failed_step}", Tone.BAD)),)
    return detail(
        configuration(job),
        field("state", Span(f"{mark.shape} {job.conclusion or mark.word}", mark.tone)),
        failure,
        field("workflow", job.workflow),
        field("job", job.name),
        field("attempt", str(job.attempt)),
        field("queued", timestamp(job.created_at)),
        field("started", timestamp(job.started_at)),
        field("ended", timestamp(job.completed_at)),
        field("took" if job.completed_at else "running", duration(spent) if spent else "–"),
        field("run", str(job.run_id)),
        link(job.url),
    )
