"""A job's log as it is read: times dim, headings and failures in their tones."""

from __future__ import annotations

from cockpit.release.job_logs import JobLog, told_at, weight, without_time
from cockpit.views.ages import grouped
from cockpit.views.marks import FAILED, Tone
from cockpit.views.table import Span

_GROUP, _END, _ERROR = "##[group]", "##[endgroup]", "##[error]"
_COMMAND, _WARNING = "##[command]", "##[warning]"
_MEGABYTE = 1_000_000


def log_spans(line: str) -> tuple[Span, ...]:
    """One line: its time to the second, and its text without GitHub's own markers."""
    at, text = told_at(line), without_time(line)
    time = (Span(f"{at[11:]}  ", Tone.DIM),) if at else ()
    if text.startswith(_GROUP):
        return (*time, Span(f"▸ {text.removeprefix(_GROUP)}", Tone.ACCENT))
    if text == _END:
        return time
    if text.startswith(_ERROR):
        return (*time, Span(f"{FAILED.shape} {text.removeprefix(_ERROR)}", Tone.BAD))
    if text.startswith(_WARNING):
        return (*time, Span(text.removeprefix(_WARNING), Tone.WARN))
    if text.startswith(_COMMAND):
        return (*time, Span(text.removeprefix(_COMMAND), Tone.BUSY))
    return (*time, Span(text, Tone.BAD if weight(line) else Tone.PLAIN))


def log_extent(log: JobLog) -> str:
    """How much of the log this is."""
    lines = f"{grouped(len(log.lines))} {'line' if len(log.lines) == 1 else 'lines'}"
    if log.whole:
        return lines
    size = f"{log.size / _MEGABYTE:.0f} MB"
    if log.cut:
        return f"{lines} before the first {size} end; the log is longer"
    return f"the last {lines} of {size}"
