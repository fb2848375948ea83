"""What staging area and package index hold, as they tell it."""

from __future__ import annotations

import msgspec

from cockpit.release.artifacts import StoredObject


class StagedWheel(msgspec.Struct, frozen=True):
    """A wheel that waits for the index, with what it was made from."""

    stored: StoredObject
    source: str
    """The key it was made from; empty where nobody recorded it."""
    source_etag: str

    @property
    def name(self) -> str:
        """The file's name on the index."""
        return self.stored.name

    @property
    def sha256(self) -> str:
        """As the store tells it; empty where it has none."""
        return self.stored.sha256 or ""


class IndexedFile(msgspec.Struct, frozen=True):
    """A file as the package index lists it."""

    name: str
    sha256: str
    size: int
    yanked: bool = False


class IndexedProject(msgspec.Struct, frozen=True):
    """A project of the package index, and the files of one of its versions."""

    name: str
    version: str
    files: tuple[IndexedFile, ...] = ()
    other_bytes: int = 0
    """What all other versions take."""

    def file(self, name: str) -> IndexedFile | None:
        """The file of this name."""
        return next((file for file in self.files if file.name == name), None)


class PackageOnItsWay(msgspec.Struct, frozen=True):
    """What staging area and index hold of one package."""

    package: str
    version: str
    staged: tuple[StagedWheel, ...] = ()
    indexed: IndexedProject | None = None
    """None where the index does not know the project."""


class Publishing(msgspec.Struct, frozen=True):
    """What is staged and published of the release."""

    packages: tuple[PackageOnItsWay, ...] = ()

    def of(self, package: str) -> PackageOnItsWay | None:
        """One package."""
        return next((found for found in self.packages if found.package == package), None)
