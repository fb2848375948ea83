"""Runs that validate a release, told by what they were started with.

GitHub does not say what a run was started with. The ledger does, for every run that the cockpit
started or took over.
"""

from __future__ import annotations

import msgspec

from cockpit.release.dispatches import Dispatched, StartedRun, dispatched
from cockpit.release.preparation import PushedRun
from cockpit.release.record import Ledger


class ValidationRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[validation]`, and `[runs.GATE]`: a workflow that validates something; section 16.2."""

    repository: str = "pytorch/test-infra"
    workflow: str = "validate-binaries.yml"
    inputs: dict[str, str] = msgspec.field(default_factory=lambda: {"channel": "test", "os": "all"})
    """What a run must have been started with, to be one of the test channel and of every system."""
    version_input: str = "version"
    """The input that names the version; a run that names none, or another, does not count.

    Empty where the workflow has no such input.
    """
    least_jobs: int = 1
    """A run of fewer jobs came up empty: its matrix had nothing to validate."""


class Validations(msgspec.Struct, frozen=True):
    """How the newest validating runs stand."""

    runs: tuple[StartedRun, ...] = ()
    of_final_tag: tuple[PushedRun, ...] = ()
    """What the push of the core's final tag started."""
    final_sha: str = ""
    """The commit of that tag; empty while it has not been pushed."""

    def of(self, run_id: int) -> StartedRun | None:
        """One run; None when it was not read."""
        return next((run for run in self.runs if run.id == run_id), None)


def validations_of(record: Ledger, rules: ValidationRules, version: str) -> tuple[Dispatched, ...]:
    """The runs of the ledger that validate `version` with the inputs of the rules, newest first."""
    wanted = {**rules.inputs, rules.version_input: version}
    wanted.pop("", None)
    found = (
        run
        for run in dispatched(record, rules.workflow)
        if run.repository == rules.repository and wanted.items() <= run.inputs.items()
    )
    return tuple(sorted(found, key=lambda run: run.run, reverse=True))
