"""A plan: what will happen, step by step, hashed; what a dry run prints is what runs."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from enum import Enum
from typing import Protocol

import msgspec


class Danger(Enum):
    """How far an action reaches; a required property of every action."""

    READ = "read"
    LOCAL = "local"
    """Undoable, and logged."""
    REMOTE = "remote"
    """Outward but reversible."""
    IRREVERSIBLE = "irreversible"

    @property
    def level(self) -> int:
        """Position in the order read, local, remote, irreversible."""
        return list(Danger).index(self)


class Expectation(msgspec.Struct, frozen=True):
    """Something a step relies on finding; the backend's own compare-and-swap enforces it."""

    what: str
    found: str


class StepState(Enum):
    """What a probe finds in the world."""

    TODO = "todo"
    DONE = "done"
    CONFLICT = "conflict"


class Probe(msgspec.Struct, frozen=True):
    """The answer of a probe, with what it saw."""

    state: StepState
    detail: str = ""
    parts: tuple[str, ...] = ()
    """What was seen of each part of a step that has many, for the ledger."""


class Progress(msgspec.Struct, frozen=True):
    """How far one step has come; totals of 0 mean that it cannot be told."""

    done: int = 0
    total: int = 0
    unit: str = ""
    """What is counted; `bytes` are told as sizes."""
    note: str = ""
    paused: str = ""
    """Why it stands still, and what makes it go on; empty while it does."""


class StepFacts(msgspec.Struct, frozen=True):
    """What a step is, apart from how it does it."""

    key: str
    """Stable and derived from the step's content, never an index."""
    summary: str
    command: str
    """The equivalent git, gh, aws or twine line."""
    expects: tuple[Expectation, ...] = ()


class Step(Protocol):
    """One change of the world that can be asked about, made, and checked."""

    @property
    def facts(self) -> StepFacts:
        """What the step is."""
        ...

    def probe(self) -> Probe:
        """Ask the world whether the change is there; reads only."""
        ...

    def apply(self, report: Callable[[Progress], None], cancel: threading.Event) -> None:
        """Make the change, by compare-and-swap; raises Conflict when the world differs."""
        ...

    def verify(self) -> Probe:
        """Ask the world again after `apply`; anything but done is a failure."""
        ...


class Section(msgspec.Struct, frozen=True):
    """A titled list of lines that belong to what a person confirms."""

    title: str
    lines: tuple[str, ...]


class Outlook(msgspec.Struct, frozen=True):
    """How things stand while a plan is looked at: shown, and no part of what is hashed.

    A plan stays the same while it is carried out; how much of it is done, how long the rest takes
    and for how long the credential is good do not.
    """

    summary: tuple[str, ...] = ()
    """What stands above the steps: how much is left, how long it takes."""
    sections: tuple[Section, ...] = ()
    warnings: tuple[str, ...] = ()


class Plan(msgspec.Struct, frozen=True):
    """Everything an operation will do, fixed before anybody says yes."""

    operation: str
    subject: str
    sentence: str
    """What happens, on which target, in one sentence."""
    danger: Danger
    target: str
    """What has to be typed to confirm something irreversible."""
    steps: tuple[Step, ...]
    sections: tuple[Section, ...] = ()
    blockers: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    outlook: Outlook = Outlook()
    leads_on: bool = False
    """Whether something irreversible becomes possible by it, so that its target is typed too."""
    partial: bool = False
    """Whether it lacks steps, as a blocker says: doing all that it has is not all there is."""

    @property
    def typed(self) -> bool:
        """Whether a person types the target to confirm it."""
        return self.leads_on or self.danger is Danger.IRREVERSIBLE

    @property
    def to_type(self) -> str:
        """Its target as any keyboard can type it."""
        return self.target.replace("→", "->")

    def is_meant(self, text: str) -> bool:
        """Whether somebody typed its target, with an arrow of either kind."""
        return text.strip() in (self.target, self.to_type)

    @property
    def facts(self) -> PlanFacts:
        """The plan without its means: what is shown, saved and hashed."""
        return PlanFacts(
            operation=self.operation,
            subject=self.subject,
            sentence=self.sentence,
            danger=self.danger,
            target=self.target,
            steps=tuple(step.facts for step in self.steps),
            sections=self.sections,
            blockers=self.blockers,
            warnings=self.warnings,
            outlook=self.outlook,
        )

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON of the facts."""
        return self.facts.digest


class PlanFacts(msgspec.Struct, frozen=True):
    """A plan as data."""

    operation: str
    subject: str
    sentence: str
    danger: Danger
    target: str
    steps: tuple[StepFacts, ...]
    sections: tuple[Section, ...]
    blockers: tuple[str, ...]
    warnings: tuple[str, ...]
    outlook: Outlook = Outlook()

    @property
    def canonical(self) -> bytes:
        """JSON with sorted keys and no spaces, of all but the outlook."""
        hashed = msgspec.to_builtins(self, order="sorted")
        del hashed["outlook"]
        return msgspec.json.encode(hashed, order="sorted")

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON, in hexadecimal."""
        return hashlib.sha256(self.canonical).hexdigest()


class Operation(Protocol):
    """Something a captain can ask for, built from keys that were captured beforehand."""

    def plan(self) -> Plan:
        """Look at the world and say what would be done; writes nothing anywhere."""
        ...
