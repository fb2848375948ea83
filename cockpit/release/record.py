"""What the shared ledger says: who decided, signed or ran what, and who holds the lease."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import cached_property
from typing import TypeVar

import msgspec

from cockpit.release.candidates import Candidate, Pin
from cockpit.release.events import Event as Event
from cockpit.release.nominations import Answer, Verdict
from cockpit.release.people import Team
from cockpit.release.repos import Repository
from cockpit.release.run_events import (
    CancelRequested,
    DispatchRefused,
    DispatchRequested,
    DispatchStarted,
    RerunRefused,
    RerunRequested,
    RunAdopted,
)
from cockpit.release.signoffs import NotApplicable, Problem, Signed, Skipped, Withdrawn, Word
from cockpit.release.words import counted


class PlanConfirmed(Event, frozen=True, tag="plan_confirmed"):
    """A person saw a plan and said yes."""

    operation: str
    subject: str
    digest: str

    def describe(self) -> str:
        return f"confirmed {self.operation} {self.subject}"


class StepDone(Event, frozen=True, tag="step_done"):
    """One step of a plan was applied and verified."""

    operation: str
    subject: str
    digest: str
    step: str
    summary: str
    parts: tuple[str, ...] = ()
    """What was seen of each part of a step that has many: each file with its checksum."""

    def describe(self) -> str:
        return f"step done: {self.summary}"


class OperationFinished(Event, frozen=True, tag="operation_finished"):
    """A plan came to its end, or stopped at a step."""

    operation: str
    subject: str
    digest: str
    outcome: str
    """`done`, `failed`, `conflict` or `cancelled`."""
    detail: str = ""

    def describe(self) -> str:
        tail = f": {self.detail}" if self.detail else ""
        return f"{self.operation} {self.subject} {self.outcome}{tail}"


class CandidatePinned(Event, frozen=True, tag="candidate_pinned"):
    """A candidate's tag as it was first seen."""

    repository: str
    tag: str
    object_sha: str
    commit_sha: str

    def describe(self) -> str:
        return f"pinned {self.tag} of {self.repository} at {self.commit_sha[:10]}"


class Dud(Event, frozen=True, tag="dud"):
    """A candidate, or a whole version, was declared dead."""

    repository: str
    name: str
    reason: str

    def describe(self) -> str:
        return f"declared {self.name} of {self.repository} a dud: {self.reason}"


class Frozen(Event, frozen=True, tag="frozen"):
    """A release branch was closed to further changes."""

    repository: str
    branch: str
    reason: str

    def describe(self) -> str:
        return f"froze {self.branch} of {self.repository}: {self.reason}"


class Unfrozen(Event, frozen=True, tag="unfrozen"):
    """A frozen release branch was opened again."""

    repository: str
    branch: str
    reason: str = ""

    def describe(self) -> str:
        tail = f": {self.reason}" if self.reason else ""
        return f"unfroze {self.branch} of {self.repository}{tail}"


class Approved(Event, frozen=True, tag="approved"):
    """A pick was approved."""

    pull: int
    note: str = ""
    head: str = ""
    """The commit of its pull request that was approved; empty where there was none."""

    def describe(self) -> str:
        return f"approved #{self.pull}"


class Denied(Event, frozen=True, tag="denied"):
    """A pick was denied."""

    pull: int
    note: str = ""

    def describe(self) -> str:
        return f"denied #{self.pull}"


class NeedsInfo(Event, frozen=True, tag="needs_info"):
    """More was asked of whoever nominated a pick."""

    pull: int
    note: str = ""

    def describe(self) -> str:
        return f"asked for more about #{self.pull}"


class WheelsInspected(Event, frozen=True, tag="wheels_inspected"):
    """Staged wheels of a package were read whole, byte for byte these."""

    package: str
    version: str
    files: dict[str, str]
    """Name → SHA-256."""
    flaws: tuple[str, ...] = ()
    """What stands against publishing them; nothing where all is well."""

    def describe(self) -> str:
        found = counted(len(self.flaws), "flaw") if self.flaws else "nothing wrong"
        wheels = counted(len(self.files), "wheel")
        return f"inspected {wheels} of {self.package} {self.version}: {found}"


class Override(Event, frozen=True, tag="override"):
    """A gate was overridden by one person, for a reason."""

    gate: str
    commit_sha: str
    reason: str

    def describe(self) -> str:
        return f"overrode {self.gate}: {self.reason}"


