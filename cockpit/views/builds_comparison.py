"""Two candidates' builds compared, job by job, what matters most first."""

from __future__ import annotations

from datetime import timedelta

from cockpit.release.build_comparison import BuildComparison, Compared, Turn, compare_builds
from cockpit.release.coverage import configuration
from cockpit.release.jobs import Job
from cockpit.release.remembered import remembered
from cockpit.release.state import ReleaseState
from cockpit.release.words import counted
from cockpit.views.ages import duration
from cockpit.views.build_details import of_job
from cockpit.views.build_subject import BuildSubject, build_subject, moment_of
from cockpit.views.framing import detail, field, framed, heading, line
from cockpit.views.marks import (
    EXPECTED,
    FAILED,
    NEVER_STARTED,
    PASSED,
    RUNNING,
    SLOW,
    Mark,
    Tone,
    job_mark,
)
from cockpit.views.table import Align, Cell, Column, Detail, Line, Pane, Row, Span, Table, cell

_COLUMNS = (
    Column("job", "job", weight=1),
    Column("older", "before", Align.RIGHT, rank=2),
    Column("newer", "now", Align.RIGHT, rank=1),
    Column("workflow", "workflow", rank=3),
)
_TURN_MARKS = {
    Turn.NEWLY_RED: FAILED,
    Turn.STILL_RED: FAILED,
    Turn.NEWLY_MISSING: NEVER_STARTED,
    Turn.OPEN: RUNNING,
    Turn.SLOWER: SLOW,
    Turn.FIXED: PASSED,
    Turn.ADDED: EXPECTED,
    Turn.SAME: PASSED,
}
_BAD = (Turn.NEWLY_RED, Turn.STILL_RED)
_TONES = {Turn.NEWLY_MISSING: Tone.WARN, Turn.SLOWER: Tone.WARN, Turn.FIXED: Tone.GOOD}


def builds_comparison_pane(state: ReleaseState, older: str = "") -> Pane:
    """What changed from an earlier candidate, of that tag or the one before, to the newest."""
    subject = build_subject(state)
    before = subject.before(older)
    if before is None or before.candidate is None:
        empty = "there is no earlier candidate to compare with"
        title = f"Builds of {subject.tag or 'no candidate'} compared"
        return framed(state, "builds-comparison", title, ("earlier",), Table(_COLUMNS, (), empty))
    found = compare_builds(before, subject.builds, subject.support)
    title = f"Builds of {subject.tag} against {before.candidate.tag.name}"
    table = Table(_COLUMNS, _rows(found), "every job is as it was")
    return framed(
        state, "builds-comparison", title, ("builds", "earlier"), table, (_counts(found),)
    )


def comparison_key(compared: Compared) -> str:
    """What a compared job is known by."""
    what = compared.what
    return " / ".join(what) if isinstance(what, tuple) else str(what)


@remembered
def _rows(comparison: BuildComparison) -> tuple[Row, ...]:
    rows: list[Row] = []
    for turn in Turn:
        found = comparison.of(turn)
        if not found or turn is Turn.SAME:
            continue
        heading_key = f"group:{turn.value}"
        spans = (Span(f"{turn.value}  ", turn_tone(turn)), Span(str(len(found)), Tone.DIM))
        blanks = (Cell(),) * (len(_COLUMNS) - 1)
        rows.append(
            Row(
                heading_key,
                (Cell(spans), *blanks),
                copy=turn.value,
                group=heading_key,
                heading=True,
            )
        )
        rows += [_row(entry, heading_key) for entry in sorted(found, key=comparison_key)]
    return tuple(rows)


def turn_tone(turn: Turn) -> Tone:
    """The tone in which a turn is told."""
    return Tone.BAD if turn in _BAD else _TONES.get(turn, Tone.ACCENT)


def _row(compared: Compared, group: str) -> Row:
    job, key = compared.job, comparison_key(compared)
    title = configuration(job) if job else key
    return Row(
        key=key,
        cells=(
            Cell((Span(title),), turn_mark(compared)),
            Cell(side_spans(compared.older, compared.spans[0])),
            Cell(side_spans(compared.newer, compared.spans[1])),
            cell(job.workflow if job else "", Tone.DIM),
        ),
        url=job.url if job else "",
        copy=key,
        search=f"{compared.turn.value} {job.name if job else ''}",
        group=group,
    )


def turn_mark(compared: Compared) -> Mark:
    """The mark of a turn; a job that is not finished has its own."""
    if compared.turn in (Turn.OPEN, Turn.ADDED, Turn.NEWLY_RED, Turn.STILL_RED):
        return job_mark(compared.newer) if compared.newer else EXPECTED
    return _TURN_MARKS[compared.turn]


def side_spans(job: Job | None, took: timedelta | None) -> tuple[Span, ...]:
    """A job in one of the two candidates: what it took, else its state."""
    if job is None:
        return (Span("–", Tone.DIM),)
    mark = job_mark(job)
    text = duration(took) if took else mark.word
    return Span(text, Tone.DIM), Span(f" {mark.shape}", mark.tone)


def _counts(comparison: BuildComparison) -> Line:
    spans: list[Span] = []
    for turn in Turn:
        count = len(comparison.of(turn))
        if count or turn in (Turn.NEWLY_RED, Turn.FIXED):
            tone = turn_tone(turn) if count and turn is not Turn.SAME else Tone.DIM
            spans.append(Span(f"{count} {turn.value}   ", tone))
    return Line(tuple(spans))


def builds_comparison_detail(state: ReleaseState, key: str, older: str = "") -> Detail | None:
    """A job in both candidates."""
    subject = build_subject(state)
    before = subject.before(older)
    if before is None:
        return None
    found = compare_builds(before, subject.builds, subject.support)
    if key.startswith("group:"):
        wanted = next((turn for turn in Turn if key == f"group:{turn.value}"), Turn.SAME)
        jobs = counted(len(found.of(wanted)), "job")
        return detail(wanted.value, line(f"{jobs}: {_MEANING[wanted]}"))
    compared = next((entry for entry in found.jobs if comparison_key(entry) == key), None)
    return (
        _both(state, subject, before.candidate.tag.name, compared)
        if (compared and before.candidate)
        else None
    )


_MEANING = {
    Turn.NEWLY_RED: "failed or cancelled now, and was not before",
    Turn.STILL_RED: "failed or cancelled in both",
    Turn.NEWLY_MISSING: "listed before, and will not be listed now",
    Turn.OPEN: "not finished yet, or not started",
    Turn.SLOWER: "took more than half as long again, and ten minutes more",
    Turn.FIXED: "red before, green now",
    Turn.ADDED: "not listed before",
    Turn.SAME: "as before",
}


def _both(state: ReleaseState, subject: BuildSubject, tag: str, compared: Compared) -> Detail:
    lines = [field("turn", Span(compared.turn.value, turn_tone(compared.turn)))]
    title = configuration(compared.job) if compared.job else comparison_key(compared)
    for name, job in ((subject.tag, compared.newer), (tag, compared.older)):
        lines += [Line((Span(""),)), heading(name)]
        if job is None:
            lines.append(line(Span("no such job", Tone.DIM)))
        else:
            lines += of_job(subject, job, moment_of(state, subject)).lines
    return Detail(title, tuple(lines))
