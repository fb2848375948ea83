"""One feed: a look at a backend, repeated, whose last good reading survives failures."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Generic, TypeVar

from cockpit.backends.ports import Answer
from cockpit.backends.threads import in_thread
from cockpit.errors import CockpitError, Throttled
from cockpit.feeds.cache import ReadingCache
from cockpit.release.state import Failure, FeedState, Reading, ReleaseState

T = TypeVar("T")
Look = Callable[[ReleaseState], Answer[T]]
LONGEST_WAIT = timedelta(minutes=15)


def wall_now() -> datetime:
    """The machine's time in UTC."""
    return datetime.now(UTC)


class Feed(Generic[T]):
    """Looks at one thing, by `look`, every `interval`."""

    def __init__(
        self,
        name: str,
        value_type: type[T],
        look: Look[T],
        interval: timedelta,
        cache: ReadingCache,
    ) -> None:
        self.name = name
        self.interval = interval
        self._look = look
        self._cache = cache
        self._failures = 0
        self._in_flight: asyncio.Task[None] | None = None
        self.latest: FeedState[T] = FeedState(
            reading=cache.load(name, value_type), interval=interval
        )

    @property
    def error(self) -> Failure | None:
        """Why the newest look failed."""
        return self.latest.failure

    def wait(self) -> timedelta | None:
        """Time until the next look; None when it is only taken by hand."""
        if not self.interval:
            return None
        if self.latest.failure is None:
            return self.interval
        if self.latest.failure.retry_at is not None:
            return max(self.latest.failure.retry_at - wall_now(), timedelta(seconds=1))
        doubled: timedelta = self.interval * 2 ** min(self._failures, 8)
        return min(doubled, LONGEST_WAIT)

    async def refresh(self, state: Callable[[], ReleaseState], changed: Callable[[], None]) -> None:
        """Look once; a look that is asked for while one is under way joins it."""
        if self._in_flight is None or self._in_flight.done():
            self._in_flight = asyncio.create_task(self._refresh(state, changed))
        await asyncio.shield(self._in_flight)

    async def _refresh(
        self, state: Callable[[], ReleaseState], changed: Callable[[], None]
    ) -> None:
        self._settle(self.latest.reading, self.latest.failure, refreshing=True)
        changed()
        reading, failure = self.latest.reading, None
        seen = state()
        try:
            answer = await in_thread(lambda: self._look(seen))
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
            reading = Reading(answer.value, wall_now(), answer.source, answer.missing)
            self._cache.store(self.name, reading)
        self._settle(reading, failure, refreshing=False)
        changed()

    def _settle(
        self, reading: Reading[T] | None, failure: Failure | None, *, refreshing: bool
    ) -> None:
        self.latest = FeedState(reading, failure, refreshing, self.interval)


def _failure(err: CockpitError) -> Failure:
    retry_at = None
    if isinstance(err, Throttled):
        retry_at = wall_now() + timedelta(seconds=err.retry_after_s)
    return Failure(err.title, err.detail, err.hint, wall_now(), retry_at)
