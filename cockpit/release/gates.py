"""The gates of a release: what must hold before it may go on, judged from the readings alone."""

from __future__ import annotations

from collections.abc import Mapping

from cockpit.release.gates_branches import BRANCH_GATES
from cockpit.release.gates_candidate import CANDIDATE_GATES
from cockpit.release.gates_health import HEALTH_GATES
from cockpit.release.gates_picks import PICK_GATES
from cockpit.release.gates_preparation import PREPARATION_GATES
from cockpit.release.gates_promotion import PROMOTION_GATES
from cockpit.release.gates_publishing import PUBLISHING_GATES
from cockpit.release.gates_readiness import READINESS_GATES
from cockpit.release.gates_runs import RUN_GATES
from cockpit.release.lookups import known
from cockpit.release.state import ReleaseState
from cockpit.release.verdicts import (
    Evidence,
    Gate,
    Verdict,
    failed,
    not_applicable,
    passed,
    unknown,
)
from cockpit.release.words import few


def _schedule_set(state: ReleaseState) -> Verdict:
    schedule = state.spec.schedule
    dates = {"picks close": schedule.picks_close, "release day": schedule.release_day}
    if not state.spec.version.patch:
        dates = {"branch cut": schedule.branch_cut, **dates}
    if not any(dates.values()):
        return _undated(state, "the config has no [schedule]")
    absent = [name for name, day in dates.items() if day is None]
    if absent:
        return failed(f"no date for {', '.join(absent)}", then="set [schedule] in the config")
    days = [day for day in dates.values() if day is not None]
    if days != sorted(days):
        return failed("the dates are out of order", then="correct [schedule] in the config")
    return passed(*(f"{name} {day:%d %b %Y}" for name, day in dates.items() if day))


def _undated(state: ReleaseState, said: str) -> Verdict:
    """What is not dated: all dates of a patch release are optional; process section 18.1."""
    if state.spec.version.patch:
        return not_applicable(f"{said}; a patch release needs none")
    return unknown(said, then="set [schedule] in the config")


def _picks_closed(state: ReleaseState) -> Verdict:
    left = state.spec.schedule.days_until_picks_close(state.now.date())
    if left is None:
        return _undated(state, "the date on which picks close is not set")
    if left > 0:
        return failed(f"picks close in {left} d", then="wait for picks to close", pending=True)
    return passed(f"picks closed on {state.spec.schedule.picks_close:%d %b %Y}")


def _release_day(state: ReleaseState) -> Verdict:
    left = state.spec.schedule.days_until_release(state.now.date())
    if left is None:
        return _undated(state, "release day is not set")
    if left > 0:
        return failed(f"release in {left} d", then="wait for release day", pending=True)
    return passed(f"release day is {state.spec.schedule.release_day:%d %b %Y}")


def _milestone_empty(state: ReleaseState) -> Verdict:
    milestone = known(state.milestone)
    if not state.spec.milestone:
        return not_applicable("the config names no milestone")
    if milestone.number is None:
        return unknown(f"there is no milestone {milestone.title}", then="create the milestone")
    if milestone.open_items:
        items = milestone.open_items
        return failed(
            *(Evidence(f"#{item.number} {item.title}", item.url) for item in items),
            then=f"close or move {few((f'#{item.number}' for item in items), 1)}",
        )
    return passed(
        Evidence(f"{milestone.closed_count} closed, none open in {milestone.title}", milestone.url)
    )


GATES: Mapping[str, Gate] = {
    gate.id: gate
    for gate in (
        Gate("schedule-set", "the dates are set and in order", "schedule", (), _schedule_set),
        Gate(
            "picks-closed", "the deadline for picks has passed", "pick deadline", (), _picks_closed
        ),
        Gate("release-day", "release day has come", "release day", (), _release_day),
        *PREPARATION_GATES,
        *BRANCH_GATES,
        *CANDIDATE_GATES,
        *HEALTH_GATES,
        *RUN_GATES,
        *READINESS_GATES,
        Gate(
            "milestone-empty",
            "the milestone is empty",
            "milestone",
            ("milestone",),
            _milestone_empty,
        ),
        *PICK_GATES,
        *PUBLISHING_GATES,
        *PROMOTION_GATES,
    )
}
"""Every gate by its id; a process refers to them by it."""
