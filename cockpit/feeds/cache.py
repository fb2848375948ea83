"""The last good readings on disk: the first frame shows the last known world, and cockpits that
run side by side look once for all of them."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from cockpit.release.state import Reading

T = TypeVar("T")
Stamp = tuple[int, int]
_POLL_S = 0.05
LONGEST_TURN_S = 30.0
"""How long another cockpit's look is waited for; one that was halted midway lasts longer."""


class ReadingCache:
    """A folder with one JSON file a feed; safe to use from several processes."""

    def __init__(self, folder: Path, *, longest_turn_s: float = LONGEST_TURN_S) -> None:
        self._folder = folder
        self._longest_turn_s = longest_turn_s
        self._seen: dict[str, Stamp | None] = {}

    def load(self, name: str, value_type: type[T]) -> Reading[T] | None:
        """The cached reading, or None; a file of another version counts as none."""
        self._seen[name] = self._stamp(name)
        try:
            text = self._file(name).read_bytes()
        except OSError:
            return None
        shape: Any = Reading[value_type]  # type: ignore[valid-type]
        try:
            reading: Reading[T] = msgspec.json.decode(text, type=shape)
        except msgspec.DecodeError:
            return None
        return reading

    def newer(self, name: str, value_type: type[T]) -> Reading[T] | None:
        """The reading that somebody else has kept since this cache last loaded or stored one."""
        if self._stamp(name) in (None, self._seen.get(name)):
            return None
        return self.load(name, value_type)

    def store(self, name: str, reading: Reading[T]) -> None:
        """Keep a reading; a full disk or a read-only home costs the cache, nothing else."""
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            draft = self._folder / f".{name}-{os.getpid()}"
            draft.write_bytes(msgspec.json.encode(reading))
            draft.replace(self._file(name))
            self._seen[name] = self._stamp(name)

    @contextlib.contextmanager
    def turn(self, name: str, *, wait: bool = True) -> Iterator[None]:
        """Have other cockpits wait with their look until the block ends.

        The lock is the system's, which takes it back from a process that dies. Who waits too long,
        will not wait, or has no disk to lock on goes ahead without it: looking twice harms nobody.
        """
        with contextlib.ExitStack() as stack:
            with contextlib.suppress(OSError):
                self._folder.mkdir(parents=True, exist_ok=True)
                lock = stack.enter_context((self._folder / f".{name}.lock").open("a"))
                _lock(lock.fileno(), self._longest_turn_s if wait else 0.0)
            yield

    def _file(self, name: str) -> Path:
        return self._folder / f"{name}.json"

    def _stamp(self, name: str) -> Stamp | None:
        try:
            found = self._file(name).stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ino


def _lock(descriptor: int, longest_s: float) -> None:
    """Lock a file, or give up after so long; closing it unlocks it."""
    deadline = time.monotonic() + longest_s
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return
            time.sleep(_POLL_S)
        else:
            return
