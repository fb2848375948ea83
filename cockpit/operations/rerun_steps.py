"""Re-run what failed in a run, once: the ledger says first what is asked for.

The number of the attempt is the compare-and-swap: a step takes attempt N to N+1, and finds itself
done when the run is there. GitHub accepts no re-run of a run that is still going.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from cockpit.errors import AccessDenied, CockpitError, Throttled, Unreachable
from cockpit.operations.awaiting import WAITING, awaited
from cockpit.operations.plan import Expectation, Probe, Progress, StepFacts, StepState
from cockpit.operations.runs import run_now
from cockpit.release.jobs import Run
from cockpit.release.repos import Repository
from cockpit.release.reruns import ONLY_ENDED, open_rerun
from cockpit.release.run_events import RerunRefused, RerunRequested

if TYPE_CHECKING:
    from cockpit.provider import Backends

_PAUSES_S = (0.0, 1.0, 2.0, 4.0, 8.0)
"""How long GitHub may take to list an attempt that it has started."""
_MAY_START_LATE = timedelta(minutes=1)
"""How long a request whose answer was lost may still be carried out."""


class Again(msgspec.Struct, frozen=True):
    """What runs again: a run's failed jobs, or one job of it."""

    repository: Repository
    run: int
    workflow: str
    attempt: int
    """The attempt that has ended."""
    job: int = 0
    """The job's number in that attempt; 0 stands for all that failed."""
    job_name: str = ""

    @property
    def request(self) -> str:
        """What this re-run is told from others by."""
        what = self.job_name or "failed"
        return f"rerun/{self.repository.name}/{self.run}/attempt-{self.attempt + 1}/{what}"

    @property
    def what(self) -> str:
        """What runs again, in words."""
        return self.job_name or "the failed jobs"

    @property
    def command(self) -> str:
        """The line of `gh` that does the same."""
        which = f"--job {self.job}" if self.job else f"{self.run} --failed"
        return f"gh run rerun --repo {self.repository.name} {which}"

    @property
    def facts(self) -> StepFacts:
        """What the step is."""
        return StepFacts(
            key=self.request,
            summary=f"Re-run {self.what} of {self.workflow}, attempt {self.attempt} →"
            f" {self.attempt + 1}",
            command=self.command,
            expects=(Expectation(f"run {self.run}", f"attempt {self.attempt}, ended"),),
        )


class RerunStep:
    """Take a run from one attempt to the next."""

    def __init__(self, backends: Backends, again: Again) -> None:
        self._github = backends.github
        self._ledger = backends.ledger
        self._again = again
        self.facts = again.facts

    def probe(self) -> Probe:
        """Which attempt the run is in."""
        again, run = self._again, self._run()
        if run.attempt > again.attempt:
            return self._later(run)
        if not run.ended:
            return Probe(StepState.CONFLICT, f"attempt {run.attempt} is still going: {ONLY_ENDED}")
        asked = open_rerun(self._ledger.read(), again.request)
        if asked is not None and self._ledger.now() - asked.at < _MAY_START_LATE:
            return Probe(
                StepState.CONFLICT,
                f"it was asked for at {asked.at:%H:%M:%S} UTC and GitHub lists no attempt"
                f" {again.attempt + 1} yet; it may still start it",
            )
        return Probe(StepState.TODO, f"attempt {run.attempt} has ended: {run.url}")

    def apply(self, report: Callable[[Progress], None], cancel: threading.Event) -> None:
        """Record it, ask GitHub once, and wait until the new attempt is listed."""
        report(Progress(note="asking GitHub"))
        self._ask()
        report(WAITING)
        if awaited(self._started, _PAUSES_S, cancel) is None:
            raise Unreachable(
                f"GitHub lists no attempt {self._again.attempt + 1} yet",
                f"the re-run of run {self._again.run} was asked for, and whether it started is"
                " not known",
                "run the same plan again in a moment: it looks before it asks",
            )

    def verify(self) -> Probe:
        """Look once more."""
        return self.probe()

    def _run(self) -> Run:
        return run_now(self._github, self._again.repository, self._again.run)

    def _started(self) -> Run | None:
        run = self._run()
        return run if run.attempt > self._again.attempt else None

    def _later(self, run: Run) -> Probe:
        """Any later attempt ran the failed jobs again, but perhaps not one that had passed."""
        again = self._again
        ours = open_rerun(self._ledger.read(), again.request) is not None
        if again.job and not ours:
            return Probe(
                StepState.CONFLICT,
                f"attempt {run.attempt} was started by somebody else: {run.url}",
            )
        return Probe(StepState.DONE, f"attempt {run.attempt} was started: {run.url}")

    def _ask(self) -> None:
        """What GitHub refuses is recorded too; a lost answer is waited out."""
        again = self._again
        self._ledger.append(
            RerunRequested(
                again.request, again.repository.name, again.run, again.attempt, again.what
            )
        )
        try:
            if again.job:
                self._github.rerun_job(again.repository, again.job)
            else:
                self._github.rerun_failed(again.repository, again.run)
        except Throttled as err:
            self._refused(err)
            raise
        except AccessDenied as err:
            # GitHub says 403 as well when somebody else's attempt has just begun.
            if self._started() is None:
                self._refused(err)
                raise
        except Unreachable:
            return
        except CockpitError as err:
            self._refused(err)
            raise

    def _refused(self, err: CockpitError) -> None:
        self._ledger.append(RerunRefused(self._again.request, self._again.run, str(err)))
