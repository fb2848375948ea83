"""The one registry of actions: bindings, footer, help, palette and docs all come from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import Enum

import msgspec

from cockpit.operations.plan import Danger
from cockpit.release.state import ReleaseState


class Scope(Enum):
    """Where an action is offered."""

    EVERYWHERE = "everywhere"
    DASHBOARD = "dashboard"
    BRANCHES = "branches"
    BUILDS = "builds"
    PICKS = "picks"
    CHECKLIST = "checklist"
    LEDGER = "ledger"


class Group(Enum):
    """Headings of help and palette."""

    MOVE = "Move"
    LOOK = "Look"
    ACT = "Act"
    COCKPIT = "Cockpit"


class Selection(msgspec.Struct, frozen=True):
    """What was selected when a key was pressed: an identity, never a position."""

    pane: str
    key: str
    url: str = ""
    copy: str = ""


class Situation(msgspec.Struct, frozen=True):
    """What guards look at."""

    state: ReleaseState
    scopes: tuple[Scope, ...] = (Scope.EVERYWHERE,)
    selection: Selection | None = None
    armed: bool = False
    read_only: bool = False
    running: str = ""
    """The operation that is being carried out."""


class Enabled(msgspec.Struct, frozen=True):
    """The action can be taken."""


class Disabled(msgspec.Struct, frozen=True):
    """The action cannot be taken, and why."""

    reason: str


Availability = Enabled | Disabled
Guard = Callable[[Situation], Availability]


def always(_: Situation) -> Availability:
    """No condition."""
    return Enabled()


class Action(msgspec.Struct, frozen=True):
    """Something a person can do, by key, palette or command line."""

    id: str
    title: str
    """Starts with a verb."""
    tooltip: str
    keys: tuple[str, ...]
    group: Group
    danger: Danger
    scopes: tuple[Scope, ...] = (Scope.EVERYWHERE,)
    guard: Guard = always
    operation: str | None = None
    """The operation behind it; every action above `local` has one."""
    footer: bool = False
    """Whether it is one of the few that the footer names."""


def _selected(what: str) -> Guard:
    def guard(situation: Situation) -> Availability:
        return Enabled() if situation.selection else Disabled(f"no {what} is selected")

    return guard


def _has_url(situation: Situation) -> Availability:
    if situation.selection is None:
        return Disabled("nothing is selected")
    return Enabled() if situation.selection.url else Disabled("this row has no page to open")


def _can_tag(situation: Situation) -> Availability:
    state = situation.state
    if state.branches.value is None:
        return Disabled("the branches have not been read yet")
    branch = state.branches.value.of(state.spec.core)
    if branch is None or branch.head is None:
        return Disabled(f"{state.spec.core.release_branch} has not been cut")
    if state.moved:
        return Disabled(state.moved[0].describe())
    if state.candidate is not None and state.candidate.commit_sha == branch.head.sha:
        return Disabled(f"{state.candidate.tag.name} is already the head of the branch")
    return Enabled()


def _can_pin(situation: Situation) -> Availability:
    state = situation.state
    if state.branches.value is None or state.ledger.value is None:
        return Disabled("the branches and the ledger have not been read yet")
    pinned = {(pin.repository, pin.tag) for pin in state.record.pins}
    for repository in state.spec.repositories:
        branch = state.branches.value.of(repository)
        for candidate in branch.candidates(repository) if branch else ():
            if (repository.name, candidate.tag.name) not in pinned:
                return Enabled()
    return Disabled("every candidate is pinned")


def _has_next(situation: Situation) -> Availability:
    from cockpit.release.board import board

    following = board(situation.state).next
    if following.action is None:
        return Disabled(following.text)
    return availability(action(following.action), situation)


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
        guard=_has_url,
    ),
    Action(
        "copy-id",
        "Copy",
        "Copy the row's number, SHA or name",
        ("y",),
        Group.LOOK,
        READ,
        guard=_selected("row"),
    ),
    Action(
        "copy-url",
        "Copy address",
        "Copy the address of the row's page",
        ("Y",),
        Group.LOOK,
        READ,
        guard=_has_url,
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
        "next",
        "Do what comes next",
        "The board's NEXT, through its own confirmation",
        ("e",),
        Group.ACT,
        READ,
        guard=_has_next,
        footer=True,
    ),
    Action(
        "tag-candidate",
        "Tag the next candidate",
        "Push vX.Y.Z-rcN at the head of the release branch",
        ("t",),
        Group.ACT,
        Danger.IRREVERSIBLE,
        (Scope.DASHBOARD, Scope.BRANCHES, Scope.BUILDS),
        _can_tag,
        "tag-candidate",
        footer=True,
    ),
    Action(
        "pin-candidates",
        "Pin the candidates",
        "Record in the ledger what the tags are now, so that a moved one raises an alarm",
        ("P",),
        Group.ACT,
        Danger.REMOTE,
        (Scope.DASHBOARD, Scope.BRANCHES, Scope.BUILDS, Scope.CHECKLIST),
        _can_pin,
        "pin-candidates",
    ),
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


def action(action_id: str) -> Action:
    """The action of this id; raises KeyError for any other."""
    return _BY_ID[action_id]


def availability(entry: Action, situation: Situation) -> Availability:
    """Whether an action can be taken now; the reason is what the person is told."""
    if situation.read_only and entry.danger is not Danger.READ:
        return Disabled("the cockpit is read-only")
    if situation.running and entry.danger.level >= Danger.REMOTE.level:
        return Disabled(f"{situation.running} is still running")
    allowed = entry.guard(situation)
    if isinstance(allowed, Disabled):
        return allowed
    if entry.danger is Danger.IRREVERSIBLE and not situation.armed:
        return Disabled("it cannot be undone: press A to arm first")
    return allowed


def offered(situation: Situation, entries: Iterable[Action] = ACTIONS) -> tuple[Action, ...]:
    """The actions of these scopes; read-only mode removes everything that writes."""
    scopes = {*situation.scopes, Scope.EVERYWHERE}
    return tuple(
        entry
        for entry in entries
        if scopes.intersection(entry.scopes)
        and not (situation.read_only and entry.danger is not Danger.READ)
    )
