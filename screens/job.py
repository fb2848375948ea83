"""One job: its steps, its attempts, and the way to its log."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from cockpit.actions.situation import Scope, Selection
from cockpit.errors import CockpitError
from cockpit.release.jobs import Job, JobState, Step
from cockpit.views.build_details import of_job
from cockpit.views.build_grid import jobs_at, key_of
from cockpit.views.build_subject import (
    BuildSubject,
    build_subject,
    jobs_by_key,
    keys_of_jobs,
    moment_of,
)
from cockpit.views.job_steps import step_key, steps_pane
from cockpit.views.table import Detail, Pane, Table
from screens.pane import ListScreen
from screens.ports import Cockpit
from screens.sight import Sight

_Seen = tuple[int, JobState]
"""Number and state of a job: its steps are read again when either changes."""


class JobScreen(ListScreen):
    """Steps beside everything else that is known of a job; they are read when it is opened."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "sibling(1)", "Next job of the wheel", show=False),
        Binding("shift+tab", "sibling(-1)", "Previous job of the wheel", show=False),
    ]
    scopes = (Scope.EVERYWHERE, Scope.BUILDS, Scope.JOB)

    def __init__(self, cockpit: Cockpit, repository: str, key: str) -> None:
        super().__init__("job")
        self.repository = repository
        self.key = key
        self._cockpit = cockpit
        self._steps: tuple[Step, ...] | None = None
        self._trouble = ""
        self._seen: _Seen | None = None

    @property
    def selection(self) -> Selection | None:
        """The job, whichever step the cursor is on."""
        job = self._job()
        return Selection("builds", self.key, job.url, self.key, self.repository) if job else None

    @property
    def step(self) -> Step | None:
        """The step under the cursor."""
        return next((s for s in self._steps or () if step_key(s) == self.cursor_key), None)

    def show(self, sight: Sight) -> None:
        """Show the newest state; a job that went on is read anew."""
        super().show(sight)
        job = self._job()
        if job is not None and self._seen != (job.id, job.state):
            if self._seen is not None and self._seen[0] != job.id:
                self._steps = None
            self._read(job)

    def pane_of(self, sight: Sight) -> Pane:
        """The steps as they were read last."""
        job = self._job()
        if job is None:
            gone = "GitHub does not list this job any more"
            return Pane("job", self.key, "", False, "", (), Table((), (), gone))
        return steps_pane(job, self._steps, self._trouble, sight.state.now)

    def detail_of(self, sight: Sight, key: str) -> Detail | None:
        """The job, whichever step the cursor is on."""
        job = self._job()
        if job is None:
            return None
        subject = self._subject(sight)
        return of_job(subject, job, moment_of(sight.state, subject))

    @property
    def cursor_key(self) -> str:
        """The step; the job has a detail before its steps are read."""
        return super().cursor_key or self.key

    async def perform(self, action: str) -> bool:
        """Enter reads the log at the selected step, which is the app's to open."""
        job = self._job()
        if action == "open" and self._pane.body.has_focus:
            return job is None
        if action == "refresh" and job is not None:
            self._read(job)
            return False
        return await super().perform(action)

    def action_sibling(self, step: int) -> None:
        """Go to the next job of the same wheel or group."""
        job = self._job()
        if self._sight is None or job is None:
            return
        subject = self._subject(self._sight)
        keys = keys_of_jobs(subject.builds)
        around = [keys[other.id] for other in jobs_at(subject, key_of(subject, job))]
        self.key = around[(around.index(self.key) + step) % len(around)]
        self._steps, self._seen, self._trouble = None, None, ""
        self.show(self._sight)

    def _subject(self, sight: Sight) -> BuildSubject:
        return build_subject(sight.state, self.repository)

    def _job(self) -> Job | None:
        if self._sight is None:
            return None
        return jobs_by_key(self._subject(self._sight).builds).get(self.key)

    def _read(self, job: Job) -> None:
        self._seen = (job.id, job.state)
        self.run_worker(self._read_steps(job), exclusive=True, exit_on_error=False)

    async def _read_steps(self, job: Job) -> None:
        try:
            self._steps = await self._cockpit.job_steps(self.repository, job.id)
            self._trouble = ""
        except CockpitError as err:
            self._trouble = f"{err} · {err.hint or 'r reads again'}"
        if self._sight is not None and self.is_attached:
            self.show(self._sight)
