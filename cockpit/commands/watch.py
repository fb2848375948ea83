"""`watch`: tell when a candidate's builds change, and end with how they ended."""

from __future__ import annotations

import argparse
import asyncio
import signal
import time
from datetime import timedelta
from enum import IntEnum

import msgspec

from cockpit.commands.candidates import wanted_candidate, wanted_repository
from cockpit.commands.common import open_cockpit, seconds
from cockpit.commands.watch_output import Glance, Output, output_for, tells_what_is_left
from cockpit.errors import ExitCode
from cockpit.feeds.feed import Feed
from cockpit.release.build_changes import changes, following
from cockpit.release.candidates import Candidate
from cockpit.release.endings import end_at_timeout, end_of
from cockpit.release.jobs import CandidateBuilds
from cockpit.release.picture import End, Ending, Picture, picture_of
from cockpit.release.repos import Repository
from cockpit.release.state import FeedState, Reading
from cockpit.runtime import Cockpit

_TICK_S = 1.0
_FEEDS = ("branches", "ledger")
"""What the newest candidate is known from."""
_INTERVALS = {"branches": timedelta(seconds=60), "ledger": timedelta(seconds=20)}
_INTERVAL = timedelta(seconds=30)
"""Where the config looks only when asked; who watches asks."""
STOPPED = 130


class WatchCode(IntEnum):
    """What `--exit-status` adds to the exit codes of every command."""

    CANCELLED = 5
    TIMEOUT = 6
    NO_RUN = 7
    SUPERSEDED = 8


_CODES: dict[Ending, int] = {
    Ending.SUCCESS: ExitCode.OK,
    Ending.FAILURE: ExitCode.BLOCKED,
    Ending.CANCELLED: WatchCode.CANCELLED,
    Ending.TIMEOUT: WatchCode.TIMEOUT,
    Ending.NO_RUN: WatchCode.NO_RUN,
    Ending.SUPERSEDED: WatchCode.SUPERSEDED,
}


class Wish(msgspec.Struct, frozen=True):
    """What is to be watched, and for how long."""

    repository: Repository
    tag: str | None
    interval: timedelta | None
    timeout: timedelta | None
    grace: timedelta
    fail_fast: bool
    forecast: bool = False
    """Whether to tell when the builds will be done, which takes reading earlier candidates."""


def run(arguments: argparse.Namespace) -> int:
    """Watch until the builds end, the time is up, or somebody stops it."""
    cockpit = open_cockpit(arguments)
    wish = _wish(cockpit, arguments)
    output = output_for(arguments, cockpit.config.settings.notifications)
    watch = Watch(cockpit, wish, output)
    end = asyncio.run(watch.run())
    if end is None:
        return STOPPED
    if arguments.exit_status:
        return int(_CODES[end.ending])
    return int(ExitCode.UNREACHABLE if watch.unread else ExitCode.OK)


def _wish(cockpit: Cockpit, arguments: argparse.Namespace) -> Wish:
    return Wish(
        repository=wanted_repository(cockpit.config, arguments.repository),
        tag=arguments.candidate,
        interval=seconds("--interval", arguments.interval),
        timeout=seconds("--timeout", arguments.timeout),
        grace=seconds("--grace", arguments.grace) or timedelta(),
        fail_fast=arguments.fail_fast,
        forecast=tells_what_is_left(arguments),
    )


