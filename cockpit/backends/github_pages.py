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


class PageCache:
    """Pages by URL: the newest in memory, and all of them in a folder when one is given."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._pages: OrderedDict[str, Page] = OrderedDict()
        self._lock = threading.Lock()
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._prune(folder)

    def get(self, url: str) -> Page | None:
        """The page of a URL, or None."""
        with self._lock:
            page = self._pages.get(url)
            if page is not None:
                self._pages.move_to_end(url)
        return page or self._load(url)

    def put(self, page: Page) -> None:
        """Keep a page; a disk that refuses costs only speed."""
        with self._lock:
            self._pages[page.url] = page
            self._pages.move_to_end(page.url)
            while len(self._pages) > _KEPT_IN_MEMORY:
                self._pages.popitem(last=False)
        if self._folder is not None:
            with contextlib.suppress(OSError):
                self._save(self._folder, page)

    def drop(self, url: str) -> None:
        """Forget a page, so that it is read anew."""
        with self._lock:
            self._pages.pop(url, None)
        if self._folder is not None:
            self._file(self._folder, url).unlink(missing_ok=True)

    def _load(self, url: str) -> Page | None:
        if self._folder is None:
            return None
        try:
            page = msgspec.msgpack.decode(self._file(self._folder, url).read_bytes(), type=Page)
        except (OSError, msgspec.DecodeError):
            return None
        return page if page.url == url else None

    def _save(self, folder: Path, page: Page) -> None:
        handle, name = tempfile.mkstemp(dir=folder)
        with os.fdopen(handle, "wb") as file:
            file.write(msgspec.msgpack.encode(page))
        Path(name).replace(self._file(folder, page.url))

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
