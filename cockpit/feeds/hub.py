"""All feeds of a release: one state, refreshed on schedule, told to whoever listens."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from typing import Any

from cockpit.backends.ports import ApiBudget, Clock
from cockpit.config import Config
from cockpit.feeds.cache import ReadingCache
from cockpit.feeds.feed import Feed, wall_now
from cockpit.feeds.looks import Looks
from cockpit.release.artifacts import Artifacts
from cockpit.release.branches import Branches
from cockpit.release.forecast import PredictionReading
from cockpit.release.jobs import (
    CandidateBuilds,
    Checks,
    ContinuousIntegration,
    EarlierBuilds,
    LibraryBuilds,
)
from cockpit.release.milestones import Milestone
from cockpit.release.picks import PickReading
from cockpit.release.preparation import Preparation
from cockpit.release.record import Ledger
from cockpit.release.state import ReleaseState
from cockpit.release.submodules import Submodules
from cockpit.release.trunk import TrunkReading

NAMES = (
    "branches",
    "ledger",
    "ci",
    "builds",
    "libraries",
    "earlier",
    "checks",
    "picks",
    "trunk",
    "predictions",
    "milestone",
    "artifacts",
    "preparation",
    "submodules",
)
_FIRST = ("branches", "ledger")
"""Feeds that others look through: a candidate's builds are found by its tag."""
_LAST = (("trunk",), ("predictions",))
"""Feeds that look through those before: trunk for what picks name, predictions for both."""
_LATER = tuple(name for group in _LAST for name in group)
_GROUPS = (_FIRST, tuple(name for name in NAMES if name not in (*_FIRST, *_LATER)), *_LAST)
_THRIFTY_BELOW = 0.2
_THRIFTY_FACTOR = 5
"""Below a fifth of GitHub's quota, feeds that spend it look five times as seldom."""
_SPEND_QUOTA = frozenset(
    {"ci", "builds", "libraries", "earlier", "checks", "picks", "trunk", "milestone", "preparation"}
)


class FeedHub:
    """Owns the feeds; everything happens on the event loop but the looks themselves."""

    def __init__(
        self,
        config: Config,
        looks: Looks,
        clock: Clock,
        cache: ReadingCache,
        budget: Callable[[], ApiBudget | None],
        me: Callable[[], str],
    ) -> None:
        self._config = config
        self._clock = clock
        self._budget = budget
        self._me = me
        self._listeners: list[Callable[[], None]] = []
        self._tasks: list[asyncio.Task[None]] = []

        def feed(name: str, value_type: Any, look: Any) -> Feed[Any]:
            return Feed(name, value_type, look, config.interval(name), cache)

        self.feeds: dict[str, Feed[Any]] = {
            "branches": feed("branches", Branches, looks.branches),
            "ledger": feed("ledger", Ledger, looks.ledger),
            "ci": feed("ci", ContinuousIntegration, looks.ci),
            "builds": feed("builds", CandidateBuilds, looks.builds),
            "libraries": feed("libraries", LibraryBuilds, looks.libraries),
            "earlier": feed("earlier", EarlierBuilds, looks.earlier),
            "checks": feed("checks", Checks, looks.checks),
            "picks": feed("picks", PickReading, looks.picks),
            "trunk": feed("trunk", TrunkReading, looks.trunk),
            "predictions": feed("predictions", PredictionReading, looks.predictions),
            "milestone": feed("milestone", Milestone, looks.milestone),
            "artifacts": feed("artifacts", Artifacts, looks.artifacts),
            "preparation": feed("preparation", Preparation, looks.preparation),
            "submodules": feed("submodules", Submodules, looks.submodules),
        }

    def state(self) -> ReleaseState:
        """The newest readings of all feeds at this moment."""
        latest = {name: feed.latest for name, feed in self.feeds.items()}
        return ReleaseState(
            spec=self._config.spec,
            now=self._clock.now(),
            wall=wall_now(),
            me=self._me(),
            **latest,
        )

    def subscribe(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` on the event loop after every change; returns what ends it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def refresh(self, names: Iterable[str] = NAMES) -> None:
        """Look now; the feeds that others look through go first."""
        wanted = tuple(names)
        for group in _GROUPS:
            await asyncio.gather(
                *(self._refresh(self.feeds[name]) for name in group if name in wanted)
            )

    def start(self) -> None:
        """Begin to look on schedule."""
        self._tasks = [asyncio.create_task(self._schedule())]

    def look_again(self) -> None:
        """Have everything looked at soon, where a schedule runs."""
        if self._tasks:
            self._tasks.append(asyncio.create_task(self.refresh()))

    async def stop(self) -> None:
        """End the schedule; looks that are under way are abandoned."""
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task
        self._tasks = []

    async def _schedule(self) -> None:
        await self.refresh()
        async with asyncio.TaskGroup() as group:
            for feed in self.feeds.values():
                group.create_task(self._repeat(feed))

    async def _repeat(self, feed: Feed[Any]) -> None:
        while (wait := feed.wait()) is not None:
            seconds = wait.total_seconds()
            if feed.name in _SPEND_QUOTA and self._thrifty():
                seconds *= _THRIFTY_FACTOR
            await asyncio.sleep(seconds)
            await self._refresh(feed)

    def _thrifty(self) -> bool:
        budget = self._budget()
        return budget is not None and budget.remaining < _THRIFTY_BELOW * budget.limit

    async def _refresh(self, feed: Feed[Any]) -> None:
        await feed.refresh(self.state, self._changed)

    def _changed(self) -> None:
        for listener in tuple(self._listeners):
            listener()
