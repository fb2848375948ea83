"""Workflows that are started by hand, and the runs that come of it."""

from __future__ import annotations

import shlex
from datetime import datetime

import msgspec

from cockpit.release.jobs import JobState
from cockpit.release.record import Entry, Event, Ledger
from cockpit.release.run_events import DispatchRequested, DispatchStarted, RunAdopted


class WorkflowCall(msgspec.Struct, frozen=True):
    """A workflow with everything that is sent to start it."""

    repository: str
    """`owner/name`."""
    file: str
    ref: str
    inputs: dict[str, str]
    """As they are sent: switches are `true` or `false`, in words."""

    @property
    def command(self) -> str:
        """The line of `gh` that does the same."""
        words = ["gh", "workflow", "run", self.file, "--repo", self.repository, "--ref", self.ref]
        for name, text in self.inputs.items():
            words += ["--raw-field", f"{name}={text}"]
        return shlex.join(words)


class StartedRun(msgspec.Struct, frozen=True):
    """A run that somebody started by hand."""

    id: int
    url: str
    actor: str
    created_at: datetime
    state: JobState
    ended: bool
    workflow: str = ""
    """The name of the workflow's file."""
    ref: str = ""
    jobs_ended: int = 0
    jobs: int = 0


class Dispatched(msgspec.Struct, frozen=True):
    """A run that the ledger knows, with what it was started with: GitHub does not tell that."""

    repository: str
    """`owner/name`."""
    workflow: str
    """The name of the workflow's file."""
    ref: str
    inputs: dict[str, str]
    """As they were sent, or as a person says they were."""
    candidate: str
    """The tag of the newest candidate at that time; empty before the first."""
    run: int
    url: str
    at: datetime
    by: str
    adopted: bool = False
    """Whether it was started elsewhere, and is known from what a person says."""


def dispatched(record: Ledger, workflow: str) -> tuple[Dispatched, ...]:
    """The runs of a workflow's file that the ledger knows, oldest first.

    Whether one of them passed is GitHub's to say. What is said of a run again replaces what was
    said before.
    """
    asked: dict[str, DispatchRequested] = {}
    found: dict[tuple[str, int], Dispatched] = {}
    for entry, event in record.events(Event):
        if isinstance(event, DispatchRequested) and event.workflow == workflow:
            asked[event.request] = event
        elif isinstance(event, DispatchStarted) and event.request in asked:
            run = _dispatched(entry, asked[event.request], event.run, event.url)
            found[run.repository, run.run] = run
        elif isinstance(event, RunAdopted) and event.workflow == workflow:
            found.pop((event.repository, event.run), None)
            run = _dispatched(entry, event, event.run, event.url)
            found[run.repository, run.run] = run
    return tuple(found.values())


def _dispatched(
    entry: Entry, told: DispatchRequested | RunAdopted, run: int, url: str
) -> Dispatched:
    return Dispatched(
        repository=told.repository,
        workflow=told.workflow,
        ref=told.ref,
        inputs=told.inputs,
        candidate=told.candidate,
        run=run,
        url=url,
        at=entry.at,
        by=entry.by,
        adopted=isinstance(told, RunAdopted),
    )
