"""Phases of a release, and which one it is in, told from the facts before the calendar."""

from __future__ import annotations

from enum import Enum

import msgspec

from cockpit.release.commits import short
from cockpit.release.gates import GATES
from cockpit.release.lookups import branch_of
from cockpit.release.overrides import cleared
from cockpit.release.state import ReleaseState
from cockpit.release.verdicts import Outcome, Verdict
from cockpit.release.words import counted


class PhaseId(Enum):
    """The phases every process is divided into, in order."""

    PREPARATION = "preparation"
    CANDIDATES = "candidates"
    FINAL_CANDIDATE = "final-candidate"
    PROMOTION = "promotion"
    RELEASE_DAY = "release-day"
    WRAP_UP = "wrap-up"

    @property
    def order(self) -> int:
        """Its place, from 0."""
        return list(PhaseId).index(self)


class Standing(msgspec.Struct, frozen=True):
    """Where a release stands, and how that is known."""

    phase: PhaseId
    reason: str


_ALWAYS = ("tags-unmoved",)
_BRANCHES = ("core-cut", "orig-unmoved", "version-file", "ci-green")
_CANDIDATE = ("candidate-pinned", "builds-green", "checks-green")
_FINAL = (
    "picks-decided",
    "picks-merged",
    "fixes-picked",
    "reverts-picked",
    "core-tagged",
    "domains-tagged",
    "milestone-empty",
    "milestone-validated",
    "unfrozen",
    "libraries-green",
    "wheels-complete",
    "binaries-validated",
    "performance-run",
    "docs-entry",
)
_STAGED = ("wheels-staged", "staged-wheels-valid")
_PREPARATION = (
    "schedule-set",
    "milestone-ready",
    "triton-pinned",
    "workflows-cover",
    "base-green",
    "nightlies-green",
)
_RELEASED = (
    "domains-final",
    "source-released",
    "images-validated",
    "images-published",
    "packages-validated",
)
PHASE_GATES: dict[PhaseId, tuple[str, ...]] = {
    PhaseId.PREPARATION: (*_PREPARATION, "core-cut"),
    PhaseId.CANDIDATES: (*_ALWAYS, *_BRANCHES, "domains-cut", *_CANDIDATE),
    PhaseId.FINAL_CANDIDATE: (*_ALWAYS, *_BRANCHES, "domains-cut", *_CANDIDATE, *_FINAL),
    PhaseId.PROMOTION: (
        *(*_ALWAYS, *_CANDIDATE, *_FINAL),
        *("credentials-alive", "triton-on-index", "wheels-promoted", *_STAGED),
    ),
    PhaseId.RELEASE_DAY: (
        *(*_ALWAYS, *_CANDIDATE, "credentials-alive", "triton-on-index"),
        *("wheels-promoted", *_STAGED, "index-published", "final-tag", *_RELEASED),
    ),
    PhaseId.WRAP_UP: (*_ALWAYS, "wheels-promoted", "index-published", "final-tag", *_RELEASED),
}
"""Gates that matter while a phase lasts."""


def judge(state: ReleaseState, phase: PhaseId) -> dict[str, Verdict]:
    """The verdicts of the gates that matter in a phase, by gate."""
    return {gate: GATES[gate].judge(state) for gate in PHASE_GATES[phase]}


def standing(state: ReleaseState) -> Standing:
    """The phase the release is in; what has not been read is told from the dates, and says so."""
    if state.branches.value is None:
        return _by_dates(state)
    core, candidate = state.spec.core, state.candidate
    branch = branch_of(state, core)
    if branch is None:
        return Standing(PhaseId.PREPARATION, f"{core.release_branch} has not been cut")
    final = core.final_tag
    tagged = branch.tag(final)
    if tagged is not None:
        left = state.spec.schedule.days_until_release(state.now.date())
        over = left is not None and left < 0
        phase = PhaseId.WRAP_UP if over else PhaseId.RELEASE_DAY
        return Standing(phase, f"{final} is tagged at {short(tagged.commit_sha)}")
    if candidate is None:
        return Standing(PhaseId.CANDIDATES, "no candidate has been tagged yet")
    return _before_the_final_tag(state, candidate.tag.name)


def _before_the_final_tag(state: ReleaseState, tag: str) -> Standing:
    promoted = GATES["wheels-promoted"].judge(state)
    if promoted.outcome is Outcome.PASSED:
        return Standing(PhaseId.RELEASE_DAY, promoted.text)
    if _partly_promoted(state):
        return Standing(PhaseId.PROMOTION, promoted.text)
    closed = GATES["picks-closed"].judge(state)
    if closed.outcome is not Outcome.PASSED:
        return Standing(PhaseId.CANDIDATES, f"{tag} is tagged; {closed.text}")
    verdicts = judge(state, PhaseId.FINAL_CANDIDATE)
    blocking = [gate for gate, verdict in verdicts.items() if not cleared(gate, verdict, state)]
    if blocking:
        return Standing(
            PhaseId.FINAL_CANDIDATE, f"{closed.text}; {counted(len(blocking), 'gate')} not passed"
        )
    return Standing(PhaseId.PROMOTION, f"every gate of {tag} is passed")


def _partly_promoted(state: ReleaseState) -> bool:
    artifacts = state.artifacts.whole
    return artifacts is not None and any(listing.stable for listing in artifacts.packages)


def _by_dates(state: ReleaseState) -> Standing:
    schedule, today = state.spec.schedule, state.now.date()
    reached = PhaseId.PREPARATION
    for day, phase in (
        (schedule.branch_cut, PhaseId.CANDIDATES),
        (schedule.picks_close, PhaseId.FINAL_CANDIDATE),
        (schedule.release_day, PhaseId.RELEASE_DAY),
    ):
        if day is not None and today >= day:
            reached = phase
    return Standing(reached, "by the dates alone: the branches have not been read")