class Watch:
    """One candidate, looked at until it ends."""

    def __init__(self, cockpit: Cockpit, wish: Wish, output: Output) -> None:
        self._cockpit = cockpit
        self._wish = wish
        self._output = output
        self._news = asyncio.Event()
        self._stopped = False
        self._begun = False
        """Whether the first look at the candidates is over."""
        self._candidate: Candidate | None = None
        self._since = time.monotonic()
        """When the candidate was first seen."""
        self._older_than = 0
        """Candidates up to this number were there before watching began."""
        self._feed: Feed[CandidateBuilds] | None = None
        self._picture: Picture | None = None
        self._seen: object = None
        """The readings that the newest picture was made of."""

    @property
    def unread(self) -> bool:
        """Whether the builds cannot be read at the moment, or never could be."""
        return self._picture is None or not self._picture.read or bool(self._picture.trouble)

    async def run(self) -> End | None:
        """Watch; None when somebody stopped it."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stop)
        unsubscribe = self._cockpit.subscribe(self._news.set)
        try:
            beginning = asyncio.create_task(self._begin())
            end = await self._until_the_end()
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)
            unsubscribe()
            beginning.cancel()
            await self._cockpit.stop()
        self._output.ended(end, self._glance())
        return end

    async def _begin(self) -> None:
        """Learn which candidate is the newest by looking, not from what another cockpit knows."""
        feeds = [self._cockpit.feed(name) for name in _FEEDS]
        for feed in feeds:
            feed.interval = feed.interval or _INTERVALS[feed.name]
        self._cockpit.prepare()
        await self._cockpit.refresh(*_FEEDS)
        self._begun = True
        await self._cockpit.start(*feeds)
        self._news.set()

    async def _until_the_end(self) -> End | None:
        timeout = self._wish.timeout
        deadline = time.monotonic() + timeout.total_seconds() if timeout else None
        while not self._stopped:
            self._news.clear()
            await self._find()
            end = self._look()
            if end is not None:
                return end
            if deadline is not None and time.monotonic() >= deadline:
                return end_at_timeout(self._picture or self._unseen())
            self._output.tick(self._glance())
            left = deadline - time.monotonic() if deadline is not None else _TICK_S
            try:
                async with asyncio.timeout(max(min(left, _TICK_S), 0)):
                    await self._news.wait()
            except TimeoutError:
                continue
        return None

    async def _find(self) -> None:
        """Begin to look at the builds once it is known which."""
        state = self._cockpit.state
        if self._feed is not None or not self._begun or state.branches.value is None:
            return
        repository = self._wish.repository
        candidate = wanted_candidate(state, repository, self._wish.tag)
        if candidate is None:
            return
        self._candidate, self._since = candidate, time.monotonic()
        self._older_than = max(c.number for c in (candidate, *state.candidates_of(repository)))
        self._feed = self._cockpit.feed_of(repository, candidate)
        self._feed.interval = self._wish.interval or self._feed.interval or _INTERVAL
        await self._cockpit.start(self._feed)
        earlier = self._cockpit.feed("earlier")
        if self._wish.forecast and repository.name == state.spec.core.name and earlier.interval:
            await self._cockpit.start(earlier)

    def _look(self) -> End | None:
        """Tell what has changed since the last look; gives the end once there is one."""
        state = self._cockpit.state
        feed = self._feed.latest if self._feed else FeedState[CandidateBuilds]()
        others = (state.branches, state.ledger, state.earlier)
        seen = (feed.reading, feed.failure, *(other.reading for other in others))
        looked = feed.reading is not None or feed.failure is not None
        if looked and not feed.refreshing and self._differs(seen):
            self._seen = seen
            picture = picture_of(state, self._wish.repository, self._candidate, feed)
            picture = following(self._picture, self._without_older(picture))
            found = changes(self._picture, picture)
            first, self._picture = self._picture is None, picture
            if found or first:
                self._output.changed(found, self._glance())
        if self._picture is None or self._is_kept(feed.reading):
            return None
        now = msgspec.structs.replace(self._picture, now=state.now)
        return end_of(
            now,
            waited=timedelta(seconds=time.monotonic() - self._since),
            grace=self._wish.grace,
            fail_fast=self._wish.fail_fast,
        )

    def _differs(self, seen: tuple[object, ...]) -> bool:
        before = self._seen if isinstance(self._seen, tuple) else (None,) * len(seen)
        return any(now is not was for now, was in zip(seen, before, strict=True))

    def _is_kept(self, reading: Reading[CandidateBuilds] | None) -> bool:
        """Whether a reading is only what an earlier cockpit has left behind."""
        return self._feed is not None and reading is not None and not self._feed.looked

    def _without_older(self, picture: Picture) -> Picture:
        """Candidates that were there when watching began supersede nothing."""
        if picture.newer is None or picture.newer.number > self._older_than:
            return picture
        return msgspec.structs.replace(picture, newer=None)

    def _unseen(self) -> Picture:
        state = self._cockpit.state
        return picture_of(state, self._wish.repository, self._candidate, FeedState())

    def _glance(self) -> Glance:
        state = self._cockpit.state
        feed = self._feed.latest if self._feed else None
        known = feed if feed is not None else state.branches
        return Glance(
            picture=self._picture or self._unseen(),
            at=state.now,
            wall=state.wall,
            next_look=known.failure.retry_at if known.failure else known.next_look,
            trouble=str(known.failure) if known.failure else "",
            refreshing=known.refreshing or not self._begun,
            age=feed.age(state.wall) if feed is not None else None,
        )

    def _stop(self) -> None:
        self._stopped = True
        self._news.set()
