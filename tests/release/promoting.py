"""Promotions as states, and what the gates say of each."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from cockpit.release.index_state import IndexFault, IndexState, Misled
from cockpit.release.promotion import (
    STABLE,
    Backup,
    FileState,
    Likeness,
    Promotion,
    Release,
    Standing,
)
from cockpit.release.state import ReleaseState
from cockpit.release.verdicts import Outcome
from tests.release.states import CORE, INFRA, SPEC, feed, with_

AT = datetime(2026, 10, 14, tzinfo=UTC)
TORCH, ARCHIVES = Release("torch", "2.15.0"), Release("libtorch", "2.15.0")
BUILT = IndexState(AT, 1)
OTHERWISE = Misled("whl/cpu/0.whl", IndexFault.CHECKSUM)
SAME, ABSENT = Likeness.SAME, Likeness.ABSENT


def standing(*states: Likeness, at: str = STABLE, **known: Any) -> Standing:
    files = tuple(FileState(f"whl/cpu/{n}.whl", 10, state) for n, state in enumerate(states))
    return msgspec.structs.replace(Standing(TORCH, at, files), **known)


def backup(**known: Any) -> ReleaseState:
    """A state with one backup of the newest candidate."""
    kept = Backup(TORCH, CORE.name, "v2.15.0-rc2", **known)
    return with_(promotion=feed(Promotion(backups=(kept,))))


def promoted(*standings: Standing) -> ReleaseState:
    """A state in which the config names the mirror r2."""
    return with_(promotion=feed(Promotion(standings, ("r2",))))


ALONE = with_(promotion=feed(Promotion((standing(SAME),))))
ASTRAY = with_(promotion=feed(Promotion((standing(SAME),), ("r2",)), missing="r2: no answer"))
LIBTORCH = standing(SAME, release=ARCHIVES)
PROMOTION_CASES: tuple[tuple[str, str, ReleaseState, Outcome, str], ...] = (
    (
        "stable-verified",
        "1 file of torch 2.15.0 verified",
        promoted(standing(SAME)),
        Outcome.PASSED,
        "1 file of torch 2.15.0 verified",
    ),
    (
        "stable-verified",
        "1 of 2 files",
        promoted(standing(SAME, ABSENT)),
        Outcome.FAILED,
        "1 of 2 files",
    ),
    (
        "stable-verified",
        "test channel too",
        promoted(standing(SAME, missing=("x",))),
        Outcome.FAILED,
        "test channel too",
    ),
    (
        "stable-verified",
        "differs from",
        promoted(standing(Likeness.DIFFERENT)),
        Outcome.FAILED,
        "differs from",
    ),
    (
        "stable-verified",
        "mislabelled",
        promoted(standing(ABSENT, mislabelled=("whl/test/cpu/0.whl",))),
        Outcome.FAILED,
        "whl/test/cpu/0.whl claims another checksum than its bytes have",
    ),
    (
        "stable-verified",
        "not compared",
        promoted(standing(Likeness.UNKNOWN)),
        Outcome.UNKNOWN,
        "not compared",
    ),
    (
        "stable-verified",
        "by the checksum it carries",
        promoted(standing(Likeness.TOLD)),
        Outcome.PASSED,
        "by the checksum it carries",
    ),
    (
        "stable-verified",
        "no package",
        with_(
            promoted(standing(SAME)),
            spec=msgspec.structs.replace(
                SPEC, repositories=(msgspec.structs.replace(CORE, package=None), INFRA)
            ),
        ),
        Outcome.NOT_APPLICABLE,
        "no repository",
    ),
    ("stable-verified", "holds nothing", promoted(standing()), Outcome.FAILED, "holds nothing"),
    (
        "libtorch-promoted",
        "no libtorch",
        promoted(standing(SAME)),
        Outcome.NOT_APPLICABLE,
        "no libtorch",
    ),
    (
        "mirrored",
        "verified in r2",
        promoted(standing(SAME), standing(SAME, at="r2")),
        Outcome.PASSED,
        "verified in r2",
    ),
    (
        "mirrored",
        "are in r2",
        promoted(standing(SAME), standing(ABSENT, at="r2")),
        Outcome.FAILED,
        "are in r2",
    ),
    (
        "mirrored",
        "no mirror",
        with_(promotion=feed(Promotion((standing(SAME),)))),
        Outcome.NOT_APPLICABLE,
        "names no mirror",
    ),
    (
        "backup-complete",
        "no backup",
        promoted(standing(SAME)),
        Outcome.NOT_APPLICABLE,
        "names no backup",
    ),
    ("index-reconciled", "no index", promoted(standing(SAME)), Outcome.NOT_APPLICABLE, "no index"),
    (
        "index-reconciled",
        "lists 1 file",
        promoted(standing(SAME, index=BUILT)),
        Outcome.PASSED,
        "lists 1 file",
    ),
    (
        "index-reconciled",
        "not complete",
        promoted(standing(ABSENT, index=BUILT)),
        Outcome.FAILED,
        "not complete",
    ),
    (
        "index-reconciled",
        "not in the index of stable, built 14 Oct 00:00 UTC",
        promoted(standing(SAME, index=IndexState(AT, 0, ("whl/cpu/0.whl",)))),
        Outcome.FAILED,
        "not in the index of stable, built 14 Oct 00:00 UTC",
    ),
    (
        "index-reconciled",
        "wrong checksum",
        promoted(standing(SAME, index=IndexState(AT, 1, (), (OTHERWISE,)))),
        Outcome.FAILED,
        "whl/cpu/0.whl is listed with another checksum than it has, in the index of stable",
    ),
    ("stable-verified", "no package", promoted(), Outcome.NOT_APPLICABLE, "names no package"),
    ("mirrored", "none", ALONE, Outcome.NOT_APPLICABLE, "names no mirror"),
    ("mirrored", "astray", ASTRAY, Outcome.UNKNOWN, "r2: no answer"),
    ("backup-complete", "none", promoted(), Outcome.NOT_APPLICABLE, "names no backup"),
    ("libtorch-promoted", "all", promoted(LIBTORCH), Outcome.PASSED, "1 file of libtorch 2.15.0"),
    (
        "libtorch-promoted",
        "not yet",
        promoted(standing(ABSENT, release=ARCHIVES)),
        Outcome.FAILED,
        "0 of 1 files of libtorch",
    ),
    ("backup-complete", "all", backup(files=3), Outcome.PASSED, "keeps 3 files"),
    ("backup-complete", "gaps", backup(files=3, missing=("x",)), Outcome.FAILED, "lacks 1 file of"),
    ("backup-complete", "other", backup(files=3, differing=("x",)), Outcome.FAILED, "another x"),
    (
        "backup-complete",
        "disputed",
        backup(files=3, disputed=("x",)),
        Outcome.FAILED,
        "contradicts the test channel about the checksum of x",
    ),
)
"""Gate, name, state, outcome and words."""
