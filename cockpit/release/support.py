"""The support matrix: which wheels a candidate is expected to bring."""

from __future__ import annotations

import msgspec


class Target(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One operating system and architecture with its accelerators."""

    os: str
    """`linux`, `windows` or `macos`."""
    arch: str
    """`x86_64`, `aarch64`, `s390x` or `arm64`."""
    accelerators: tuple[str, ...]
    """Folder names of the channel: `cpu`, `cu130`, `rocm7.2`, `xpu`."""
    libtorch: tuple[str, ...] = ()
    """Accelerators that bring a libtorch archive."""


class WheelWorkflow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which workflow files build a repository's wheels for one operating system."""

    os: str
    arch: str
    files: str
    """A pattern of file names in `.github/workflows`: `build-wheels-linux.yml`."""


class Nightlies(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The branch whose pushes build the nightly wheels of a repository."""

    branch: str = "nightly"
    workflows: tuple[str, ...] = ("*",)
    """Patterns of workflow names, each of which has to match one that ran."""


class Cell(msgspec.Struct, frozen=True, order=True):
    """One wheel of the matrix."""

    os: str
    arch: str
    accelerator: str
    python: str
    """`3.13` or, free-threaded, `3.13t`."""


class SupportMatrix(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every Python version on every target; process section 6.6."""

    pythons: tuple[str, ...] = ()
    targets: tuple[Target, ...] = ()
    generator: str = ""
    """The file of core whose constants workflows make their matrix from when they run."""

    def cells(self) -> tuple[Cell, ...]:
        """Every wheel a candidate of the core package is expected to bring."""
        return tuple(
            Cell(target.os, target.arch, accelerator, python)
            for target in self.targets
            for accelerator in target.accelerators
            for python in self.pythons
        )
