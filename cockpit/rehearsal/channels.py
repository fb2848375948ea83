"""Keeps the channels up to the world's clock: uploads as their jobs end, index pages every hour."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Protocol

from cockpit.rehearsal.indexpages import Listed, index_pages
from cockpit.rehearsal.packages import BUCKET, CHECKSUM, MIRROR_BUCKET
from cockpit.rehearsal.s3 import ObjectToPut, StoredFile
from cockpit.rehearsal.uploads import Uploads

_PUBLISHED_AT_MINUTE = 20
"""The job that builds the pages starts every full hour, and takes this long; section 8.6."""


class Store(Protocol):
    """Where objects are put and listed."""

    def put(self, objects: Iterable[ObjectToPut]) -> int: ...
    def files(self, bucket: str, prefix: str, metadata: str) -> list[StoredFile]: ...


class Channels:
    """The channels of a running world."""

    def __init__(self, store: Store, mirror: Store, uploads: Uploads, start: datetime) -> None:
        self._store = store
        self._mirror = mirror
        self._uploads = uploads
        self._published = published_before(start)
        self.index_late_by = timedelta()
        """How much later than usual the index pages are built."""

    def settle(self, now: datetime) -> None:
        """Bring everything that is due, in the order in which it happened; cheap when nothing is.

        Of several hours that have gone by at once only the last one's pages are built.
        """
        published = published_before(now - self.index_late_by)
        if published > self._published:
            self._put(self._uploads.due(published))
            for store, bucket in ((self._store, BUCKET), (self._mirror, MIRROR_BUCKET)):
                files = store.files(bucket, "whl/", CHECKSUM)
                listed = (Listed(file.key, file.value) for file in files)
                store.put(index_pages(listed, published, bucket))
            self._published = published
        self._put(self._uploads.due(now))

    def _put(self, objects: Iterable[ObjectToPut]) -> None:
        # Of an object that comes several times only the newest stays, whatever order they go in.
        newest = {(item.bucket, item.key): item for item in objects}
        if newest:
            self._store.put(newest.values())


def published_before(now: datetime) -> datetime:
    """When the index pages that are there at a time were built."""
    last = now.replace(minute=_PUBLISHED_AT_MINUTE, second=0, microsecond=0)
    return last if last <= now else last - timedelta(hours=1)
