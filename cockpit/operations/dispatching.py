"""Start a workflow once, and follow the run that comes of it.

GitHub does not say which request a run came of, and a request whose answer is lost may have been
carried out. So the ledger says first what is about to be asked for and which run was the newest
then; the run with a higher number, started by the same account, is the one.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from cockpit.errors import AccessDenied, CockpitError, Conflict, Throttled, Unreachable
from cockpit.operations.awaiting import WAITING, awaited
from cockpit.operations.plan import Expectation, Probe, Progress, StepFacts, StepState
from cockpit.release.dispatches import StartedRun, WorkflowCall
from cockpit.release.jobs import JobState
from cockpit.release.record import Entry, Event
from cockpit.release.run_events import (
    DispatchRefused,
    DispatchRequested,
    DispatchStarted,
    RunAdopted,
)

if TYPE_CHECKING:
    from cockpit.backends.ports import GithubPort
    from cockpit.ledger.store import LedgerStore

_PAUSES_S = (0.0, 1.0, 2.0, 4.0, 8.0)
"""How long GitHub may take to list a run that it has started."""
_MAY_START_LATE = timedelta(minutes=10)
"""How long a run may appear after a request whose answer was lost."""
_LOOK_BACK = timedelta(days=1)
_SILENT_LOOKS = 5
"""How many looks at a run may fail one after the other."""


class Asked:
    """One dispatch of a workflow, as ledger and GitHub know it."""

    def __init__(
        self,
        github: GithubPort,
        ledger: LedgerStore,
        call: WorkflowCall,
        again: str,
        candidate: str = "",
    ) -> None:
        """`candidate` and `again` tell a further dispatch with the same inputs from the first."""
        self.call = call
        self._candidate = candidate
        words = [*(f"{name}={text}" for name, text in call.inputs.items()), again]
        told = "\0".join([*words, candidate] if candidate else words)
        digest = hashlib.sha256(told.encode()).hexdigest()[:12]
        self.request = f"{call.repository}/{call.file}@{call.ref}/{digest}"
        self._github = github
        self._ledger = ledger

    def started(self) -> DispatchStarted | None:
        """The run, once it is recorded."""
        events = self._ledger.read().events(DispatchStarted)
        return next((event for _, event in events if event.request == self.request), None)

    def open_request(self) -> tuple[Entry, DispatchRequested] | None:
        """The newest request, unless GitHub refused it."""
        found: tuple[Entry, DispatchRequested] | None = None
        for entry, event in self._ledger.read().events(Event):
            if isinstance(event, DispatchRequested) and event.request == self.request:
                found = entry, event
            elif isinstance(event, DispatchRefused) and event.request == self.request:
                found = None
        return found

    def may_start_late(self, entry: Entry) -> bool:
        """Whether it is too early to say that nothing came of a request."""
        return self._ledger.now() - entry.at < _MAY_START_LATE

    def run_of(self, entry: Entry, event: DispatchRequested) -> StartedRun | None:
        """The run that came of a request; raises Conflict where several may be it."""
        ledger = self._ledger.read()
        claimed = {e.run for _, e in ledger.events(DispatchStarted)}
        claimed |= {e.run for _, e in ledger.events(RunAdopted)}
        login = self._github.account().login
        answer = self._github.dispatched_runs(self.call, entry.at - _LOOK_BACK)
        found = [
            run
            for run in answer.value
            if run.id > event.after_run and run.actor == login and run.id not in claimed
        ]
        if len(found) > 1:
            raise Conflict(
                f"{self.call.file} was started {len(found)} times since it was asked for",
                " and ".join(run.url for run in found),
                "cancel all but one of them on GitHub",
            )
        if answer.missing and not found:
            raise Unreachable("The runs could not be read whole", answer.missing, "try again")
        return found[0] if found else None

    def ask(self) -> int | None:
        """Record the request, then ask GitHub once; what it refuses is recorded too."""
        now = self._ledger.now()
        known = self._github.dispatched_runs(self.call, now - _LOOK_BACK)
        if known.missing:
            raise Unreachable("The runs could not be read whole", known.missing, "try again")
        newest = max((run.id for run in known.value), default=0)
        call = self.call
        self._ledger.append(
            DispatchRequested(
                self.request,
                call.repository,
                call.file,
                call.ref,
                call.inputs,
                newest,
                self._candidate,
            )
        )
        try:
            return self._github.dispatch(call)
        except (AccessDenied, Throttled) as err:
            self._ledger.append(DispatchRefused(self.request, str(err)))
            raise
        except Unreachable:
            return None
        except CockpitError as err:
            self._ledger.append(DispatchRefused(self.request, str(err)))
            raise

    def record(self, run_id: int) -> None:
        """Say in the ledger which run it is."""
        run = self._github.started_run(self.call.repository, run_id)
        self._ledger.append(DispatchStarted(self.request, run.id, run.url))


class StartWorkflow:
    """Start the workflow once; a run that is there already is taken for it."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        call = asked.call
        self.facts = StepFacts(
            key=f"dispatch/{asked.request}",
            summary=f"Start {call.file} of {call.repository} on {call.ref}",
            command=call.command,
            expects=(Expectation(f"runs of {call.file} that this release asked for", "none"),),
        )

    def probe(self) -> Probe:
        """Whether ledger and GitHub know the run."""
        started = self._asked.started()
        if started is not None:
            return Probe(StepState.DONE, f"run {started.run}: {started.url}")
        request = self._asked.open_request()
        if request is None:
            return Probe(StepState.TODO, "it was not asked for yet")
        run = self._asked.run_of(*request)
        at = f"{request[0].at:%H:%M:%S} UTC"
        if run is not None:
            return Probe(StepState.TODO, f"asked for at {at}, and run {run.id} came of it")
        if self._asked.may_start_late(request[0]):
            return Probe(
                StepState.CONFLICT,
                f"it was asked for at {at} and no run is listed yet; GitHub may still start it",
            )
        return Probe(StepState.TODO, f"it was asked for at {at}, and nothing came of it")

    def apply(self, report: Callable[[Progress], None], cancel: threading.Event) -> None:
        """Ask for it unless that was done; then find the run and record it."""
        run_id = self._found()
        if run_id is None:
            report(Progress(note="asking GitHub"))
            run_id = self._asked.ask()
        if run_id is None:
            report(WAITING)
            run_id = awaited(self._found, _PAUSES_S, cancel)
        if run_id is None:
            raise Unreachable(
                "GitHub lists no run yet",
                f"{self._asked.call.file} was asked for, and whether it started is not known",
                "run the same plan again in a moment: it looks before it asks",
            )
        self._asked.record(run_id)

    def verify(self) -> Probe:
        """Read the ledger again."""
        return self.probe()

    def _found(self) -> int | None:
        request = self._asked.open_request()
        run = self._asked.run_of(*request) if request else None
        return run.id if run else None


