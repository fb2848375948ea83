"""Index pages against the files of a place: every file is listed, as it is, and can be got."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Sequence
from functools import partial

import msgspec

from cockpit.backends.ports import IndexPort
from cockpit.errors import AccessDenied, CockpitError
from cockpit.release.artifacts import StoredObject
from cockpit.release.index_pages import IndexFile, IndexPage
from cockpit.release.index_state import IndexFault, IndexState, Misled, misled
from cockpit.release.promotion import SIDECAR
from cockpit.threads import gather

_THREADS = 8
_DIFFERING_HOLDS_S = 120.0
"""How long metadata with other bytes than announced is not read again."""


class _Listed(msgspec.Struct, frozen=True):
    """A wheel, how a page lists it, and the metadata file beside it."""

    stored: StoredObject
    entry: IndexFile
    sidecar: StoredObject | None


class _Digest(msgspec.Struct, frozen=True):
    sha256: str
    read_at: float


class IndexCheck:
    """Asks once where an address leads, as long as it leads there: hundreds at every look cost."""

    def __init__(self) -> None:
        self._resolved: set[tuple[str, int]] = set()
        """Addresses that led to a file of this size."""
        self._digests: dict[tuple[str, str], _Digest] = {}
        """By the address of a metadata file, and the ETag that the store has for it."""

    def state(
        self, index: IndexPort, prefix: str, package: str, files: Sequence[StoredObject]
    ) -> IndexState:
        """What the pages of every folder say of these wheels, and of the metadata beside them.

        Raises CockpitError when a page, or where it leads, cannot be told.
        """
        wheels = [stored for stored in files if not stored.key.endswith(SIDECAR)]
        sidecars = {s.key.removesuffix(SIDECAR): s for s in files if s.key.endswith(SIDECAR)}
        pages = _pages(index, prefix, package, wheels)
        listed = {_place(prefix, p.folder, file.name): file for p in pages for file in p.files}
        unlisted: list[str] = []
        wrong: list[Misled] = []
        right: list[_Listed] = []
        for stored in wheels:
            entry, sidecar = listed.get(stored.key.replace("%2B", "+")), sidecars.get(stored.key)
            if entry is None:
                unlisted.append(stored.key)
            elif found := misled(entry, stored, sidecar):
                wrong.append(found)
            else:
                right.append(_Listed(stored, entry, sidecar))
        return IndexState(
            min((page.built_at for page in pages if page.built_at), default=None),
            len(wheels) - len(unlisted),
            tuple(unlisted),
            (*wrong, *self._astray(index, right)),
            tuple(each.stored.key for each in right if not each.entry.sha256),
        )

    def _astray(self, index: IndexPort, right: Iterable[_Listed]) -> list[Misled]:
        calls = [partial(self._followed, index, each) for each in right]
        return [found for found in gather(calls, threads=_THREADS) if found is not None]

    def _followed(self, index: IndexPort, listed: _Listed) -> Misled | None:
        """What is found wrong where a page leads to."""
        stored, entry, sidecar = listed.stored, listed.entry, listed.sidecar
        if not self._leads_to(index, entry.url, stored.size):
            return Misled(stored.key, IndexFault.ADDRESS)
        if entry.metadata is None or sidecar is None:
            return None
        url = entry.url + SIDECAR
        if entry.metadata.sha256 is None or sidecar.sha256:
            there = self._leads_to(index, url, sidecar.size)
            return None if there else Misled(stored.key, IndexFault.METADATA_ASTRAY)
        fault = self._read(index, url, sidecar.etag, entry.metadata.sha256)
        return Misled(stored.key, fault) if fault else None

    def _leads_to(self, index: IndexPort, url: str, size: int) -> bool:
        """Whether an address leads to a file of this size, which anybody may read."""
        if (url, size) in self._resolved:
            return True
        try:
            leads = index.size_of(url) == size
        except AccessDenied:
            return False
        if leads:
            self._resolved.add((url, size))
        return leads

    def _read(self, index: IndexPort, url: str, etag: str, wanted: str) -> IndexFault | None:
        """What is wrong with metadata of which the store knows no checksum."""
        known, now = self._digests.get((url, etag)), time.monotonic()
        differs = known is not None and known.sha256 != wanted
        if known is None or (differs and now - known.read_at >= _DIFFERING_HOLDS_S):
            try:
                body = index.metadata(url)
            except AccessDenied:
                body = None
            if body is None:
                return IndexFault.METADATA_ASTRAY
            known = self._digests[url, etag] = _Digest(hashlib.sha256(body).hexdigest(), now)
        return None if known.sha256 == wanted else IndexFault.METADATA_DIFFERS


def _pages(
    index: IndexPort, prefix: str, package: str, wheels: Iterable[StoredObject]
) -> list[IndexPage]:
    """The pages of every folder with a wheel, of those that there are."""
    pages = []
    for folder in sorted({_folder(stored, prefix) for stored in wheels}):
        answer = index.page(prefix, folder, package)
        if answer.missing:
            raise CockpitError("An index page cannot be read whole", answer.missing, "refresh (r)")
        if answer.value is not None:
            pages.append(answer.value)
    return pages


def _folder(stored: StoredObject, prefix: str) -> str:
    return stored.key.removeprefix(prefix).strip("/").rpartition("/")[0]


def _place(prefix: str, folder: str, name: str) -> str:
    return "/".join(part for part in (prefix, folder, name) if part)
