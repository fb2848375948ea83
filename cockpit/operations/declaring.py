"""What operations that only write to the ledger have in common."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from cockpit.errors import ConfigError, Conflict
from cockpit.operations.plan import Probe, Progress, StepFacts, StepState

if TYPE_CHECKING:
    from cockpit.ledger.store import LedgerStore
    from cockpit.release.record import KnownEvent, Ledger

Judge = Callable[["Ledger"], Probe]
"""Whether a ledger says already what is to be recorded."""


class RecordEntry:
    """Append one entry to the ledger, unless it says so already."""

    def __init__(
        self, ledger: LedgerStore, event: KnownEvent, facts: StepFacts, judge: Judge
    ) -> None:
        self.facts = facts
        self._ledger = ledger
        self._event = event
        self._judge = judge

    def probe(self) -> Probe:
        """Whether the ledger says so already."""
        return self._judge(self._ledger.read())

    def apply(self, report: Callable[[Progress], None], cancel: threading.Event) -> None:
        """Append it, whatever others have said meanwhile."""
        report(Progress(note="writing to the ledger"))
        self._ledger.append(self._event)

    def verify(self) -> Probe:
        """Read the ledger again."""
        return self.probe()


class RecordOnce(RecordEntry):
    """Append one entry that only one person can make; raises Conflict where somebody did."""

    def apply(self, report: Callable[[Progress], None], cancel: threading.Event) -> None:
        """Append it, on condition that it is still to be done."""
        report(Progress(note="writing to the ledger"))

        def decide(ledger: Ledger) -> KnownEvent:
            found = self._judge(ledger)
            if found.state is not StepState.TODO:
                raise Conflict(
                    "Somebody was quicker", found.detail, "look at the ledger before going on"
                )
            return self._event

        self._ledger.append_if(decide)


def said_by(email: str, event: KnownEvent) -> Judge:
    """Whether somebody has said exactly this, at any time."""

    def judge(ledger: Ledger) -> Probe:
        said = any(
            entry.email == email and found == event for entry, found in ledger.events(type(event))
        )
        if said:
            return Probe(StepState.DONE, "the ledger has it")
        return Probe(StepState.TODO, "the ledger does not have it")

    return judge


def reason_of(text: str, decision: str) -> str:
    """A reason on one line; raises ConfigError where none is given."""
    reason = " ".join(text.split())
    if not reason:
        raise ConfigError(
            f"There is no reason for {decision}",
            "everybody sees it in the ledger, with your name",
            "say why in a few words",
        )
    return reason
