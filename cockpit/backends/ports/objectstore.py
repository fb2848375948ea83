"""What is asked of the store of the channels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from cockpit.release.artifacts import StoredObject
from cockpit.release.readiness import CredentialLife


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
