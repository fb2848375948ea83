"""The steps of promoting files: one for each folder of each target, with its objects inside.

A step asks the target alone what is there already, so that one that was killed goes on where the
store says it stopped.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial

import msgspec

from cockpit.backends.ports import TransferPort
from cockpit.backends.ports.objectstore import REQUESTS_AT_ONCE, Upload
from cockpit.errors import Conflict
from cockpit.feeds.artifact_facts import ArtifactFacts
from cockpit.operations.patience import Meter, all_of
from cockpit.operations.plan import Expectation, Probe, Progress, StepFacts, StepState
from cockpit.release.artifacts import StoredObject
from cockpit.release.promotion import Likeness, Piece, Release, difference, likeness
from cockpit.release.words import counted, few, size
from cockpit.threads import gather

MIRROR_THREADS = 8


class Placed(msgspec.Struct, frozen=True):
    """One file of a step, and what the target has in its place."""

    piece: Piece
    found: StoredObject | None
    likeness: Likeness
    reachable: bool = True
    """Whether it has the access that files of the target have."""

    @property
    def difference(self) -> str:
        """What the target has in its place instead, in words; empty where it does not differ."""
        if self.found is None or self.likeness is not Likeness.DIFFERENT:
            return ""
        return difference(self.piece.source, self.found)


class PlaceFiles(ABC):
    """Puts the files of one release into one folder of a target, and never replaces any."""

    threads = REQUESTS_AT_ONCE
    mirrored = False
    facts: StepFacts

    def __init__(
        self,
        target: TransferPort,
        release: Release,
        pieces: Sequence[Piece],
        memory: ArtifactFacts | None = None,
    ) -> None:
        """What is found out of files of the target is kept in the memory, where there is one."""
        self.pieces = tuple(pieces)
        self._memory = memory
        self.release = release
        self.folder = self.pieces[0].folder
        self.target = target
        self._known: dict[tuple[str, str, datetime], StoredObject] = {}
        self._made: dict[str, StoredObject] = {}
        self._public: set[tuple[str, datetime]] = set()
        self._meter = Meter(0, 0, lambda _: None, threading.Event())

    @property
    def size(self) -> int:
        """Bytes altogether."""
        return sum(piece.source.size for piece in self.pieces)

    def compared(self) -> tuple[Placed, ...]:
        """Every file as far as can be told without reading any, for a plan."""
        held = {found.key: found for found in self._held()}
        calls = [partial(self._glance, piece, held.get(piece.key)) for piece in self.pieces]
        return tuple(gather(calls, threads=self.threads))

    def placed(self) -> tuple[Placed, ...]:
        """Every file with what the target has in its place; what cannot be compared is read."""
        held = {found.key: found for found in self._held()}
        calls = [partial(self._look, piece, held.get(piece.key)) for piece in self.pieces]
        try:
            return tuple(gather(calls, threads=self.threads))
        finally:
            if self._memory is not None:
                self._memory.save()

    def probe(self) -> Probe:
        """Ask the target which of the files are there, and whether they are the same."""
        return self._judged(self.placed())

    def apply(self, report: Callable[[Progress], None], cancel: threading.Event) -> None:
        """Put what is absent; raises Conflict at anything that differs."""
        self._meter = Meter(0, 0, report, cancel)
        placed = self._meter.patiently(self.placed)
        _refuse([found for found in placed if found.likeness is Likeness.DIFFERENT])
        absent = [found.piece for found in placed if found.likeness is Likeness.ABSENT]
        closed = [found.piece for found in placed if found.likeness.there and not found.reachable]
        total = sum(piece.source.size for piece in absent)
        meter = self._meter = Meter(total, len(absent) + len(closed), report, cancel)
        meter.patiently(lambda: self._prepare(absent))
        calls = [partial(self._one, piece) for piece in absent]
        calls += [partial(self._open, piece.key) for piece in closed]
        all_of(calls, meter, threads=self.threads)

    def verify(self) -> Probe:
        """Ask the target again, and compare every file with what it was made of."""
        return self._meter.patiently(lambda: self._judged(tuple(map(self._sure, self.placed()))))

    def unfinished(self, pieces: Sequence[Piece]) -> Iterator[Upload]:
        """Uploads in parts of exactly these files: under the lease nobody else writes them."""
        keys = {piece.key for piece in pieces}
        for upload in self.target.unfinished_uploads(f"{self.folder}/") if keys else ():
            if upload.key in keys:
                yield upload

    @abstractmethod
    def _prepare(self, absent: Sequence[Piece]) -> None:
        """Look at the source, and throw away what an earlier run left half-way."""

    @abstractmethod
    def _put(self, piece: Piece) -> StoredObject:
        """Put one file, patiently."""

    @abstractmethod
    def _source_sha256(self, piece: Piece) -> str:
        """The checksum of a file that does not name one, by reading it."""

    def _abort(self, absent: Sequence[Piece]) -> None:
        for upload in self.unfinished(absent):
            self.target.abort_upload(upload.key, upload.id)

    def _one(self, piece: Piece) -> None:
        try:
            made = self._put(piece)
        except Conflict as met:
            # The answer to an earlier try may have been lost: then what lies there is ours.
            made = self._ours_after_all(piece, met)
        self._made[piece.key] = made
        if self.target.acl and not self._meter.patiently(lambda: self._is_public(made)):
            self._open(piece.key)
        self._meter.finished()

    def _ours_after_all(self, piece: Piece, met: Conflict) -> StoredObject:
        found = self._meter.patiently(lambda: self.target.describe(piece.key))
        placed = self._look(piece, found)
        if found is None:
            raise met
        _refuse([placed] if not placed.likeness.there else [])
        return found

    def _open(self, key: str) -> None:
        self._meter.patiently(lambda: self.target.give_access(key))

    def _held(self) -> Iterable[StoredObject]:
        return self.target.list_objects(f"{self.folder}/{self.release.stem}")

    def _glance(self, piece: Piece, found: StoredObject | None) -> Placed:
        if found is None:
            return Placed(piece, None, Likeness.ABSENT)
        known = self._completed(found)
        alike = likeness(piece.source, known)
        if alike not in (Likeness.SAME, Likeness.DIFFERENT):
            known = self._described(known)
            alike = likeness(piece.source, known)
        return Placed(piece, known, alike)

    def _look(self, piece: Piece, found: StoredObject | None) -> Placed:
        placed = self._asked(self._glance(piece, found))
        known, alike = placed.found, placed.likeness
        if known is None:
            return placed
        if alike is Likeness.UNKNOWN or (alike.there and self._has_to_be_read(piece, known)):
            known, alike = self._read(piece, known)
        reachable = not self.target.acl or not alike.there or self._is_public(known)
        return Placed(piece, known, alike, reachable)

    def _asked(self, placed: Placed) -> Placed:
        """The same with what has to be asked of the target before a file counts as there."""
        return placed

    def _has_to_be_read(self, piece: Piece, known: StoredObject) -> bool:
        """Whether a file that is there is not known to be what it claims."""
        return False

    def _sure(self, placed: Placed) -> Placed:
        """A file that was put just now is read where the store vouches for nothing."""
        if placed.likeness is not Likeness.TOLD or placed.found is None:
            return placed
        if placed.piece.key not in self._made:
            return placed
        known, alike = self._read(placed.piece, placed.found)
        return msgspec.structs.replace(placed, found=known, likeness=alike)

    def _read(self, piece: Piece, found: StoredObject) -> tuple[StoredObject, Likeness]:
        sha256 = self.target.sha256_of(found, lambda _: self._meter.check())
        known = found.read(sha256)
        self._remember(known)
        wanted = piece.source
        if not wanted.sha256:
            wanted = msgspec.structs.replace(wanted, sha256=self._source_sha256(piece))
        return known, likeness(wanted, known)

    def _completed(self, found: StoredObject) -> StoredObject:
        known = self._known.get((found.key, found.etag, found.last_modified))
        made = self._made.get(found.key)
        if known is None and made is not None and made.etag == found.etag:
            known = msgspec.structs.replace(made, last_modified=found.last_modified)
            self._remember(known)
        if known is None and self._memory is not None:
            kept = self._memory.completed(found)
            known = kept if kept.sha256 is not None else None
        return known or found

    def _described(self, found: StoredObject) -> StoredObject:
        if found.sha256 is not None:
            return found
        told = self.target.describe(found.key)
        if told is None or told.etag != found.etag:
            return found
        # A listing may tell the time more exactly than the object itself does.
        known = msgspec.structs.replace(told, last_modified=found.last_modified)
        self._remember(known)
        return known

    def _remember(self, known: StoredObject) -> None:
        self._known[known.key, known.etag, known.last_modified] = known
        if self._memory is not None and known.sha256 is not None:
            self._memory.learn(known)

    def _is_public(self, stored: StoredObject) -> bool:
        name = (stored.key, stored.last_modified)
        if name not in self._public and self.target.is_public(stored.key):
            self._public.add(name)
        return name in self._public

    def _judged(self, placed: Sequence[Placed]) -> Probe:
        differing = [found for found in placed if found.likeness is Likeness.DIFFERENT]
        if differing:
            return Probe(StepState.CONFLICT, _differ(differing))
        there = [found for found in placed if found.likeness.there]
        closed = [found for found in there if not found.reachable]
        if len(there) < len(placed):
            return Probe(
                StepState.TODO,
                f"{len(placed) - len(there)} of {counted(len(placed), 'file')} to come",
            )
        if closed:
            words = f"{counted(len(closed), 'file')} cannot be read by anybody"
            return Probe(StepState.TODO, words)
        told = sum(found.likeness is Likeness.TOLD for found in there)
        words = f"{counted(len(there), 'file')}, {size(self.size)}"
        carried = "it carries" if told == 1 else "they carry"
        words += f", {told} by the checksum {carried}" if told else ", verified"
        return Probe(StepState.DONE, words, tuple(map(_part, there)))


class CopyFiles(PlaceFiles):
    """Has a store copy files of one of its buckets; also for a restoration, which may replace."""

    def __init__(
        self,
        source: TransferPort,
        target: TransferPort,
        release: Release,
        pieces: Sequence[Piece],
        memory: ArtifactFacts | None = None,
        *,
        restores: str = "",
    ) -> None:
        super().__init__(target, release, pieces, memory)
        self._source = source
        before = "absent, or what another candidate brought" if restores else "absent"
        verb = "Put back" if restores else "Copy"
        as_brought = f", as {restores} brought them" if restores else ""
        origin = self.pieces[0].source.key.rpartition("/")[0]
        acl = f"--acl {target.acl} " if target.acl else ""
        place = f"{target.bucket}/{self.folder}/{release.package}-{release.version}"
        self.facts = StepFacts(
            key=f"{'restore' if restores else 'copy'}/{place}",
            summary=f"{verb} {counted(len(pieces), 'file')} of {release} to {target.url}/"
            f"{self.folder}{as_brought} ({size(self.size)})",
            command=f"aws s3 cp {source.url}/{origin}/ {target.url}/{self.folder}/ --recursive"
            f" {acl}--exclude '*' --include '{release.pattern}'",
            expects=tuple(_expected(piece, before) for piece in self.pieces),
        )

    def _prepare(self, absent: Sequence[Piece]) -> None:
        folders = {piece.source.key.rpartition("/")[0] for piece in absent}
        now = {
            found.key: found.etag
            for folder in folders
            for found in self._source.list_objects(f"{folder}/{self.release.stem}")
        }
        changed = [p.source.name for p in absent if now.get(p.source.key) != p.source.etag]
        if changed:
            raise Conflict(
                "What was planned is no longer in the source",
                f"{few(changed)} changed or went since the plan; nothing was written",
                "look at the test channel, then plan again",
            )
        self._abort(absent)

    def _put(self, piece: Piece) -> StoredObject:
        source = self._source.bucket, piece.source

        def copied() -> StoredObject:
            with self._meter.attempt() as tell:
                return self.target.copy(*source, piece.key, tell, piece.replaces)

        return self._meter.patiently(copied)

    def placed(self) -> tuple[Placed, ...]:
        """What a restoration is to replace counts as not there."""
        return tuple(
            msgspec.structs.replace(found, likeness=Likeness.ABSENT)
            if _to_be_replaced(found)
            else found
            for found in super().placed()
        )

    def _asked(self, placed: Placed) -> Placed:
        """An equal ETag vouches for the bytes, and not for the checksum that came with them."""
        if placed.found is None:
            return placed
        known = self._described(placed.found) if placed.likeness.there else placed.found
        alike = likeness(placed.piece.source, known)
        return msgspec.structs.replace(placed, found=known, likeness=alike)

    def _has_to_be_read(self, piece: Piece, known: StoredObject) -> bool:
        """A checksum that the store computed of the source is right of the same bytes, too."""
        proven = piece.source.computed and piece.source.etag == known.etag
        return known.unproven and not proven

    def _source_sha256(self, piece: Piece) -> str:
        return self._source.sha256_of(piece.source, lambda _: self._meter.check())


class MirrorFiles(PlaceFiles):
    """Streams what the stable channel holds to another store, without a file in between."""

    threads = MIRROR_THREADS
    mirrored = True

    def __init__(
        self,
        stable: TransferPort,
        mirror: TransferPort,
        name: str,
        release: Release,
        pieces: Sequence[Piece],
        memory: ArtifactFacts | None = None,
    ) -> None:
        super().__init__(mirror, release, pieces, memory)
        self._stable = stable
        self._origins: dict[str, StoredObject] = {}
        self.facts = StepFacts(
            key=f"mirror/{name}/{self.folder}/{release.package}-{release.version}",
            summary=f"Mirror {counted(len(pieces), 'file')} of {release} to {name}:"
            f" {mirror.url}/{self.folder} ({size(self.size)})",
            command=f"rclone copy stable:{stable.bucket}/{self.folder}"
            f" {name}:{mirror.bucket}/{self.folder} --immutable"
            f" --include '{release.pattern}'",
            expects=tuple(_expected(piece) for piece in self.pieces),
        )

    def _prepare(self, absent: Sequence[Piece]) -> None:
        found = {
            stored.key: stored
            for stored in self._stable.list_objects(f"{self.folder}/{self.release.stem}")
        }
        for piece in absent:
            origin = found.get(piece.key)
            if origin is None or not self._is_promoted(piece, origin):
                raise Conflict(
                    "The stable channel does not hold what is to be mirrored",
                    f"{piece.key} {'is not there' if origin is None else 'differs'}",
                    "promote first: release-cockpit plan promote",
                )
            self._origins[piece.key] = origin
        self._abort(absent)

    def _is_promoted(self, piece: Piece, origin: StoredObject) -> bool:
        if likeness(piece.source, origin) is Likeness.UNKNOWN:
            origin = self._stable.describe(piece.key) or origin
        return likeness(piece.source, origin) not in (Likeness.DIFFERENT, Likeness.ABSENT)

    def _put(self, piece: Piece) -> StoredObject:
        """Gigabytes are not begun anew for one bad moment: each request is made patiently."""
        origin, patiently = self._origins[piece.key], self._meter.patiently
        sha256 = piece.source.sha256 or patiently(lambda: self._source_sha256(piece))
        wanted = msgspec.structs.replace(origin, sha256=sha256)
        carried = patiently(lambda: self._stable.properties(piece.key))

        def read(start: int, length: int) -> bytes:
            return patiently(lambda: self._stable.read_range(origin, start, length))

        with self._meter.attempt() as tell:
            return self.target.receive(wanted, piece.key, carried, read, tell, patiently)

    def _source_sha256(self, piece: Piece) -> str:
        origin = self._stable.describe(piece.key)
        if origin is None:
            raise Conflict("A file is gone", f"{self._stable.url}/{piece.key}", "promote first")
        if origin.sha256 and origin.computed:
            return origin.sha256
        return self._stable.sha256_of(origin, lambda _: self._meter.check())


def _to_be_replaced(found: Placed) -> bool:
    """Whether a restoration is to replace what lies there, and it is still what was planned."""
    replaces = found.piece.replaces
    return bool(
        replaces
        and found.found is not None
        and found.likeness is Likeness.DIFFERENT
        and found.found.etag == replaces
    )


def _expected(piece: Piece, before: str = "absent") -> Expectation:
    wanted = f"{piece.source.size} bytes, {piece.digest}"
    return Expectation(piece.key, f"{before}, or {wanted}; from {piece.source.key}")


def _refuse(differing: Sequence[Placed]) -> None:
    if differing:
        raise Conflict(
            "Something else lies where a file should go",
            f"{_differ(differing)}; it was not overwritten",
            "compare the two, and decide which is right",
        )


def _differ(differing: Sequence[Placed]) -> str:
    return few(f"{placed.piece.key} has {placed.difference}" for placed in differing)


def _part(placed: Placed) -> str:
    found = placed.found or placed.piece.source
    sha256 = found.sha256 or placed.piece.source.sha256
    digest = f"sha256 {sha256}" if sha256 else f"etag {found.etag}"
    return f"{placed.piece.key} {found.size} {digest} {placed.likeness.value}"
