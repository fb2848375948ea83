"""Whether picks can be acted on in a situation, and which: the marked rows, else the selected."""

from __future__ import annotations

from collections.abc import Callable

from cockpit.actions.guards.branches import meant_repository
from cockpit.actions.situation import Availability, Disabled, Enabled, Guard, Scope, Situation
from cockpit.release.lookups import branch_of, pick_label, picks_by_commit
from cockpit.release.picks import Pick, PickState
from cockpit.release.prediction import Outcome
from cockpit.release.trunk import FindingKind

_THERE = (PickState.MERGED, PickState.IN_CANDIDATE, PickState.REVERTED)
_NONE = Disabled("no pick is selected")


def meant_picks(situation: Situation) -> tuple[Pick, ...]:
    """The marked rows in their order, else the selected one; nothing elsewhere."""
    selection = situation.selection
    if selection is None or Scope.PICKS not in situation.scopes:
        return ()
    keys = selection.marked or (selection.key,)
    rows = {pick.key: pick for pick in situation.state.queue}
    return tuple(rows[key] for key in keys if key in rows)


def of_pulls(situation: Situation) -> dict[str, str]:
    """The pull requests that are meant, into the branch where there are such."""
    numbers = (pick.release_pull or pick.trunk_pull for pick in meant_picks(situation))
    return {"pull": ",".join(str(number) for number in numbers if number)}


def of_landed(situation: Situation) -> dict[str, str]:
    """The landed pull request, with its category where somebody has named one."""
    picks = meant_picks(situation)
    number = next((pick.trunk_pull for pick in picks), None)
    return {"pull": str(number or "")} | _category(picks)


def of_changes(situation: Situation) -> dict[str, str]:
    """The changes of trunk that are meant, with their category where it is one.

    Of a merge the parent that it is seen from is to be asked for.
    """
    picks = meant_picks(situation)
    merge = any(prediction.wants_parent for pick in picks for prediction in pick.predictions)
    asked = {"mainline": ""} if merge else {}
    return {"change": ",".join(filter(None, map(_change, picks)))} | _category(picks) | asked


def can_decide(*, approving: bool) -> Guard:
    """Whether a verdict can be given; one that was given already can be changed."""

    def guard(situation: Situation) -> Availability:
        picks = meant_picks(situation)
        if not picks:
            return _NONE
        state = situation.state
        person = state.spec.team.by_email(state.me)
        if person is not None and not state.spec.team.may_approve(person.email, person.login):
            return Disabled(f"{person.name} is no approver")
        return _first(picks, lambda pick: _undecidable(pick, approving=approving))

    return guard


def can_pick(situation: Situation) -> Availability:
    return _first(meant_picks(situation), _unpickable)


def can_show_diff(situation: Situation) -> Availability:
    """Whether there is one row, or a whole end state, whose change can be shown."""
    if Scope.END_STATE in situation.scopes:
        return Enabled()
    selection = situation.selection
    rows = {pick.key: pick for pick in situation.state.queue}
    pick = rows.get(selection.key) if selection else None
    if pick is None:
        return _NONE
    if not (pick.merged_sha or pick.pull or pick.commits):
        return Disabled("nothing of it is known to have landed, and it has no pull request")
    return Enabled()


def has_branch(situation: Situation) -> Availability:
    core = situation.state.spec.core
    if branch_of(situation.state, core) is None:
        return Disabled(f"{core.release_branch} has not been cut or read yet")
    return Enabled()


def can_resolve(situation: Situation) -> Availability:
    picks = meant_picks(situation)
    if len(picks) > 1:
        return Disabled("one at a time: each opens an editor of its own")
    return _first(picks, _nothing_to_resolve)


def can_abandon(situation: Situation) -> Availability:
    picks = meant_picks(situation)
    if len(picks) > 1:
        return Disabled("one at a time: each has a work tree of its own")
    return _first(picks, lambda pick: "" if pick.commits else "nothing of it can be resolved")


def of_abandoned(situation: Situation) -> dict[str, str]:
    """The change whose work tree is to go."""
    return {"change": ",".join(filter(None, map(_change, meant_picks(situation))))}


def can_merge(situation: Situation) -> Availability:
    picks, state = meant_picks(situation), situation.state
    frozen = state.record.frozen(state.spec.core)
    if frozen is not None:
        return Disabled(f"{frozen.name} is frozen {frozen.describe()}")
    return _first(picks, lambda pick: _unmergeable(pick, state.spec.core.release_branch))


