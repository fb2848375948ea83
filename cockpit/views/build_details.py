"""Everything about one job, one wheel, or one group of jobs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from cockpit.release.coverage import configuration, elapsed
from cockpit.release.durations import Durations
from cockpit.release.jobs import Attempt, Check, Job, JobState
from cockpit.release.state import ReleaseState
from cockpit.release.words import counted
from cockpit.views.ages import duration, timestamp
from cockpit.views.build_files import file_lines
from cockpit.views.build_grid import (
    CHECKS,
    Grid,
    build_grid,
    jobs_at,
    silent_mark,
    slot_mark,
    slot_title,
    wheel_of,
)
from cockpit.views.build_subject import BuildSubject, build_subject, jobs_by_key, moment_of
from cockpit.views.framing import detail, field, heading, line, link, marked
from cockpit.views.marks import (
    FAILED,
    JOB_MARKS,
    Tone,
    job_mark,
)
from cockpit.views.table import Detail, Line, Span

_BLANK = Line((Span(""),))


def job_detail(state: ReleaseState, key: str, repository: str = "") -> Detail | None:
    """Everything about the job of a row; None when there is no such job."""
    subject = build_subject(state, repository)
    job = jobs_by_key(subject.builds).get(key)
    return of_job(subject, job, moment_of(state, subject)) if job else None


def of_job(subject: BuildSubject, job: Job, now: datetime) -> Detail:
    """Everything about one job."""
    mark = job_mark(job, slow=subject.durations.slow(job, now))
    failure: tuple[Line, ...] = ()
    if job.failed_step:
        failure = (field("failed in", Span(f"{FAILED.shape} {job.failed_step}", Tone.BAD)),)
    return detail(
        configuration(job),
        field("state", Span(f"{mark.shape} {_word(job, mark.word)}", mark.tone)),
        failure,
        _attempts(job),
        field("workflow", job.workflow),
        field("job", job.name),
        field("attempt", str(job.attempt)),
        *_times(job, subject.durations, now),
        field("run", str(job.run_id)),
        link(job.url),
    )


def _word(job: Job, word: str) -> str:
    """A mark's word, and GitHub's own where that says more."""
    said = (job.conclusion or "").replace("_", " ")
    return f"{word} ({said})" if said not in ("", "success", "failure", word) else word


def _attempts(job: Job) -> tuple[Line, ...]:
    """The attempts that another one has superseded."""
    return tuple(line(*marked(JOB_MARKS[a.state], _superseded(a, job))) for a in job.superseded)


def _superseded(attempt: Attempt, job: Job) -> str:
    how = attempt.conclusion or attempt.state.value
    if attempt.state is JobState.FAILED:
        how = f"failed in {attempt.failed_step}" if attempt.failed_step else "failed"
    other = f"attempt {job.attempt}" if attempt.run_id == job.run_id else "a newer run"
    if attempt.number > job.attempt and attempt.run_id == job.run_id:
        return f"attempt {attempt.number} {how}: attempt {job.attempt} counts"
    return f"attempt {attempt.number} {how} — superseded by {other}"


def _times(job: Job, known: Durations, now: datetime) -> Iterable[Line]:
    spent, usual = elapsed(job, now), known.of(job)
    yield field("queued", timestamp(job.created_at))
    yield field("started", timestamp(job.started_at))
    if job.completed_at:
        yield field("ended", timestamp(job.completed_at))
    if job.created_at and job.started_at:
        yield field("waited", duration(job.started_at - job.created_at), " for a runner")
    elif job.created_at and job.state is JobState.QUEUED:
        yield field("waits", duration(now - job.created_at), " for a runner so far")
    if spent is not None:
        slow = (Span(" · slow", Tone.WARN),) if known.slow(job, now) else ()
        yield field("took" if job.completed_at else "running", duration(spent), *slow)
    if usual is not None:
        of = counted(usual.candidates, "earlier candidate") if usual.candidates else "its kind"
        yield field("usually", duration(usual.span), Span(f"  median of {of}", Tone.DIM))
    if job.state in (JobState.RUNNING, JobState.QUEUED):
        left = known.left(job, now)
        after = " once it has a runner" if job.state is JobState.QUEUED else ""
        if left is not None:
            words = f"~{duration(left)}{after}" if left else "any moment, by what it usually takes"
            yield field("left", words)


def place_detail(state: ReleaseState, key: str, repository: str = "") -> Detail | None:
    """Everything about a cell or row of the grid; None when it is gone."""
    subject = build_subject(state, repository)
    wheel, now = wheel_of(key), moment_of(state, subject)
    if wheel is not None:
        grid, file = build_grid(state, repository), file_lines(state, wheel, repository)
        return detail(
            f"{wheel.os} {wheel.arch} · {wheel.accelerator} · Python {wheel.python}",
            _stage_lines(subject, grid, key, now),
            (_BLANK, *file) if file else (),
            _history(jobs_at(subject, key)),
        )
    title = key.partition(":")[2]
    if title == CHECKS:
        return _checks_detail(subject.checks.found)
    jobs = jobs_at(subject, key)
    lines = [_job_line(subject, job, now, configuration(job)) for job in jobs]
    lines += [
        line(*marked(slot_mark(subject, slot), str(slot)))
        for slot in subject.absent
        if title == slot_title(slot)
    ]
    if title in subject.silent_workflows:
        mark = silent_mark(subject)
        return detail(
            title,
            line(*marked(mark, mark.word)),
            line("The tag should have started a workflow of this name."),
        )
    return detail(title, *lines) if lines else None


def _stage_lines(subject: BuildSubject, grid: Grid, key: str, now: datetime) -> tuple[Line, ...]:
    """What a wheel's stages have come to, the jobs that are not listed among them."""
    jobs = jobs_at(subject, key)
    lines = []
    for stage, mark in grid.stages_at(key):
        here = [job for job in jobs if job.key and job.key.stage == stage]
        lines += [_job_line(subject, job, now, stage) for job in here]
        if not here and mark is not None:
            lines.append(line(*marked(mark, f"{stage:<7} "), Span(f"  {mark.word}", Tone.DIM)))
    return tuple(lines)


