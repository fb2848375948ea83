"""The last good readings on disk, so that the first frame shows the last known world."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from cockpit.release.state import Reading

T = TypeVar("T")


class ReadingCache:
    """A folder with one JSON file a feed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load(self, name: str, value_type: type[T]) -> Reading[T] | None:
        """The cached reading, or None; a file of another version counts as none."""
        try:
            text = (self._folder / f"{name}.json").read_bytes()
        except OSError:
            return None
        shape: Any = Reading[value_type]  # type: ignore[valid-type]
        try:
            reading: Reading[T] = msgspec.json.decode(text, type=shape)
        except msgspec.DecodeError:
            return None
        return reading

    def store(self, name: str, reading: Reading[T]) -> None:
        """Keep a reading; a full disk or a read-only home costs the cache, nothing else."""
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            draft = self._folder / f".{name}-{os.getpid()}"
            draft.write_bytes(msgspec.json.encode(reading))
            draft.replace(self._folder / f"{name}.json")
