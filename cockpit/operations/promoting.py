"""Promote packages: from the test channel to the stable one, and on to its mirrors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import TYPE_CHECKING

import msgspec

from cockpit.backends.ports.objectstore import REQUESTS_AT_ONCE
from cockpit.errors import CockpitError, ConfigError
from cockpit.feeds.promotion_reads import Found, PromotionReads
from cockpit.operations.grounds import Grounds
from cockpit.operations.plan import Danger, Outlook, Plan, Section
from cockpit.operations.promotion_checks import (
    duration_words,
    foreign,
    life_warnings,
    mislabelled,
    unproven_words,
)
from cockpit.operations.promotion_steps import CopyFiles, MirrorFiles, PlaceFiles
from cockpit.release.promotion import STABLE, Likeness, Piece, Promoted
from cockpit.release.words import counted, few, size

if TYPE_CHECKING:
    from cockpit.config_places import ObjectStoreTable
    from cockpit.provider import Backends

_REQUEST_S = 0.15
"""What an object costs beside its bytes, for estimates."""
_WHAT_HAPPENS = {
    Likeness.ABSENT: "copy",
    Likeness.SAME: "there, and equal",
    Likeness.TOLD: "there, and equal",
    Likeness.UNKNOWN: "there, is read to compare",
    Likeness.DIFFERENT: "there, and DIFFERENT",
}


class Wish(msgspec.Struct, frozen=True):
    """What somebody wants promoted, and how."""

    package: str = ""
    """All packages of the release, where it names none."""
    version: str = ""
    """Checked against the config's; a version that was mistyped promotes nothing."""
    mirrors_only: bool = False
    """Whether the stable channel is taken as it is."""
    allow_missing: str = ""
    """Why files that the support matrix expects may be missing."""


