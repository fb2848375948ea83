"""Index pages of a channel: what installers are told is there; process section 8.4."""

from __future__ import annotations

from datetime import datetime

import msgspec

from cockpit.release.support import Cell


class IndexFile(msgspec.Struct, frozen=True):
    """A file as an index page lists it."""

    name: str
    sha256: str
    """Empty where the page gives no checksum."""
    cell: Cell | None = None
    """Where in the matrix it belongs, once its name was read."""
    url: str = ""
    """Where the page says that the file is."""


class IndexPage(msgspec.Struct, frozen=True):
    """The page of one package in one folder of a channel."""

    folder: str
    """An accelerator."""
    package: str
    url: str
    built_at: datetime | None
    """When it was made, as its last line tells; None where it does not."""
    files: tuple[IndexFile, ...] = ()

    def of(self, name: str) -> IndexFile | None:
        """How the page lists a file; None when it does not."""
        return next((file for file in self.files if file.name == name), None)
