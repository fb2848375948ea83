"""What is asked of the store of the channels."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

import msgspec

if TYPE_CHECKING:
    from cockpit.release.artifacts import StoredObject
    from cockpit.release.readiness import CredentialLife


T = TypeVar("T")
REQUESTS_AT_ONCE = 96
"""Requests that one store may be asked at the same time, each over a connection of its own.

A store copies by itself, so that a request is hardly more than waiting for its answer.
"""


class Patience(Protocol):
    """How a request is made that may meet a store in a bad moment."""

    def __call__(self, call: Callable[[], T], /) -> T:
        """What the call returns, however often it has to be made."""
        ...


def at_once(call: Callable[[], T]) -> T:
    """No patience: what the call returns, or raises, the first time."""
    return call()


class ObjectProperties(msgspec.Struct, frozen=True):
    """What an object carries beside its bytes."""

    content_type: str = ""
    cache_control: str = ""
    metadata: Mapping[str, str] = {}


class Upload(msgspec.Struct, frozen=True):
    """An upload in parts that is not finished."""

    key: str
    id: str
    begun_at: datetime


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

    def credential_life(self) -> CredentialLife:
        """How long the credentials live, where they can tell."""
        ...

    def check_access(self) -> str:
        """Who the credential is, in words; raises when the bucket cannot be read."""
        ...


class TransferPort(ObjectStorePort, Protocol):
    """A store that files are promoted from, to or within.

    Whatever is written is created: Conflict is raised where something lies already.
    """

    @property
    def bucket(self) -> str:
        """The bucket that is written to."""
        ...

    @property
    def url(self) -> str:
        """The store as people name it: `s3://BUCKET`."""
        ...

    @property
    def acl(self) -> str:
        """The access that objects are given; empty where the bucket's own rules decide."""
        ...

    def list_folders(self, prefix: str) -> tuple[str, ...]:
        """The folders directly below a prefix that ends in a slash, by name."""
        ...

    def properties(self, key: str) -> ObjectProperties:
        """What an object carries beside its bytes; raises Conflict when it is gone."""
        ...

    def copy(
        self,
        bucket: str,
        wanted: StoredObject,
        key: str,
        report: Callable[[int], None],
        replaces: str = "",
    ) -> StoredObject:
        """Have the store copy an object of one of its buckets, with all that it carries.

        Raises Conflict when something lies there, but for an object with the ETag `replaces`, or
        the source is no longer the one wanted.
        `report` is told of bytes that were copied, and may raise to stop.
        """
        ...

    def receive(
        self,
        wanted: StoredObject,
        key: str,
        carried: ObjectProperties,
        read: Callable[[int, int], bytes],
        report: Callable[[int], None],
        patiently: Patience,
    ) -> StoredObject:
        """Put an object of bytes that are read piece by piece, from a byte on, from elsewhere.

        Each request is made patiently, that a bad moment does not have all bytes sent once more.
        Raises Conflict when something lies there, or the bytes have not the checksum of `wanted`.
        """
        ...

    def is_public(self, key: str) -> bool:
        """Whether anybody may read an object, as far as the store tells."""
        ...

    def give_access(self, key: str) -> None:
        """Give an object the access that the config names."""
        ...

    def unfinished_uploads(self, prefix: str) -> tuple[Upload, ...]:
        """Uploads in parts below a prefix that were begun and neither finished nor aborted."""
        ...

    def abort_upload(self, key: str, upload: str) -> None:
        """Throw away the parts of an upload; nothing happens when it is gone already."""
        ...

    def sha256_of(self, stored: StoredObject, report: Callable[[int], None]) -> str:
        """The checksum of an object, by reading all of it; raises Conflict when it is replaced."""
        ...
