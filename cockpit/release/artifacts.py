"""Artifacts in a channel: what a file name says, and what is known of each file."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import TypeVar

import msgspec

from cockpit.release.index_pages import IndexPage
from cockpit.release.remembered import remembered
from cockpit.release.support import Archive, Cell, SupportMatrix
from cockpit.release.versions import Version

Place = Cell | Archive
_NAMES_KEPT = 16_384
"""Names of wheels that were read; every look lists the same ones."""
_PYTHON = re.compile(r"cp(\d)(\d+)")
_LIBTORCH = re.compile(
    r"libtorch-(?:(?P<macos>macos-arm64)|(?:cxx11-abi-)?(?P<windows>win-)?(?P<arm>arm64-)?"
    r"shared-with-deps)-(?P<version>\d+\.\d+\.\d+)(?:\+(?P<local>[\w.]+))?\.zip"
)


class ArtifactRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[artifacts]`: what sizes are plausible, and how much is read inside of files unasked."""

    ceiling_mb: float = 850
    """The largest wheel that validation lets through; process section 10.6."""
    smallest: float = 0.5
    """A file below this share of the last release's same file is suspicious."""
    largest: float = 1.5
    sample: int = 4
    """Files of each look whose contents are read without being asked; 0 reads none."""


class Contents(msgspec.Struct, frozen=True):
    """What was read inside a file."""

    git_version: str = ""
    """The commit it was built from; empty where it names none."""
    requires: tuple[str, ...] = ()
    """The `Requires-Dist` of a wheel, sorted."""
    problem: str = ""
    """Why it could not be read as what it claims to be."""


class StoredObject(msgspec.Struct, frozen=True):
    """An object of a channel: what the store lists, and what was asked beyond that."""

    key: str
    size: int
    etag: str
    last_modified: datetime
    sha256: str | None = None
    """None while it has not been asked for; empty where the store has none."""
    contents: Contents | None = None
    """None while it has not been read."""
    computed: bool = False
    """Whether the checksum was computed over all bytes, rather than told by the uploader."""
    claimed: str = ""
    """What the uploader wrote beside it as its checksum, where its bytes have another."""

    @property
    def name(self) -> str:
        """The file's name, as tools outside the store spell it."""
        return self.key.rpartition("/")[2].replace("%2B", "+")

    @property
    def unproven(self) -> bool:
        """Whether its checksum is its uploader's word alone."""
        return bool(self.sha256) and not self.computed

    def read(self, sha256: str) -> StoredObject:
        """The same once all its bytes were read, and have this checksum."""
        told = self.sha256 if self.unproven else self.claimed
        claimed = told if told and told != sha256 else ""
        return msgspec.structs.replace(self, sha256=sha256, computed=True, claimed=claimed)


class Wheel(msgspec.Struct, frozen=True):
    """A wheel of a channel."""

    package: str
    version: str
    """Without the local part."""
    cell: Cell
    stored: StoredObject

    @property
    def place(self) -> Place:
        """Where in the matrix it belongs."""
        return self.cell


class Libtorch(msgspec.Struct, frozen=True):
    """A libtorch archive of a channel."""

    version: str
    archive: Archive
    stored: StoredObject

    @property
    def place(self) -> Place:
        """Where in the matrix it belongs."""
        return self.archive


F = TypeVar("F", Wheel, Libtorch)


class WheelName(msgspec.Struct, frozen=True):
    """What the name of a wheel says."""

    package: str
    version: str
    cell: Cell
    """Its accelerator is the local version; wheels of macOS have none."""


@lru_cache(maxsize=_NAMES_KEPT)
def parse_wheel_name(name: str) -> WheelName | None:
    """Read a wheel's file name; None for anything else."""
    # Loaded here: only a look at a channel needs it, and the first frame waits for no import.
    from packaging.utils import InvalidWheelFilename, parse_wheel_filename

    try:
        package, version, _, tags = parse_wheel_filename(name.replace("%2B", "+"))
    except InvalidWheelFilename:
        return None
    tag = next(iter(tags))
    cell = Cell(
        os=_os(tag.platform),
        arch=_arch(tag.platform),
        accelerator=version.local or "",
        python=_python(tag.interpreter, tag.abi),
    )
    return WheelName(str(package), version.public, cell)


def read_wheel(stored: StoredObject, prefix: str) -> Wheel | None:
    """Read a wheel's key under a channel's prefix; None for anything that is not a wheel."""
    folder, _, file_name = stored.key.removeprefix(prefix).strip("/").rpartition("/")
    found = parse_wheel_name(file_name)
    if found is None:
        return None
    cell = msgspec.structs.replace(found.cell, accelerator=folder or found.cell.accelerator)
    return Wheel(found.package, found.version, cell, stored)


