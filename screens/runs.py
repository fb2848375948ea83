"""One plan being carried out: what is known of each step, for whoever watches."""

from __future__ import annotations

import threading
from collections.abc import Callable

import msgspec

from cockpit.errors import CockpitError
from cockpit.operations.plan import Plan, Progress, StepFacts
from cockpit.operations.runner import Outcome, StepOutcome, StepReport


class StepView(msgspec.Struct, frozen=True):
    """A step with the newest news of it."""

    facts: StepFacts
    report: StepReport | None
    started: float | None
    """On the steady clock, when it began to run."""


class Run:
    """Belongs to the app, so that no screen that closes loses its result."""

    def __init__(self, plan: Plan, clock: Callable[[], float]) -> None:
        self.plan = plan
        self.cancel = threading.Event()
        """Set to stop where the step that is under way can."""
        self.outcome: Outcome | None = None
        self.error: CockpitError | None = None
        """Why it did not even start."""
        self.seen = False
        """Whether somebody looked at how it ended."""
        self.began = clock()
        self.ended: float | None = None
        self._clock = clock
        self._reports: dict[str, StepReport] = {}
        self._started: dict[str, float] = {}
        self._listeners: list[Callable[[], None]] = []

    @property
    def finished(self) -> bool:
        """Whether nothing more will happen."""
        return self.ended is not None

    @property
    def elapsed(self) -> float:
        """Seconds it has taken so far, or took."""
        return (self._clock() if self.ended is None else self.ended) - self.began

    @property
    def now(self) -> float:
        """The steady clock."""
        return self._clock()

    @property
    def steps(self) -> tuple[StepView, ...]:
        """Every step of the plan, in order."""
        return tuple(
            StepView(
                step.facts,
                self._reports.get(step.facts.key),
                self._started.get(step.facts.key),
            )
            for step in self.plan.steps
        )

    @property
    def settled(self) -> int:
        """Steps that are done or were done already."""
        good = (StepOutcome.DONE, StepOutcome.SKIPPED)
        return sum(report.outcome in good for report in self._reports.values())

    def observe(self, report: StepReport) -> None:
        """Take news of a step, on the event loop."""
        previous = self._reports.get(report.key)
        if report.outcome is StepOutcome.RUNNING:
            self._started.setdefault(report.key, self._clock())
        elif previous is not None and report.progress == Progress():
            report = msgspec.structs.replace(report, progress=previous.progress)
        self._reports[report.key] = report
        self._tell()

    def finish(self, outcome: Outcome | None, error: CockpitError | None) -> None:
        """Take the result."""
        self.outcome, self.error, self.ended = outcome, error, self._clock()
        self._tell()

    def stop(self) -> None:
        """Ask it to stop where that leaves nothing half done."""
        self.cancel.set()
        self._tell()

    def subscribe(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` on every news; returns what ends it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def _tell(self) -> None:
        for listener in tuple(self._listeners):
            listener()
