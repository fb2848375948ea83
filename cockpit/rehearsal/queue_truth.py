"""What is true of every nomination of a story, told by the story and not by its comments."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cockpit.rehearsal import oddities
from cockpit.rehearsal.history import BranchPull, CoreHistory
from cockpit.rehearsal.story import BRANCH, PendingPick, TrunkCommit

_CRITERIA = {
    "regression": "regression",
    "critical": "critical fix",
    "fixnewfeature": "fix to a new feature",
    "docs": "documentation",
    "release": "release branch only",
    "human": "regression",
    "dispensation": "special dispensation",
    "several": "critical fix",
    "incomplete": "not said",
}
_STATES = {"denied": "denied", "asked": "needs info", "approved": "approved", "stale": "approved"}


@dataclass(frozen=True, slots=True)
class NominationTruth:
    """One row that a queue of this tracker must have."""

    release_pull: int | None
    trunk_pulls: tuple[int, ...]
    state: str
    """In the words of process section 12.15; `approved` whether or not its checks are green."""
    criterion: str
    issue: int | None = None
    """The issue that the nomination links."""
    candidate: str | None = None
    """The first candidate that contains it."""
    missing: str | None = None
    """The commit of trunk that the branch lacks, and without which it conflicts."""
    target: str = ""
    """The branch that its pull request targets instead of the release branch."""
    shape: str = ""


def nominations(history: CoreHistory) -> tuple[NominationTruth, ...]:
    """Every nominated change of the release."""
    pulls = (pull for pull in history.pulls if pull.base == BRANCH and pull.sources)
    rows = [_of_pull(history, pull) for pull in pulls if pull.state != "unnominated"]
    rows += [
        _without_pull(history, pick)
        for pick in history.plan.pending
        if pick.state.startswith("conflict")
    ]
    return tuple(rows)


def _of_pull(history: CoreHistory, pull: BranchPull) -> NominationTruth:
    numbers = tuple(source.number for source in pull.sources)
    if pull.shape:
        said = oddities.said(pull)
        return NominationTruth(
            pull.number,
            numbers,
            said.state,
            said.criterion,
            said.issue,
            target=said.target,
            shape=pull.shape,
        )
    first = pull.sources[0]
    landed = pull.landed_at is not None
    early = landed and first not in history.plan.late_picks
    return NominationTruth(
        pull.number,
        numbers,
        ("in candidate" if early else "merged")
        if landed
        else _STATES.get(pull.state or "", "nominated"),
        "revert" if first.kind == "revert" else _CRITERIA[pull.said],
        first.fixes if pull.by_bot else None,
        candidate="v2.15.0-rc1" if early else None,
    )


def _without_pull(history: CoreHistory, pick: PendingPick) -> NominationTruth:
    commit = pick.commits[0]
    return NominationTruth(
        None,
        (commit.number,),
        "approved" if pick.state == "conflict-approved" else "nominated",
        "critical fix",
        missing=[other.sha for other in _before(history, commit)][-1],
    )


def _before(history: CoreHistory, commit: TrunkCommit) -> Iterator[TrunkCommit]:
    """What changed the same function on trunk since the cut, before this commit."""
    plan = history.plan
    since = plan.trunk[plan.cut + 1 : plan.trunk.index(commit)]
    return (other for other in since if other.slot == commit.slot)
