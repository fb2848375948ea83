"""The order in which a reviewer goes through the checklist, and where to take it up again."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from cockpit.release.checklist import ItemState, Process, Progress


class Tally(msgspec.Struct, frozen=True):
    """How far everybody together has come."""

    settled: int
    open: int
    """Items that wait for a person now."""
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


def resume(walk: Sequence[ItemState]) -> str:
    """The item to begin at: the first that is open, those that were skipped after all others."""
    open_items = [found for found in walk if wants_a_person(found)]
    first = [found for found in open_items if found.said.skipped is None]
    return next((found.item.id for found in (*first, *open_items, *walk)), "")


def beside(walk: Sequence[ItemState], item_id: str, step: int) -> str:
    """The item one page further or back; the last one stays where it is."""
    ids = [found.item.id for found in walk]
    if item_id not in ids:
        return resume(walk)
    return ids[min(max(ids.index(item_id) + step, 0), len(ids) - 1)]


def next_open(walk: Sequence[ItemState], item_id: str, step: int) -> str:
    """The next item in this direction that is open, around the circle; itself without another."""
    ids = [found.item.id for found in walk]
    if item_id not in ids:
        return resume(walk)
    at = ids.index(item_id)
    around = (
        (*walk[at + 1 :], *walk[: at + 1]) if step > 0 else (*walk[:at][::-1], *walk[at:][::-1])
    )
    return next((found.item.id for found in around if wants_a_person(found)), item_id)


def tally(walk: Sequence[ItemState]) -> Tally:
    """How far the checklist has come."""
    settled = sum(found.progress.settled for found in walk)
    open_items = [found for found in walk if wants_a_person(found)]
    skipped = sum(found.said.skipped is not None for found in open_items)
    return Tally(settled, len(open_items), skipped, len(walk) - settled - len(open_items))
