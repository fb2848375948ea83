"""The checklist: the steps of a release, and how each of them stands on this candidate."""

from __future__ import annotations

from collections.abc import Collection
from enum import Enum

import msgspec

from cockpit.release.commits import short
from cockpit.release.gates import GATES
from cockpit.release.overrides import override_of
from cockpit.release.people import OwnerRole
from cockpit.release.phases import PhaseId, standing
from cockpit.release.process import Item, Phase, Process
from cockpit.release.signatures import Said, Signature, Standing, signed_words, standing_of
from cockpit.release.state import ReleaseState
from cockpit.release.verdicts import Outcome, Verdict
from cockpit.release.words import few


class Progress(Enum):
    """How an item stands."""

    PASSED = "passed"
    SIGNED = "signed"
    OVERRIDDEN = "overridden"
    NOT_APPLICABLE = "does not apply"
    FAILED = "failed"
    PROBLEM = "problem"
    """Somebody reported one; it is neither withdrawn nor signed after."""
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


class ItemState(msgspec.Struct, frozen=True):
    """An item and how it stands."""

    item: Item
    progress: Progress
    words: str
    verdict: Verdict | None = None
    said: Standing = Standing()
    """What people said of it."""
    waits_for: tuple[str, ...] = ()
    """Ids of the items it needs that are not settled."""

    @property
    def signatures(self) -> tuple[Signature, ...]:
        """Every word about it, oldest first."""
        return self.said.signatures


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
    alone = {item.id: judged(item, process.role_of(item), state) for item in process.items}
    settled = {item_id for item_id, found in alone.items() if found.progress.settled}
    return tuple(_in_order(alone[item.id], settled, present) for item in process.items)


def judged(item: Item, role: OwnerRole, state: ReleaseState) -> ItemState:
    """An item by itself, whatever it needs."""
    without = item.beside(state.spec.version)
    if without:
        return ItemState(item, Progress.NOT_APPLICABLE, without)
    said = standing_of(item, role, state)
    if said.problems:
        last = said.problems[-1]
        verdict = GATES[item.gate].judge(state) if item.gate else None
        return ItemState(item, Progress.PROBLEM, f"{last.by}: {last.note}", verdict, said)
    if item.gate is not None:
        return _gated(item, item.gate, state, said)
    if said.waived is not None:
        words = f"{said.waived.by}: {said.waived.note}"
        return ItemState(item, Progress.NOT_APPLICABLE, words, None, said)
    if said.signers:
        done = not said.missing(item.signers)
        progress = Progress.SIGNED if done else Progress.TO_DO
        return ItemState(item, progress, signed_words(said, item.signers), None, said)
    ended = [word for word in said.signatures if word.void and word.said in _ENDING]
    if ended:
        last = ended[-1]
        words = f"void: {last.by} {_ENDING[last.said]} {short(last.commit_sha)}, {last.void}"
        return ItemState(item, Progress.VOID, words, None, said)
    uncounted = [word for word in said.signatures if word.uncounted and word.said in _ENDING]
    words = f"{item.owner} signs"
    if uncounted:
        words = f"the word of {uncounted[-1].by} does not count: {uncounted[-1].uncounted}"
    return ItemState(item, Progress.TO_DO, words, None, said)


_ENDING = {Said.SIGNED: "signed", Said.NOT_APPLICABLE: "waived it for"}


def _gated(item: Item, gate: str, state: ReleaseState, said: Standing) -> ItemState:
    verdict = GATES[gate].judge(state)
    if not verdict.clear:
        override = override_of(gate, state)
        if override is not None:
            return ItemState(item, Progress.OVERRIDDEN, override.describe(), verdict, said)
    progress = {
        Outcome.PASSED: Progress.PASSED,
        Outcome.NOT_APPLICABLE: Progress.NOT_APPLICABLE,
        Outcome.FAILED: Progress.TO_DO if verdict.pending else Progress.FAILED,
        Outcome.UNKNOWN: Progress.UNDER_WAY if verdict.pending else Progress.UNKNOWN,
    }[verdict.outcome]
    return ItemState(item, progress, verdict.headline, verdict, said)


def unlocked_by(
    process: Process, states: Collection[ItemState], item_id: str, irreversible: Collection[str]
) -> tuple[Item, ...]:
    """The items with an irreversible operation that wait for this item's signature alone.

    Gates are left out of account: they are judged anew when the operation is planned.
    """
    unsettled = {found.item.id for found in states if not found.progress.settled}
    unsigned = {key for key in unsettled if process.by_id[key].gate is None}
    return tuple(
        item
        for item in process.items
        if item.operation in irreversible
        and item.id in unsettled
        and unsigned.intersection(item.needs) == {item_id}
    )


def _in_order(found: ItemState, settled: set[str], present: PhaseId) -> ItemState:
    """An item among the others: what is not settled waits for what it needs."""
    waits_for = tuple(need for need in found.item.needs if need not in settled)
    if found.progress.settled:
        return found
    later = found.item.phase.order > present.order
    red = found.progress is Progress.FAILED and not later
    loud = found.progress in (Progress.VOID, Progress.PROBLEM)
    if waits_for and not red and not loud:
        words = f"waits for {few(waits_for, 1)}"
        return msgspec.structs.replace(
            found, progress=Progress.WAITING, words=words, waits_for=waits_for
        )
    if later and found.progress in (Progress.FAILED, Progress.UNKNOWN):
        return msgspec.structs.replace(found, progress=Progress.TO_DO)
    return found
