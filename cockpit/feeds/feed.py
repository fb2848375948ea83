"""One feed: a look at a backend, repeated, whose last good reading survives failures."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Generic, TypeVar

import msgspec

from cockpit.backends.ports import Answer
from cockpit.errors import CockpitError, Throttled
from cockpit.feeds.cache import ReadingCache
from cockpit.feeds.pace import LONGEST_WAIT, quiet_factor, slowed
from cockpit.release.state import Failure, FeedState, Reading, ReleaseState
from cockpit.threads import in_thread

T = TypeVar("T")
Look = Callable[[ReleaseState], Answer[T]]
_SOONEST = timedelta(seconds=1)


def wall_now() -> datetime:
    """The machine's time in UTC."""
    return datetime.now(UTC)


class Feed(Generic[T]):
    """Looks at one thing, by `look`, every `interval`.

    Cockpits that share a cache share its readings: one that finds a reading there younger than its
    interval takes it instead of looking. Where `fits` is given, the reading has to fit the state.
    `thrift` slows down a feed that spends something scarce; such a feed also slows down by itself
    while it finds nothing new.
    """

    def __init__(
        self,
        name: str,
        value_type: type[T],
        look: Look[T],
        interval: timedelta,
        cache: ReadingCache,
        *,
        thrift: Callable[[], float] | None = None,
        fits: Callable[[T, ReleaseState], bool] | None = None,
    ) -> None:
        self.name = name
        self.interval = interval
        self._value_type = value_type
        self._look = look
        self._cache = cache
        self._thrift = thrift
        self._fits = fits
        self._failures = 0
        self._unchanged = 0
        self.looked = False
        """Whether a look of this process has succeeded, its own or a borrowed one."""
        self._borrowed_age = timedelta()
        self._hurried = False
        self._woken = asyncio.Event()
        self._in_flight: asyncio.Task[None] | None = None
        self.latest: FeedState[T] = FeedState(
            reading=cache.load(name, value_type), interval=interval
        )

    @property
    def error(self) -> Failure | None:
        """Why the newest look failed."""
        return self.latest.failure

    @property
    def pace(self) -> timedelta:
        """The time between two looks at the moment."""
        if self._thrift is None:
            return self.interval
        return slowed(self.interval, quiet_factor(self._unchanged) * self._thrift())

    def wait(self) -> timedelta | None:
        """Time until the next look; None when it is only taken by hand."""
        if not self.interval:
            return None
        if self.latest.failure is None:
            return max(self.pace - self._borrowed_age, min(_SOONEST, self.interval))
        if self.latest.failure.retry_at is not None:
            return max(self.latest.failure.retry_at - wall_now(), _SOONEST)
        doubled: timedelta = self.interval * 2 ** min(self._failures, 8)
        return min(doubled, max(self.interval, LONGEST_WAIT))

    async def due(self) -> bool:
        """Wait until the next look is due or was asked for; False when it is only taken by hand."""
        while (wait := self.wait()) is not None:
            self._woken.clear()
            self.latest = msgspec.structs.replace(
                self.latest,
                interval=self.pace,
                slowed=self.pace > self.interval,
                next_look=wall_now() + wait,
            )
            try:
                # `wait_for` loses a cancellation that comes together with the event.
                async with asyncio.timeout(wait.total_seconds()):
                    await self._woken.wait()
            except TimeoutError:
                return True
            if self._hurried:
                self._hurried = False
                return True
        return False

    def hurry(self) -> None:
        """Look again at once where a schedule runs, and at the usual pace from then on."""
        self._unchanged = 0
        self._hurried = True
        self._woken.set()

    async def refresh(
        self,
        state: Callable[[], ReleaseState],
        changed: Callable[[], None],
        *,
        shared: bool = False,
    ) -> None:
        """Look once; a look that is asked for while one is under way joins it.

        A `shared` look is content with what another cockpit has found within the interval. One
        that somebody asked for is not, and the schedule goes on from it at the usual pace.
        """
        if self._in_flight is None or self._in_flight.done():
            self._in_flight = asyncio.create_task(self._refresh(state, changed, shared=shared))
        await asyncio.shield(self._in_flight)
        if not shared:
            self._unchanged = 0
            self._woken.set()

    async def _refresh(
        self, state: Callable[[], ReleaseState], changed: Callable[[], None], *, shared: bool
    ) -> None:
        self._settle(self.latest.reading, self.latest.failure, refreshing=True)
        changed()
        reading, failure = self.latest.reading, None
        seen = state()
        try:
            reading, same = await in_thread(partial(self._read, seen, shared=shared))
        except CockpitError as err:
            self._failures += 1
            failure = _failure(err)
        except Exception as err:  # noqa: BLE001  (a defect must show on its pane, not end the loop)
            self._failures += 1
            failure = Failure(
                f"{self.name} could not be read: a defect in the cockpit",
                f"{type(err).__name__}: {err}",
                "run again with --debug and report the log file",
                wall_now(),
            )
        else:
            self._failures = 0
            self.looked = True
            self._unchanged = self._unchanged + 1 if same else 0
        self._settle(reading, failure, refreshing=False)
        changed()

    def _taken(self, seen: ReleaseState, *, shared: bool) -> Reading[T]:
        """A reading of our own, or another cockpit's that is fresh enough."""
        with self._cache.turn(self.name, wait=shared):
            borrowed = self._borrowed(seen) if shared else None
            if borrowed is not None:
                self._borrowed_age = wall_now() - borrowed.taken_at
                return borrowed
            answer = self._look(seen)
            self._borrowed_age = timedelta()
            reading = Reading(answer.value, wall_now(), answer.source, answer.missing)
            self._cache.store(self.name, reading)
            return reading

    def _borrowed(self, seen: ReleaseState) -> Reading[T] | None:
        """What another cockpit, or this one before it was closed, has found within the pace."""
        kept = self._cache.newer(self.name, self._value_type)
        if kept is None and not self.looked:
            kept = self.latest.reading
        if kept is None or (self._fits is not None and not self._fits(kept.value, seen)):
            return None
        age = wall_now() - kept.taken_at
        return kept if timedelta() <= age < self.pace else None

    def _read(self, seen: ReleaseState, *, shared: bool) -> tuple[Reading[T], bool]:
        """A new reading, and whether it tells nothing new.

        An equal value stays the object it was, so that nothing that follows from it is made anew.
        """
        reading, before = self._taken(seen, shared=shared), self.latest.reading
        if before is None or before.value != reading.value:
            return reading, False
        kept = msgspec.structs.replace(reading, value=before.value)
        return kept, before.missing == reading.missing

    def _settle(
        self, reading: Reading[T] | None, failure: Failure | None, *, refreshing: bool
    ) -> None:
        self.latest = msgspec.structs.replace(
            self.latest, reading=reading, failure=failure, refreshing=refreshing
        )


def _failure(err: CockpitError) -> Failure:
    retry_at = None
    if isinstance(err, Throttled):
        retry_at = wall_now() + timedelta(seconds=err.retry_after_s)
    return Failure(err.title, err.detail, err.hint, wall_now(), retry_at)
