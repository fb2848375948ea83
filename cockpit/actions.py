"""The one registry of actions: bindings, footer, help, palette and docs all come from it."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

import msgspec

from cockpit.guards import (
    Availability,
    Capture,
    Disabled,
    Enabled,
    Guard,
    Scope,
    Selection,
    Situation,
    always,
    came_from_a_pick,
    can_bury,
    can_compare,
    can_cut,
    can_freeze,
    can_pin,
    can_release,
    can_tag,
    can_unfreeze,
    has_builds,
    has_files,
    has_log,
    has_url,
    is_cut,
    nothing,
    of_branch,
    of_candidate,
    of_repository,
    of_uncut_domains,
    selected,
)
from cockpit.guards_builds import (
    can_cancel,
    can_dispatch,
    can_rerun_failed,
    can_rerun_job,
    of_job,
    of_run,
)
from cockpit.guards_picks import (
    can_decide,
    can_merge,
    can_nominate,
    can_pick,
    can_request,
    can_resolve,
    of_changes,
    of_landed,
    of_pulls,
)
from cockpit.operations.plan import Danger

__all__ = [
    "ACTIONS",
    "Action",
    "Availability",
    "Disabled",
    "Enabled",
    "Group",
    "Scope",
    "Selection",
    "Situation",
    "action",
    "availability",
    "offered",
]


class Group(Enum):
    """Headings of help and palette."""

    MOVE = "Move"
    LOOK = "Look"
    ACT = "Act"
    COCKPIT = "Cockpit"


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
    arguments: Capture = nothing
    """What the operation is called with: fixed when the key is pressed."""
    asks: tuple[str, ...] = ()
    """Parameters of the operation that a person fills in before the plan is read.

    Nobody is asked for those that are all known from what is selected.
    """
    footer: bool = False
    """Whether it is one of the few that the footer names."""


def _has_next(situation: Situation) -> Availability:
    from cockpit.release.board import board

    following = board(situation.state).next
    if following.action is None:
        return Disabled(following.text)
    whole = msgspec.structs.replace(situation, selection=None)
    return availability(action(following.action), whole)


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
        (Scope.BUILDS_SCREEN,),
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
        "The next job that needs somebody; in a log the next line that tells of a failure",
        ("n",),
        Group.MOVE,
        READ,
        (Scope.BUILDS_SCREEN, Scope.LOG),
        footer=True,
    ),
    Action(
        "previous-red",
        "Previous red one",
        "The job or line before that needs somebody",
        ("N",),
        Group.MOVE,
        READ,
        (Scope.BUILDS_SCREEN, Scope.LOG),
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
        "The log in $PAGER; the cockpit comes back when that ends",
        ("p",),
        Group.LOOK,
        READ,
        (Scope.LOG,),
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
        "cut-branch",
        "Cut the branches",
        "Push release/X.Y and orig/release/X.Y of every repository whose turn it is",
        ("b",),
        Group.ACT,
        Danger.IRREVERSIBLE,
        (Scope.DASHBOARD, Scope.BRANCHES),
        can_cut,
        "cut-branch",
        of_uncut_domains,
    ),
    Action(
        "release-changes",
        "Propose the release-only changes",
        "One pull request into each release branch, opened or updated; people merge it",
        ("R",),
        Group.ACT,
        Danger.REMOTE,
        (Scope.DASHBOARD, Scope.BRANCHES),
        is_cut,
        "release-changes",
        of_repository,
    ),
    Action(
        "bump-version",
        "Propose the trunk's next version",
        "A pull request that sets the version file of the trunk to the next line",
        ("B",),
        Group.ACT,
        Danger.REMOTE,
        (Scope.DASHBOARD, Scope.BRANCHES),
        is_cut,
        "bump-version",
        of_repository,
    ),
    Action(
        "tag-candidate",
        "Tag the next candidate",
        "Push vX.Y.Z-rcN at the head of the release branch",
        ("t",),
        Group.ACT,
        Danger.IRREVERSIBLE,
        (Scope.DASHBOARD, Scope.BRANCHES, Scope.BUILDS),
        can_tag,
        "tag-candidate",
        of_repository,
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
        can_pin,
        "pin-candidates",
    ),
    Action(
        "tag-final",
        "Tag the release",
        "Push vX.Y.Z on the commit of the final candidate",
        ("F",),
        Group.ACT,
        Danger.IRREVERSIBLE,
        (Scope.DASHBOARD, Scope.BRANCHES, Scope.TIMELINE),
        can_release,
        "tag-final",
        of_repository,
    ),
    Action(
        "mark-dud",
        "Declare a candidate a dud",
        "Numbering, comparisons and gates go on without it; its tag stays",
        ("D",),
        Group.ACT,
        Danger.REMOTE,
        (Scope.BRANCHES, Scope.TIMELINE),
        can_bury,
        "mark-dud",
        of_candidate,
        ("name", "reason"),
    ),
    Action(
        "freeze",
        "Freeze the branch",
        "Close the selected release branch to further changes, for everybody to see",
        ("z",),
        Group.ACT,
        Danger.REMOTE,
        (Scope.BRANCHES, Scope.TIMELINE),
        can_freeze,
        "freeze",
        of_branch,
        ("reason",),
    ),
    Action(
        "unfreeze",
        "Open the frozen branch",
        "End the freeze of the selected release branch",
        ("Z",),
        Group.ACT,
        Danger.REMOTE,
        (Scope.BRANCHES, Scope.TIMELINE),
        can_unfreeze,
        "unfreeze",
        of_branch,
        ("reason",),
    ),
    Action(
        "rerun-failed",
        "Re-run what failed",
        "The failed jobs of the selected job's run; elsewhere those of every ended run",
        ("x",),
        Group.ACT,
        Danger.REMOTE,
        (Scope.DASHBOARD, Scope.BUILDS),
        can_rerun_failed,
        "rerun-failed",
        of_run,
    ),
    Action(
        "rerun-job",
        "Re-run the job",
        "The selected job, and what depends on it",
        ("X",),
        Group.ACT,
        Danger.REMOTE,
        (Scope.BUILDS,),
        can_rerun_job,
        "rerun-job",
        of_job,
    ),
    Action(
        "cancel-run",
        "Cancel the run",
        "Stop everything of the selected job's run",
        ("K",),
        Group.ACT,
        Danger.REMOTE,
        (Scope.BUILDS,),
        can_cancel,
        "cancel-run",
        of_run,
    ),
    Action(
        "dispatch",
        "Start a workflow",
        "One of the config's, with its inputs; a dry run unless it is switched to live",
        ("W",),
        Group.ACT,
        Danger.REMOTE,
        (Scope.DASHBOARD, Scope.BUILDS),
        can_dispatch,
        "dispatch",
    ),
    Action(
        "approve",
        "Approve",
        "Say so on the tracker and in the ledger, for every marked pick",
        ("a",),
        Group.ACT,
        Danger.REMOTE,
        (Scope.PICKS,),
        can_decide(approving=True),
        "approve",
        of_pulls,
    ),
    Action(
        "deny",
        "Deny",
        "Say so on the tracker and in the ledger, with a reason",
        ("V",),
        Group.ACT,
        Danger.REMOTE,
        (Scope.PICKS,),
        can_decide(approving=False),
        "deny",
        of_pulls,
        ("reason",),
    ),
    Action(
        "ask-pick",
        "Ask for more",
        "A question on the tracker to whoever nominated it",
        ("I",),
        Group.ACT,
        Danger.REMOTE,
        (Scope.PICKS,),
        can_decide(approving=False),
        "ask-pick",
        of_pulls,
        ("question",),
    ),
    Action(
        "pick",
        "Pick onto the branch",
        "A pull request for every marked change, exactly as predicted",
        ("C",),
        Group.ACT,
        Danger.REMOTE,
        (Scope.PICKS,),
        can_pick,
        "pick",
        of_changes,
        ("category",),
    ),
    Action(
        "resolve",
        "Resolve the conflict",
        "In your editor or shell, in a throw-away work tree; then the pick with what you made",
        ("E",),
        Group.ACT,
        Danger.REMOTE,
        (Scope.PICKS,),
        can_resolve,
        "resolve",
        of_changes,
        ("category",),
    ),
    Action(
        "merge-pick",
        "Merge into the branch",
        "Squash every marked pick that is approved and green, at the head that is shown",
        ("S",),
        Group.ACT,
        Danger.IRREVERSIBLE,
        (Scope.PICKS,),
        can_merge,
        "merge-pick",
        of_pulls,
    ),
    Action(
        "nominate",
        "Nominate",
        "Ask for a landed change on the tracker",
        ("U",),
        Group.ACT,
        Danger.REMOTE,
        (Scope.PICKS,),
        can_nominate,
        "nominate",
        of_landed,
        ("category",),
    ),
    Action(
        "request-bot",
        "Have the bot pick it",
        "@pytorchbot cherry-pick on the landed pull request",
        ("at",),
        Group.ACT,
        Danger.REMOTE,
        (Scope.PICKS,),
        can_request,
        "request-bot",
        of_landed,
        ("classification",),
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
