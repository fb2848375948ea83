"""The look at the channels: what they list, what each file says of itself, and the index pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from cockpit.backends.ports import Answer
from cockpit.errors import CockpitError
from cockpit.feeds.artifact_facts import ArtifactFacts
from cockpit.feeds.attempting import attempt_all
from cockpit.release.artifacts import (
    Artifacts,
    F,
    LibtorchListing,
    PackageListing,
    StoredObject,
    Wheel,
    earlier,
    parse_wheel_name,
    read_libtorch,
    read_wheel,
)
from cockpit.release.index_pages import IndexFile, IndexPage
from cockpit.release.versions import Version
from cockpit.threads import gather

if TYPE_CHECKING:
    from cockpit.config_places import ObjectStoreTable
    from cockpit.provider import Backends

_THREADS = 8
_DESCRIBED_A_LOOK = 240
"""How many files are asked for their checksum in one look: at 50 ms each, under two seconds."""


class ChannelLook:
    """Reads both channels for every package of the release, and the test channel in depth."""

    def __init__(self, backends: Backends) -> None:
        self._backends = backends
        self._config = backends.config
        self._facts = ArtifactFacts(backends.config.folders.cache / "artifact-facts")

    def look(self) -> Answer[Artifacts]:
        """Both listings, with what is known of each file; what is not known yet stays unknown."""
        table = self._config.settings.objectstore
        if table is None:
            return Answer(Artifacts(), "", "no [objectstore] is configured")
        listed_at = self._backends.clock.now()
        found = self._listed(table)
        pages, unread_pages = self._pages(table)
        untold = self._describe(found.staged())
        self._sample(found)
        self._facts.save()
        found = msgspec.structs.replace(
            self._completed(found),
            pages=pages,
            indexed=self._backends.index is not None,
            unread_pages=unread_pages,
            untold=untold,
            listed_at=listed_at,
        )
        return Answer(found, f"s3://{table.bucket}")

    def read_inside(self, wanted: Callable[[StoredObject], bool]) -> dict[str, str]:
        """Read the contents of every staged file that is wanted and was not read before.

        Gives the files that could not be read, by key, with why.
        """
        table = self._config.settings.objectstore
        if table is None:
            return {}
        staged = map(self._facts.completed, self._listed(table).staged())
        problems = self._read([file for file in staged if wanted(file) and file.contents is None])
        self._facts.save()
        return problems

    def _listed(self, table: ObjectStoreTable) -> Artifacts:
        store = self._backends.store
        prefixes = (table.test_prefix, table.stable_prefix)
        archives = (table.libtorch_test_prefix, table.libtorch_stable_prefix)
        folders = [f"{prefix}/{name}/" for prefix in (*prefixes, *archives) for name in self._names]

        def listed(folder: str) -> tuple[StoredObject, ...]:
            return tuple(store.list_objects(folder))

        listings = gather([partial(listed, folder) for folder in folders], threads=_THREADS)
        by_folder = dict(zip(folders, listings, strict=True))

        def within(prefix: str) -> Iterable[StoredObject]:
            return (found for name in self._names for found in by_folder[f"{prefix}/{name}/"])

        test, stable = (
            [wheel for stored in within(prefix) if (wheel := read_wheel(stored, prefix))]
            for prefix in prefixes
        )
        return Artifacts(
            packages=tuple(
                _listing(name, version, test, stable) for name, version in self._packages.items()
            ),
            libtorch=_archives(self._config.version, *map(within, archives)),
        )

    def _pages(self, table: ObjectStoreTable) -> tuple[tuple[IndexPage, ...], dict[str, str]]:
        """The pages of every package and folder, and why others could not be read whole."""
        index = self._backends.index
        if index is None:
            return (), {}
        wanted = [(folder, package) for folder in self._names for package in self._packages]
        calls = [partial(index.page, table.test_prefix, *place) for place in wanted]
        found: list[IndexPage] = []
        unread: dict[str, str] = {}
        for (folder, package), answer in zip(wanted, attempt_all(calls), strict=True):
            if isinstance(answer, CockpitError):
                unread[f"{folder}/{package}"] = str(answer)
            elif answer.missing:
                unread[f"{folder}/{package}"] = answer.missing
            elif answer.value is not None:
                found.append(self._ours(answer.value))
        return tuple(found), unread

    def _ours(self, page: IndexPage) -> IndexPage:
        """A page with the files of this release alone."""
        version = str(self._packages[page.package])

        def ours(file: IndexFile) -> IndexFile | None:
            name = parse_wheel_name(file.name)
            if name is None or (name.package, name.version) != (page.package, version):
                return None
            cell = msgspec.structs.replace(name.cell, accelerator=page.folder)
            return msgspec.structs.replace(file, cell=cell)

        files = tuple(found for file in page.files if (found := ours(file)))
        return msgspec.structs.replace(page, files=files)

    def _describe(self, staged: Sequence[StoredObject]) -> dict[str, str]:
        """Ask files for their checksums that were not asked before, a bounded number at once."""
        known = map(self._facts.completed, staged)
        asked = [file for file in known if file.sha256 is None][:_DESCRIBED_A_LOOK]
        calls = [partial(self._backends.store.describe, file.key) for file in asked]
        untold: dict[str, str] = {}
        for file, answer in zip(asked, attempt_all(calls), strict=True):
            if isinstance(answer, CockpitError):
                untold[file.key] = str(answer)
            else:
                self._facts.learn_told(file, answer)
        return untold

    def _sample(self, found: Artifacts) -> None:
        """Read inside of a few files that nobody has looked into.

        The oldest come first: they are the likeliest to be an earlier candidate's.
        """
        limit = self._config.settings.artifacts.sample
        unread = [file for file in map(self._facts.completed, found.staged()) if not file.contents]
        self._read(sorted(unread, key=lambda file: (file.last_modified, file.key))[:limit])

    def _read(self, files: Sequence[StoredObject]) -> dict[str, str]:
        from cockpit.backends.archives import read_contents

        store = self._backends.store
        calls = [partial(read_contents, store, file) for file in files]
        problems: dict[str, str] = {}
        for file, answer in zip(files, attempt_all(calls), strict=True):
            if isinstance(answer, CockpitError):
                problems[file.key] = str(answer)
            else:
                self._facts.learn(msgspec.structs.replace(file, contents=answer))
        return problems

    def _completed(self, found: Artifacts) -> Artifacts:
        def known(file: F) -> F:
            stored = self._facts.completed(file.stored)
            return msgspec.structs.replace(file, stored=stored)

        return msgspec.structs.replace(
            found,
            packages=tuple(
                msgspec.structs.replace(listing, test=tuple(map(known, listing.test)))
                for listing in found.packages
            ),
            libtorch=msgspec.structs.replace(
                found.libtorch, test=tuple(map(known, found.libtorch.test))
            ),
        )

    @property
    def _names(self) -> tuple[str, ...]:
        """Folders of a channel: the stable one holds the test one, so each folder is listed."""
        targets = self._config.settings.support.targets
        names = {name for t in targets for name in (*t.accelerators, *t.libtorch)}
        return tuple(sorted(names))

    @property
    def _packages(self) -> dict[str, Version]:
        return {
            repository.package.replace("_", "-"): repository.version
            for repository in self._config.repositories
            if repository.package
        }


def _listing(
    name: str, version: Version, test: Sequence[Wheel], stable: Sequence[Wheel]
) -> PackageListing:
    mine = [wheel for wheel in stable if wheel.package == name]
    return PackageListing(
        name,
        str(version),
        tuple(w for w in test if (w.package, w.version) == (name, str(version))),
        tuple(wheel for wheel in mine if wheel.version == str(version)),
        earlier(mine, version),
    )


def _archives(
    version: Version, test: Iterable[StoredObject], stable: Iterable[StoredObject]
) -> LibtorchListing:
    staged, released = (
        [found for stored in objects if (found := read_libtorch(stored))]
        for objects in (test, stable)
    )
    return LibtorchListing(
        tuple(found for found in staged if found.version == str(version)),
        tuple(found for found in released if found.version == str(version)),
        earlier(released, version),
    )
