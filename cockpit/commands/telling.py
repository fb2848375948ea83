"""What `do` prints while a plan is carried out: each step as it begins, goes on, and ends."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterable

from cockpit.operations.plan import Progress, StepFacts
from cockpit.operations.runner import StepOutcome, StepReport
from cockpit.views.step_progress import progress_words
from cockpit.views.text import as_ascii
from cockpit.views.width import clip

_DRAWN_EVERY_S = 1.0
_SAID_EVERY_S = 60.0
_ERASE = "\r\x1b[2K"


class Teller:
    """Names a step when it begins and says how it ended, and meanwhile how far it is.

    On a terminal that is one line that is drawn over; elsewhere a line a minute, on stderr.
    """

    def __init__(
        self,
        steps: Iterable[StepFacts],
        *,
        live: bool,
        plain_ascii: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._summaries = {step.key: step.summary for step in steps}
        self._live = live
        self._ascii = plain_ascii
        self._clock = clock
        self._key = ""
        self._progress = Progress()
        self._since = self._said_at = 0.0
        self._drawn = False

    def __call__(self, report: StepReport) -> None:
        """Take news of a step."""
        if report.key != self._key:
            self._begin(report.key)
        if report.outcome is StepOutcome.RUNNING:
            paused, before = report.progress.paused, self._progress.paused
            if paused and paused != before:
                self._erase()
                sys.stderr.write(f"paused: {paused}\n")
            self._progress = report.progress
            return
        detail = f": {report.detail}" if report.detail else ""
        self._say(f"{report.outcome.value}{detail}")
        self._key = ""

    @contextlib.asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Look at how far the step is, until this ends."""
        looking = asyncio.create_task(self._look_on())
        try:
            yield
        finally:
            looking.cancel()
            self._erase()

    def look(self) -> None:
        """Say how far the step under way is, where it is time to."""
        now = self._clock()
        if not self._key or (not self._live and now - self._said_at < _SAID_EVERY_S):
            return
        self._said_at = now
        told = [*progress_words(self._progress, now - self._since), self._progress.note]
        text = "  " + "  ".join(filter(None, told))
        text = as_ascii(text) if self._ascii else text
        if self._live:
            width = shutil.get_terminal_size().columns - 1
            sys.stderr.write(f"{_ERASE}{clip(text, width, ellipsis='')}")
            self._drawn = True
        else:
            sys.stderr.write(f"{text}\n")
        sys.stderr.flush()

    async def _look_on(self) -> None:
        while True:
            await asyncio.sleep(_DRAWN_EVERY_S)
            self.look()

    def _begin(self, key: str) -> None:
        self._key, self._progress = key, Progress()
        self._since = self._said_at = self._clock()
        self._say(self._summaries[key])

    def _say(self, text: str) -> None:
        self._erase()
        sys.stdout.write(f"{as_ascii(text) if self._ascii else text}\n")
        sys.stdout.flush()

    def _erase(self) -> None:
        if self._drawn:
            sys.stderr.write(_ERASE)
            sys.stderr.flush()
        self._drawn = False