class FollowRun:
    """Wait for the run that was started, and fail when it fails."""

    def __init__(self, github: GithubPort, asked: Asked, every: timedelta) -> None:
        self._github = github
        self._asked = asked
        self._every_s = every.total_seconds() or 30.0
        call = asked.call
        self.facts = StepFacts(
            key=f"follow/{asked.request}",
            summary=f"Follow the run of {call.file} to its end",
            command=f"gh run watch --repo {call.repository} --exit-status RUN",
            expects=(Expectation(f"the run of {call.file}", "passed"),),
        )

    def probe(self) -> Probe:
        """How the run stands."""
        started = self._asked.started()
        if started is None:
            return Probe(StepState.TODO, "the run has not been started")
        run = self._github.started_run(self._asked.call.repository, started.run)
        if not run.ended:
            return Probe(StepState.TODO, f"{run.jobs_ended} of {run.jobs} jobs ended: {run.url}")
        if run.state is JobState.PASSED:
            return Probe(StepState.DONE, f"run {run.id} passed: {run.url}")
        return Probe(
            StepState.CONFLICT,
            f"run {run.id} ended as {run.state.value}: {run.url}; re-run it there, or start it anew"
            " with --again REASON",
        )

    def apply(self, report: Callable[[Progress], None], cancel: threading.Event) -> None:
        """Look until it has ended; a few looks may fail."""
        started = self._asked.started()
        if started is None:
            raise Conflict("The run has not been started", self._asked.request, "plan again")
        silent = 0
        while True:
            pause = self._every_s
            try:
                run = self._github.started_run(self._asked.call.repository, started.run)
            except Unreachable as err:
                silent += 1
                if silent >= _SILENT_LOOKS:
                    raise
                if isinstance(err, Throttled):
                    pause = max(pause, err.retry_after_s)
            else:
                silent = 0
                report(Progress(run.jobs_ended, run.jobs, "jobs", run.url))
                if run.ended:
                    return
            if cancel.wait(pause):
                raise CockpitError(
                    "The run is no longer followed",
                    f"it goes on: {started.url}",
                    "run the same plan again to follow it",
                )

    def verify(self) -> Probe:
        """Look once more."""
        return self.probe()


def standing_in_the_way(github: GithubPort, call: WorkflowCall) -> list[str]:
    """Why a workflow cannot be started at all: no account, no such file, or disabled."""
    try:
        github.account()
        state = github.workflow_state(call)
    except CockpitError as err:
        return [f"{call.file} of {call.repository} could not be read: {err.title}"]
    if state is None:
        return [f"{call.repository} has no workflow {call.file}"]
    return [] if state == "active" else [f"{call.file} of {call.repository} is {state}"]
