"""What is asked of the conda channels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from cockpit.release.conda import CondaFile


class CondaPort(Protocol):
    """The test and the stable channel."""

    def files(self, owner: str, package: str, version: str) -> tuple[CondaFile, ...]:
        """Every file of a version in a channel; none where there is no such version."""
        ...

    def copy(self, package: str, version: str, basename: str) -> None:
        """Copy a file from the test channel to the stable one; raises Conflict where it is."""
        ...
