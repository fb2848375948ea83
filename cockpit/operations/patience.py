"""Many transfers at once that survive a store's bad moments, and stop when a person says so."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from cockpit.errors import (
    AccessDenied,
    Cancelled,
    CockpitError,
    CredentialExpired,
    Throttled,
    Unreachable,
)
from cockpit.operations.plan import Progress
from cockpit.threads import spread

T = TypeVar("T")
RELOGIN_S = 3.0
"""How often an expired credential is tried again."""
_BAD_MOMENTS = 6
"""How often in a row a store may fail to answer before that is the answer."""
_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 30.0
_TOLD_EVERY_S = 0.2


class Meter:
    """Counts what many threads transfer, tells it in moderation, and stops them."""

    def __init__(
        self,
        total: int,
        objects: int,
        report: Callable[[Progress], None],
        cancel: threading.Event,
    ) -> None:
        self._total = total
        self._objects = objects
        self._report = report
        self._cancel = cancel
        self._done = 0
        self._finished = 0
        self._paused: dict[int, str] = {}
        self._lock = threading.Lock()
        self._told = 0.0
        self._failed = threading.Event()

    @contextmanager
    def attempt(self) -> Iterator[Callable[[int], None]]:
        """A try at one object: its bytes do not count when it fails."""
        mine = 0

        def tell(number: int) -> None:
            nonlocal mine
            mine += number
            self._add(number)
            self.check()

        try:
            yield tell
        except BaseException:
            self._add(-mine)
            raise

    def finished(self) -> None:
        """One object is in its place."""
        with self._lock:
            self._finished += 1
        self._tell()

    def check(self) -> None:
        """Raise Cancelled when a person, or the failure of another object, says to stop."""
        if self._cancel.is_set():
            raise Cancelled("Stopped", f"{self._finished} of {self._objects} objects are in place")
        if self._failed.is_set():
            raise Cancelled("Stopped", "another object failed")

    def fail(self) -> None:
        """Have every other object stop."""
        self._failed.set()

    def patiently(self, call: Callable[[], T]) -> T:
        """What a call returns, once the store is well and the credential good.

        An expired credential is waited for until somebody logs in or stops; everything else that
        passes by itself is tried some times, ever more seldom.
        """
        failures = 0
        while True:
            self.check()
            try:
                return call()
            except CredentialExpired as err:
                self._pause(f"{err.title}: {err.hint}", RELOGIN_S)
            except AccessDenied:
                raise
            except (Throttled, Unreachable) as err:
                failures += 1
                if failures >= _BAD_MOMENTS:
                    raise
                longest = min(_FIRST_PAUSE_S * 2**failures, _LONGEST_PAUSE_S)
                wait = longest * random.uniform(0.5, 1)  # noqa: S311  (so that not all come at once)
                self._pause(f"{err.title}: it is tried again", wait)

    def _pause(self, words: str, seconds: float) -> None:
        me = threading.get_ident()
        with self._lock:
            self._paused[me] = words
        self._tell(now=True)
        self._cancel.wait(seconds)
        with self._lock:
            self._paused.pop(me, None)

    def _add(self, number: int) -> None:
        with self._lock:
            self._done += number
        self._tell()

    def _tell(self, *, now: bool = False) -> None:
        with self._lock:
            moment = time.monotonic()
            if not now and moment - self._told < _TOLD_EVERY_S and self._finished < self._objects:
                return
            self._told = moment
            progress = Progress(
                self._done,
                self._total,
                "bytes",
                f"{self._finished} of {self._objects} objects",
                next(iter(self._paused.values()), ""),
            )
        self._report(progress)


def all_of(calls: Iterable[Callable[[], T]], meter: Meter, *, threads: int) -> list[T]:
    """What all calls return; after the first failure none is begun, and those under way end first.

    Nothing is left running when it raises: whoever gives the lease back has stopped writing.
    """

    def guarded(call: Callable[[], T]) -> Callable[[], T]:
        def run() -> T:
            try:
                meter.check()
                return call()
            except BaseException:
                meter.fail()
                raise

        return run

    futures = spread([guarded(call) for call in calls], threads=threads)
    errors = [error for future in futures if (error := future.exception()) is not None]
    if errors:
        raise _worst(errors)
    return [future.result() for future in futures]


def _worst(errors: list[BaseException]) -> BaseException:
    """The failure that made the others stop."""
    real = [error for error in errors if not isinstance(error, Cancelled)]
    defects = [error for error in real if not isinstance(error, CockpitError)]
    return (defects or real or errors)[0]
