"""Freeze a release branch, and open it again; everybody sees who did and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.operations.declaring import RecordOnce, reason_of
from cockpit.operations.plan import (
    Danger,
    Expectation,
    Plan,
    Probe,
    Section,
    StepFacts,
    StepState,
)
from cockpit.release.record import Frozen, Ledger, Unfrozen
from cockpit.release.repos import Repository

if TYPE_CHECKING:
    from cockpit.ledger.store import LedgerStore
    from cockpit.provider import Backends


def record_freeze(
    ledger: LedgerStore, repository: Repository, event: Frozen | Unfrozen
) -> RecordOnce:
    """The step that records that a release branch is closed, or open again."""
    closing = isinstance(event, Frozen)
    where = f"{event.branch} of {event.repository}"
    facts = StepFacts(
        key=f"{'freeze' if closing else 'unfreeze'}/{event.repository}/{event.branch}",
        summary=f"Record that {where} is {'frozen' if closing else 'open again'}: {event.reason}",
        command=ledger.command(event),
        expects=(Expectation(where, "not frozen" if closing else "frozen"),),
    )

    def judge(record: Ledger) -> Probe:
        frozen, branch = record.frozen(repository), repository.release_branch
        state = StepState.DONE if (frozen is not None) is closing else StepState.TODO
        if frozen is None:
            return Probe(state, f"{branch} is not frozen")
        return Probe(state, f"{branch} is frozen {frozen.describe()}")

    return RecordOnce(ledger, event, facts, judge)


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
            steps=(record_freeze(self._backends.ledger, repository, event),),
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
            steps=(record_freeze(self._backends.ledger, repository, event),),
        )