class Promote:
    """Plans to copy exactly the files of the signed final candidate, and to overwrite nothing."""

    name = "promote"

    def __init__(self, backends: Backends, wish: Wish) -> None:
        self._backends = backends
        self._wish = wish
        self._reads = PromotionReads(backends, channels(backends))
        self._wanted = wanted(self._reads.packages, wish.package, wish.version)

    def plan(self) -> Plan:
        """Read channels, mirrors, git and ledger, and say what would be copied."""
        found = {promoted: self._reads.staged(promoted) for promoted in self._wanted}
        steps, unreachable = self._steps(found)
        fates = [fate for step in steps for fate in _fates(step)]
        blockers = [
            *unreachable,
            *self._blockers(found),
            *(f"{fate.words}, is never overwritten" for fate in fates if fate.differs),
        ]
        names = ", ".join(str(promoted.release) for promoted in self._wanted)
        files = sum(len(entry.selection.pieces) for entry in found.values())
        goes_to = self._mirror_words if self._wish.mirrors_only else f"stable{self._and_mirrors}"
        return Plan(
            operation=self.name,
            subject=names,
            sentence=f"Promote {names} to {goes_to}: {counted(files, 'file')},"
            f" {size(sum(entry.selection.size for entry in found.values()))}.",
            danger=Danger.IRREVERSIBLE,
            target=f"{self._named} to {self._mirror_words if self._wish.mirrors_only else STABLE}",
            steps=tuple(steps),
            sections=tuple(_sections(found)),
            blockers=tuple(blockers),
            warnings=tuple(self._warnings(found)),
            outlook=self._outlook(steps, fates),
            partial=bool(unreachable) or any(self._lacks(entry) for entry in found.values()),
        )

    @property
    def _named(self) -> str:
        """What has to be typed: one package, or the release."""
        if len(self._wanted) == 1:
            return str(self._wanted[0].release)
        return str(self._backends.config.version)

    @property
    def _mirror_words(self) -> str:
        return ", ".join(self._reads.mirrors) or "no mirror"

    @property
    def _and_mirrors(self) -> str:
        return f" and {self._mirror_words}" if self._reads.mirrors else ""

    def _steps(self, found: dict[Promoted, Found]) -> tuple[list[PlaceFiles], list[str]]:
        """Every folder of the stable channel, then every folder of each mirror."""
        store = self._backends.store
        steps: list[PlaceFiles] = []
        unreachable = []
        if not self._wish.mirrors_only:
            for promoted, entry in found.items():
                steps += self._copies(promoted, entry)
        for name in self._reads.mirrors:
            try:
                mirror = self._backends.mirror(name)
                mirror.check_access()
            except CockpitError as err:
                unreachable.append(f"the mirror {name} cannot be written: {err}; {err.hint}")
                continue
            steps += [
                MirrorFiles(store, mirror, name, promoted.release, pieces, self._reads.facts(name))
                for promoted, entry in found.items()
                for pieces in by_folder(entry.selection.pieces)
            ]
        return steps, unreachable

    def _copies(self, promoted: Promoted, entry: Found) -> list[CopyFiles]:
        """Every folder of the stable channel."""
        store, facts = self._backends.store, self._reads.facts(STABLE)
        return [
            CopyFiles(store, store, promoted.release, pieces, facts)
            for pieces in by_folder(entry.selection.pieces)
        ]

    def _not_in_stable(self, promoted: Promoted, entry: Found) -> Iterator[str]:
        """Why the mirrors cannot be given what the stable channel holds: it is not all of it."""
        placed = (each for step in self._copies(promoted, entry) for each in step.compared())
        lacking = [each.piece.key for each in placed if not each.likeness.there]
        if lacking:
            yield (
                f"{counted(len(lacking), 'file')} of {promoted.release} not in the stable channel"
                f" as the test channel has them: {few(lacking)}; promote to it first"
            )

    def _lacks(self, entry: Found) -> bool:
        """Whether files should be promoted that the test channel does not have."""
        selection = entry.selection
        return not selection.pieces or bool(selection.missing and not self._wish.allow_missing)

    def _blockers(self, found: dict[Promoted, Found]) -> Iterator[str]:
        grounds = Grounds(self._backends)
        yield from grounds.unsigned()
        for repository in dict.fromkeys(promoted.repository for promoted in found):
            yield from grounds.unpinned(repository)
        for promoted, entry in found.items():
            selection = entry.selection
            if not selection.pieces:
                yield f"the test channel holds nothing of {promoted.release}"
                continue
            contents = self._reads.contents(selection.pieces)
            candidate = grounds.candidate(promoted.repository)
            yield from foreign(promoted, candidate, selection.pieces, contents)
            yield from mislabelled(promoted, selection.pieces, "the test channel")
            if self._wish.mirrors_only:
                yield from self._not_in_stable(promoted, entry)
            if self._lacks(entry):
                yield (
                    f"{counted(len(selection.missing), 'file')} of {promoted.release} missing from"
                    f" the test channel: {few([str(place) for place in selection.missing])};"
                    " --allow-missing REASON goes on without"
                )

    def _warnings(self, found: dict[Promoted, Found]) -> Iterator[str]:
        for promoted, entry in found.items():
            missing, outside = entry.selection.missing, entry.outside
            if missing and self._wish.allow_missing:
                yield (
                    f"goes on without {counted(len(missing), 'file')} of {promoted.release}:"
                    f" {few([str(place) for place in missing])} ({self._wish.allow_missing})"
                )
            if outside:
                yield (
                    f"{counted(len(outside), 'file')} of {promoted.release} in folders that the"
                    f" support matrix does not name: {few([stored.key for stored in outside])}"
                )

    def _outlook(self, steps: Sequence[PlaceFiles], fates: Sequence[_Fate]) -> Outlook:
        rules = self._backends.config.settings.promotion
        absent = [fate for fate in fates if fate.likeness is Likeness.ABSENT]
        spent = {
            mirrored: rules.seconds(
                sum(fate.piece.source.size for fate in absent if fate.mirrored is mirrored),
                mirrored=mirrored,
            )
            for mirrored in (False, True)
        }
        seconds = sum(spent.values()) + len(absent) * _REQUEST_S / REQUESTS_AT_ONCE
        there = sum(fate.likeness.there for fate in fates)
        amount = size(sum(fate.piece.source.size for fate in absent))
        summary = [
            f"{counted(len(absent), 'object')} to copy, {amount}; {there} there and equal;"
            f" {sum(fate.differs for fate in fates)} different",
        ]
        if absent:
            summary.append(
                f"about {duration_words(max(seconds, 1))} at {rules.copy_mb_s:g} MB/s within the"
                f" store and {rules.mirror_mb_s:g} MB/s to a mirror"
            )
        summary += unproven_words(dict.fromkeys(fate.piece for fate in absent))
        now = datetime.now(UTC)
        warnings = life_warnings(
            self._backends.store.credential_life(), "the channels", seconds, now
        )
        for step in steps:
            if isinstance(step, MirrorFiles):
                life = step.target.credential_life()
                warnings += life_warnings(life, step.target.url, spent[True], now)
        return Outlook(
            tuple(summary),
            (Section("Every object", tuple(fate.words for fate in fates)),),
            tuple(dict.fromkeys(warnings)),
        )


