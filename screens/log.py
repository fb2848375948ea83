"""The end of a job's log: its failing lines found, searched, copied, and read in the pager."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Awaitable, Callable, Sequence

from cockpit.actions.situation import Scope, Selection
from cockpit.release.coverage import configuration
from cockpit.release.job_logs import JobLog, failing_lines, line_of_step, without_time
from cockpit.release.jobs import Job, Step
from cockpit.views.job_log import log_extent, log_spans
from cockpit.views.marks import Tone
from cockpit.views.table import Span
from screens.text import TextScreen

Read = Callable[[], Awaitable[JobLog]]


class LogScreen(TextScreen):
    """One log, read when the screen opens and whenever it is asked for again."""

    scopes = (Scope.EVERYWHERE, Scope.LOG)
    stops_are = "failing lines"
    empty = "the log is empty"

    def __init__(
        self, repository: str, key: str, job: Job, read: Read, step: Step | None = None
    ) -> None:
        super().__init__(log_spans)
        self._repository = repository
        self._key = key
        self._job = job
        self._read = read
        self._step = step
        self._log: JobLog | None = None

    @property
    def selection(self) -> Selection:
        """The job whose log it is."""
        return Selection("log", self._key, self._job.url, self._key, self._repository)

    @property
    def heading(self) -> Sequence[Span]:
        """The job's configuration, and how much of its log this is."""
        spans = [Span(f" {configuration(self._job)} ", Tone.ACCENT)]
        if self._log is not None:
            spans.append(Span(f"· {log_extent(self._log)} ", Tone.DIM))
        return spans

    async def read(self) -> Sequence[str]:
        """The log's end."""
        self._log = await self._read()
        return self._log.lines

    def stops_in(self, lines: Sequence[str]) -> tuple[int, ...]:
        """The lines that tell of a failure."""
        return failing_lines(lines)

    def go_to_start(self) -> None:
        """At the first failing line, of the step that was asked for where it has one."""
        begin = None
        if self._step is not None:
            begin = line_of_step(self._lines, self._step.name, self._step.started_at)
        after = self._stops[bisect_left(self._stops, begin or 0) :]
        asked_for_red = self._step is None or self._step.conclusion in ("failure", "timed_out")
        if asked_for_red and after:
            self.mark(after[0])
        elif begin is not None:
            self.mark(begin)
        else:
            self.go_to_end()

    def copied(self, line: str) -> str:
        """The line without its time."""
        return without_time(line)
