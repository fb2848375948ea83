"""Pages GitHub has answered before, so that asking again costs nothing while they stand."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
import threading
import time
from collections import OrderedDict
from pathlib import Path

import msgspec

_KEPT_IN_MEMORY = 512
_KEPT_ON_DISK_S = 14 * 24 * 3600


class Page(msgspec.Struct, frozen=True):
    """One answer, with where the list goes on."""

    url: str
    etag: str
    body: str
    next: str | None = None
    """URL of the following page."""
    last: int | None = None
    """Number of the last page, where GitHub counts pages."""


_Stamp = tuple[int, int]
"""Of a file: when it was written, and which one it is."""


class PageCache:
    """Pages by URL: the newest in memory, and all of them in a folder when one is given.

    Cockpits that run side by side share the folder. What one of them has read anew costs the others
    nothing: a page in memory counts only while the folder has no other one of its URL.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._pages: OrderedDict[str, tuple[Page, _Stamp | None]] = OrderedDict()
        self._lock = threading.Lock()
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._prune(folder)

    def get(self, url: str) -> Page | None:
        """The page of a URL, or None."""
        with self._lock:
            page, kept = self._pages.get(url, (None, None))
        found = self._stamp(url)
        if page is not None and found in (None, kept):
            return page
        loaded = self._load(url)
        if loaded is not None:
            self._remember(loaded, found)
        return loaded or page

    def put(self, page: Page) -> None:
        """Keep a page; a disk that refuses costs only speed."""
        stamp = None
        if self._folder is not None:
            try:
                stamp = self._save(self._folder, page)
            except OSError:
                self._discard(self._folder, page.url)  # an older page would come back otherwise
        self._remember(page, stamp)

    def drop(self, url: str) -> None:
        """Forget a page, so that it is read anew."""
        with self._lock:
            self._pages.pop(url, None)
        if self._folder is not None:
            self._discard(self._folder, url)

    def _remember(self, page: Page, stamp: _Stamp | None) -> None:
        with self._lock:
            self._pages[page.url] = (page, stamp)
            self._pages.move_to_end(page.url)
            while len(self._pages) > _KEPT_IN_MEMORY:
                self._pages.popitem(last=False)

    def _stamp(self, url: str) -> _Stamp | None:
        if self._folder is None:
            return None
        try:
            found = self._file(self._folder, url).stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ino

    def _load(self, url: str) -> Page | None:
        if self._folder is None:
            return None
        try:
            page = msgspec.msgpack.decode(self._file(self._folder, url).read_bytes(), type=Page)
        except (OSError, msgspec.DecodeError):
            return None
        return page if page.url == url else None

    def _save(self, folder: Path, page: Page) -> _Stamp:
        handle, name = tempfile.mkstemp(dir=folder)
        with os.fdopen(handle, "wb") as file:
            file.write(msgspec.msgpack.encode(page))
            file.flush()
            found = os.fstat(file.fileno())
        Path(name).replace(self._file(folder, page.url))
        return found.st_mtime_ns, found.st_ino

    def _discard(self, folder: Path, url: str) -> None:
        with contextlib.suppress(OSError):
            self._file(folder, url).unlink()

    @staticmethod
    def _file(folder: Path, url: str) -> Path:
        return folder / f"{hashlib.sha256(url.encode()).hexdigest()[:32]}.page"

    @staticmethod
    def _prune(folder: Path) -> None:
        oldest = time.time() - _KEPT_ON_DISK_S
        for file in folder.iterdir():
            with contextlib.suppress(OSError):
                if file.stat().st_mtime < oldest:
                    file.unlink()
