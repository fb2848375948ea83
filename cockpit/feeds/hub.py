"""All feeds of a release: one state, refreshed on schedule, told to whoever listens."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

import msgspec

from cockpit.backends.ports import ApiBudget, Clock
from cockpit.config import Config
from cockpit.feeds.cache import ReadingCache
from cockpit.feeds.feed import Feed, wall_now
from cockpit.feeds.looks import Looks
from cockpit.feeds.pace import thrift_factor
from cockpit.release.artifacts import Artifacts
from cockpit.release.branches import Branches
from cockpit.release.candidates import Candidate
from cockpit.release.docs import DocsEntry
from cockpit.release.forecast import PredictionReading
from cockpit.release.jobs import (
    CandidateBuilds,
    Checks,
    ContinuousIntegration,
    EarlierBuilds,
    LibraryBuilds,
)
from cockpit.release.milestones import Milestone
from cockpit.release.mirror import Mirror
from cockpit.release.picks import PickReading
from cockpit.release.preparation import Preparation
from cockpit.release.promotion import Promotion
from cockpit.release.publishing_facts import Publishing
from cockpit.release.readiness import Confirmations, Credentials, Dependency
from cockpit.release.record import Ledger
from cockpit.release.repos import Repository
from cockpit.release.state import FeedState, ReleaseState
from cockpit.release.submodules import Submodules
from cockpit.release.trunk import TrunkReading
from cockpit.release.validations import Validations

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
    "publishing",
    "promotion",
    "docs",
    "validations",
    "mirror",
    "preparation",
    "submodules",
    "confirmations",
    "dependencies",
    "credentials",
)
_FIRST = ("branches", "ledger")
"""Feeds that others look through: a candidate's builds are found by its tag."""
_LAST = (("trunk",), ("predictions",))
"""Feeds that look through those before: trunk for what picks name, predictions for both."""
_LATER = tuple(name for group in _LAST for name in group)
_SPEND_QUOTA = frozenset(
    {
        *("ci", "builds", "libraries", "earlier", "checks", "picks", "trunk", "milestone"),
        *("validations", "mirror", "preparation", "confirmations", "credentials"),
    }
)
"""Feeds that look more seldom while they find nothing new, or while the quota shrinks."""
_OF_CANDIDATES = ("builds", "libraries", "earlier", "checks", "confirmations")
"""Feeds that look at once when another candidate is the newest."""


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
        self._cache = cache
        self._looks = looks
        self._me = me
        self._listeners: list[Callable[[], None]] = []
        self._tasks: list[asyncio.Task[None]] = []

        def feed(name: str, value_type: Any, look: Any, fits: Any = None) -> Feed[Any]:
            interval = config.interval(name)
            thrift = self._thrift if name in _SPEND_QUOTA else None
            return Feed(name, value_type, look, interval, cache, thrift=thrift, fits=fits)

        self.feeds: dict[str, Feed[Any]] = {
            "branches": feed("branches", Branches, looks.branches),
            "ledger": feed("ledger", Ledger, looks.ledger),
            "ci": feed("ci", ContinuousIntegration, looks.ci),
            "builds": feed("builds", CandidateBuilds, looks.builds, _of_newest),
            "libraries": feed("libraries", LibraryBuilds, looks.libraries),
            "earlier": feed("earlier", EarlierBuilds, looks.earlier),
            "checks": feed("checks", Checks, looks.checks),
            "picks": feed("picks", PickReading, looks.picks),
            "trunk": feed("trunk", TrunkReading, looks.trunk),
            "predictions": feed("predictions", PredictionReading, looks.predictions),
            "milestone": feed("milestone", Milestone, looks.milestone),
            "artifacts": feed("artifacts", Artifacts, looks.artifacts),
            "publishing": feed("publishing", Publishing, looks.publishing),
            "promotion": feed("promotion", Promotion, looks.promotion),
            "docs": feed("docs", DocsEntry, looks.docs),
            "mirror": feed("mirror", Mirror, looks.mirror),
            "validations": feed("validations", Validations, looks.validations),
            "preparation": feed("preparation", Preparation, looks.preparation),
            "submodules": feed("submodules", Submodules, looks.submodules),
            "confirmations": feed("confirmations", Confirmations, looks.confirmations),
            "dependencies": feed("dependencies", Dependency, looks.dependencies),
            "credentials": feed("credentials", Credentials, looks.credentials),
        }

    def state(self) -> ReleaseState:
        """The newest readings of all feeds at this moment."""
        latest = {name: self._latest(feed) for name, feed in self.feeds.items()}
        return ReleaseState(
            spec=self._config.spec,
            now=self._clock.now(),
            wall=wall_now(),
            me=self._me(),
            **latest,
        )

    def _latest(self, feed: Feed[Any]) -> FeedState[Any]:
        """A feed as it stands; where no schedule runs, what was read here is as new as it gets."""
        if self._tasks or not feed.looked:
            return feed.latest
        return msgspec.structs.replace(feed.latest, interval=timedelta())

    def subscribe(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` on the event loop after every change; returns what ends it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def feed_of(self, repository: Repository, candidate: Candidate) -> Feed[CandidateBuilds]:
        """The builds of one candidate: the newest of core's, or any other's by a feed of its own.

        The latter is part of no state; whoever asks for it has it looked at.
        """
        if (repository, candidate) == (self._config.core, self.state().candidate):
            return self.feeds["builds"]
        return Feed(
            f"builds-{repository.short_name}-{candidate.tag.name.replace('/', '-')}",
            CandidateBuilds,
            partial(self._looks.candidate, repository, candidate),
            self._config.interval("builds"),
            self._cache,
            thrift=self._thrift,
            fits=lambda builds, _: builds.candidate == candidate,
        )

    async def refresh(self, names: Iterable[str] = NAMES) -> None:
        """Look now; the feeds that others look through go first."""
        await self._refresh_all([self.feeds[name] for name in NAMES if name in set(names)])

    def prepare(self) -> None:
        """Get ready to ask GitHub, while something else is waited for."""
        self._looks.prepare()

    async def refresh_feed(self, feed: Feed[Any]) -> None:
        """Look now, at a feed that may be part of no state."""
        await self._refresh(feed, shared=False)

    def start(self, feeds: Iterable[Feed[Any]] = ()) -> None:
        """Begin to look on schedule, at these feeds too, or at all of the release."""
        wanted = tuple(feeds) or tuple(self.feeds.values())
        self._tasks.append(asyncio.create_task(self._schedule(wanted)))

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

    async def _schedule(self, feeds: Sequence[Feed[Any]]) -> None:
        await self._refresh_all([feed for feed in feeds if not feed.looked], shared=True)
        async with asyncio.TaskGroup() as group:
            for feed in feeds:
                group.create_task(self._repeat(feed))

    async def _repeat(self, feed: Feed[Any]) -> None:
        while await feed.due():
            await self._refresh(feed, shared=True)

    def _thrift(self) -> float:
        return thrift_factor(self._budget())

    async def _refresh_all(self, feeds: Sequence[Feed[Any]], *, shared: bool = False) -> None:
        first = [feed for feed in feeds if feed.name in _FIRST]
        if first and len(first) < len(feeds):
            self._looks.prepare()
        middle = [feed for feed in feeds if feed.name not in (*_FIRST, *_LATER)]
        last = ([feed for feed in feeds if feed.name in names] for names in _LAST)
        for group in (first, middle, *last):
            await asyncio.gather(*(self._refresh(feed, shared=shared) for feed in group))

    async def _refresh(self, feed: Feed[Any], *, shared: bool) -> None:
        before = self._newest_candidates() if feed.name in _FIRST else ()
        await feed.refresh(self.state, self._changed, shared=shared)
        if feed.name in _FIRST and self._newest_candidates() != before:
            for name in _OF_CANDIDATES:
                self.feeds[name].hurry()

    def _newest_candidates(self) -> tuple[Candidate | None, ...]:
        state = self.state()
        return tuple(state.candidate_of(repository) for repository in self._config.repositories)

    def _changed(self) -> None:
        for listener in tuple(self._listeners):
            listener()


def _of_newest(builds: CandidateBuilds, state: ReleaseState) -> bool:
    return builds.candidate == state.candidate
