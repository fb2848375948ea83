"""Freeze a release branch, and open it again; everybody sees who did and why."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from cockpit.errors import Conflict
from cockpit.operations.declaring import reason_of
from cockpit.operations.plan import (
    Danger,
    Expectation,
    Plan,
    Probe,
    Progress,
    Section,
    StepFacts,
    StepState,
)
from cockpit.release.record import Frozen, Ledger, Unfrozen
from cockpit.release.repos import Repository

if TYPE_CHECKING:
    from cockpit.backends.provider import Backends


class RecordFreeze:
    """Record that a release branch is closed, or open again."""

    def __init__(
        self, backends: Backends, repository: Repository, event: Frozen | Unfrozen
    ) -> None:
        self._ledger = backends.ledger
        self._repository = repository
        self._event = event
        closing = isinstance(event, Frozen)
        where = f"{event.branch} of {event.repository}"
        self.facts = StepFacts(
            key=f"{'freeze' if closing else 'unfreeze'}/{event.repository}/{event.branch}",
            summary=f"Record that {where} is {'frozen' if closing else 'open again'}:"
            f" {event.reason}",
            command=backends.ledger.command(event),
            expects=(Expectation(where, "not frozen" if closing else "frozen"),),
        )

    def probe(self) -> Probe:
        """Whether the branch is as it shall be."""
        return self._judged(self._ledger.read())

    def apply(self, report: Callable[[Progress], None], cancel: threading.Event) -> None:
        """Append it, unless somebody did meanwhile."""
        report(Progress(note="writing to the ledger"))

        def decide(ledger: Ledger) -> Frozen | Unfrozen:
            found = self._judged(ledger)
            if found.state is StepState.DONE:
                raise Conflict(
                    "Somebody was quicker", found.detail, "look at the ledger before going on"
                )
            return self._event

        self._ledger.append_if(decide)

    def verify(self) -> Probe:
        """Read the ledger again."""
        return self.probe()

    def _judged(self, ledger: Ledger) -> Probe:
        frozen = ledger.frozen(self._repository)
        wanted = isinstance(self._event, Frozen)
        state = StepState.DONE if (frozen is not None) is wanted else StepState.TODO
        branch = self._repository.release_branch
        if frozen is None:
            return Probe(state, f"{branch} is not frozen")
        return Probe(state, f"{branch} is frozen {frozen.describe()}")


class FreezeBranch:
    """Plans to close a repository's release branch to further changes."""

    name = "freeze"

    def __init__(self, backends: Backends, repository: Repository, reason: str) -> None:
        self._backends = backends
        self._repository = repository
        self._reason = reason_of(reason, "a freeze")

    def plan(self) -> Plan:
        """Ask the remote whether there is a branch to freeze."""
        repository = self._repository
        branch = repository.release_branch
        there = self._backends.git.branches(repository.remote, (branch,))
        event = Frozen(repository.name, branch, self._reason)
        blockers = [] if branch in there else [f"{repository.name} has no {branch}"]
        return Plan(
            operation=self.name,
            subject=f"{repository.name} {branch}",
            sentence=f"Freeze {branch} of {repository.name}: {self._reason}",
            danger=Danger.REMOTE,
            target=branch,
            steps=(RecordFreeze(self._backends, repository, event),),
            sections=(
                Section(
                    "What follows",
                    (
                        "every cockpit shows who froze it and why",
                        "tagging a candidate of it warns",
                        "git itself takes pushes as before: it binds those who use the cockpit",
                    ),
                ),
            ),
            blockers=tuple(blockers),
        )


class UnfreezeBranch:
    """Plans to open a frozen release branch again; one that is not frozen is left alone."""

    name = "unfreeze"

    def __init__(self, backends: Backends, repository: Repository, reason: str) -> None:
        self._backends = backends
        self._repository = repository
        self._reason = reason_of(reason, "the end of a freeze")

    def plan(self) -> Plan:
        """The same whatever the ledger holds: its step finds out."""
        repository = self._repository
        branch = repository.release_branch
        event = Unfrozen(repository.name, branch, self._reason)
        return Plan(
            operation=self.name,
            subject=f"{repository.name} {branch}",
            sentence=f"Open {branch} of {repository.name} again: {self._reason}",
            danger=Danger.REMOTE,
            target=branch,
            steps=(RecordFreeze(self._backends, repository, event),),
        )
