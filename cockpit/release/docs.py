"""The published documentation of a release: its folder, and its entry in the list of versions."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec


class DocsSource(msgspec.Struct, frozen=True):
    """Where documentation is published: a branch whose tree is the website."""

    remote: str
    branch: str
    folder: str
    """Of this release."""
    listing: str
    """The page that links to every release."""


class DocsEntry(msgspec.Struct, frozen=True):
    """What is published of this release."""

    sha: str | None = None
    """The head of the branch; None when there is no such branch."""
    files: int = 0
    """Entries of the release's folder; 0 when there is no folder."""
    listed: bool | None = None
    """Whether the list of versions links to the folder; None when there is no such page."""


def leads_to(links: Iterable[str], folder: str) -> bool:
    """Whether a link leads into a folder, told by whole path segments: 2.1 is not 2.15."""
    wanted = folder.strip("/").split("/")
    return any(
        _holds(link.partition("?")[0].partition("#")[0].split("/"), wanted) for link in links
    )


def _holds(segments: list[str], wanted: list[str]) -> bool:
    length = len(wanted)
    return any(segments[at : at + length] == wanted for at in range(len(segments) - length + 1))