class Note(Event, frozen=True, tag="note"):
    """A remark worth keeping."""

    text: str

    def describe(self) -> str:
        return self.text


class LeaseTaken(Event, frozen=True, tag="lease_taken"):
    """Somebody is about to write; renewed by taking it again under the same id."""

    lease: str
    operation: str
    expires_at: datetime
    took_over: str = ""
    """Why somebody else's lease was ended."""

    def describe(self) -> str:
        how = f", taking over: {self.took_over}" if self.took_over else ""
        return f"took the lease for {self.operation}{how}"


class LeaseReleased(Event, frozen=True, tag="lease_released"):
    """The write is over."""

    lease: str

    def describe(self) -> str:
        return "released the lease"


KnownEvent = (
    PlanConfirmed
    | StepDone
    | OperationFinished
    | CandidatePinned
    | Dud
    | Frozen
    | Unfrozen
    | DispatchRequested
    | DispatchStarted
    | DispatchRefused
    | RunAdopted
    | RerunRequested
    | RerunRefused
    | CancelRequested
    | Signed
    | NotApplicable
    | Problem
    | Withdrawn
    | Skipped
    | Approved
    | Denied
    | NeedsInfo
    | WheelsInspected
    | Override
    | Note
    | LeaseTaken
    | LeaseReleased
)
Decision = Approved | Denied | NeedsInfo
DECISIONS: dict[Verdict, type[Decision]] = {
    Verdict.APPROVED: Approved,
    Verdict.DENIED: Denied,
    Verdict.NEEDS_INFO: NeedsInfo,
}
"""What records each verdict about a pick."""
E = TypeVar("E", bound=Event)


class Entry(msgspec.Struct, frozen=True):
    """An event with who recorded it, where and when."""

    at: datetime
    by: str
    email: str
    host: str
    cockpit: str
    """Version of the cockpit that wrote it."""
    event: KnownEvent


class Recorded(msgspec.Struct, frozen=True):
    """One commit of the ledger's chain and what could be read of it."""

    sha: str
    author: str
    email: str
    committed_at: datetime
    signature: str
    entry: Entry | None
    problem: str = ""
    """Why it could not be read, or what does not fit; empty when all is well."""
    raw: str = ""
    """The text of what could not be read."""

    def describe(self) -> str:
        """One line for the ledger's log."""
        return self.entry.event.describe() if self.entry else self.problem


class Lease(msgspec.Struct, frozen=True):
    """Who may write at the moment."""

    id: str
    holder: str
    email: str
    host: str
    operation: str
    taken_at: datetime
    expires_at: datetime

    def expired(self, now: datetime) -> bool:
        """Whether anybody may take over without asking."""
        return now >= self.expires_at


class Declared(msgspec.Struct, frozen=True):
    """What somebody decided about a branch, a candidate or a version, and why."""

    name: str
    reason: str
    by: str
    at: datetime

    def describe(self) -> str:
        """Who and why, in words that follow what was decided."""
        return f"by {self.by}: {self.reason}" if self.reason else f"by {self.by}"


