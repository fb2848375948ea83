"""The look at the promotion: stable channel, mirrors and their indexes, without any memory."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from cockpit.backends.ports import Answer, IndexPort
from cockpit.errors import CockpitError
from cockpit.feeds.attempting import attempt_all
from cockpit.feeds.index_checks import IndexCheck
from cockpit.feeds.promotion_reads import PromotionReads
from cockpit.release.artifacts import StoredObject
from cockpit.release.candidates import Candidate
from cockpit.release.promotion import (
    SIDECAR,
    STABLE,
    Backup,
    Likeness,
    Orphan,
    Piece,
    Promoted,
    Promotion,
    Release,
    Selection,
    Standing,
    compared,
    disputed,
    likeness,
)
from cockpit.release.state import ReleaseState

if TYPE_CHECKING:
    from cockpit.provider import Backends

_DESCRIBED_A_LOOK = 240
"""How many files of a place are asked for their checksum in one look."""
_BACKUP_HOLDS_S = 120.0
"""How long the backup of an earlier candidate, which hardly ever changes, is not listed anew."""


class PromotionLook:
    """Compares every place with the test channel, and every index with its place."""

    def __init__(self, backends: Backends, *, within: int = _DESCRIBED_A_LOOK) -> None:
        self._backends = backends
        self._within = within
        self._index_check = IndexCheck()
        self._listed: dict[tuple[Release, Candidate], tuple[Backup, float]] = {}
        """Backups of earlier candidates, and when they were listed."""

    def look(self, state: ReleaseState) -> Answer[Promotion]:
        """How far every package is in every place; a place that does not answer says so."""
        table = self._backends.config.settings.objectstore
        if table is None:
            return Answer(Promotion(), "", "no [objectstore] is configured")
        reads = PromotionReads(self._backends, table)
        standings: list[Standing] = []
        orphans: list[Orphan] = []
        staged = {p: reads.staged(p, within=self._within).selection for p in reads.packages}
        for at in (STABLE, *reads.mirrors):
            try:
                found, begun = self._place(reads, at, staged), self._orphans(reads, at)
            except CockpitError as err:
                found, begun = [Standing(p.release, at, problem=str(err)) for p in staged], []
            standings += found
            orphans += begun
        unread = {s.at: s.problem for s in standings if s.problem}
        backups = tuple(self._backups(reads, state, staged))
        return Answer(
            Promotion(tuple(standings), reads.mirrors, tuple(orphans), backups),
            f"s3://{table.bucket}",
            "; ".join(f"{at}: {why}" for at, why in unread.items()),
        )

    def read_what_is_told(self) -> dict[str, str]:
        """Compute the checksum of each file that only tells one, or none; once for ever.

        Gives the files that could not be read, by place and key, with why.
        """
        table = self._backends.config.settings.objectstore
        if table is None:
            return {}
        reads = PromotionReads(self._backends, table)
        problems: dict[str, str] = {}
        for promoted in reads.packages:
            selection = reads.staged(promoted).selection
            wanted = {piece.key: piece.source for piece in selection.pieces}
            for at in (STABLE, *reads.mirrors):
                try:
                    held = reads.held(promoted, at, selection)
                except CockpitError as err:
                    problems[at] = str(err)
                    continue
                told = (Likeness.TOLD, Likeness.UNKNOWN)
                read = [s for s in held if s.key in wanted and likeness(wanted[s.key], s) in told]
                problems |= _computed(reads, at, read)
        return problems

    def _place(
        self, reads: PromotionReads, at: str, staged: dict[Promoted, Selection]
    ) -> list[Standing]:
        index = self._index(at)
        found = []
        for promoted, selection in staged.items():
            held = reads.held(promoted, at, selection, within=self._within)
            prefix = reads.prefixes(promoted)[1]
            standing = compared(promoted.release, at, selection, held, prefix)
            if index is not None and not promoted.archive:
                there = {file.key for file in standing.files if file.state.there}
                files = [s for s in held if s.key in there or s.key.endswith(SIDECAR)]
                state = self._index_check.state(index, prefix, promoted.release.package, files)
                standing = msgspec.structs.replace(standing, index=state)
            found.append(standing)
        return found

    def _index(self, at: str) -> IndexPort | None:
        return self._backends.index if at == STABLE else self._backends.mirror_index(at)

    def _backups(
        self, reads: PromotionReads, state: ReleaseState, staged: dict[Promoted, Selection]
    ) -> Iterator[Backup]:
        for promoted, selection in staged.items():
            newest = state.candidate_of(promoted.repository)
            for candidate in state.candidates_of(promoted.repository):
                if candidate == newest:
                    found = self._backup(reads, promoted, candidate, selection.pieces)
                else:
                    found = self._earlier(reads, promoted, candidate)
                if found is None:
                    return
                yield found

    def _earlier(
        self, reads: PromotionReads, promoted: Promoted, candidate: Candidate
    ) -> Backup | None:
        """The backup of an earlier candidate, as it was listed not long ago."""
        place, now = (promoted.release, candidate), time.monotonic()
        listed = self._listed.get(place)
        if listed is not None and now - listed[1] < _BACKUP_HOLDS_S:
            return listed[0]
        found = self._backup(reads, promoted, candidate)
        if found is not None:
            self._listed[place] = found, now
        return found

    def _backup(
        self,
        reads: PromotionReads,
        promoted: Promoted,
        candidate: Candidate,
        brought: Sequence[Piece] = (),
    ) -> Backup | None:
        """What is kept of a candidate, beside what it brought; None where there are no backups."""
        tag = candidate.tag.name
        kept = reads.backed_up(promoted, tag, within=self._within)
        if kept is None:
            return None
        there = {piece.key: piece.source for piece in kept.pieces}
        prefix, stable = reads.prefixes(promoted)
        tested = {prefix + piece.key.removeprefix(stable): piece.source for piece in brought}
        unkept = [key for key in tested if key not in there]
        both = sorted(tested.keys() & there)
        contradicted = tuple(key for key in both if disputed(tested[key], there[key]))
        return Backup(
            promoted.release,
            promoted.repository.name,
            tag,
            len(there),
            (*map(str, kept.missing), *sorted(unkept)),
            tuple(
                key
                for key in both
                if key not in contradicted
                and likeness(tested[key], there[key]) is Likeness.DIFFERENT
            ),
            contradicted,
        )

    def _orphans(self, reads: PromotionReads, at: str) -> list[Orphan]:
        store = reads.store(at)
        oldest = self._backends.clock.now() - timedelta(
            hours=self._backends.config.settings.promotion.orphan_after_h
        )
        prefixes = {prefix for promoted in reads.packages for prefix in reads.prefixes(promoted)}
        found = {
            upload.id: Orphan(at, upload.key, upload.id, upload.begun_at)
            for prefix in prefixes
            for upload in store.unfinished_uploads(f"{prefix}/")
            if upload.begun_at <= oldest
        }
        return list(found.values())


def _computed(reads: PromotionReads, at: str, files: Sequence[StoredObject]) -> dict[str, str]:
    store = reads.store(at)
    calls = [partial(store.sha256_of, stored, lambda _: None) for stored in files]
    problems = {}
    for stored, answer in zip(files, attempt_all(calls), strict=True):
        if isinstance(answer, CockpitError):
            problems[f"{at}: {stored.key}"] = str(answer)
        else:
            reads.learn(at, stored.read(answer))
    return problems
