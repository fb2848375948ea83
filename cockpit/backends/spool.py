"""Objects of a store fetched to disk, one at a time: a release of 7 GB is never there at once."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from cockpit.backends.ports import ObjectStorePort
from cockpit.errors import CockpitError
from cockpit.release.artifacts import StoredObject
from cockpit.threads import gather

_PIECE = 8 * 1024 * 1024
_THREADS = 8
_COPIES = 2
"""What is fetched, and what is made from it."""


@contextmanager
def scratch(needed: int) -> Iterator[Path]:
    """A folder that is gone afterwards; raises CockpitError when `needed` bytes find no room."""
    with tempfile.TemporaryDirectory(prefix="release-cockpit-") as made:
        free = shutil.disk_usage(made).free
        if free < needed * _COPIES:
            raise CockpitError(
                "There is no room for one wheel",
                f"{tempfile.gettempdir()} has {free >> 20} MB left of {needed * _COPIES >> 20}",
                "set TMPDIR to a folder with more room",
            )
        yield Path(made)


def fetch(
    store: ObjectStorePort,
    stored: StoredObject,
    folder: Path,
    report: Callable[[int], None] = lambda _: None,
    cancel: threading.Event | None = None,
) -> Path:
    """An object as a file, in several requests at once, each bound to the ETag that was listed.

    Raises Conflict when it is replaced meanwhile.
    """
    path = folder / stored.name
    done = 0
    counting = threading.Lock()
    with path.open("wb") as file:
        file.truncate(stored.size)

        def piece(start: int) -> None:
            nonlocal done
            if cancel is not None and cancel.is_set():
                raise CockpitError("Stopped while fetching", stored.name, "run the plan again")
            length = min(_PIECE, stored.size - start)
            body = store.read_range(stored, start, length)
            if len(body) != length:
                raise CockpitError(
                    "A file of the store came short",
                    f"{stored.name}: {len(body)} of {length} bytes from {start}",
                    "run the plan again",
                )
            os.pwrite(file.fileno(), body, start)
            with counting:
                done += length
            report(done)

        starts = range(0, stored.size, _PIECE)
        gather([partial(piece, start) for start in starts], threads=_THREADS)
    return path


def digest_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
