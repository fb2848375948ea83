"""Adopt a run that somebody started elsewhere: a person says what it was started with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from cockpit.errors import ConfigError
from cockpit.operations.declaring import RecordEntry
from cockpit.operations.plan import (
    Danger,
    Expectation,
    Plan,
    Probe,
    Section,
    StepFacts,
    StepState,
)
from cockpit.operations.runs import meant_candidate, newest_candidate
from cockpit.release.dispatches import Dispatched, dispatched
from cockpit.release.run_events import RunAdopted
from cockpit.release.workflows import WorkflowSpec

if TYPE_CHECKING:
    from cockpit.ledger.store import LedgerStore
    from cockpit.provider import Backends
    from cockpit.release.record import Ledger


def record_adoption(ledger: LedgerStore, event: RunAdopted) -> RecordEntry:
    """The step that records what a run was started with; what is said last counts."""
    facts = StepFacts(
        key=f"adopt/{event.repository}/{event.run}",
        summary=f"Record what run {event.run} of {event.workflow} was started with",
        command=ledger.command(event),
        expects=(Expectation(f"run {event.run}", f"a run of {event.workflow}"),),
    )

    def judge(record: Ledger) -> Probe:
        known = _known(dispatched(record, event.workflow), event)
        if known is None:
            return Probe(StepState.TODO, "the ledger does not know the run")
        if (known.inputs, known.candidate) == (event.inputs, event.candidate):
            return Probe(StepState.DONE, f"{known.by} said so")
        return Probe(StepState.TODO, f"{known.by} said something else of it")

    return RecordEntry(ledger, event, facts, judge)


class AdoptRun:
    """Plans to take a run for one of the release's own; GitHub tells no inputs of it."""

    name = "adopt-run"

    def __init__(
        self,
        backends: Backends,
        spec: WorkflowSpec,
        run: int,
        inputs: Mapping[str, str],
        *,
        live: bool = False,
        candidate: str | None = None,
    ) -> None:
        self._backends = backends
        self._spec = spec
        self._run = run
        self._live = live
        self._candidate = candidate
        try:
            self._inputs = spec.stated(inputs, live=live)
        except ValueError as err:
            raise ConfigError(
                f"{spec.id} cannot have been started like this",
                str(err),
                f"--input NAME=VALUE; {backends.config.path} lists its inputs",
            ) from err

    def plan(self) -> Plan:
        """Look the run up, and say what would be recorded of it."""
        spec, core = self._spec, self._backends.config.core
        run = self._backends.github.started_run(spec.repository, self._run)
        if self._candidate is None:
            candidate = newest_candidate(self._backends, core)
        else:
            candidate = meant_candidate(self._backends, core, self._candidate)
        tag = candidate.tag.name if candidate else ""
        event = RunAdopted(spec.repository, spec.file, run.ref, self._inputs, run.id, run.url, tag)
        blockers = []
        if run.workflow != spec.file:
            blockers.append(f"run {run.id} is one of {run.workflow}, not of {spec.file}")
        known = _known(dispatched(self._backends.ledger.read(), spec.file), event)
        if known is not None and not known.adopted:
            blockers.append(
                f"run {run.id} was started from a cockpit by {known.by}: its inputs are known"
            )
        return Plan(
            operation=self.name,
            subject=f"{spec.repository} {spec.id} {run.id}",
            sentence=f"Record that run {run.id} of {spec.title} belongs to {tag or 'this release'}"
            " and was started with what is said here.",
            danger=Danger.REMOTE,
            target=str(run.id),
            steps=(record_adoption(self._backends.ledger, event),),
            sections=(
                Section(
                    "Inputs, as you say they were",
                    tuple(f"{name} = {text}" for name, text in self._inputs.items()) or ("none",),
                ),
                Section(
                    "The run",
                    (
                        f"started by {run.actor or 'a deleted account'} on {run.ref} at"
                        f" {run.created_at:%d %b %H:%M} UTC",
                        run.url,
                        "nobody can check what is said: GitHub does not tell inputs",
                    ),
                ),
            ),
            blockers=tuple(blockers),
        )


def _known(runs: tuple[Dispatched, ...], event: RunAdopted) -> Dispatched | None:
    same = (run for run in runs if (run.repository, run.run) == (event.repository, event.run))
    return next(same, None)
