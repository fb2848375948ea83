"""The actions that look at the cherry-pick queue; what acts on picks has operations."""

from __future__ import annotations

from cockpit.actions.action import Action, Group
from cockpit.actions.guards.picks import can_show_diff, has_branch
from cockpit.actions.situation import Scope, selected
from cockpit.operations.plan import Danger

READ = Danger.READ
PICK_LOOKS: tuple[Action, ...] = (
    Action(
        "mark",
        "Mark",
        "Mark the row, or take its mark off; what can be done to several is done to the marked",
        ("space",),
        Group.LOOK,
        READ,
        (Scope.QUEUE,),
        selected("row"),
        footer=True,
    ),
    Action(
        "mark-all",
        "Mark all or none",
        "Mark every row that is shown; where all are marked, take the marks off",
        ("asterisk",),
        Group.LOOK,
        READ,
        (Scope.QUEUE,),
        selected("row"),
    ),
    Action(
        "sort",
        "Sort",
        "By the next column, and after the last as they need somebody; the title names it",
        ("full_stop",),
        Group.LOOK,
        READ,
        (Scope.QUEUE, Scope.END_STATE),
        footer=True,
    ),
    Action(
        "sort-around",
        "Turn the order around",
        "Upwards or downwards",
        ("comma",),
        Group.LOOK,
        READ,
        (Scope.QUEUE,),
    ),
    Action(
        "diff",
        "Show the diff",
        "What it changes: as merged, as its pull request has it, or as it would be picked",
        ("u",),
        Group.LOOK,
        READ,
        (Scope.PICKS, Scope.END_STATE),
        can_show_diff,
        footer=True,
    ),
    Action(
        "lacking",
        "Show what is lacking",
        "Missing fixes and reverts, what is not carried forward, what never landed, and why",
        ("underscore",),
        Group.LOOK,
        READ,
        (Scope.PICKS,),
        has_branch,
        footer=True,
    ),
    Action(
        "end-state",
        "Show the end state",
        "What of the queue lands in which order, and the branch that comes of it",
        ("equals_sign",),
        Group.LOOK,
        READ,
        (Scope.PICKS,),
        has_branch,
        footer=True,
    ),
)
