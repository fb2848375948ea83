"""What index pages say of files, against what the files are; process section 8.4."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from enum import Enum

import msgspec

from cockpit.release.artifacts import StoredObject, parse_wheel_name
from cockpit.release.index_pages import IndexFile
from cockpit.release.words import counted


class IndexFault(Enum):
    """How a page lists a file wrongly."""

    CHECKSUM = "checksum"
    ADDRESS = "address"
    METADATA_ASTRAY = "metadata astray"
    METADATA_DIFFERS = "metadata differs"
    YANKED = "yanked"
    HIDDEN = "hidden"

    @property
    def words(self) -> str:
        """What is said of the file."""
        return _WORDS[self]


_WORDS = {
    IndexFault.CHECKSUM: "is listed with another checksum than it has",
    IndexFault.ADDRESS: "is listed with an address that does not lead to it",
    IndexFault.METADATA_ASTRAY: "is announced with metadata that is not where it should be, so that"
    " installers fail",
    IndexFault.METADATA_DIFFERS: "is announced with another checksum of its metadata than that has,"
    " so that installers fail",
    IndexFault.YANKED: "is yanked, so that installers pass over it",
    IndexFault.HIDDEN: "is hidden by its page from the Python that it is built for",
}


class Misled(msgspec.Struct, frozen=True):
    """A file with which a page misleads installers."""

    key: str
    fault: IndexFault
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.key} {self.fault.words}" + (f": {self.detail}" if self.detail else "")


class IndexState(msgspec.Struct, frozen=True):
    """What the index pages of one place say of a release."""

    built_at: datetime | None = None
    """When the oldest of the pages was made."""
    listed: int = 0
    unlisted: tuple[str, ...] = ()
    """Files that no page lists."""
    wrong: tuple[Misled, ...] = ()
    """Files that a page lists, but not as they are."""
    bare: tuple[str, ...] = ()
    """Files that are listed without a checksum."""


def summed_up(wrong: Iterable[Misled]) -> Iterator[str]:
    """A line for each thing that is wrong, with the first file and how many there are."""
    by_fault: dict[IndexFault, list[Misled]] = {}
    for each in wrong:
        by_fault.setdefault(each.fault, []).append(each)
    for first, *others in by_fault.values():
        more = f" ({counted(len(others), 'file')} more like it)" if others else ""
        yield f"{first}{more}"


def misled(entry: IndexFile, stored: StoredObject, sidecar: StoredObject | None) -> Misled | None:
    """The first thing that a page says wrongly of a wheel, as far as is known of both.

    `sidecar` is the metadata file beside the wheel. One that no page announces is no fault:
    installers then read the wheel itself.
    """
    if entry.sha256 and stored.sha256 and entry.sha256 != stored.sha256:
        return Misled(stored.key, IndexFault.CHECKSUM)
    if entry.yanked is not None:
        return Misled(stored.key, IndexFault.YANKED, entry.yanked)
    if not _is_offered(entry.requires_python, stored.name):
        return Misled(stored.key, IndexFault.HIDDEN, entry.requires_python)
    if entry.metadata is None:
        return None
    if sidecar is None:
        return Misled(stored.key, IndexFault.METADATA_ASTRAY)
    told = entry.metadata.sha256
    if told is not None and sidecar.sha256 and told != sidecar.sha256:
        return Misled(stored.key, IndexFault.METADATA_DIFFERS)
    return None


def _is_offered(requires_python: str, name: str) -> bool:
    """Whether installers offer a wheel to some patch release of its own Python.

    They take no notice of a requirement that they cannot read.
    """
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    wheel = parse_wheel_name(name)
    python = wheel.cell.python.removesuffix("t") if wheel else ""
    if not requires_python or not python.startswith("3."):
        return True
    try:
        wanted = SpecifierSet(requires_python)
    except InvalidSpecifier:
        return True
    return any(wanted.contains(f"{python}.{patch}") for patch in (0, 99))
