"""The order in which a reviewer goes through the checklist, and where to take it up again."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec

from cockpit.release.checklist import ItemState, Progress
from cockpit.release.people import Team
from cockpit.release.process import Process
from cockpit.release.signatures import why_not


class Tally(msgspec.Struct, frozen=True):
    """How far everybody together has come."""

    settled: int
    open: int
    """Items that wait for a person now."""
    yours: int
    """Of those, the ones that this person may sign."""
    skipped: int
    """Of those, the ones somebody left for later."""
    later: int
    """Items that wait for others, or for a gate."""


def pages(process: Process, states: Sequence[ItemState]) -> tuple[ItemState, ...]:
    """The items of this release, phase after phase; those of another kind of release are left out.

    Somebody's word that an item does not apply can be taken back, so that one keeps its page.
    """
    order = {phase.id: position for position, phase in enumerate(process.phases)}
    kept = [
        found
        for found in states
        if found.progress is not Progress.NOT_APPLICABLE or found.said.waived or found.verdict
    ]
    return tuple(sorted(kept, key=lambda found: order[found.item.phase]))


def wants_a_person(found: ItemState) -> bool:
    """Whether somebody has to look at it now: nothing else settles it."""
    if found.progress is Progress.PROBLEM:
        return True
    return found.item.gate is None and found.progress in (Progress.TO_DO, Progress.VOID)


def signable(process: Process, team: Team, email: str) -> frozenset[str]:
    """The items that a person may sign; all of them while nobody knows who it is."""
    return frozenset(
        item.id
        for item in process.items
        if not email or not why_not(process.role_of(item), team, email)
    )


def resume(walk: Sequence[ItemState], mine: Collection[str]) -> str:
    """The item to begin at: the first open one that this person may sign, then anybody's.

    Those that were skipped come after all others.
    """
    open_items = [found for found in walk if wants_a_person(found)]
    first = sorted(
        open_items, key=lambda found: (found.item.id not in mine, found.said.skipped is not None)
    )
    return next((found.item.id for found in (*first, *walk)), "")


def beside(walk: Sequence[ItemState], item_id: str, step: int) -> str:
    """The item one page further or back, of those there are; the last one stays where it is."""
    ids = [found.item.id for found in walk]
    return ids[min(max(ids.index(item_id) + step, 0), len(ids) - 1)]


def next_open(walk: Sequence[ItemState], item_id: str, step: int, mine: Collection[str]) -> str:
    """The next open item in this direction that this person may sign, around the circle.

    Where none is left it is anybody's, and itself without another.
    """
    at = [found.item.id for found in walk].index(item_id)
    around = (
        (*walk[at + 1 :], *walk[: at + 1]) if step > 0 else (*walk[:at][::-1], *walk[at:][::-1])
    )
    open_ones = [found.item.id for found in around if wants_a_person(found)]
    others = [item for item in open_ones if item != item_id]
    return next((item for item in others if item in mine), next(iter(others), item_id))


def tally(walk: Sequence[ItemState], mine: Collection[str]) -> Tally:
    """How far the checklist has come."""
    settled = sum(found.progress.settled for found in walk)
    open_items = [found for found in walk if wants_a_person(found)]
    skipped = sum(found.said.skipped is not None for found in open_items)
    yours = sum(found.item.id in mine for found in open_items)
    return Tally(settled, len(open_items), yours, skipped, len(walk) - settled - len(open_items))
