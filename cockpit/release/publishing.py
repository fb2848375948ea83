"""Wheels on their way to the package index: wanted, staged, inspected, published."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import Enum

import msgspec

from cockpit.release.artifacts import Wheel, parse_wheel_name
from cockpit.release.index_rules import bare_name
from cockpit.release.lookups import listing_of
from cockpit.release.publishing_facts import IndexedFile, PackageOnItsWay, StagedWheel
from cockpit.release.record import Ledger, WheelsInspected
from cockpit.release.repos import Repository, Role
from cockpit.release.state import ReleaseState
from cockpit.release.support import Cell


class Way(Enum):
    """How far a wheel has come."""

    MISSING = "not in the channel"
    TO_STAGE = "not staged"
    STALE = "staged from another file"
    STAGED = "staged"
    INSPECTED = "inspected"
    PUBLISHED = "published"
    OTHER_PUBLISHED = "another file is published"


class Publication(msgspec.Struct, frozen=True):
    """One wheel that the index is to get, and what there is of it."""

    package: str
    cell: Cell
    source: Wheel | None
    staged: StagedWheel | None
    inspected: bool
    indexed: IndexedFile | None

    @property
    def name(self) -> str:
        """Its file name on the index; empty while there is neither source nor staged wheel."""
        if self.staged is not None:
            return self.staged.name
        if self.source is None:
            return ""
        return bare_name(self.source.stored.name, self.source.version)

    @property
    def way(self) -> Way:
        """How far it has come."""
        if self.indexed is not None:
            same = self.staged is not None and self.staged.sha256 == self.indexed.sha256
            return Way.PUBLISHED if same else Way.OTHER_PUBLISHED
        if self.staged is not None:
            if self.source is not None and self.staged.source_etag != self.source.stored.etag:
                return Way.STALE
            return Way.INSPECTED if self.inspected else Way.STAGED
        return Way.TO_STAGE if self.source is not None else Way.MISSING


class Inspection(msgspec.Struct, frozen=True):
    """The newest inspection of a package that the ledger knows."""

    by: str
    at: datetime
    files: Mapping[str, str]
    """Name → SHA-256, of everything that was looked into."""
    flaws: tuple[str, ...]

    def covers(self, staged: Iterable[StagedWheel]) -> bool:
        """Whether it was exactly these files, byte for byte."""
        return dict(self.files) == {wheel.name: wheel.sha256 for wheel in staged}


def inspection_of(record: Ledger, package: str, version: str) -> Inspection | None:
    """The newest inspection of a package's staged wheels."""
    found = None
    for entry, event in record.events(WheelsInspected):
        if (event.package, event.version) == (package, version):
            found = Inspection(entry.by, entry.at, event.files, event.flaws)
    return found


def published_repositories(repositories: Iterable[Repository]) -> tuple[Repository, ...]:
    """The repositories whose packages go to the index, the core first: others depend on it."""
    found = [repo for repo in repositories if repo.package and repo.role is not Role.INFRA]
    return tuple(sorted(found, key=lambda repo: repo.role is not Role.CORE))


def publications_of(
    package: str,
    cells: Iterable[Cell],
    sources: Iterable[Wheel],
    way: PackageOnItsWay,
    inspection: Inspection | None,
) -> tuple[Publication, ...]:
    """Every wheel of a package that the index is to get, in the order of publishing."""
    by_cell = {wheel.cell: wheel for wheel in sources}
    staged: dict[tuple[str, str, str], StagedWheel] = {}
    for wheel in way.staged:
        read = parse_wheel_name(wheel.name)
        if read is not None:
            staged[read.cell.os, read.cell.arch, read.cell.python] = wheel
    good = inspection is not None and not inspection.flaws and inspection.covers(way.staged)
    found = []
    for cell in cells:
        source, wheel_ = by_cell.get(cell), staged.get((cell.os, cell.arch, cell.python))
        one = Publication(package, cell, source, wheel_, good and wheel_ is not None, None)
        listed = way.indexed.file(one.name) if way.indexed and one.name else None
        found.append(msgspec.structs.replace(one, indexed=listed))
    return tuple(found)


def publications(state: ReleaseState) -> dict[str, tuple[Publication, ...]]:
    """By package: every wheel that the index is to get; empty while nothing is known."""
    if state.publishing.value is None or state.artifacts.value is None:
        return {}
    rules, found = state.spec.index_rules, {}
    cells = rules.cells(state.spec.support)
    if not cells:
        return {}
    for repository in published_repositories(state.spec.repositories):
        package = repository.package or ""
        way = state.publishing.value.of(package)
        listing = listing_of(state, repository)
        sources = (listing.test if rules.channel == "test" else listing.stable) if listing else ()
        if way is not None:
            found[package] = publications_of(
                package,
                cells,
                sources,
                way,
                inspection_of(state.record, package, str(repository.version)),
            )
    return found
