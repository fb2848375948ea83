"""The phase a release is in, told from the facts before the calendar."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest

from cockpit.release.artifacts import Artifacts
from cockpit.release.phases import PhaseId, standing
from cockpit.release.state import ReleaseState
from tests.release.states import (
    CORE,
    GREEN,
    PICK_1,
    PICK_2,
    RC1,
    RC2,
    SPEC,
    VISION,
    branch,
    feed,
    listing,
    on,
    tag,
    uncut,
    with_,
    with_branches,
)

FINAL = tag("v2.15.0", RC2.commit_sha)
LATER = date(2026, 10, 20)
FINISHED = with_branches(branch(CORE, PICK_2, PICK_1, tags=(RC1, RC2, FINAL)))
PROMOTED = with_(
    artifacts=feed(Artifacts((listing(CORE, promoted=True), listing(VISION, promoted=True))))
)
HALF = with_(artifacts=feed(Artifacts((listing(CORE, promoted=True), listing(VISION)))))
UNTAGGED = with_branches(branch(CORE, PICK_2, PICK_1))
UNREAD = ReleaseState(spec=SPEC, now=GREEN.now, wall=GREEN.wall)


@pytest.mark.parametrize(
    ("state", "phase", "reason"),
    [
        (with_branches(uncut(CORE)), PhaseId.PREPARATION, "release/2.15 has not been cut"),
        (UNTAGGED, PhaseId.CANDIDATES, "no candidate has been tagged yet"),
        (GREEN, PhaseId.CANDIDATES, "picks close in 4 d"),
        (on(LATER, UNTAGGED), PhaseId.CANDIDATES, "no candidate"),
        (
            on(LATER, with_branches(branch(CORE, PICK_2, PICK_1, tags=(RC1,)))),
            PhaseId.FINAL_CANDIDATE,
            "gates not passed",
        ),
        (on(LATER), PhaseId.PROMOTION, "every gate of v2.15.0-rc2 is passed"),
        (HALF, PhaseId.PROMOTION, "0 of 27 wheels of torchvision"),
        (PROMOTED, PhaseId.RELEASE_DAY, "27 of 27 wheels"),
        (FINISHED, PhaseId.RELEASE_DAY, "v2.15.0 is tagged"),
        (on(date(2026, 10, 29), FINISHED), PhaseId.WRAP_UP, "v2.15.0 is tagged"),
        (on(date(2026, 10, 1), UNREAD), PhaseId.PREPARATION, "by the dates alone"),
        (UNREAD, PhaseId.CANDIDATES, "by the dates alone"),
        (on(LATER, UNREAD), PhaseId.FINAL_CANDIDATE, "by the dates alone"),
        (on(date(2026, 10, 28), UNREAD), PhaseId.RELEASE_DAY, "by the dates alone"),
    ],
)
def test_the_phase(state: ReleaseState, phase: PhaseId, reason: str) -> None:
    found = standing(state)

    assert found.phase is phase
    assert reason in found.reason


def test_an_unreadable_backend_never_opens_promotion() -> None:
    for name in ("ci", "builds", "picks", "milestone", "artifacts", "ledger"):
        value = getattr(GREEN, name).value
        incomplete = feed(value, missing="a page is missing")
        state = on(LATER, msgspec.structs.replace(GREEN, **{name: incomplete}))

        assert standing(state).phase is PhaseId.FINAL_CANDIDATE, name
