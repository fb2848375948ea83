"""A candidate's progress over time as a line or a small plot, beside an earlier candidate's."""

from __future__ import annotations

from datetime import datetime, timedelta

from cockpit.release.jobs import CandidateBuilds
from cockpit.release.progress import Progress, progress
from cockpit.views.ages import duration
from cockpit.views.build_subject import BuildSubject
from cockpit.views.framing import line
from cockpit.views.marks import FAILED, Tone
from cockpit.views.table import Line, Span

_EIGHTHS = " ▁▂▃▄▅▆▇█"
_POINTS = 24
"""Columns of the line."""
PLOT_ROWS = 4
_EARLIER = "•"


def curve_line(builds: CandidateBuilds, now: datetime) -> Line | None:
    """How many jobs had ended over time, in one line; None before the first run."""
    found = progress(builds)
    if found is None:
        return None
    until = _until(found, now)
    step = until / _POINTS
    drawn = []
    for column in range(_POINTS):
        if found.failures(step * column, step * (column + 1)):
            drawn.append(Span(FAILED.shape, FAILED.tone))
        else:
            level = round(found.share(step * (column + 1)) * 8)
            drawn.append(Span(_EIGHTHS[max(level, 1)], Tone.ACCENT if level else Tone.DIM))
    return line(
        Span(f"{_tagged(found)} ", Tone.DIM), *drawn, Span(f" {_end(found, now)}", Tone.DIM)
    )


def progress_plot(subject: BuildSubject, now: datetime, width: int) -> tuple[Line, ...]:
    """A plot of so many columns, failures marked below it; empty before the first run."""
    found = progress(subject.builds)
    if found is None or width < _POINTS:
        return ()
    before = subject.before()
    earlier = progress(before) if before else None
    own = _until(found, now)
    until = max(own, earlier.length if earlier and not found.whole else timedelta())
    shares = [_share(found, until, own, column, width) for column in range(width)]
    others = [
        earlier.share(until * (column + 1) / width) if earlier else None for column in range(width)
    ]
    rows = [_plot_row(shares, others, row) for row in reversed(range(PLOT_ROWS))]
    here = max(round(own / until * width), 1)
    return (*rows, _failures_row(found, until, width), *_axis(found, now, here, before))


def _share(
    found: Progress, until: timedelta, own: timedelta, column: int, width: int
) -> float | None:
    """The share at the end of a column; None behind the present."""
    at = until * (column + 1) / width
    return found.share(at) if at - until / width < own else None


def _plot_row(shares: list[float | None], others: list[float | None], row: int) -> Line:
    spans = []
    for share, other in zip(shares, others, strict=True):
        eighths = 0 if share is None else round(share * PLOT_ROWS * 8) - row * 8
        level = None if other is None else min(int(other * PLOT_ROWS), PLOT_ROWS - 1)
        if eighths > 0:
            spans.append(Span(_EIGHTHS[min(eighths, 8)], Tone.ACCENT))
        else:
            spans.append(Span(_EARLIER if level == row else " ", Tone.DIM))
    return Line(tuple(spans))


def _failures_row(found: Progress, until: timedelta, width: int) -> Line:
    step = until / width
    spans = []
    for column in range(width):
        red = found.failures(step * column, step * (column + 1))
        spans.append(Span(FAILED.shape, FAILED.tone) if red else Span("─", Tone.DIM))
    return Line(tuple(spans))


def _axis(
    found: Progress, now: datetime, here: int, before: CandidateBuilds | None
) -> tuple[Line, ...]:
    """Words below the plot: where it begins, and the column `here` in which the curve ends."""
    left, right = _tagged(found), _end(found, now)
    gap = " " * max(here - len(left) - len(right), 1)
    lines = [line(Span(f"{left}{gap}{right}", Tone.DIM))]
    if before is not None and before.candidate is not None:
        past = progress(before)
        took = f" took {duration(past.length)}" if past and past.length else ""
        lines.append(line(Span(f"{_EARLIER * 2} {before.candidate.tag.name}{took}", Tone.DIM)))
    return tuple(lines)


def _until(found: Progress, now: datetime) -> timedelta:
    """Where the curve ends: at the last end of a job, else now."""
    until = found.length if found.whole else now - found.began
    return max(until, timedelta(minutes=1))


def _tagged(found: Progress) -> str:
    return f"tagged {found.began:%H:%M}"


def _end(found: Progress, now: datetime) -> str:
    if not found.whole:
        return f"now {now:%H:%M}"
    end = found.began + found.length
    same_day = end.date() == found.began.date()
    return f"ended {end:%H:%M}" if same_day else f"ended {end:%d %b %H:%M}"
