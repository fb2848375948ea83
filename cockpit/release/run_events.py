"""What the ledger records of workflow runs: asked for, started, refused, adopted, run again."""

from __future__ import annotations

from cockpit.release.events import Event


class DispatchRequested(Event, frozen=True, tag="dispatch_requested"):
    """A workflow is about to be started; recorded before GitHub is asked."""

    request: str
    """What this dispatch is told from others by."""
    repository: str
    workflow: str
    ref: str
    inputs: dict[str, str]
    after_run: int
    """The newest run of the workflow so far: the one that is started has a higher number."""
    candidate: str = ""
    """The tag of the newest candidate, where there is one."""

    def describe(self) -> str:
        return f"asked for {self.workflow} of {self.repository} on {self.ref}"


class DispatchStarted(Event, frozen=True, tag="dispatch_started"):
    """GitHub started the run that was asked for."""

    request: str
    run: int
    url: str

    def describe(self) -> str:
        return f"run {self.run} was started: {self.url}"


class DispatchRefused(Event, frozen=True, tag="dispatch_refused"):
    """GitHub refused to start what was asked for; no run comes of it."""

    request: str
    reason: str

    def describe(self) -> str:
        return f"the run was refused: {self.reason}"


class RunAdopted(Event, frozen=True, tag="run_adopted"):
    """A person says what a run that was started elsewhere was started with."""

    repository: str
    workflow: str
    ref: str
    inputs: dict[str, str]
    run: int
    url: str
    candidate: str = ""

    def describe(self) -> str:
        return f"adopted run {self.run} of {self.workflow}: {self.url}"


class RerunRequested(Event, frozen=True, tag="rerun_requested"):
    """Jobs of a run are about to run again; recorded before GitHub is asked."""

    request: str
    """What this re-run is told from others by."""
    repository: str
    run: int
    attempt: int
    """The attempt that had ended: the one that is asked for has the next number."""
    what: str

    def describe(self) -> str:
        return f"asked to re-run {self.what} of run {self.run}, attempt {self.attempt}"


class RerunRefused(Event, frozen=True, tag="rerun_refused"):
    """GitHub refused a re-run that was asked for; no attempt comes of it."""

    request: str
    run: int
    reason: str

    def describe(self) -> str:
        return f"the re-run of run {self.run} was refused: {self.reason}"


class CancelRequested(Event, frozen=True, tag="cancel_requested"):
    """A run is about to be cancelled; recorded before GitHub is asked."""

    repository: str
    run: int
    attempt: int

    def describe(self) -> str:
        return f"asked to cancel run {self.run} of {self.repository}, attempt {self.attempt}"
