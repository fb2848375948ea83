"""The release's time: the machine's, or a rehearsal's that may run fast."""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import msgspec

from cockpit.backends.ports import Clock
from cockpit.config import Settings
from cockpit.errors import Unreachable
from cockpit.threads import spread

_TIMEOUT_S = 2.0
_RESYNC_S = 2.0


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The time in UTC."""
        return datetime.now(UTC)


class _Reading(msgspec.Struct, frozen=True):
    now: datetime
    speed: float = 1.0
    read_at: float = 0.0
    """On the monotonic clock."""

    def extrapolated(self) -> datetime:
        return self.now + timedelta(seconds=(time.monotonic() - self.read_at) * self.speed)


class RehearsalClock:
    """A rehearsal's clock: asked every few seconds, and reckoned on in between."""

    def __init__(self, url: str, *, resync_s: float = _RESYNC_S) -> None:
        self._url = url
        self._resync_s = resync_s
        self._reading: _Reading | None = None
        self._next_sync = 0.0
        self._syncing = threading.Lock()

    def now(self) -> datetime:
        """The rehearsal's time in UTC; raises Unreachable only if it never answered."""
        reading = self._reading or self._first()
        if time.monotonic() >= self._next_sync and self._syncing.acquire(blocking=False):
            if _on_event_loop():
                # An interface does not wait for the world's time.
                spread([self._resync], threads=1)
            else:
                self._resync()
                reading = self._reading or reading
        return reading.extrapolated()

    def _resync(self) -> None:
        """Ask again; the world may be away, and its last pace is still the best guess then."""
        try:
            with suppress(Unreachable):
                self._sync()
        finally:
            self._syncing.release()

    def _first(self) -> _Reading:
        with self._syncing:
            return self._reading or self._sync()

    def _sync(self) -> _Reading:
        # Only rehearsals pay for importing the library's HTTP.
        from urllib.error import HTTPError
        from urllib.request import urlopen

        self._next_sync = time.monotonic() + self._resync_s
        try:
            with urlopen(self._url, timeout=_TIMEOUT_S) as answer:  # noqa: S310
                reading = msgspec.json.decode(answer.read(), type=_Reading)
        except (OSError, ValueError, msgspec.DecodeError) as err:
            if isinstance(err, HTTPError):
                err.close()
            raise Unreachable(
                "The rehearsal's clock cannot be reached",
                f"{self._url}: {getattr(err, 'reason', err)}",
                "is release-cockpit rehearse still running?",
            ) from err
        now = reading.now.astimezone(UTC)
        self._reading = _Reading(now, reading.speed, time.monotonic())
        return self._reading


def _on_event_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def clock_for(settings: Settings) -> Clock:
    """The clock the config names, else the machine's."""
    return RehearsalClock(settings.clock) if settings.clock else SystemClock()
