"""Gates of the queue and of what the branch lacks, as cases of tests."""

from __future__ import annotations

from cockpit.release.nominations import Verdict
from cockpit.release.state import ReleaseState
from cockpit.release.trunk import Finding, FindingKind
from cockpit.release.verdicts import Outcome
from tests.release.states import (
    APPROVALS,
    CORE,
    GREEN,
    MERGED_PULLS,
    NOMINATIONS,
    answer,
    feed,
    landing,
    nomination,
    pull,
    sha,
    tracked,
    trunk,
    uncut,
    with_,
    with_branches,
)

MISSING_FIX = Finding(
    FindingKind.MISSING_FIX,
    sha("trunk 7"),
    7,
    "Fix sdpa",
    "#5 of the milestone: fixed on trunk since the cut",
    "pytorch/pytorch#5",
)
MISSING_REVERT = Finding(
    FindingKind.MISSING_REVERT, sha("revert"), None, 'Revert "Fix x"', "picked as 1234567"
)
DENIED_FIX = tracked(
    (*MERGED_PULLS, pull(14, "Fix sdpa", state="closed")),
    (*NOMINATIONS, nomination(7, 14)),
    (*APPROVALS, answer(14, Verdict.DENIED)),
)
BEFORE_CUT = with_branches(uncut(CORE))


def lacking(finding: Finding) -> ReleaseState:
    """A green state whose branch lacks something."""
    return with_(trunk=feed(trunk(findings=(finding,)), "git"))


def read(**more: object) -> ReleaseState:
    """A green state with more told of trunk."""
    return with_(trunk=feed(trunk(**more), "git"))


PICK_CASES: tuple[tuple[str, str, ReleaseState, Outcome, str], ...] = (
    ("fixes-picked", "none", GREEN, Outcome.PASSED, "nothing of the milestone is fixed on main"),
    ("fixes-picked", "one", lacking(MISSING_FIX), Outcome.FAILED, "Fix sdpa: #5 of the milestone"),
    ("fixes-picked", "a revert", lacking(MISSING_REVERT), Outcome.PASSED, "nothing of the"),
    (
        "fixes-picked",
        "decided against",
        with_(trunk=feed(trunk(landing(7), findings=(MISSING_FIX,))), picks=feed(DENIED_FIX)),
        Outcome.PASSED,
        "nothing of the milestone",
    ),
    (
        "fixes-picked",
        "no milestone",
        read(fixes_unknown="there is no milestone 2.15.0"),
        Outcome.UNKNOWN,
        "there is no milestone",
    ),
    ("fixes-picked", "uncut", BEFORE_CUT, Outcome.NOT_APPLICABLE, "has not been cut"),
    ("reverts-picked", "none", GREEN, Outcome.PASSED, "nothing that main took back is left"),
    ("reverts-picked", "one", lacking(MISSING_REVERT), Outcome.FAILED, "picked as 1234567"),
    (
        "reverts-picked",
        "patches were not compared",
        read(unknown=("the patches could not be compared",)),
        Outcome.UNKNOWN,
        "the patches could not be compared",
    ),
    (
        "reverts-picked",
        "of nobody knows what",
        read(nameless=(landing(9),)),
        Outcome.UNKNOWN,
        "reverts what was not found: Change 9",
    ),
    ("reverts-picked", "uncut", BEFORE_CUT, Outcome.NOT_APPLICABLE, "has not been cut"),
)