def can_nominate(situation: Situation) -> Availability:
    picks = meant_picks(situation)
    if len(picks) > 1:
        return Disabled("one at a time: each has a reason of its own")
    return _first(picks, _not_to_nominate)


def can_request(situation: Situation) -> Availability:
    picks = meant_picks(situation)
    if len(picks) > 1:
        return Disabled("one at a time: the bot wants a class for each")
    return _first(picks, _not_landed)


def _first(picks: tuple[Pick, ...], why_not: Callable[[Pick], str]) -> Availability:
    """The first reason of any of them."""
    if not picks:
        return _NONE
    return next((Disabled(reason) for pick in picks if (reason := why_not(pick))), Enabled())


def _undecidable(pick: Pick, *, approving: bool) -> str:
    if not (pick.release_pull or pick.trunk_pull):
        return f"{pick.key} has no pull request"
    if pick.state in _THERE:
        return f"{pick_label(pick)} is {pick.state.value}"
    if approving and pick.state in (PickState.APPROVED, PickState.READY):
        return f"{pick_label(pick)} is approved already"
    if approving and pick.pull is not None and pick.pull.state == "closed":
        return f"{pick_label(pick)} was closed without being merged"
    return ""


def _unpickable(pick: Pick) -> str:
    if pick.pull is not None and pick.pull.state == "open":
        return f"{pick_label(pick)} picks it already"
    if pick.state in _THERE:
        return f"{pick_label(pick)} is {pick.state.value}"
    for prediction in pick.predictions:
        if prediction.outcome is Outcome.CONFLICT:
            return f"it conflicts in {', '.join(prediction.files)}: E resolves it"
        if prediction.outcome in (Outcome.ALREADY, Outcome.EMPTY):
            return f"it would change nothing: {prediction.outcome.value}"
    return "" if _change(pick) else "nothing of it has landed on trunk"


def _nothing_to_resolve(pick: Pick) -> str:
    if pick.pull is not None and pick.pull.state == "open":
        return f"{pick_label(pick)} picks it already: its author resolves it"
    if not pick.predictions:
        return "what it would come to has not been predicted"
    if all(one.outcome is not Outcome.CONFLICT for one in pick.predictions):
        return "it does not conflict"
    return ""


def _unmergeable(pick: Pick, branch: str) -> str:
    label = pick_label(pick)
    if pick.pull is None:
        return f"{label} has no pull request into the branch"
    if pick.state is PickState.APPROVED:
        return f"{label} is approved, and its checks are not green"
    if pick.state is not PickState.READY:
        return f"{label} is {pick.state.value}, not approved"
    if pick.pull.base != branch:
        return f"{label} targets {pick.pull.base}"
    if pick.collides:
        return f"#{pick.pull.number} conflicts with the branch"
    return f"{label} is a draft" if pick.pull.draft else ""


def _not_to_nominate(pick: Pick) -> str:
    if _is_missing_revert(pick):
        return "C picks what reverted it, and nominates that"
    return f"{pick.author} has nominated it" if pick.nominated else _not_landed(pick)


def _not_landed(pick: Pick) -> str:
    return "" if pick.trunk_pull else "it has no pull request on trunk"


def _is_missing_revert(pick: Pick) -> bool:
    found = pick.finding is not None and pick.finding.kind is FindingKind.MISSING_REVERT
    return found and not (pick.nominated or pick.pull)


def _change(pick: Pick) -> str:
    """What `pick` takes for it; of what trunk took back the pull request, whose revert is due."""
    if _is_missing_revert(pick) and pick.finding and pick.finding.reverts:
        return str(pick.finding.reverts)
    if pick.trunk_pull:
        return str(pick.trunk_pull)
    return pick.commits[0] if pick.commits else ""


def _category(picks: tuple[Pick, ...]) -> dict[str, str]:
    """The category of picks that somebody has nominated; nobody's is to be asked for.

    A missing revert has its own, whatever the others are nominated as.
    """
    others = [pick for pick in picks if not _is_missing_revert(pick)]
    if not picks or not all(pick.nominated for pick in others):
        return {}
    return {"category": (others[0].category or "as nominated") if others else "cherry-pick revert"}


def pick_meant(situation: Situation) -> Pick | None:
    """The pick that the selected commit came from."""
    commit = situation.selection.key if situation.selection else ""
    if meant_repository(situation) != situation.state.spec.core:
        return None
    return picks_by_commit(situation.state).get(commit)


def came_from_a_pick(situation: Situation) -> Availability:
    if pick_meant(situation) is None:
        return Disabled("no pick of the queue brought this row")
    return Enabled()
