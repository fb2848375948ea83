"""The view of a run: a bar a step, rate and time left, and at the end what became of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Button

from cockpit.operations.plan import Progress
from cockpit.operations.runner import Ending, StepOutcome
from cockpit.views.marks import FAILED, NEEDS_YOU, PASSED, QUEUED, RUNNING, SKIPPED, Mark, Tone
from cockpit.views.step_progress import progress_words, spent_words
from cockpit.views.table import Line, Span
from screens.dialog import Dialog
from screens.runs import Run, StepView
from widgets.bars import bar
from widgets.keys import KeyBar, KeyHint
from widgets.lines import WrappedLines

BAR_WIDTH = 30
_MARKS: dict[StepOutcome | None, Mark] = {
    None: QUEUED,
    StepOutcome.RUNNING: RUNNING,
    StepOutcome.DONE: PASSED,
    StepOutcome.SKIPPED: SKIPPED,
    StepOutcome.CONFLICT: FAILED,
    StepOutcome.FAILED: FAILED,
    StepOutcome.STOPPED: SKIPPED,
}
_ENDINGS = {
    Ending.DONE: (PASSED, "Done, and written to the ledger"),
    Ending.NOTHING_TO_DO: (PASSED, "Nothing to do: every step had been done already"),
    Ending.CANCELLED: (SKIPPED, "Stopped; what is done stays, and the same plan can be run again"),
    Ending.FAILED: (FAILED, "Failed; the same plan can be run again, its steps look first"),
    Ending.CONFLICT: (FAILED, "Stopped: the world holds something else than the plan expects"),
}
_BLANK = Line((Span(""),))


def run_lines(run: Run) -> tuple[Line, ...]:
    """Every step with its bar, and how it ended."""
    lines: list[Line] = []
    for step in run.steps:
        lines += _step_lines(step, run.now)
    return (*lines, _BLANK, *_ending_lines(run))


def run_line(run: Run) -> Line:
    """The run on one line, for the bottom of the other screens."""
    mark = RUNNING if not run.finished else (PASSED if _succeeded(run) else FAILED)
    words = f"{run.settled} of {len(run.plan.steps)} steps · {spent_words(run.elapsed)}"
    return Line(
        (
            Span(f" {mark.shape} ", mark.tone),
            Span(run.plan.subject),
            Span(f"  {words}  ", Tone.DIM),
            Span("w", Tone.ACCENT),
            Span(" shows it", Tone.DIM),
        )
    )


class ProgressScreen(Dialog[None]):
    """Watches a run; closing it changes nothing about the run."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("b,w", "leave", "To the background", show=False),
        Binding("x", "stop", "Stop where it is safe", show=False),
        Binding("y", "copy_report", "Copy", show=False),
    ]
    AUTO_FOCUS = "#close"

    def __init__(self, run: Run) -> None:
        super().__init__()
        self._run = run
        self._lines = WrappedLines(run_lines(run), id="steps")
        self._close = Button("To the background  b", id="close", compact=True)
        self._stop = Button("Stop where it is safe  x", id="stop", compact=True)
        self._keys = KeyBar((KeyHint("y", "copy"), KeyHint("esc", "leave; it goes on")))
        self._forget: Callable[[], None] = lambda: None

    def compose(self) -> ComposeResult:
        """The steps above, what can be done below."""
        with Vertical(id="dialog") as dialog:
            dialog.border_title = self._run.plan.subject
            yield WrappedLines([Line((Span(self._run.plan.sentence),))], id="sentence")
            with VerticalScroll(id="body", can_focus=False):
                yield self._lines
            with Horizontal(id="buttons"):
                yield self._close
                yield self._stop
            yield self._keys

    def on_mount(self) -> None:
        """Follow the run, and the clock for its rates."""
        self._forget = self._run.subscribe(self._show)
        self.set_interval(1.0, self._show)
        self._show()

    def on_unmount(self) -> None:
        """Stop following."""
        self._forget()

    def action_stop(self) -> None:
        """Stop at once in a wait, between two objects of a copy, else after the step."""
        if not self._run.finished:
            self._run.stop()

    def action_copy_report(self) -> None:
        """Copy what is shown."""
        text = "\n".join(line.text for line in run_lines(self._run))
        self.copy(f"{self._run.plan.sentence}\n{text}\n", "the report")

    @on(Button.Pressed, "#stop")
    def _stop_pressed(self) -> None:
        self.action_stop()

    def _show(self) -> None:
        if not self.is_attached:
            return
        self._lines.show(run_lines(self._run))
        self._stop.display = not self._run.finished
        if self._run.cancel.is_set():
            self._stop.disabled = True
            _relabel(self._stop, "Stopping where it is safe …")
        if self._run.finished:
            self._run.seen = True
            _relabel(self._close, "Close  esc")
            self._keys.show((KeyHint("y", "copy"), KeyHint("esc", "close")))


def _relabel(button: Button, label: str) -> None:
    """Give a button another label, and the width for it."""
    if str(button.label) != label:
        button.label = label
        button.refresh(layout=True)


def _step_lines(step: StepView, now: float) -> Iterator[Line]:
    report = step.report
    mark = _MARKS[report.outcome if report else None]
    word = report.outcome.value if report else "waits"
    yield Line((Span(f"{mark.shape} ", mark.tone), Span(step.facts.summary)))
    note = report.detail if report else ""
    if report is not None and report.outcome is StepOutcome.RUNNING:
        note = report.progress.note
        if report.progress.paused:
            yield Line((Span(f"  {NEEDS_YOU.shape} {report.progress.paused}", Tone.WARN),))
        yield _bar_line(report.progress, now - (now if step.started is None else step.started))
    else:
        settled = report is not None and report.outcome in (StepOutcome.DONE, StepOutcome.SKIPPED)
        full, rest = bar(1.0 if settled else 0.0, BAR_WIDTH)
        yield Line((Span(f"  {full}", mark.tone), Span(f"{rest}  {word}", Tone.DIM)))
    if note:
        yield Line((Span(f"  {note}", Tone.DIM),))


def _bar_line(progress: Progress, spent: float) -> Line:
    """A bar with the share, and how far it is in words."""
    share = progress.done / progress.total if progress.total else 0.0
    full, rest = bar(share, BAR_WIDTH)
    words = "  ".join(progress_words(progress, spent))
    return Line((Span(f"  {full}", Tone.BUSY), Span(f"{rest}  {words}", Tone.DIM)))


def _ending_lines(run: Run) -> Iterator[Line]:
    if not run.finished:
        word = "stopping where it is safe" if run.cancel.is_set() else "running"
        yield Line((Span(f"{word} · {spent_words(run.elapsed)}", Tone.DIM),))
        return
    if run.outcome is None:
        mark, words = FAILED, run.error.title if run.error else "it did not start"
    else:
        mark, words = _ENDINGS[run.outcome.ending]
    yield Line((Span(f"{mark.shape} {words}", mark.tone),))
    problem = run.error or (run.outcome.problem if run.outcome else None)
    if problem is not None:
        yield Line((Span(f"  {problem.detail or problem.title}"),))
        if problem.hint:
            yield Line((Span(f"  next: {problem.hint}", Tone.ACCENT),))
    if run.outcome is not None:
        counts = f"{len(run.outcome.done)} done, {len(run.outcome.skipped)} done already"
        yield Line((Span(f"  {counts} · plan {run.plan.digest[:12]}", Tone.DIM),))


def _succeeded(run: Run) -> bool:
    return run.outcome is not None and run.outcome.succeeded
