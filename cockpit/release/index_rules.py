"""Which wheels of a release go to the package index, and in which order; process section 10.2."""

from __future__ import annotations

from typing import Literal

import msgspec

from cockpit.release.support import Cell, SupportMatrix
from cockpit.release.versions import Line


class IndexWheels(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The one accelerator whose wheels the index gets of a system."""

    os: str
    arch: str
    accelerator: str


class IndexRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[index]`: what is published, from where, in which order, and within which limits."""

    channel: Literal["test", "stable"] = "test"
    """Where the wheels are staged from."""
    wheels: tuple[IndexWheels, ...] = ()
    """One a system, in the order of publishing: the system with most installations first."""
    pythons: tuple[str, ...] = ()
    """In the order of publishing; left out, those of `[support]` as it lists them."""
    pre_releases: tuple[str, ...] = ("3.15", "3.15t")
    """Pythons that are not released yet: neither their wheels nor their classifiers go there."""
    file_limit_mb: float = 1000
    """What the index takes of one file, in 10^6 bytes; process section 10.6."""
    project_limit_gb: float = 160
    """What it takes of a project altogether, in 10^9 bytes."""
    by_workflow: dict[str, str] = {}
    """Package → the id of the workflow that publishes it instead, as a trusted publisher."""

    def cells(self, support: SupportMatrix) -> tuple[Cell, ...]:
        """Every wheel that the index gets of a package, in the order of publishing.

        All Pythons of a system stand together. docs/publishing.md argues why.
        """
        pythons = [p for p in self.pythons or support.pythons if p not in self.pre_releases]
        return tuple(
            Cell(row.os, row.arch, row.accelerator, python)
            for row in self.wheels
            for python in pythons
        )


_ACCELERATORS = ((11, "cu130"), (8, "cu128"), (7, "cu126"), (5, "cu124"), (1, "cu121"))
"""From which minor of 2 on the index got which CUDA; process section 27."""


def index_accelerator(line: Line) -> str:
    """The CUDA whose wheels for Linux the index gets of a release line."""
    known = (name for minor, name in _ACCELERATORS if (line.major, line.minor) >= (2, minor))
    return next(known, "cu117")


def staging_prefix(package: str, version: str) -> str:
    """Where in the backup bucket a package's wheels wait for the index; process section 8.3."""
    return f"{package}-{version}-pypi-staging/"


def bare_name(name: str, version: str) -> str:
    """A wheel's file name without the local part of its version."""
    package, _, rest = name.partition("-")
    _, _, tags = rest.partition("-")
    return f"{package}-{version}-{tags}"