def _history(jobs: Sequence[Job]) -> tuple[Line, ...]:
    """The superseded attempts of a wheel's jobs, and the workflows that make it."""
    lines: list[Line] = []
    for job in jobs:
        if job.superseded:
            lines += [_BLANK, heading(job.key.stage if job.key else job.name), *_attempts(job)]
    workflows = dict.fromkeys(job.workflow for job in jobs)
    return (*lines, _BLANK, *(field("workflow", workflow) for workflow in workflows))


def _job_line(subject: BuildSubject, job: Job, now: datetime, title: str) -> Line:
    known = subject.durations
    spent, usual, slow = elapsed(job, now), known.of(job), known.slow(job, now)
    mark = job_mark(job, slow=slow)
    tail = [Span(f"{duration(spent):>10}")] if spent is not None else []
    if job.failed_step:
        tail.append(Span(f"  failed in {job.failed_step}", mark.tone))
    elif spent is None or mark.word not in ("passed", "running"):
        tail.append(Span(f"  {_word(job, mark.word)}", mark.tone))
    if usual is not None and (not job.state.finished or slow):
        tail.append(Span(f"  usually {duration(usual.span)}", Tone.WARN if slow else Tone.DIM))
    return line(*marked(mark, f"{title:<7} "), *tail)


def _checks_detail(checks: Sequence[Check]) -> Detail:
    return detail(
        CHECKS,
        *(
            line(
                *marked(JOB_MARKS[check.state], check.name),
                Span(f"  {check.app}", Tone.DIM),
            )
            for check in checks
        ),
    )
