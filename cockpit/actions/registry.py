"""The one registry of actions: bindings, footer, help, palette and docs all come from it."""

from __future__ import annotations

from collections.abc import Iterable

from cockpit.actions.action import Action, Group
from cockpit.actions.guards.board import for_next, next_step
from cockpit.actions.guards.branches import can_compare, is_cut
from cockpit.actions.guards.builds import has_builds, has_files, has_log
from cockpit.actions.guards.picks import came_from_a_pick
from cockpit.actions.operating import OPERATING
from cockpit.actions.picks import PICK_LOOKS
from cockpit.actions.shipping import SHIPPING
from cockpit.actions.situation import (
    Availability,
    Disabled,
    Scope,
    Situation,
    has_url,
    selected,
)
from cockpit.operations.permission import refusal
from cockpit.operations.plan import Danger


def _has_next(situation: Situation) -> Availability:
    following = next_step(situation)
    if following.action is None:
        return Disabled(following.text)
    return availability(action(following.action), for_next(situation, following))


READ = Danger.READ
ACTIONS: tuple[Action, ...] = (
    Action("pane-1", "Go to Branches", "The release branches", ("1",), Group.MOVE, READ),
    Action("pane-2", "Go to Builds", "The candidate's builds", ("2",), Group.MOVE, READ),
    Action("pane-3", "Go to Picks", "The cherry-pick queue", ("3",), Group.MOVE, READ),
    Action("pane-4", "Go to Checklist", "The checklist", ("4",), Group.MOVE, READ),
    Action(
        "open",
        "Open",
        "The pane in full, or the row's details",
        ("enter",),
        Group.MOVE,
        READ,
        footer=True,
    ),
    Action(
        "back", "Go back", "One level up; never changes anything", ("escape",), Group.MOVE, READ
    ),
    Action(
        "filter",
        "Filter",
        "Show the rows that contain a word; ! inverts, /…/ is a regular expression",
        ("slash",),
        Group.LOOK,
        READ,
        footer=True,
    ),
    Action("refresh", "Refresh", "Look at every backend now", ("r",), Group.LOOK, READ),
    Action(
        "browse",
        "Open in browser",
        "Open the row's page, or show its address",
        ("o",),
        Group.LOOK,
        READ,
        guard=has_url,
    ),
    Action(
        "copy-id",
        "Copy",
        "Copy the row's number, SHA or name",
        ("y",),
        Group.LOOK,
        READ,
        guard=selected("row"),
    ),
    Action(
        "copy-url",
        "Copy address",
        "Copy the address of the row's page",
        ("Y",),
        Group.LOOK,
        READ,
        guard=has_url,
    ),
    Action(
        "command-log",
        "Show the command log",
        "Every git, gh and aws line that was run",
        ("c",),
        Group.LOOK,
        READ,
    ),
    Action(
        "ledger", "Show the ledger", "Who decided, signed or ran what", ("l",), Group.LOOK, READ
    ),
    Action(
        "publishing",
        "Show the package index",
        "Every wheel on its way there: in the channel, staged, inspected, published",
        ("6",),
        Group.LOOK,
        READ,
    ),
    Action(
        "board",
        "Show the board",
        "What blocks, is risky and is ready, and what to do about each line",
        ("0",),
        Group.LOOK,
        READ,
    ),
    Action(
        "promotion",
        "Show the promotion",
        "Each package in the stable channel and on its mirrors: expected, present, verified",
        ("5",),
        Group.LOOK,
        READ,
    ),
    Action(
        "export-ledger",
        "Copy as Markdown",
        "The ledger's rows that are shown, as a table for an issue",
        ("number_sign",),
        Group.LOOK,
        READ,
        (Scope.LEDGER,),
        footer=True,
    ),
    Action(
        "handover",
        "Hand over",
        "What happened, is open, is next and who holds what, as Markdown to copy",
        ("H",),
        Group.LOOK,
        READ,
    ),
    Action(
        "timeline",
        "Show the branch's history",
        "Every commit since the cut, between the candidates; what is untagged comes first",
        ("h",),
        Group.LOOK,
        READ,
        (Scope.BRANCHES,),
        is_cut,
    ),
    Action(
        "compare-candidates",
        "Compare candidates",
        "What the selected candidate adds to the one before it; again for one further back",
        ("m",),
        Group.LOOK,
        READ,
        (Scope.BRANCHES, Scope.TIMELINE, Scope.BUILDS),
        can_compare,
    ),
    Action(
        "verify-artifacts",
        "Look inside of the files",
        "Read the commit and the requirements inside of the test channel's files: of all of them",
        ("v",),
        Group.LOOK,
        READ,
        (Scope.DASHBOARD, Scope.BUILDS, Scope.CHECKLIST),
        has_files,
    ),
    Action(
        "builds-view",
        "Matrix or list",
        "The builds as a matrix of accelerators and Pythons, or as a list of jobs",
        ("M",),
        Group.LOOK,
        READ,
        (Scope.BUILDS_SCREEN, Scope.BUILDS_COMPARED),
        footer=True,
    ),
    Action(
        "builds-group",
        "Group the jobs",
        "By state, workflow, platform, accelerator, Python, stage, as the HUD does, or not at all",
        ("s",),
        Group.LOOK,
        READ,
        (Scope.BUILDS_SCREEN,),
        footer=True,
    ),
    Action(
        "fold",
        "Fold the groups",
        "Show the headings of the list alone, or everything again; Enter folds one",
        ("f",),
        Group.LOOK,
        READ,
        (Scope.BUILDS_SCREEN,),
    ),
    Action(
        "next-red",
        "Next red one",
        "The next job or item that needs somebody; in a log the next failing line, in a diff the"
        " next file",
        ("n",),
        Group.MOVE,
        READ,
        (Scope.BUILDS_SCREEN, Scope.LOG, Scope.DIFF, Scope.WALK),
        footer=True,
    ),
    Action(
        "previous-red",
        "Previous red one",
        "The job, item or line before that needs somebody, or the file before",
        ("N",),
        Group.MOVE,
        READ,
        (Scope.BUILDS_SCREEN, Scope.LOG, Scope.DIFF, Scope.WALK),
    ),
    Action(
        "job-log",
        "Read the log",
        "The end of the job's log, at the first line that tells of a failure",
        ("L",),
        Group.LOOK,
        READ,
        (Scope.BUILDS, Scope.JOB),
        has_log,
        footer=True,
    ),
    Action(
        "pager",
        "Open in the pager",
        "The text in $PAGER; the cockpit comes back when that ends",
        ("p",),
        Group.LOOK,
        READ,
        (Scope.LOG, Scope.DIFF, Scope.PICK),
        footer=True,
    ),
    Action(
        "other-builds",
        "Show a library's builds",
        "The newest candidate of the selected repository; among builds, of the next one",
        ("i",),
        Group.LOOK,
        READ,
        (Scope.BRANCHES, Scope.BUILDS_SCREEN),
        has_builds,
    ),
    Action(
        "show-pick",
        "Go to the pick",
        "The selected commit's row in the cherry-pick queue",
        ("Q",),
        Group.MOVE,
        READ,
        (Scope.TIMELINE,),
        came_from_a_pick,
    ),
    Action(
        "walk",
        "Walk through",
        "The checklist, one item a page; begins where everybody together has come to",
        ("J",),
        Group.LOOK,
        READ,
        (Scope.DASHBOARD, Scope.CHECKLIST),
        footer=True,
    ),
    Action(
        "next",
        "Do what comes next",
        "The board's NEXT, or what the board's selected line asks for, through its confirmation",
        ("e",),
        Group.ACT,
        READ,
        guard=_has_next,
        footer=True,
    ),
    *PICK_LOOKS,
    *OPERATING,
    *SHIPPING,
    Action(
        "arm",
        "Arm or disarm",
        "Allow irreversible actions for ten minutes",
        ("A",),
        Group.COCKPIT,
        Danger.LOCAL,
        footer=True,
    ),
    Action(
        "palette",
        "Find a command",
        "Search every action",
        ("ctrl+p", "colon"),
        Group.COCKPIT,
        READ,
        footer=True,
    ),
    Action(
        "help",
        "Help",
        "What the keys do here",
        ("question_mark",),
        Group.COCKPIT,
        READ,
        footer=True,
    ),
    Action(
        "watch",
        "Watch the operation",
        "The operation that is being carried out, or how the last one ended",
        ("w",),
        Group.COCKPIT,
        READ,
    ),
    Action("density", "Change density", "Normal or compact rows", ("d",), Group.COCKPIT, READ),
    Action(
        "theme",
        "Change theme",
        "Dark, light, high contrast or the terminal's own colours",
        ("T",),
        Group.COCKPIT,
        READ,
    ),
    Action("quit", "Quit", "Asks only while an operation runs", ("q",), Group.COCKPIT, READ),
)
_BY_ID = {entry.id: entry for entry in ACTIONS}
_SHARING = {
    entry.id: sharing
    for entry in ACTIONS
    if len(sharing := [o for o in ACTIONS if set(o.keys).intersection(entry.keys)]) > 1
}
"""Actions that share a key with others, each with all of them; they are offered in other places."""


