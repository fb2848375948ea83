"""What is asked of the store of the channels."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import msgspec

from cockpit.release.artifacts import StoredObject


class Delivery(msgspec.Struct, frozen=True):
    """What goes with a file that is uploaded."""

    sha256: str
    labels: dict[str, str]
    replaces: str = ""
    """The ETag of the object that may be overwritten; empty where none may be."""
    report: Callable[[int], None] = lambda _: None
    """Is told how many bytes have been sent."""


class ObjectStorePort(Protocol):
    """The S3 store of the channels."""

    def list_objects(self, prefix: str) -> Iterator[StoredObject]:
        """Every object under a prefix, all pages."""
        ...

    def describe(self, key: str) -> StoredObject | None:
        """An object with its checksum, which no listing tells; None when it is not there."""
        ...

    def read_range(self, stored: StoredObject, start: int, length: int) -> bytes:
        """A piece of an object, from a byte on; raises Conflict when it was replaced."""
        ...

    def labels(self, key: str) -> dict[str, str] | None:
        """What its uploader wrote beside an object; None when it is not there."""
        ...

    def put_new(self, key: str, path: Path, delivery: Delivery) -> None:
        """Upload a file in one request, on a condition that the store itself holds to.

        Raises Conflict when the store holds something else than the delivery expects.
        """
        ...

    def newest_version(self, bucket: str, key: str) -> str | None:
        """The id of an object's current version; None where there is none to name.

        That is so without such an object, and in a bucket that keeps no versions.
        """
        ...

    def check_access(self) -> str:
        """Who the credential is, in words; raises when the bucket cannot be read."""
        ...
