"""Gates of the promotion: each place holds every file, verified, and each index says so."""

from __future__ import annotations

from collections.abc import Iterable

from cockpit.release.index_state import IndexFault, summed_up
from cockpit.release.job_names import LIBTORCH
from cockpit.release.lookups import known
from cockpit.release.promotion import STABLE, FileState, Likeness, Promotion, Standing
from cockpit.release.state import ReleaseState
from cockpit.release.verdicts import (
    Gate,
    Verdict,
    failed,
    not_applicable,
    passed,
    unknown,
    untagged,
)
from cockpit.release.words import counted

PROMOTE = "promote"
FINISHED_BY = ("stable-verified", "libtorch-promoted", "mirrored", "index-reconciled")
"""The gates that a finished promotion has passed."""
_FEEDS = ("promotion",)
_BUILT_ANEW = "have the index pages built anew, with checksums recomputed"
_REMEDIES: dict[IndexFault, str] = {
    IndexFault.CHECKSUM: _BUILT_ANEW,
    IndexFault.ADDRESS: _BUILT_ANEW,
    IndexFault.METADATA_ASTRAY: "put its .metadata where the page says, or have the index built"
    " anew without",
    IndexFault.METADATA_DIFFERS: "compare its .metadata with the wheel's own METADATA, then have"
    " the index built anew",
    IndexFault.YANKED: "find out who yanked it, and why",
    IndexFault.HIDDEN: "find out where its page has Requires-Python from",
}
"""What to do about a page that misleads, by what it says wrongly."""


def _stable_verified(state: ReleaseState) -> Verdict:
    if not any(repository.package for repository in state.spec.repositories):
        return not_applicable("no repository of the release has a package")
    found = [s for s in known(state.promotion).at(STABLE) if s.release.package != LIBTORCH]
    if not found:
        return not_applicable("the config names no package to promote")
    return _complete(found, "the stable channel")


def _libtorch_promoted(state: ReleaseState) -> Verdict:
    found = [s for s in known(state.promotion).at(STABLE) if s.release.package == LIBTORCH]
    if not found or not any(standing.expected for standing in found):
        return not_applicable("the support matrix has no libtorch archive")
    return _complete(found, "the stable channel")


def _mirrored(state: ReleaseState) -> Verdict:
    promotion = known(state.promotion)
    if not promotion.mirrors:
        return not_applicable("the config names no mirror")
    verdicts = [_complete(_expected(promotion, name), name) for name in promotion.mirrors]
    return next((v for v in verdicts if not v.clear), None) or passed(
        *(entry for verdict in verdicts for entry in verdict.evidence)
    )


def _expected(promotion: Promotion, place: str) -> list[Standing]:
    """What a place should hold; a package of which there is nothing at all is asked of stable."""
    return [standing for standing in promotion.at(place) if standing.expected]


def _complete(found: Iterable[Standing], where: str) -> Verdict:
    standings = list(found)
    if not standings:
        return failed("the test channel holds nothing of this release", pending=True)
    differing = [_differs(s, file) for s in standings for file in s.of(Likeness.DIFFERENT)]
    if differing:
        return failed(*differing, then="compare the two files, and decide which is right")
    mislabelled = dict.fromkeys(key for s in standings for key in s.mislabelled)
    if mislabelled:
        texts = [f"{key} claims another checksum than its bytes have" for key in mislabelled]
        return failed(*texts, then="correct its checksum-sha256, or bring the right file")
    absent = [_absent(standing, where) for standing in standings if _lacks(standing)]
    if absent:
        then = f"promote to {where}"
        return failed(*absent, then=then, action=PROMOTE, pending=True)
    unsure = [s for s in standings if s.of(Likeness.UNKNOWN)]
    if unsure:
        texts = [
            f"{counted(len(s.of(Likeness.UNKNOWN)), 'file')} of {s.release} not compared"
            for s in unsure
        ]
        return unknown(*texts, then="release-cockpit promotion --verify reads them")
    return passed(*(_words(standing, where) for standing in standings))


def _lacks(standing: Standing) -> bool:
    return not standing.files or bool(standing.missing or standing.of(Likeness.ABSENT))


