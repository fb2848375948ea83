"""Index pages of a channel: what installers are told is there; process section 8.4."""

from __future__ import annotations

from datetime import datetime

import msgspec

from cockpit.release.support import Cell


class Announced(msgspec.Struct, frozen=True):
    """Metadata that a page says to lie beside a wheel, for installers to read first; PEP 658."""

    sha256: str | None = None
    """As the page gives it, right or wrong; None where it gives none."""


class IndexFile(msgspec.Struct, frozen=True):
    """A file as an index page lists it."""

    name: str
    sha256: str
    """Empty where the page gives no checksum."""
    cell: Cell | None = None
    """Where in the matrix it belongs, once its name was read."""
    url: str = ""
    """Where the page says that the file is."""
    metadata: Announced | None = None
    """None where the page announces none, so that installers read the wheel itself."""
    requires_python: str = ""
    """The Pythons that installers offer it to, as the page gives them; empty for all."""
    yanked: str | None = None
    """Why installers pass over it, which may be empty; None where they do not; PEP 592."""


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
