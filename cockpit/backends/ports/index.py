"""What is asked of the index pages of the channels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from cockpit.backends.ports.answers import Answer
    from cockpit.release.index_pages import IndexPage


class IndexPort(Protocol):
    """The index pages of the channels, as installers get them."""

    def page(self, prefix: str, folder: str, package: str) -> Answer[IndexPage | None]:
        """The page of a package in a folder of a channel; None when there is none."""
        ...

    def project(self, package: str) -> Answer[IndexPage | None]:
        """The page of a package on an index without folders; None when there is none."""
        ...

    def size_of(self, url: str) -> int | None:
        """The bytes of the file that a page links to, without reading it; None when it is gone."""
        ...

    def metadata(self, url: str) -> bytes | None:
        """The bytes of a metadata file; None when it is gone.

        Raises CockpitError for one that is longer than any is.
        """
        ...
