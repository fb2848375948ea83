"""Artifacts in a channel: what a file name says, and which of the expected ones are there."""

from __future__ import annotations

import re
from datetime import datetime

import msgspec

from cockpit.release.support import Cell, SupportMatrix
from cockpit.release.versions import Version

_PYTHON = re.compile(r"cp(\d)(\d+)")


class StoredObject(msgspec.Struct, frozen=True):
    """An object of a channel as the store lists it."""

    key: str
    size: int
    etag: str
    last_modified: datetime


class Wheel(msgspec.Struct, frozen=True):
    """A wheel of a channel."""

    package: str
    version: str
    """Without the local part."""
    cell: Cell
    stored: StoredObject


def read_wheel(stored: StoredObject, prefix: str) -> Wheel | None:
    """Read a wheel's key under a channel's prefix; None for anything that is not a wheel."""
    # Loaded here: only a look at a channel needs it, and the first frame waits for no import.
    from packaging.utils import InvalidWheelFilename, parse_wheel_filename

    folder, _, file_name = stored.key.removeprefix(prefix).strip("/").rpartition("/")
    try:
        name, version, _, tags = parse_wheel_filename(file_name.replace("%2B", "+"))
    except InvalidWheelFilename:
        return None
    tag = next(iter(tags))
    cell = Cell(
        os=_os(tag.platform),
        arch=_arch(tag.platform),
        accelerator=folder or version.local or "",
        python=_python(tag.interpreter, tag.abi),
    )
    return Wheel(str(name), version.public, cell, stored)


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

    def missing(self, matrix: SupportMatrix) -> tuple[Cell, ...]:
        """Cells of the support matrix that the test channel has no wheel for."""
        present = {wheel.cell for wheel in self.test}
        return tuple(cell for cell in matrix.cells() if cell not in present)

    def promoted(self) -> tuple[Wheel, ...]:
        """Wheels of the test channel that are in the stable channel too, by file name."""
        names = {wheel.stored.key.rpartition("/")[2] for wheel in self.stable}
        return tuple(w for w in self.test if w.stored.key.rpartition("/")[2] in names)


class Artifacts(msgspec.Struct, frozen=True):
    """What the channels hold of this release."""

    packages: tuple[PackageListing, ...] = ()

    def of(self, package: str, version: Version) -> PackageListing | None:
        """The listing of one package."""
        return next(
            (p for p in self.packages if (p.package, p.version) == (package, str(version))), None
        )