def read_libtorch(stored: StoredObject) -> Libtorch | None:
    """Read the key of a libtorch archive, in the folder of its accelerator; section 8.10."""
    folder = stored.key.rpartition("/")[0].rpartition("/")[2]
    found = _LIBTORCH.fullmatch(stored.name)
    if found is None:
        return None
    os = "macos" if found["macos"] else "windows" if found["windows"] else "linux"
    arch = "arm64" if found["macos"] or found["arm"] else "x86_64"
    return Libtorch(found["version"], Archive(os, arch, folder), stored)


def _os(platform: str) -> str:
    if platform.startswith("macosx"):
        return "macos"
    return "windows" if platform.startswith("win") else "linux"


def _arch(platform: str) -> str:
    if platform == "win_amd64":
        return "x86_64"
    return next(
        (arch for arch in ("aarch64", "x86_64", "s390x", "arm64") if platform.endswith(arch)), ""
    )


def _python(interpreter: str, abi: str) -> str:
    found = _PYTHON.fullmatch(interpreter)
    if not found:
        return interpreter
    return f"{found[1]}.{found[2]}" + ("t" if abi.endswith("t") else "")


class PackageListing(msgspec.Struct, frozen=True):
    """The wheels of one package and version in the two channels."""

    package: str
    version: str
    test: tuple[Wheel, ...] = ()
    stable: tuple[Wheel, ...] = ()
    earlier: tuple[Wheel, ...] = ()
    """For each cell, the wheel of the newest release before this one."""

    def missing(self, matrix: SupportMatrix) -> tuple[Cell, ...]:
        """Cells of the support matrix that the test channel has no wheel for."""
        present = {wheel.cell for wheel in self.test}
        return tuple(cell for cell in matrix.cells() if cell not in present)

    @remembered
    def promoted(self) -> tuple[Wheel, ...]:
        """Wheels of the test channel that are in the stable channel too, by file name."""
        names = {wheel.stored.name for wheel in self.stable}
        return tuple(wheel for wheel in self.test if wheel.stored.name in names)

    @remembered
    def differing(self) -> tuple[Wheel, ...]:
        """Wheels of the test channel whose namesake in the stable channel has another size."""
        sizes = {wheel.stored.name: wheel.stored.size for wheel in self.stable}
        return tuple(
            wheel for wheel in self.promoted() if sizes[wheel.stored.name] != wheel.stored.size
        )


class LibtorchListing(msgspec.Struct, frozen=True):
    """The libtorch archives of the release in the two channels."""

    test: tuple[Libtorch, ...] = ()
    stable: tuple[Libtorch, ...] = ()
    earlier: tuple[Libtorch, ...] = ()
    """For each archive, the one of the newest release before this one."""


class Artifacts(msgspec.Struct, frozen=True):
    """What the channels hold of this release."""

    packages: tuple[PackageListing, ...] = ()
    libtorch: LibtorchListing = LibtorchListing()
    pages: tuple[IndexPage, ...] = ()
    """The index pages of the test channel, of those that there are."""
    indexed: bool = False
    """Whether the config says where index pages are."""
    unread_pages: dict[str, str] = {}
    """`folder/package` → why its index page could not be read whole."""
    untold: dict[str, str] = {}
    """Key of a file → why its checksum could not be asked for."""
    listed_at: datetime | None = None
    """On the release's clock: what was uploaded later cannot be in it."""

    def of(self, package: str, version: Version) -> PackageListing | None:
        """The listing of one package."""
        return next(
            (p for p in self.packages if (p.package, p.version) == (package, str(version))), None
        )

    def page(self, folder: str, package: str) -> IndexPage | None:
        """The index page of a package in a folder of the test channel."""
        return next((p for p in self.pages if (p.folder, p.package) == (folder, package)), None)

    def staged(self) -> tuple[StoredObject, ...]:
        """Every file of the release in the test channel."""
        wheels = (wheel.stored for listing in self.packages for wheel in listing.test)
        return (*wheels, *(archive.stored for archive in self.libtorch.test))


def earlier(found: Iterable[F], version: Version) -> tuple[F, ...]:
    """For each place, the file of the newest release before `version`; others are no releases."""
    newest: dict[Place, tuple[Version, F]] = {}
    for file in found:
        try:
            its = Version.parse(file.version)
        except ValueError:
            continue
        if its < version and (file.place not in newest or newest[file.place][0] < its):
            newest[file.place] = its, file
    return tuple(file for _, file in newest.values())
