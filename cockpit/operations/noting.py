"""Keep a note in the ledger, such as what a meeting came to."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from cockpit.operations.declaring import reason_of
from cockpit.operations.plan import Danger, Plan, Probe, Progress, StepFacts, StepState
from cockpit.release.record import Note

if TYPE_CHECKING:
    from cockpit.backends.provider import Backends


class RecordNote:
    """Record a remark; the same words of the same person are kept once."""

    def __init__(self, backends: Backends, event: Note) -> None:
        self._ledger = backends.ledger
        self._git = backends.git
        self._event = event
        self.facts = StepFacts(
            key=f"note/{event.text}",
            summary=f"Record in the ledger: {event.text}",
            command=backends.ledger.command(event),
        )

    def probe(self) -> Probe:
        """Whether this person has said it."""
        email = self._git.identity()[1]
        notes = self._ledger.read().events(Note)
        said = any(entry.email == email and event == self._event for entry, event in notes)
        return Probe(StepState.DONE if said else StepState.TODO)

    def apply(self, report: Callable[[Progress], None], cancel: threading.Event) -> None:
        """Append it."""
        report(Progress(note="writing to the ledger"))
        self._ledger.append(self._event)

    def verify(self) -> Probe:
        """Read the ledger again."""
        return self.probe()


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
            steps=(RecordNote(self._backends, Note(self._text)),),
        )