def _absent(standing: Standing, where: str) -> str:
    if not standing.files:
        return f"the test channel holds nothing of {standing.release}"
    there = len(standing.of(Likeness.SAME, Likeness.TOLD, Likeness.UNKNOWN))
    missing = len(standing.missing)
    tail = f"; {missing} are missing from the test channel too" if missing else ""
    return f"{there} of {standing.expected} files of {standing.release} are in {where}{tail}"


def _differs(standing: Standing, file: FileState) -> str:
    found = f": {file.difference}" if file.difference else ""
    return f"{file.key} in {standing.at} differs from the test channel's{found}"


def _words(standing: Standing, where: str) -> str:
    told = len(standing.of(Likeness.TOLD))
    carried = "it carries" if told == 1 else "they carry"
    tail = f", {told} of them by the checksum {carried}" if told else ""
    files = counted(len(standing.files), "file")
    return f"{files} of {standing.release} verified in {where}{tail}"


def _index_reconciled(state: ReleaseState) -> Verdict:
    promotion = known(state.promotion)
    looked_at = [s for s in promotion.standings if s.index is not None]
    if not looked_at:
        return not_applicable("the config names no index of the stable channel")
    unpromoted = [s for s in looked_at if not s.complete]
    if unpromoted:
        texts = [f"{s.release} is not complete in {s.at}" for s in unpromoted]
        return failed(*texts, then="promote first", action=PROMOTE, pending=True)
    wrong = [(s.at, s.index.wrong) for s in looked_at if s.index and s.index.wrong]
    if wrong:
        texts = [
            f"{words}, in the index of {at}" for at, each in wrong for words in summed_up(each)
        ]
        return failed(*texts, then=_REMEDIES[wrong[0][1][0].fault])
    waiting = [_waiting(s) for s in looked_at if s.index and s.index.unlisted]
    if waiting:
        then = "wait for the hourly build of the index pages, or start it"
        return failed(*waiting, then=then, pending=True)
    return passed(
        *(
            f"the index of {s.at} lists {counted(s.index.listed, 'file')} of {s.release}"
            + (f", {len(s.index.bare)} without a checksum" if s.index.bare else "")
            for s in looked_at
            if s.index
        )
    )


def _waiting(standing: Standing) -> str:
    index = standing.index
    if index is None:
        return ""
    built = f", built {index.built_at:%d %b %H:%M} UTC" if index.built_at else ""
    return (
        f"{counted(len(index.unlisted), 'file')} of {standing.release} not in the index of"
        f" {standing.at}{built}"
    )


def _backups_complete(state: ReleaseState) -> Verdict:
    promotion = known(state.promotion)
    candidate = state.candidate
    if candidate is None:
        return untagged()
    core = state.spec.core.name
    mine = [b for b in promotion.backups if (b.repository, b.tag) == (core, candidate.tag.name)]
    if not mine:
        return not_applicable("the config names no backup of candidates")
    differing = [f"the backup of {b.tag} has another {key}" for b in mine for key in b.differing]
    differing += [
        f"the backup of {b.tag} contradicts the test channel about the checksum of {key}"
        for b in mine
        for key in b.disputed
    ]
    lacking = [
        f"the backup of {b.tag} lacks {counted(len(b.missing), 'file')} of {b.release}, such as"
        f" {b.missing[0]}"
        for b in mine
        if b.missing
    ]
    if differing or lacking:
        return failed(*differing, *lacking, then="find out which upload jobs did not keep a backup")
    return passed(*(f"{b.tag} keeps {counted(b.files, 'file')} of {b.release}" for b in mine))


PROMOTION_GATES = (
    Gate(
        "stable-verified",
        "every wheel is in the stable channel, verified",
        "promoted wheels",
        _FEEDS,
        _stable_verified,
    ),
    Gate(
        "libtorch-promoted",
        "every libtorch archive is in the stable channel, verified",
        "promoted libtorch",
        _FEEDS,
        _libtorch_promoted,
    ),
    Gate("mirrored", "every mirror holds what was promoted", "mirrors", _FEEDS, _mirrored),
    Gate(
        "index-reconciled",
        "every index lists and resolves every promoted file",
        "index pages",
        _FEEDS,
        _index_reconciled,
    ),
    Gate(
        "backup-complete",
        "the candidate could be restored from its backup",
        "backup",
        ("branches", "ledger", "promotion"),
        _backups_complete,
    ),
)
