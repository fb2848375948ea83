"""Restore a candidate's files from its backup to the test channel: process section 11."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from cockpit.errors import CockpitError, ConfigError
from cockpit.feeds.promotion_reads import PromotionReads
from cockpit.operations.grounds import Grounds
from cockpit.operations.index_steps import AwaitIndex, Pages
from cockpit.operations.plan import Danger, Outlook, Plan, Section
from cockpit.operations.promoting import by_folder, channels
from cockpit.operations.promotion_checks import foreign, mislabelled, unproven_words
from cockpit.operations.promotion_steps import CopyFiles, Placed
from cockpit.release.artifacts import StoredObject
from cockpit.release.candidates import Candidate
from cockpit.release.promotion import (
    SIDECAR,
    STABLE,
    Likeness,
    Piece,
    Promoted,
    Selection,
    disputed,
    likeness,
)
from cockpit.release.words import counted, few, size

if TYPE_CHECKING:
    from cockpit.backends.ports import TransferPort
    from cockpit.provider import Backends


class Restore:
    """Plans to put back what a candidate brought; what it replaces must be kept elsewhere."""

    name = "restore"

    def __init__(
        self,
        backends: Backends,
        candidate: str,
        package: str = "",
        *,
        discard: str = "",
        allow_missing: str = "",
    ) -> None:
        self._backends = backends
        self._tag = candidate
        self._discard = discard
        self._allow_missing = allow_missing
        self._reads = PromotionReads(backends, channels(backends))
        self._wanted = self._packages(package.replace("_", "-"))

    def plan(self) -> Plan:
        """Read the backup, the test channel, git and ledger, and say what would be put back."""
        backup = self._backends.backup
        if backup is None:
            raise ConfigError(
                "No backup is configured",
                f"{self._backends.config.path} names no backup_bucket",
                "set [objectstore].backup_bucket",
            )
        found = {
            promoted: kept
            for promoted in self._wanted
            if (kept := self._reads.backed_up(promoted, self._tag)) is not None
        }
        grounds = Grounds(self._backends)
        candidate = self._candidate(grounds)
        blockers = self._blockers(grounds, candidate, found, backup)
        present = {promoted: self._reads.tested(promoted) for promoted in found}
        placed = {p: self._placed(kept, present[p]) for p, kept in found.items()}
        steps = self._steps(placed, backup)
        lost = [name for p, entries in placed.items() for name in self._unkept(p, entries)]
        beside = {promoted: _beside(kept, present[promoted]) for promoted, kept in found.items()}
        waits = self._waits(found, beside, backup)
        files = sum(len(kept.pieces) for kept in found.values())
        names = ", ".join(str(promoted.release) for promoted in found)
        return Plan(
            operation=self.name,
            subject=f"{self._tag}: {names}",
            sentence=f"Put {counted(files, 'file')} of {names} back into the test channel, as"
            f" {self._tag} brought them"
            f" ({size(sum(kept.size for kept in found.values()))})"
            f"{', and wait for its index pages' if waits else ''}.",
            danger=Danger.IRREVERSIBLE,
            target=f"{self._tag} to test",
            steps=(*steps, *waits),
            blockers=(*blockers, *self._losses(lost)),
            warnings=tuple(self._warnings(found, beside, lost)),
            outlook=_outlook([entry for entries in placed.values() for entry in entries], steps),
        )

    def _packages(self, package: str) -> tuple[Promoted, ...]:
        """The packages of the repository whose candidate has this tag."""
        found = [
            promoted
            for promoted in self._reads.packages
            if (name := promoted.repository.naming.candidate_of(self._tag)) is not None
            and name.version == promoted.repository.version
            and package in ("", promoted.release.package)
        ]
        if not found:
            known = ", ".join(str(promoted.release) for promoted in self._reads.packages)
            raise ConfigError(
                f"{self._tag!r} is no candidate of {package or 'this release'}",
                f"there is {known}",
                "name a candidate's tag, such as v2.15.0-rc1",
            )
        return tuple(found)

    def _candidate(self, grounds: Grounds) -> Candidate:
        repository = self._wanted[0].repository
        branch = grounds.branch(repository)
        candidates = branch.candidates(repository) if branch else ()
        found = next((c for c in candidates if c.tag.name == self._tag), None)
        if found is None:
            raise CockpitError(
                f"{repository.name} has no {self._tag}",
                "there is no such tag on its remote, or it could not be read",
                "name another candidate",
            )
        return found

    def _blockers(
        self,
        grounds: Grounds,
        candidate: Candidate,
        found: dict[Promoted, Selection],
        backup: TransferPort,
    ) -> Iterator[str]:
        repository = self._wanted[0].repository
        yield from grounds.unpinned(repository)
        if grounds.ledger.is_dud(repository, self._tag):
            yield f"{self._tag} was declared a dud"
        for promoted, kept in found.items():
            if not kept.pieces:
                yield f"the backup of {self._tag} holds nothing of {promoted.release}"
            contents = self._reads.contents(kept.pieces, backup)
            yield from foreign(promoted, candidate, kept.pieces, contents)
            yield from mislabelled(promoted, kept.pieces, f"the backup of {self._tag}")
            if kept.missing and not self._allow_missing:
                yield (
                    f"{counted(len(kept.missing), 'file')} of {promoted.release} missing from the"
                    f" backup: {few([str(place) for place in kept.missing])};"
                    " --allow-missing REASON goes on without"
                )

    def _losses(self, lost: Sequence[str]) -> Iterator[str]:
        if lost and not self._discard:
            them = "it" if len(lost) == 1 else "them"
            yield (
                f"{counted(len(lost), 'file')} of the test channel would be lost, for no backup"
                f" holds {them}: {few(lost)}; --discard REASON replaces {them} all the same"
            )

    def _placed(self, kept: Selection, listed: Sequence[StoredObject]) -> list[Placed]:
        """Every file with what the test channel has in its place, without reading any."""
        keys = {piece.key for piece in kept.pieces}
        wanted = [stored for stored in listed if stored.key in keys]
        now = {s.key: s for s in self._reads.described(self._backends.store, STABLE, wanted)}
        return [
            Placed(piece, now.get(piece.key), likeness(piece.source, now.get(piece.key)))
            for group in by_folder(kept.pieces)
            for piece in group
        ]

    def _steps(
        self, placed: Mapping[Promoted, Sequence[Placed]], backup: TransferPort
    ) -> list[CopyFiles]:
        """A step a folder, which may replace what was seen in it, and nothing newer."""
        store, memory = self._backends.store, self._reads.facts(STABLE)
        return [
            CopyFiles(backup, store, promoted.release, group, memory, restores=self._tag)
            for promoted, entries in placed.items()
            for group in by_folder(list(map(_replacing, entries)))
        ]

    def _unkept(self, promoted: Promoted, placed: Sequence[Placed]) -> list[str]:
        """Files that would be replaced, and are in the backup of no candidate."""
        store = self._backends.backup
        replaced = [
            entry.found
            for entry in placed
            if entry.found is not None and entry.likeness is Likeness.DIFFERENT
        ]
        if store is None or not replaced:
            return []
        kept: set[tuple[str, str]] = set()
        for tag in store.list_folders(""):
            if promoted.repository.naming.candidate_of(tag) is not None:
                selection = self._reads.backed_up(promoted, tag, within=0)
                pieces: Sequence[Piece] = selection.pieces if selection else ()
                kept |= {(piece.key, piece.source.etag) for piece in pieces}
        # With its ETag: what is uploaded after somebody agreed to the loss of another is not meant.
        return [
            f"{stored.key} ({size(stored.size)}, etag {stored.etag})"
            for stored in replaced
            if (stored.key, stored.etag) not in kept
        ]

    def _waits(
        self,
        found: Mapping[Promoted, Selection],
        beside: Mapping[Promoted, Sequence[StoredObject]],
        backup: TransferPort,
    ) -> list[AwaitIndex]:
        """A step for the index page of every folder; none where no pages are configured."""
        index, table = self._backends.index, channels(self._backends)
        if index is None:
            return []
        within = timedelta(minutes=self._backends.config.settings.promotion.index_wait_min)
        url, clock = (table.index_url or "").rstrip("/"), self._backends.clock
        pages = Pages(index, url, table.test_prefix, clock, within)
        return [
            AwaitIndex(
                pages,
                backup,
                promoted.release,
                group,
                [s for s in beside[promoted] if s.key.rpartition("/")[0] == group[0].folder],
            )
            for promoted, kept in found.items()
            if not promoted.archive
            for group in by_folder(kept.pieces)
        ]

    def _warnings(
        self,
        found: Mapping[Promoted, Selection],
        beside: Mapping[Promoted, Sequence[StoredObject]],
        lost: Sequence[str],
    ) -> Iterator[str]:
        if not all(promoted.archive for promoted in found):
            yield "the index pages of the test channel are wrong until they are built anew" + (
                "; nobody looks whether they are, since no index_url is configured"
                if self._backends.index is None
                else ", about every hour: the lease is held until they are right"
            )
        if left := [stored.name for files in beside.values() for stored in files]:
            files = counted(len(left), "metadata file")
            yield (
                f"nothing replaces {files} of another candidate beside what is put back, for the"
                f" backup holds none: {few(left)}"
            )
        if lost and self._discard:
            yield f"lost for good: {few(lost)} ({self._discard})"
        for promoted, kept in found.items():
            if kept.missing and self._allow_missing:
                yield f"goes on without {counted(len(kept.missing), 'file')} of {promoted.release}"


def _beside(kept: Selection, present: Sequence[StoredObject]) -> list[StoredObject]:
    """Metadata that lies in the test channel beside wheels that are put back without any."""
    keys = {piece.key for piece in kept.pieces}
    return [
        stored
        for stored in present
        if stored.key not in keys
        and stored.key.endswith(SIDECAR)
        and stored.key.removesuffix(SIDECAR) in keys
    ]


def _replacing(placed: Placed) -> Piece:
    """The same piece with what it may replace."""
    if placed.found is None or placed.likeness is not Likeness.DIFFERENT:
        return placed.piece
    return msgspec.structs.replace(placed.piece, replaces=placed.found.etag)


def _outlook(placed: Sequence[Placed], steps: Iterable[CopyFiles]) -> Outlook:
    return Outlook(
        unproven_words(entry.piece for entry in placed if not entry.likeness.there),
        (Section("Every object", tuple(map(_words, placed))),),
        (*_disputes(placed), *_unfinished(steps, placed)),
    )


def _disputes(placed: Sequence[Placed]) -> tuple[str, ...]:
    """Files of the test channel whose checksum the backup contradicts, which is to replace it."""
    return tuple(
        f"{entry.piece.key}: the backup claims {entry.piece.digest} and the test channel"
        f" sha256 {entry.found.sha256}, and one of the two is wrong"
        for entry in placed
        if entry.found is not None and disputed(entry.piece.source, entry.found)
    )


def _unfinished(steps: Iterable[CopyFiles], placed: Sequence[Placed]) -> Iterator[str]:
    """Uploads in parts that a restoration throws away: its own from before, or somebody else's."""
    put = (Likeness.ABSENT, Likeness.DIFFERENT)
    keys = {entry.piece.key for entry in placed if entry.likeness in put}
    for step in steps:
        for upload in step.unfinished([piece for piece in step.pieces if piece.key in keys]):
            begun = f"{upload.begun_at:%d %b %H:%M} UTC"
            yield f"an upload of {upload.key} begun {begun} is not finished: it is aborted"


def _words(placed: Placed) -> str:
    piece = placed.piece
    what = {Likeness.ABSENT: "put back", Likeness.DIFFERENT: "replace"}.get(
        placed.likeness, "there, and equal"
    )
    return f"{what:<17} {size(piece.source.size):>9}  {piece.key}  {piece.digest}"
