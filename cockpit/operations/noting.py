"""Keep a note in the ledger, such as what a meeting came to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.operations.declaring import RecordEntry, reason_of, said_by
from cockpit.operations.plan import Danger, Plan, StepFacts
from cockpit.release.record import Note

if TYPE_CHECKING:
    from cockpit.ledger.store import LedgerStore
    from cockpit.provider import Backends


def record_note(ledger: LedgerStore, event: Note) -> RecordEntry:
    """The step that records a remark; the same words of the same person are kept once."""
    facts = StepFacts(
        key=f"note/{event.text}",
        summary=f"Record in the ledger: {event.text}",
        command=ledger.command(event),
    )
    return RecordEntry(ledger, event, facts, said_by(ledger.email, event))


class KeepNote:
    """Plans one entry of the ledger."""

    name = "note"

    def __init__(self, backends: Backends, text: str) -> None:
        self._backends = backends
        self._text = reason_of(text, "a note")

    def plan(self) -> Plan:
        """The note as it would be kept."""
        return Plan(
            operation=self.name,
            subject="ledger",
            sentence=f"Keep in the ledger: {self._text}",
            danger=Danger.REMOTE,
            target="ledger",
            steps=(record_note(self._backends.ledger, Note(self._text)),),
        )
