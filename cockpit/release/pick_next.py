"""What is to be done next about one pick, and the action that does it."""

from __future__ import annotations

from cockpit.release.jobs import JobState
from cockpit.release.lookups import pick_label
from cockpit.release.picks import Pick, PickState
from cockpit.release.prediction import Outcome
from cockpit.release.state import ReleaseState
from cockpit.release.verdicts import NextStep

PANE = "pane-3"


def next_of(state: ReleaseState, pick: Pick) -> NextStep:
    """The next exact action on a row of the queue; where a person has to look, the pane."""
    text, action = _next(state, pick)
    return NextStep(text, action, pick.key)


def _next(state: ReleaseState, pick: Pick) -> tuple[str, str]:
    label = pick_label(pick)
    match pick.state:
        case PickState.READY:
            return _merge(state, pick)
        case PickState.APPROVED:
            return _land(pick)
        case PickState.NOMINATED | PickState.UNDER_REVIEW:
            if _may_approve(state):
                return f"approve {label}, or decide otherwise", "approve"
            return f"have an approver decide on {label}", PANE
        case PickState.NEEDS_INFO:
            return f"wait for the answer about {label}", PANE
        case PickState.FOUND if pick.pull is not None and pick.trunk_pull:
            return f"nominate {label}", "nominate"
        case PickState.FOUND if pick.commits and pick.pull is None:
            return _land(pick)
        case _:
            return f"look at {label}", PANE


def _merge(state: ReleaseState, pick: Pick) -> tuple[str, str]:
    label, pull = pick_label(pick), pick.pull
    if pull is None or pull.draft or pull.base not in ("", state.spec.core.release_branch):
        return f"look at {label}: {'; '.join(pick.problems) or 'it has no pull request'}", PANE
    if pick.collides:
        return f"have #{pull.number} brought up to the branch, with which it conflicts", PANE
    return f"merge {label}", "merge-pick"


def _land(pick: Pick) -> tuple[str, str]:
    """What brings a change that is to land to the point where it can be merged."""
    label, pull = pick_label(pick), pick.pull
    if pull is not None and pull.state == "open":
        state = pull.checks.state if pull.checks else JobState.UNKNOWN
        if state is JobState.FAILED:
            return f"look at the red checks of {label}", PANE
        return f"wait for the checks of {label}", PANE
    outcomes = [prediction.outcome for prediction in pick.predictions]
    if Outcome.CONFLICT in outcomes:
        return f"resolve the conflict of {label}", "resolve"
    if not outcomes or Outcome.UNKNOWN in outcomes:
        return f"look at {label}: what it comes to is not known", PANE
    if Outcome.CLEAN not in outcomes:
        return f"look at {label}: it would change nothing", PANE
    return f"pick {label}, or decide against it", "pick"


def _may_approve(state: ReleaseState) -> bool:
    """Whether this person's word counts; somebody the config does not know is told by the plan."""
    person = state.spec.team.by_email(state.me) if state.me else None
    return person is None or state.spec.team.may_approve(person.email, person.login)
