"""What channel, staging area, ledger and index hold of a package, read while a plan is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from cockpit.errors import ConfigError
from cockpit.feeds.publishing import package_on_its_way
from cockpit.operations.channel_reads import wheels_in
from cockpit.release.artifacts import Wheel
from cockpit.release.publishing import (
    Publication,
    inspection_of,
    publications_of,
    published_repositories,
)
from cockpit.release.publishing_facts import IndexedProject, PackageOnItsWay
from cockpit.release.record import Ledger
from cockpit.release.repos import Repository

if TYPE_CHECKING:
    from cockpit.provider import Backends


class OnItsWay(msgspec.Struct, frozen=True):
    """One package between channel and index."""

    repository: Repository
    package: str
    version: str
    wheels: tuple[Publication, ...]
    way: PackageOnItsWay

    @property
    def indexed(self) -> IndexedProject | None:
        """What the index lists of it."""
        return self.way.indexed


def repositories_for(backends: Backends, package: str) -> tuple[Repository, ...]:
    """The repositories of these packages: one by its name, or all; the core first."""
    known = published_repositories(backends.config.repositories)
    if not package:
        return known
    name = package.replace("_", "-")
    found = tuple(repo for repo in known if (repo.package or "").replace("_", "-") == name)
    if not found:
        names = ", ".join(repo.package or "" for repo in known)
        raise ConfigError(
            f"{package!r} is no package of this release", f"there is {names}", "name one of these"
        )
    return found


def on_its_way(backends: Backends, repository: Repository, record: Ledger) -> OnItsWay:
    """Everything of one package, read now."""
    package, version = repository.package or "", str(repository.version)
    rules = backends.config.settings.index
    way = package_on_its_way(backends, repository)
    wheels = publications_of(
        package,
        rules.cells(backends.config.settings.support),
        sources(backends, repository),
        way,
        inspection_of(record, package, version),
    )
    return OnItsWay(repository, package, version, wheels, way)


def sources(backends: Backends, repository: Repository) -> tuple[Wheel, ...]:
    """The wheels of the channel that is staged from."""
    table = backends.config.settings.objectstore
    if table is None:
        raise ConfigError(
            "No channels are configured",
            f"{backends.config.path} has no [objectstore]",
            "add [objectstore] with bucket and prefixes",
        )
    stable = backends.config.settings.index.channel == "stable"
    prefix = table.stable_prefix if stable else table.test_prefix
    return tuple(wheels_in(backends, repository, prefix))