class Ledger(msgspec.Struct, frozen=True, dict=True):
    """The whole shared record of a release, oldest entry first."""

    entries: tuple[Recorded, ...] = ()
    tip: str | None = None

    def events(self, kind: type[E]) -> Iterator[tuple[Entry, E]]:
        """Every event of one kind with its envelope, oldest first."""
        for recorded in self.entries:
            if recorded.entry is not None and isinstance(recorded.entry.event, kind):
                yield recorded.entry, recorded.entry.event

    @cached_property
    def words(self) -> dict[str, tuple[tuple[Entry, Word], ...]]:
        """What was said about each item of the checklist, oldest first."""
        found: dict[str, list[tuple[Entry, Word]]] = {}
        for entry, word in self.events(Word):
            found.setdefault(word.item, []).append((entry, word))
        return {item: tuple(said) for item, said in found.items()}

    @cached_property
    def plans(self) -> dict[str, tuple[tuple[Entry, PlanConfirmed], ...]]:
        """The plans of each operation that were confirmed, oldest first."""
        found: dict[str, list[tuple[Entry, PlanConfirmed]]] = {}
        for entry, event in self.events(PlanConfirmed):
            found.setdefault(event.operation, []).append((entry, event))
        return {operation: tuple(plans) for operation, plans in found.items()}

    @cached_property
    def overrides(self) -> tuple[tuple[Entry, Override], ...]:
        """Every override that was given, oldest first, whoever gave it and for what candidate."""
        return tuple(self.events(Override))

    @cached_property
    def _pins(self) -> dict[tuple[str, str], Pin]:
        """The first pin of each tag; later ones do not count."""
        first: dict[tuple[str, str], Pin] = {}
        for _, event in self.events(CandidatePinned):
            pin = Pin(event.repository, event.tag, event.object_sha, event.commit_sha)
            first.setdefault((event.repository, event.tag), pin)
        return first

    @property
    def pins(self) -> tuple[Pin, ...]:
        """What every pinned tag was when it was first seen."""
        return tuple(self._pins.values())

    def pin(self, repository: Repository, tag: str) -> Pin | None:
        """What a tag was when it was first seen; None for one that nobody pinned."""
        return self._pins.get((repository.name, tag))

    @cached_property
    def duds(self) -> frozenset[tuple[str, str]]:
        """Repository and tag or version of everything declared dead."""
        return frozenset((event.repository, event.name) for _, event in self.events(Dud))

    def is_dud(self, repository: Repository, tag: str) -> bool:
        """Whether a candidate is dead, by itself or with its whole version."""
        version = str(repository.version)
        return any((repository.name, name) in self.duds for name in (tag, version))

    def living(
        self, repository: Repository, candidates: Iterable[Candidate]
    ) -> tuple[Candidate, ...]:
        """The candidates of a repository that were not declared duds, in their order."""
        return tuple(c for c in candidates if not self.is_dud(repository, c.tag.name))

    def dud(self, repository: Repository, name: str) -> Declared | None:
        """Who first declared a candidate, or a version such as `2.15.0`, a dud."""
        for entry, event in self.events(Dud):
            if (event.repository, event.name) == (repository.name, name):
                return Declared(event.name, event.reason, entry.by, entry.at)
        return None

    def dud_version(self, repository: Repository) -> Declared | None:
        """Who declared the repository's whole version a dud; no candidate of it counts any more."""
        return self.dud(repository, str(repository.version))

    def used_numbers(self, repository: Repository) -> frozenset[int]:
        """Candidate numbers used up by pins, whose tags may be gone, and by duds."""
        names = {pin.tag for pin in self.pins if pin.repository == repository.name}
        names |= {name for repo, name in self.duds if repo == repository.name}
        return frozenset(
            found.number
            for found in map(repository.naming.candidate_of, names)
            if found is not None and found.version == repository.version
        )

    @cached_property
    def watched_pins(self) -> tuple[Pin, ...]:
        """The pins whose tags must stay where they are: a dud is no longer relied upon."""
        return tuple(pin for pin in self.pins if (pin.repository, pin.tag) not in self.duds)

    @cached_property
    def freezes(self) -> dict[tuple[str, str], Declared]:
        """Repository and branch → who froze it, of those that are frozen."""
        found: dict[tuple[str, str], Declared] = {}
        for entry, event in self.events(Event):
            if isinstance(event, Frozen):
                declared = Declared(event.branch, event.reason, entry.by, entry.at)
                found.setdefault((event.repository, event.branch), declared)
            elif isinstance(event, Unfrozen):
                found.pop((event.repository, event.branch), None)
        return found

    def frozen(self, repository: Repository) -> Declared | None:
        """Who froze the repository's release branch and why; None while it is open."""
        return self.freezes.get((repository.name, repository.release_branch))

    def decisions(self, team: Team) -> tuple[Answer, ...]:
        """What was decided about picks by those whose word counts, oldest first.

        Each by their login, as on the tracker: nobody is two people.
        """

        def login_of(entry: Entry) -> str:
            person = team.by_email(entry.email)
            return person.login if person else entry.by

        found = [
            Answer(event.pull, verdict, login_of(entry), entry.at)
            for verdict, kind in DECISIONS.items()
            for entry, event in self.events(kind)
            if team.may_approve(entry.email, entry.by)
        ]
        return tuple(sorted(found, key=lambda answer: answer.posted_at))

    @property
    def lease(self) -> Lease | None:
        """The lease that was taken last and not released, expired or not."""
        held: Lease | None = None
        for entry, event in self.events(Event):
            if isinstance(event, LeaseTaken):
                taken_at = held.taken_at if held and held.id == event.lease else entry.at
                held = Lease(
                    event.lease,
                    entry.by,
                    entry.email,
                    entry.host,
                    event.operation,
                    taken_at,
                    event.expires_at,
                )
            elif isinstance(event, LeaseReleased) and held and held.id == event.lease:
                held = None
        return held
