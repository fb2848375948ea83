"""What the channels hold of one package and version, read while a plan is made."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from cockpit.errors import CockpitError
from cockpit.release.artifacts import PackageListing, Wheel, read_wheel
from cockpit.release.repos import Repository
from cockpit.release.words import are, counted, few
from cockpit.threads import gather

if TYPE_CHECKING:
    from cockpit.config_places import ObjectStoreTable
    from cockpit.provider import Backends


def wheels_in(backends: Backends, repository: Repository, prefix: str) -> Iterator[Wheel]:
    """The wheels of a repository's package and version below a channel's prefix."""
    package = (repository.package or repository.short_name).replace("_", "-")
    targets = backends.config.settings.support.targets
    folders = {name for target in targets for name in target.accelerators}
    # The smallest first: whoever only asks whether there is any wheel is answered soonest.
    for folder in sorted(folders, key=lambda name: (name != "cpu", name)):
        start = f"{prefix}/{folder}/{package.replace('-', '_')}-{repository.version}"
        for stored in backends.store.list_objects(start):
            wheel = read_wheel(stored, prefix)
            if wheel and (wheel.package, wheel.version) == (package, str(repository.version)):
                yield wheel


def promotion_blockers(backends: Backends, repository: Repository) -> list[str]:
    """Why a final tag would be too early: promotion comes before it; process section 17.1.

    Nothing where no channels are configured, or the repository has no package.
    """
    table = backends.config.settings.objectstore
    if table is None or repository.package is None:
        return []
    try:
        listing = _listing(backends, repository, table)
    except CockpitError as err:
        return [f"whether the wheels are promoted could not be read: {err.title}"]
    of = f"of {listing.package} {listing.version}"
    blockers = []
    if not listing.test and not listing.stable:
        return [f"no wheel {of} is in the stable channel: promote first"]
    expected = _names(listing.test)
    if missing := sorted(expected - _names(listing.promoted())):
        wheels = counted(len(expected), "wheel")
        blockers.append(
            f"{len(missing)} of {wheels} {of} {are(len(missing))} not in the stable channel,"
            f" such as {missing[0]}: promote first"
        )
    if differing := list(dict.fromkeys(wheel.stored.name for wheel in listing.differing())):
        blockers.append(f"what was promoted differs from the test channel: {few(differing)}")
    return blockers + _uncovered(backends, repository, listing)


def _uncovered(backends: Backends, repository: Repository, listing: PackageListing) -> list[str]:
    """Cells of the core's support matrix that neither channel has a wheel for."""
    if repository != backends.config.core:
        return []
    present = {wheel.cell for wheel in (*listing.test, *listing.stable)}
    absent = [cell for cell in backends.config.settings.support.cells() if cell not in present]
    if not absent:
        return []
    names = few([f"{c.os} {c.arch} py{c.python} {c.accelerator}" for c in absent])
    wheels = counted(len(absent), "wheel")
    return [f"{wheels} of the support matrix in neither channel: {names}"]


def _listing(backends: Backends, repository: Repository, table: ObjectStoreTable) -> PackageListing:
    def read(prefix: str) -> tuple[Wheel, ...]:
        return tuple(wheels_in(backends, repository, prefix))

    test, stable = gather(
        [partial(read, table.test_prefix), partial(read, table.stable_prefix)], threads=2
    )
    package = repository.package or repository.short_name
    return PackageListing(package, str(repository.version), test, stable)


def _names(wheels: tuple[Wheel, ...]) -> set[str]:
    return {wheel.stored.name for wheel in wheels}
