"""The support matrix: which wheels a candidate is expected to bring."""

from __future__ import annotations

import msgspec

from cockpit.release.job_names import EXTRACT, LIBTORCH, UPLOAD


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
    stages: tuple[str, ...] = ("build", "test", "upload")
    """The jobs of one wheel; macOS tests within its build."""


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


class Cell(msgspec.Struct, frozen=True, gc=False, order=True):
    """One wheel of the matrix."""

    os: str
    arch: str
    accelerator: str
    python: str
    """`3.13` or, free-threaded, `3.13t`."""

    def __str__(self) -> str:
        return f"{self.os} {self.arch} py{self.python} {self.accelerator}"


class Archive(msgspec.Struct, frozen=True, order=True):
    """One libtorch archive of the matrix."""

    os: str
    arch: str
    accelerator: str

    def __str__(self) -> str:
        return f"libtorch {self.os} {self.arch} {self.accelerator}"


class Slot(msgspec.Struct, frozen=True, gc=False):
    """One job that a candidate is expected to start."""

    package: str
    """`wheel` or `libtorch`."""
    os: str
    arch: str
    accelerator: str
    python: str | None
    """None for a libtorch archive."""
    stage: str

    def __str__(self) -> str:
        package = "" if self.package == "wheel" else self.package
        python = f"py{self.python}" if self.python else ""
        parts = (package, self.os, self.arch, python, self.accelerator, self.stage)
        return " ".join(part for part in parts if part)


class SupportMatrix(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every Python version on every target; process section 6.6."""

    pythons: tuple[str, ...] = ()
    targets: tuple[Target, ...] = ()
    generator: str = ""
    """The file of core whose constants workflows make their matrix from when they run."""
    workflows: tuple[str, ...] = ()
    """Patterns of workflow names, each of which a candidate's tag has to start; section 5.3."""

    def cells(self) -> tuple[Cell, ...]:
        """Every wheel a candidate of the core package is expected to bring."""
        return tuple(
            Cell(target.os, target.arch, accelerator, python)
            for target in self.targets
            for accelerator in target.accelerators
            for python in self.pythons
        )

    def archives(self) -> tuple[Archive, ...]:
        """Every libtorch archive a candidate is expected to bring."""
        return tuple(
            Archive(target.os, target.arch, accelerator)
            for target in self.targets
            for accelerator in target.libtorch
        )

    def slots(self) -> tuple[Slot, ...]:
        """Every job that the wheels and libtorch archives of a candidate need; section 6.2."""
        wheels = (
            Slot("wheel", target.os, target.arch, accelerator, python, stage)
            for target in self.targets
            for accelerator in target.accelerators
            for python in self.pythons
            for stage in target.stages
        )
        archives = (
            Slot(LIBTORCH, target.os, target.arch, accelerator, None, stage)
            for target in self.targets
            for accelerator in target.libtorch
            for stage in (EXTRACT, UPLOAD)
        )
        return (*wheels, *archives)
