"""Promotion: which files go from the test channel to the stable one and its mirrors, and whether
they are there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from enum import Enum

import msgspec

from cockpit.release.artifacts import Place, StoredObject, read_libtorch, read_wheel
from cockpit.release.index_state import IndexState
from cockpit.release.job_names import LIBTORCH
from cockpit.release.repos import Repository, Role
from cockpit.release.support import Cell, SupportMatrix

STABLE = "stable"
"""The name of the channel that is promoted to; mirrors have names of their own."""
SIDECAR = ".metadata"
"""What is appended to a wheel's name for its metadata, which installers read first; PEP 658."""
_WHOLE_MD5 = re.compile(r"[0-9a-f]{32}")
_MEGABYTE = 1_000_000


class PromotionRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[promotion]`: what is left out, how fast stores are, and when an upload is an orphan."""

    exclude_pythons: tuple[str, ...] = ()
    """Pythons before their release, whose wheels stay in the test channel; section 9.7."""
    copy_mb_s: float = 400
    """How fast the store copies by itself, for estimates."""
    mirror_mb_s: float = 80
    """How fast files go through this machine to a mirror, for estimates."""
    orphan_after_h: float = 24
    """From when on an unfinished upload is nobody's any more."""
    index_wait_min: float = 90
    """How long a restoration waits for an index page: they are made every hour; section 8.6."""

    def seconds(self, size: int, *, mirrored: bool) -> float:
        """How long so many bytes are likely to take."""
        rate = self.mirror_mb_s if mirrored else self.copy_mb_s
        return size / (rate * _MEGABYTE)


class Release(msgspec.Struct, frozen=True):
    """One package at one version, as file names spell both."""

    package: str
    version: str

    @property
    def stem(self) -> str:
        """What the names of its files begin with; names of others may begin so, too."""
        return (
            f"{LIBTORCH}-"
            if self.package == LIBTORCH
            else f"{self.package.replace('-', '_')}-{self.version}"
        )

    @property
    def pattern(self) -> str:
        """Its files as other tools select them, by name alone."""
        if self.package == LIBTORCH:
            return f"{LIBTORCH}-*-{self.version}[+.]*"
        return f"{self.stem}[+-]*"

    def place_of(self, stored: StoredObject, prefix: str) -> Place | None:
        """Where in the matrix a file of this release belongs; None for a file of any other.

        A name is parsed, never compared by its beginning: `torch` is not `executorch`, and 2.12.1
        is neither 2.12.10 nor 2.12.1.post1.
        """
        wheel = msgspec.structs.replace(stored, key=stored.key.removesuffix(SIDECAR))
        if self.package == LIBTORCH:
            archive = read_libtorch(stored)
            return archive.place if archive and archive.version == self.version else None
        found = read_wheel(wheel, prefix)
        if found is None or (found.package, found.version) != (self.package, self.version):
            return None
        return found.place

    def __str__(self) -> str:
        return f"{self.package} {self.version}"


class Promoted(msgspec.Struct, frozen=True):
    """A package of the release, with the repository that answers for it."""

    release: Release
    repository: Repository

    @property
    def archive(self) -> bool:
        """Whether it is libtorch, which has prefixes of its own and no index."""
        return self.release.package == LIBTORCH


def promoted_packages(repositories: Iterable[Repository]) -> tuple[Promoted, ...]:
    """Every package that a release promotes, libtorch beside the core's."""
    found = []
    for repository in repositories:
        if repository.package is None or repository.role is Role.INFRA:
            continue
        version = str(repository.version)
        found.append(Promoted(Release(repository.package.replace("_", "-"), version), repository))
        if repository.role is Role.CORE:
            found.append(Promoted(Release(LIBTORCH, version), repository))
    return tuple(found)


class Likeness(Enum):
    """How what a place holds compares with what is promoted."""

    ABSENT = "absent"
    SAME = "verified"
    """The store itself vouches for the bytes."""
    TOLD = "same by its own word"
    """Size and the checksum it carries agree; the store computed none to compare."""
    UNKNOWN = "not compared"
    """It is there, and nothing is known yet that could be compared."""
    DIFFERENT = "different"

    @property
    def there(self) -> bool:
        """Whether the file is in its place, as far as is known."""
        return self in (Likeness.SAME, Likeness.TOLD)


def likeness(wanted: StoredObject, found: StoredObject | None) -> Likeness:
    """How an object of a target compares with the one it should be a copy of.

    An ETag is the MD5 of the bytes only where it is 32 digits: uploads in parts have another.
    """
    if found is None:
        return Likeness.ABSENT
    if wanted.size != found.size:
        return Likeness.DIFFERENT
    both_known = bool(wanted.sha256 and found.sha256)
    if found.claimed or (both_known and wanted.sha256 != found.sha256):
        return Likeness.DIFFERENT
    if wanted.etag == found.etag or (both_known and found.computed):
        return Likeness.SAME
    if both_known:
        return Likeness.TOLD
    both_whole = _WHOLE_MD5.fullmatch(wanted.etag) and _WHOLE_MD5.fullmatch(found.etag)
    return Likeness.DIFFERENT if both_whole else Likeness.UNKNOWN


def difference(wanted: StoredObject, found: StoredObject) -> str:
    """What an object of a target has that the one it should be a copy of has not, in words."""
    if wanted.size != found.size:
        return f"{found.size} bytes, etag {found.etag}, not {wanted.size} bytes"
    if found.claimed:
        return f"sha256 {found.sha256}, and claims {found.claimed}"
    if not (wanted.sha256 and found.sha256) or wanted.sha256 == found.sha256:
        return f"etag {found.etag}, not {wanted.etag}"
    return f"sha256 {found.sha256}, not {wanted.sha256}"


def disputed(kept: StoredObject, other: StoredObject) -> bool:
    """Whether two objects claim different checksums of the same bytes, or one of different bytes.

    Which of the two is wrong, they do not tell.
    """
    if not (kept.sha256 and other.sha256):
        return False
    same = kept.size == other.size and kept.etag == other.etag
    whole = _WHOLE_MD5.fullmatch(kept.etag) and _WHOLE_MD5.fullmatch(other.etag)
    unlike = kept.size != other.size or (whole and kept.etag != other.etag)
    return same if kept.sha256 != other.sha256 else bool(unlike)


class Piece(msgspec.Struct, frozen=True):
    """One file of a release, as the channel holds it that it is promoted from."""

    source: StoredObject
    key: str
    """Where it goes, in every target."""
    place: Place
    replaces: str = ""
    """The ETag of what it may replace; nothing, but for a restoration into the test channel."""

    @property
    def folder(self) -> str:
        """The folder it goes to."""
        return self.key.rpartition("/")[0]

    @property
    def digest(self) -> str:
        """What its bytes are known by, in words."""
        return f"sha256 {self.source.sha256}" if self.source.sha256 else f"etag {self.source.etag}"


class Selection(msgspec.Struct, frozen=True):
    """What a channel holds of a release, sorted into what goes on and what does not."""

    pieces: tuple[Piece, ...]
    left_out: tuple[StoredObject, ...] = ()
    """Files of Pythons that are not promoted."""
    missing: tuple[Place, ...] = ()
    """What the support matrix expects and the channel does not hold."""

    @property
    def size(self) -> int:
        """Bytes altogether."""
        return sum(piece.source.size for piece in self.pieces)


def select(
    release: Release,
    found: Iterable[StoredObject],
    prefixes: tuple[str, str],
    rules: PromotionRules,
    expected: Iterable[Place] = (),
) -> Selection:
    """Pick the files of one release by their parsed names; `prefixes` are those of both ends."""
    source, target = prefixes
    pieces, left_out = [], []
    for stored in found:
        place = release.place_of(stored, source)
        if place is None:
            continue
        if isinstance(place, Cell) and place.python in rules.exclude_pythons:
            left_out.append(stored)
        else:
            pieces.append(Piece(stored, target + stored.key.removeprefix(source), place))
    there = {piece.place for piece in pieces}
    missing = (
        place
        for place in expected
        if place not in there
        and not (isinstance(place, Cell) and place.python in rules.exclude_pythons)
    )
    return Selection(
        tuple(sorted(pieces, key=lambda piece: piece.key)), tuple(left_out), tuple(missing)
    )


def expected_places(package: str, core: str, support: SupportMatrix) -> tuple[Place, ...]:
    """What the matrix wants of a package; nothing is known of others than the core's own."""
    if package == LIBTORCH:
        return support.archives()
    return support.cells() if package == core else ()


class FileState(msgspec.Struct, frozen=True):
    """One file of a release in one place."""

    key: str
    size: int
    state: Likeness
    difference: str = ""
    """What the place has in its stead, in words; empty where it does not differ."""


class Standing(msgspec.Struct, frozen=True):
    """How far one release is in one place, told from the stores alone."""

    release: Release
    at: str
    """`stable`, or the name of a mirror."""
    files: tuple[FileState, ...] = ()
    missing: tuple[str, ...] = ()
    """What the support matrix expects and the test channel does not hold."""
    strange: tuple[str, ...] = ()
    """Files of this release that the place holds and the test channel does not."""
    mislabelled: tuple[str, ...] = ()
    """Files of the test channel that claim another checksum than their bytes have; at `stable`."""
    index: IndexState | None = None
    """None where no index is looked at, as for libtorch."""
    problem: str = ""
    """Why the place could not be read; nothing else is known then."""

    def of(self, *states: Likeness) -> tuple[FileState, ...]:
        """The files in one of these states."""
        return tuple(file for file in self.files if file.state in states)

    @property
    def expected(self) -> int:
        """How many files should be there."""
        return len(self.files) + len(self.missing)

    @property
    def size(self) -> int:
        """Bytes altogether."""
        return sum(file.size for file in self.files)

    @property
    def there(self) -> int:
        """Bytes that are in their place."""
        return sum(file.size for file in self.files if file.state.there)

    @property
    def complete(self) -> bool:
        """Whether every file is in its place and nothing differs."""
        return bool(self.files) and not self.problem and all(f.state.there for f in self.files)


class Backup(msgspec.Struct, frozen=True):
    """What the backup of one candidate holds of a release."""

    release: Release
    repository: str
    tag: str
    files: int = 0
    missing: tuple[str, ...] = ()
    """What the support matrix expects, or the test channel holds of this candidate."""
    differing: tuple[str, ...] = ()
    """Files that the test channel holds with other bytes, of the newest candidate alone."""
    disputed: tuple[str, ...] = ()
    """Files whose checksum it and the test channel contradict each other about."""

    @property
    def complete(self) -> bool:
        """Whether the candidate could be restored from it."""
        return bool(self.files) and not (self.missing or self.differing or self.disputed)


class Orphan(msgspec.Struct, frozen=True):
    """An upload in parts that nobody finished."""

    at: str
    key: str
    upload: str
    begun_at: datetime


class Promotion(msgspec.Struct, frozen=True):
    """How far everything is in every place."""

    standings: tuple[Standing, ...] = ()
    mirrors: tuple[str, ...] = ()
    """The names of the mirrors, whether they could be read or not."""
    orphans: tuple[Orphan, ...] = ()
    backups: tuple[Backup, ...] = ()
    """Of every candidate that is no dud; empty where the config names no backup."""

    def at(self, place: str) -> tuple[Standing, ...]:
        """What is known of one place."""
        return tuple(standing for standing in self.standings if standing.at == place)

    def of(self, release: Release, place: str) -> Standing | None:
        """How one release is in one place."""
        return next((s for s in self.at(place) if s.release == release), None)


def compared(
    release: Release, at: str, selection: Selection, held: Iterable[StoredObject], prefix: str
) -> Standing:
    """One release in one place: what should be there against what is."""
    mine = {stored.key: stored for stored in held if release.place_of(stored, prefix) is not None}
    wanted = {piece.key for piece in selection.pieces}
    left = {stored.key.rpartition("/")[2] for stored in selection.left_out}
    return Standing(
        release,
        at,
        tuple(_states(selection, mine)),
        tuple(map(str, selection.missing)),
        tuple(
            key for key in sorted(mine) if key not in wanted and key.rpartition("/")[2] not in left
        ),
        tuple(
            piece.source.key
            for piece in selection.pieces
            if piece.source.claimed and at == STABLE  # told once, where it is copied first
        ),
    )


def _states(selection: Selection, mine: dict[str, StoredObject]) -> Iterator[FileState]:
    for piece in selection.pieces:
        found = mine.get(piece.key)
        alike = likeness(piece.source, found)
        yield FileState(
            piece.key,
            piece.source.size,
            alike,
            difference(piece.source, found) if found and alike is Likeness.DIFFERENT else "",
        )
