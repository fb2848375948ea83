"""Which screen an action opens; each kind is imported when it is first asked for."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import msgspec
from textual.screen import Screen

from cockpit.actions.guards.branches import meant_candidate, meant_repository
from cockpit.actions.guards.builds import selected_job
from cockpit.actions.guards.picks import pick_meant
from cockpit.actions.situation import Scope, Situation
from screens.full import in_full

if TYPE_CHECKING:
    from screens.ports import Cockpit


def opened(
    action: str, situation: Situation, cockpit: Cockpit, front: Screen[object]
) -> Screen[None] | None:
    """The screen that an action opens from the one in front; None where nothing is selected.

    Raises LookupError for an action that opens none.
    """
    match action:
        case "board" | "ledger" | "promotion" | "publishing":
            return in_full(action)
        case "command-log":
            from screens.command_log import CommandLogScreen

            return CommandLogScreen(cockpit.command_log, lambda: cockpit.usage)
        case "handover":
            return _handover(cockpit)
        case "lacking":
            from screens.picks import LackingScreen

            return LackingScreen()
        case "end-state":
            from screens.end_state import EndStateScreen

            return EndStateScreen(cockpit)
        case _:
            return _about_selection(action, situation, cockpit, front)


def _about_selection(
    action: str, situation: Situation, cockpit: Cockpit, front: Screen[object]
) -> Screen[None] | None:
    match action:
        case "open" if situation.selection and situation.selection.pane == "picks":
            from screens.pick import PickScreen

            return PickScreen(cockpit, situation.selection.key)
        case "open" | "job-log":
            return _job(action, situation, cockpit, front)
        case "diff":
            return _diff(situation, cockpit, front)
        case "timeline":
            from screens.timeline import TimelineScreen

            return TimelineScreen(meant_repository(situation))
        case "other-builds":
            from screens.builds import BuildsScreen

            return BuildsScreen(repository=meant_repository(situation).name)
        case "compare-candidates":
            return _comparison(situation)
        case "show-pick":
            pick = pick_meant(situation)
            return in_full("picks", pick.key) if pick else None
        case "walk":
            from cockpit.actions.guards.checklist import item_meant
            from screens.walk import WalkScreen

            return WalkScreen(item_meant(situation))
        case "help":
            from screens.help import HelpScreen

            return HelpScreen(situation.scopes, situation.selection)
        case _:
            raise LookupError(f"the registry has an action {action} that nothing carries out")


def _handover(cockpit: Cockpit) -> Screen[None]:
    from cockpit.views.handover import handover
    from screens.handover import HandoverScreen

    state = cockpit.state

    def made(span: timedelta) -> str:
        return handover(state, cockpit.process, state.now - span)

    return HandoverScreen(str(state.spec.version), made)


def _job(
    action: str, situation: Situation, cockpit: Cockpit, front: Screen[object]
) -> Screen[None] | None:
    """A job's steps, or its log; from its steps the log is opened at the selected one."""
    from screens.job import JobScreen
    from screens.log import LogScreen

    job, selection = selected_job(situation), situation.selection
    if job is None or selection is None:
        return None
    repository, key = selection.repository, selection.key
    if action == "open" and not isinstance(front, JobScreen):
        return JobScreen(cockpit, repository, key)
    step = front.step if isinstance(front, JobScreen) else None
    read = partial(cockpit.job_log, repository, job.id)
    return LogScreen(repository, key, job, read, step)


def _comparison(situation: Situation) -> Screen[None] | None:
    """Two candidates' builds, or what one adds to the branch."""
    if Scope.BUILDS in situation.scopes:
        from screens.builds_comparison import BuildsComparisonScreen

        return BuildsComparisonScreen()
    from cockpit.views.timeline import previous_of
    from screens.timeline import ComparisonScreen

    repository, newer = meant_repository(situation), meant_candidate(situation)
    older = previous_of(situation.state, repository, newer) if newer else None
    if newer is None or older is None:
        return None
    return ComparisonScreen(repository, older.tag.name, newer.tag.name)


def _diff(situation: Situation, cockpit: Cockpit, front: Screen[object]) -> Screen[None] | None:
    """The selected pick's change, or that of the whole queue where its end is shown."""
    from cockpit.views.pick_life import pick_named, pick_title
    from screens.diff import DiffScreen
    from screens.end_state import EndStateScreen

    selection = situation.selection
    if isinstance(front, EndStateScreen):
        return DiffScreen("The whole queue", None, front.change)
    if selection is None:
        return None
    pick = pick_named(situation.state, selection.key)
    one = msgspec.structs.replace(selection, marked=())
    read = partial(cockpit.pick_diff, selection.key)
    return DiffScreen(pick_title(pick) if pick else selection.key, one, read)
