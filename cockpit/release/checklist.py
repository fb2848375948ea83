"""The checklist: the steps of a release, and how each of them stands on this candidate."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from functools import cached_property
from typing import Literal

import msgspec

from cockpit.release.commits import short
from cockpit.release.gates import GATES
from cockpit.release.lookups import branch_of
from cockpit.release.overrides import override_of
from cockpit.release.people import OwnerRole
from cockpit.release.phases import PhaseId, standing
from cockpit.release.record import Signed
from cockpit.release.state import ReleaseState
from cockpit.release.verdicts import Outcome, Verdict
from cockpit.release.versions import Line, Version


class Kind(Enum):
    """How an item is done."""

    AUTO = "auto"
    """An operation or a service does it."""
    GATE = "gate"
    """It is a condition that must hold."""
    MANUAL = "manual"
    """A person does it and signs."""


class Phase(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One phase as a process titles it."""

    id: PhaseId
    number: int
    title: str


class Item(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One step of a process."""

    id: str
    phase: PhaseId
    title: str
    kind: Kind
    owner: str
    """The role that answers for it, one of the process's roles."""
    what: str = ""
    """What is done, in a few sentences."""
    why: str = ""
    needs: tuple[str, ...] = ()
    """Items that come before it."""
    applies_to: Literal["any", "minor", "patch"] = "any"
    since: str = ""
    """The first line that has it, such as `2.6`; empty for all."""
    until: str = ""
    """The last line that has it."""
    binds: Literal["candidate", "release"] = "candidate"
    """What a signature holds for: this candidate alone, or the whole release."""
    gate: str | None = None
    operation: str | None = None
    evidence: str = ""
    """What a signature should point at."""
    links: tuple[str, ...] = ()
    signers: int = 1
    """How many people have to sign it."""
    left_out: str = ""
    """Why a project does without it; it stays visible, and holds nothing up."""

    def beside(self, version: Version) -> str:
        """Why a release does without this item; empty where it does not."""
        kind = "patch" if version.patch else "minor"
        if self.left_out:
            return f"left out: {self.left_out}"
        if self.applies_to not in ("any", kind):
            return f"only for a {self.applies_to} release"
        if self.since and version.line < Line.parse(self.since):
            return f"only from {self.since} on"
        if self.until and version.line > Line.parse(self.until):
            return f"only up to {self.until}"
        return ""


class Process(msgspec.Struct, frozen=True, dict=True):
    """A release process: phases in order, the items of each, and the roles that own them."""

    phases: tuple[Phase, ...]
    items: tuple[Item, ...]
    roles: tuple[OwnerRole, ...] = ()

    @cached_property
    def by_id(self) -> dict[str, Item]:
        """Items by their id."""
        return {item.id: item for item in self.items}

    def role_of(self, item: Item) -> OwnerRole:
        """The role that answers for an item, with the duty that signing it takes."""
        found = (role for role in self.roles if role.id == item.owner)
        return next(found, OwnerRole(item.owner))

    def phase(self, phase_id: PhaseId) -> Phase:
        """The phase of this id, titled by its id where the process does not name it."""
        untitled = Phase(phase_id, phase_id.order + 1, phase_id.value.replace("-", " "))
        return next((phase for phase in self.phases if phase.id is phase_id), untitled)


class Progress(Enum):
    """How an item stands."""

    PASSED = "passed"
    SIGNED = "signed"
    OVERRIDDEN = "overridden"
    NOT_APPLICABLE = "does not apply"
    FAILED = "failed"
    UNKNOWN = "unknown"
    VOID = "signature void"
    WAITING = "waits"
    UNDER_WAY = "under way"
    TO_DO = "to do"

    @property
    def settled(self) -> bool:
        """Whether later items may go on."""
        return self in (
            Progress.PASSED,
            Progress.SIGNED,
            Progress.OVERRIDDEN,
            Progress.NOT_APPLICABLE,
        )


class Signature(msgspec.Struct, frozen=True):
    """Somebody's word for an item."""

    by: str
    at: datetime
    commit_sha: str
    note: str
    links: tuple[str, ...]
    void: bool
    """Given for another candidate than the present one."""


class ItemState(msgspec.Struct, frozen=True):
    """An item and how it stands."""

    item: Item
    progress: Progress
    words: str
    verdict: Verdict | None = None
    signatures: tuple[Signature, ...] = ()
    waits_for: tuple[str, ...] = ()
    """Ids of the items it needs that are not settled."""


class CurrentPhase(msgspec.Struct, frozen=True):
    """The phase the release is in, and how that is known."""

    phase: Phase
    reason: str


def current_phase(process: Process, state: ReleaseState) -> CurrentPhase:
    """The phase the release is in, as the process titles it."""
    found = standing(state)
    return CurrentPhase(process.phase(found.phase), found.reason)


def item_states(process: Process, state: ReleaseState) -> tuple[ItemState, ...]:
    """How every item stands, in the process's order."""
    present = standing(state).phase
    alone = {item.id: _judged(item, state) for item in process.items}
    settled = {item_id for item_id, found in alone.items() if found.progress.settled}
    return tuple(_in_order(alone[item.id], settled, present) for item in process.items)


def _judged(item: Item, state: ReleaseState) -> ItemState:
    """An item by itself, whatever it needs."""
    without = item.beside(state.spec.version)
    if without:
        return ItemState(item, Progress.NOT_APPLICABLE, without)
    signatures = _signatures(item, state)
    if item.gate is not None:
        return _gated(item, item.gate, state, signatures)
    valid = [signature for signature in signatures if not signature.void]
    if valid:
        last = valid[-1]
        words = f"signed by {last.by}, {last.at:%d %b %H:%M} UTC"
        return ItemState(item, Progress.SIGNED, words, None, signatures)
    if signatures:
        last = signatures[-1]
        now = state.candidate.tag.name if state.candidate else "the candidate"
        words = f"void: {last.by} signed {short(last.commit_sha)}, {now} is another commit"
        return ItemState(item, Progress.VOID, words, None, signatures)
    return ItemState(item, Progress.TO_DO, f"{item.owner} signs")


def _gated(
    item: Item, gate: str, state: ReleaseState, signatures: tuple[Signature, ...]
) -> ItemState:
    verdict = GATES[gate].judge(state)
    if not verdict.clear:
        override = override_of(gate, state)
        if override is not None:
            words = override.describe()
            return ItemState(item, Progress.OVERRIDDEN, words, verdict, signatures)
    progress = {
        Outcome.PASSED: Progress.PASSED,
        Outcome.NOT_APPLICABLE: Progress.NOT_APPLICABLE,
        Outcome.FAILED: Progress.TO_DO if verdict.pending else Progress.FAILED,
        Outcome.UNKNOWN: Progress.UNDER_WAY if verdict.pending else Progress.UNKNOWN,
    }[verdict.outcome]
    return ItemState(item, progress, verdict.headline, verdict, signatures)


def bound_to(item: Item, state: ReleaseState) -> str:
    """The commit a signature of this item holds for; empty where none is known yet."""
    if item.binds == "release":
        branch = branch_of(state, state.spec.core)
        return branch.cut_point.sha if branch and branch.cut_point else ""
    return state.candidate.commit_sha if state.candidate else ""


def _signatures(item: Item, state: ReleaseState) -> tuple[Signature, ...]:
    sha = bound_to(item, state)
    return tuple(
        Signature(
            by=entry.by,
            at=entry.at,
            commit_sha=event.commit_sha,
            note=event.note,
            links=event.links,
            void=item.binds == "candidate" and (not sha or event.commit_sha != sha),
        )
        for entry, event in state.record.events(Signed)
        if event.item == item.id
    )


def _in_order(found: ItemState, settled: set[str], present: PhaseId) -> ItemState:
    """An item among the others: what is not settled waits for what it needs."""
    waits_for = tuple(need for need in found.item.needs if need not in settled)
    if found.progress.settled:
        return found
    later = found.item.phase.order > present.order
    red = found.progress is Progress.FAILED and not later
    if waits_for and not red and found.progress is not Progress.VOID:
        words = f"waits for {waits_for[0]}" + (
            f" and {len(waits_for) - 1} more" if waits_for[1:] else ""
        )
        return msgspec.structs.replace(
            found, progress=Progress.WAITING, words=words, waits_for=waits_for
        )
    if later and found.progress in (Progress.FAILED, Progress.UNKNOWN):
        return msgspec.structs.replace(found, progress=Progress.TO_DO)
    return found