def action(action_id: str) -> Action:
    """The action of this id; raises KeyError for any other."""
    return _BY_ID[action_id]


def belongs_to(action_id: str, scopes: tuple[Scope, ...]) -> bool:
    """Whether an action's keys are its own in these scopes.

    Where no action of a key is offered, the first one says so.
    """
    rivals = _SHARING.get(action_id, ())
    here = {*scopes, Scope.EVERYWHERE}
    offered_here = [other for other in rivals if here.intersection(other.scopes)]
    first = next(iter(offered_here or rivals), None)
    return first is None or first.id == action_id


def availability(entry: Action, situation: Situation) -> Availability:
    """Whether an action can be taken now; the reason is what the person is told."""
    if situation.read_only and entry.danger is not Danger.READ:
        return Disabled("the cockpit is read-only")
    if situation.running and entry.danger.level >= Danger.REMOTE.level:
        return Disabled(f"{situation.running} is still running")
    state = situation.state
    forbidden = refusal(state.spec.team, state.me, entry.operation or entry.id, entry.danger)
    if forbidden:
        return Disabled(forbidden)
    allowed = entry.guard(situation)
    if isinstance(allowed, Disabled):
        return allowed
    if entry.danger is Danger.IRREVERSIBLE and not situation.armed:
        return Disabled("it cannot be undone: press A to arm first")
    return allowed


def offered(situation: Situation, entries: Iterable[Action] = ACTIONS) -> tuple[Action, ...]:
    """The actions of these scopes; what writes is not offered to whoever may only look."""
    scopes, state = {*situation.scopes, Scope.EVERYWHERE}, situation.state
    looks_only = situation.read_only or bool(state.me and state.spec.team.stranger(state.me))
    return tuple(
        entry
        for entry in entries
        if scopes.intersection(entry.scopes)
        and not (looks_only and entry.danger is not Danger.READ)
    )
