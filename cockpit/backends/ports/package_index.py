"""What is asked of the package index that the release is published to."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import msgspec

if TYPE_CHECKING:
    from cockpit.release.publishing_facts import IndexedProject


class Taken(Enum):
    """What the index said of an upload; only its own listing settles it."""

    YES = "it took the file"
    NAME_USED = "it says that the name is used"
    UNCLEAR = "its answer was lost, or an error of its own"


class UploadAnswer(msgspec.Struct, frozen=True):
    """The index's answer to one upload."""

    taken: Taken
    said: str = ""


class PackageIndexPort(Protocol):
    """The package index: its listing by hash, and the one way to add to it."""

    @property
    def name(self) -> str:
        """How twine and people call it."""
        ...

    def project(self, name: str, version: str) -> IndexedProject | None:
        """A project with the files of one version, read anew; None where there is none."""
        ...

    def upload(self, path: Path, report: Callable[[int, int], None]) -> UploadAnswer:
        """UploadAnswer one file, once; `report` is told bytes sent and bytes altogether.

        Raises AccessDenied when the credential is refused or there is none, CockpitError when the
        file is refused for good.
        """
        ...
