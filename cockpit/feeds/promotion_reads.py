"""What test channel, stable channel and mirrors hold of one release, asked of the stores alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from cockpit.errors import CockpitError
from cockpit.feeds.artifact_facts import ArtifactFacts
from cockpit.feeds.attempting import attempt_all
from cockpit.release.artifacts import Contents, Place, StoredObject
from cockpit.release.lookups import package_of
from cockpit.release.promotion import (
    STABLE,
    Likeness,
    Piece,
    Promoted,
    PromotionRules,
    Selection,
    expected_places,
    likeness,
    promoted_packages,
    select,
)
from cockpit.threads import gather

if TYPE_CHECKING:
    from cockpit.backends.ports import TransferPort
    from cockpit.config_places import ObjectStoreTable
    from cockpit.provider import Backends

_THREADS = 16
_ALL = 1_000_000


class Found(msgspec.Struct, frozen=True):
    """A selection, and files of the same release in folders that the matrix does not name."""

    selection: Selection
    outside: tuple[StoredObject, ...] = ()


class PromotionReads:
    """Reads the places of a promotion once; what files say of themselves is remembered on disk.

    Folders, and the backup of a candidate, are listed once for all packages.
    """

    def __init__(self, backends: Backends, table: ObjectStoreTable) -> None:
        self._backends = backends
        self._settings = backends.config.settings
        self._table = table
        cache = backends.config.folders.cache
        self._facts = {
            name: ArtifactFacts(cache / f"artifact-facts{'' if name == STABLE else f'-{name}'}")
            for name in (STABLE, *self.mirrors)
        }
        self._present: dict[tuple[TransferPort, str], tuple[str, ...]] = {}
        self._backups: dict[str, tuple[StoredObject, ...]] = {}

    @property
    def mirrors(self) -> tuple[str, ...]:
        """The names of the mirrors."""
        return tuple(mirror.name for mirror in self._settings.mirrors)

    @property
    def packages(self) -> tuple[Promoted, ...]:
        """Every package that the release promotes."""
        return promoted_packages(self._backends.config.repositories)

    def prefixes(self, promoted: Promoted) -> tuple[str, str]:
        """Where a package is promoted from, and to."""
        table = self._table
        if promoted.archive:
            return table.libtorch_test_prefix, table.libtorch_stable_prefix
        return table.test_prefix, table.stable_prefix

    def staged(self, promoted: Promoted, *, within: int = _ALL) -> Found:
        """What the test channel holds of a package, with checksums of so many unasked files."""
        prefixes = self.prefixes(promoted)
        found, outside = self._listed(self._backends.store, promoted, prefixes[0])
        known = self.described(self._backends.store, STABLE, found, within=within)
        rules = self._settings.promotion
        selection = select(promoted.release, known, prefixes, rules, self.expected(promoted))
        return Found(selection, outside)

    def backed_up(self, promoted: Promoted, tag: str, *, within: int = _ALL) -> Selection | None:
        """What the backup of a candidate holds of a package; None where there are no backups."""
        store = self._backends.backup
        if store is None:
            return None
        prefix = self.prefixes(promoted)[0]
        origin = f"{tag}/{prefix}"
        if tag not in self._backups:
            self._backups[tag] = tuple(store.list_objects(f"{tag}/"))
        found = self._inside(self._backups[tag], promoted, origin)
        known = self.described(store, STABLE, found, within=within)
        rules = PromotionRules()  # a backup is of all that the candidate brought
        return select(promoted.release, known, (origin, prefix), rules, self.expected(promoted))

    def expected(self, promoted: Promoted) -> tuple[Place, ...]:
        """What the support matrix wants of a package."""
        core = package_of(self._backends.config.core)
        return expected_places(promoted.release.package, core, self._settings.support)

    def tested(self, promoted: Promoted) -> tuple[StoredObject, ...]:
        """The files of a package in the test channel, as they are listed."""
        return tuple(self._listed(self._backends.store, promoted, self.prefixes(promoted)[0])[0])

    def held(
        self, promoted: Promoted, at: str, selection: Selection, *, within: int = _ALL
    ) -> tuple[StoredObject, ...]:
        """What a place holds of a package; checksums are asked for where they would decide."""
        store = self.store(at)
        stable = self.prefixes(promoted)[1]
        listed, _ = self._listed(store, promoted, stable)
        wanted = {piece.key: piece.source for piece in selection.pieces}
        known = [self._facts[at].completed(stored) for stored in listed]
        open_ones = [
            stored
            for stored in known
            if stored.sha256 is None
            and stored.key in wanted
            and likeness(wanted[stored.key], stored) is not Likeness.DIFFERENT
        ]
        told = {s.key: s for s in self.described(store, at, open_ones, within=within)}
        return tuple(told.get(stored.key, stored) for stored in known)

    def store(self, at: str) -> TransferPort:
        """The store of a place; raises AccessDenied for a mirror without its own credential."""
        return self._backends.store if at == STABLE else self._backends.mirror(at)

    def described(
        self, store: TransferPort, at: str, files: Sequence[StoredObject], *, within: int = _ALL
    ) -> tuple[StoredObject, ...]:
        """Files with their checksums; so many are asked that were not before."""
        facts = self._facts[at]
        known = {stored.key: facts.completed(stored) for stored in files}
        asked = [stored for stored in known.values() if stored.sha256 is None][:within]
        calls = [partial(store.describe, stored.key) for stored in asked]
        for stored, told in zip(asked, gather(calls, threads=_THREADS), strict=True):
            facts.learn_told(stored, told)
            known[stored.key] = facts.completed(stored)
        if asked:
            facts.save()
        return tuple(known.values())

    def contents(
        self, pieces: Iterable[Piece], store: TransferPort | None = None
    ) -> dict[str, Contents | CockpitError]:
        """What is inside of every file, by the key of its source; sidecars have nothing inside."""
        from cockpit.backends.archives import read_contents

        facts = self._facts[STABLE]
        sources = [facts.completed(piece.source) for piece in pieces]
        found: dict[str, Contents | CockpitError] = {
            stored.key: stored.contents for stored in sources if stored.contents is not None
        }
        unread = [stored for stored in sources if stored.key not in found]
        calls = [partial(read_contents, store or self._backends.store, stored) for stored in unread]
        for stored, answer in zip(unread, attempt_all(calls), strict=True):
            found[stored.key] = answer
            if not isinstance(answer, CockpitError):
                facts.learn(msgspec.structs.replace(stored, contents=answer))
        if unread:
            facts.save()
        return found

    def facts(self, at: str) -> ArtifactFacts:
        """What is remembered of the files of a place."""
        return self._facts[at]

    def learn(self, at: str, stored: StoredObject) -> None:
        """Remember what was found out of a file."""
        self._facts[at].learn(stored)
        self._facts[at].save()

    def _listed(
        self, store: TransferPort, promoted: Promoted, prefix: str
    ) -> tuple[list[StoredObject], tuple[StoredObject, ...]]:
        """Files of a package below a prefix: in the folders of the matrix, and in others.

        Names are read before they count; the prefix only keeps the listing short where a channel
        holds twenty thousand keys.
        """
        names = self._folders
        here = (store, prefix)  # two stores may have a bucket of the same name
        if here not in self._present:
            self._present[here] = store.list_folders(f"{prefix}/")
        present = self._present[here]
        others = [name for name in present if name not in names and name not in _CHANNELS]
        wanted = [name for name in present if name in names]

        def listed(folder: str) -> list[StoredObject]:
            start = f"{prefix}/{folder}/" if folder else f"{prefix}/"
            found = store.list_objects(start + promoted.release.stem)
            return [
                stored
                for stored in found
                if "/" not in stored.key.removeprefix(start)
                and promoted.release.place_of(stored, prefix) is not None
            ]

        calls = [partial(listed, folder) for folder in ("", *wanted, *others)]
        answers = gather(calls, threads=_THREADS)
        inside = [stored for answer in answers[: 1 + len(wanted)] for stored in answer]
        return inside, tuple(stored for answer in answers[1 + len(wanted) :] for stored in answer)

    def _inside(
        self, stored: Iterable[StoredObject], promoted: Promoted, prefix: str
    ) -> list[StoredObject]:
        """Those files of a package that lie in the folders of the matrix below a prefix."""
        start, names = f"{prefix}/", {"", *self._folders}
        return [
            found
            for found in stored
            if found.key.startswith(start)
            and found.key.removeprefix(start).rpartition("/")[0] in names
            and promoted.release.place_of(found, prefix) is not None
        ]

    @property
    def _folders(self) -> frozenset[str]:
        targets = self._settings.support.targets
        return frozenset(name for t in targets for name in (*t.accelerators, *t.libtorch))


_CHANNELS = frozenset({"test", "nightly", "preview", "variant"})
"""Folders of the stable channel that are channels of their own."""