class _Fate(msgspec.Struct, frozen=True):
    """What would happen to one object in one target."""

    piece: Piece
    likeness: Likeness
    mirrored: bool
    target: str
    difference: str

    @property
    def differs(self) -> bool:
        return self.likeness is Likeness.DIFFERENT

    @property
    def words(self) -> str:
        what = _WHAT_HAPPENS[self.likeness]
        amount = size(self.piece.source.size)
        found = self.difference or self.piece.digest
        return f"{what:<17} {amount:>9}  {self.target}/{self.piece.key}  {found}"


def _fates(step: PlaceFiles) -> list[_Fate]:
    return [
        _Fate(found.piece, found.likeness, step.mirrored, step.target.url, found.difference)
        for found in step.compared()
    ]


def _sections(found: dict[Promoted, Found]) -> Iterator[Section]:
    lines = [
        f"{promoted.release}: {counted(len(entry.selection.pieces), 'file')} in"
        f" {counted(len(by_folder(entry.selection.pieces)), 'folder')},"
        f" {size(entry.selection.size)}"
        for promoted, entry in found.items()
    ]
    yield Section("What is promoted", tuple(lines))
    left = [stored.name for entry in found.values() for stored in entry.selection.left_out]
    if left:
        yield Section("Left in the test channel, as the config says", tuple(left))


def by_folder(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """Pieces of one release, which are sorted, by the folder they go to."""
    ordered = sorted(pieces, key=lambda piece: (piece.folder, piece.key))
    return [list(group) for _, group in groupby(ordered, key=lambda piece: piece.folder)]


def channels(backends: Backends) -> ObjectStoreTable:
    """The channels' settings; raises ConfigError when there are none."""
    table = backends.config.settings.objectstore
    if table is None:
        raise ConfigError(
            "No channels are configured",
            f"{backends.config.path} has no [objectstore]",
            "add [objectstore] with bucket and prefixes",
        )
    return table


def wanted(packages: Sequence[Promoted], package: str, version: str) -> tuple[Promoted, ...]:
    """The packages that are meant; raises ConfigError for another package or another version."""
    name = package.replace("_", "-")
    found = tuple(p for p in packages if name in ("", "all", p.release.package))
    known = ", ".join(str(promoted.release) for promoted in packages)
    if not found:
        raise ConfigError(
            f"{package!r} is no package of this release", f"there is {known}", "name one of these"
        )
    if version and all(promoted.release.version != version for promoted in found):
        raise ConfigError(
            f"This release is not {package} {version}",
            f"there is {known}",
            "correct the version, or name another file with --config",
        )
    return found
