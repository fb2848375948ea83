"""Milestone items whose fix is on trunk and not on the release branch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from cockpit.release.lineage import HistoryCommit, Origin
from cockpit.release.milestones import MilestoneItem
from cockpit.release.undoing import Held, Told
from cockpit.release.words import short


class MissingFix(msgspec.Struct, frozen=True):
    """An item of the milestone with a fix that the branch lacks."""

    item: MilestoneItem
    fix: HistoryCommit
    why: str


class Fixes:
    """Which commits of trunk, since the cut, and of a branch are about which item."""

    def __init__(self, told: Told, branch: Sequence[Origin], held: Mapping[int, Held]) -> None:
        self._told = told
        self._held = held
        self._positions: dict[int, list[int]] = defaultdict(list)
        for position, commit in enumerate(told.trunk.commits[: told.trunk.own]):
            for number in dict.fromkeys((*commit.pulls, *commit.claims.closes)):
                self._positions[number].append(position)
        self._on_branch_alone = {
            number
            for origin in branch
            if not origin.sources
            for number in origin.commit.claims.closes
        }

    @property
    def since(self) -> datetime:
        """When the oldest commit was made that trunk alone has; nothing earlier can be missing."""
        trunk = self._told.trunk
        oldest = min((commit.at for commit in trunk.commits[: trunk.own]), default=0)
        return datetime.fromtimestamp(oldest, UTC)

    def open_questions(
        self, items: Iterable[MilestoneItem], since: datetime, ignored: Sequence[str]
    ) -> list[int]:
        """Issues that were resolved since the cut by no commit that says so: GitHub may know."""
        return [
            item.number
            for item in _wanted(items, ignored)
            if not item.is_pull
            and item.done
            and (item.closed_at is None or item.closed_at >= since)
            and item.number not in self._on_branch_alone
            and item.number not in self._positions
        ]

    def missing(
        self,
        items: Iterable[MilestoneItem],
        closed_by: Mapping[int, Sequence[str]],
        ignored: Sequence[str],
    ) -> Iterator[MissingFix]:
        """What the branch lacks; `closed_by` are SHAs that GitHub recorded, by item."""
        trunk = self._told.trunk
        for item in _wanted(items, ignored):
            if item.number in self._on_branch_alone:
                continue
            recorded = (trunk.position(sha) for sha in closed_by.get(item.number, ()))
            positions = dict.fromkeys(
                [
                    *self._positions.get(item.number, ()),
                    *(at for at in recorded if at is not None and at < trunk.own),
                ]
            )
            for position in sorted(positions, reverse=True):
                if why := self._lacking(position):
                    yield MissingFix(item, trunk.commits[position], why)

    def _lacking(self, position: int) -> str:
        """Why a fix is missing; empty when it is not, or is a fix no more."""
        effects = self._told.of(position)
        standing = [root for root, sign in effects.items() if sign > 0 and self._told.is_on(root)]
        held = [self._held[root] for root in standing if root in self._held]
        if not standing or any(each.on for each in held):
            return ""
        landed = f"fixed on trunk since the cut by {short(self._told.trunk.commits[position].sha)}"
        if held:
            return f"{landed}, picked and taken off the branch again by {short(held[0].commit)}"
        return f"{landed}, not on the branch"


def _wanted(items: Iterable[MilestoneItem], ignored: Sequence[str]) -> Iterator[MilestoneItem]:
    return (item for item in items if not set(ignored).intersection(item.labels))
