"""The steps of one job, the failing one first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from cockpit.release.coverage import configuration
from cockpit.release.jobs import Job, JobState, Step
from cockpit.views.ages import duration
from cockpit.views.marks import CANCELLED, JOB_MARKS, Mark, Tone
from cockpit.views.table import Align, Cell, Column, Pane, Row, Span, Table, cell

_COLUMNS = (
    Column("step", "step", weight=1),
    Column("number", "no.", Align.RIGHT, rank=2),
    Column("time", "time", Align.RIGHT, rank=1),
)
_FIRST = (JobState.FAILED, JobState.UNKNOWN, JobState.RUNNING)
READING = "reading…"


def steps_pane(job: Job, steps: Sequence[Step] | None, trouble: str, now: datetime) -> Pane:
    """One row a step; steps that are None have not been read yet."""
    rows = tuple(_row(job, step, now) for step in _ordered(steps or ()))
    empty = READING if steps is None else "GitHub lists no step of this job"
    if steps is None and trouble:
        empty = "the steps are not known"
    table = Table(_COLUMNS, rows, empty)
    return Pane("job", configuration(job), "", False, trouble, (), table)


def step_key(step: Step) -> str:
    """What a step is known by."""
    return f"step:{step.number}:{step.name}"


def _ordered(steps: Sequence[Step]) -> list[Step]:
    return sorted(steps, key=lambda step: (not _needs_look(step), step.number))


def _needs_look(step: Step) -> bool:
    return step.state in _FIRST or step.conclusion == "cancelled"


def _row(job: Job, step: Step, now: datetime) -> Row:
    mark = _mark(step)
    end = step.completed_at or (now if step.state is JobState.RUNNING else None)
    took = duration(end - step.started_at) if step.started_at and end else ""
    return Row(
        key=step_key(step),
        cells=(
            Cell((Span(step.name, mark.tone if _needs_look(step) else Tone.PLAIN),), mark),
            cell(step.number, Tone.DIM),
            cell(took, Tone.DIM),
        ),
        url=job.url,
        copy=step.name,
        search=mark.word,
    )


def _mark(step: Step) -> Mark:
    return CANCELLED if step.conclusion == "cancelled" else JOB_MARKS[step.state]
