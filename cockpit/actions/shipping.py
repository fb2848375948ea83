"""The actions that bring the final candidate to people: channels, mirrors, the package index."""

from __future__ import annotations

from cockpit.actions.action import Action, Group
from cockpit.actions.guards.promotion import can_promote, can_restore, has_orphans, of_place
from cockpit.actions.guards.publishing import (
    can_inspect,
    can_publish,
    can_stage,
    of_package,
    of_staging,
)
from cockpit.actions.situation import Scope
from cockpit.operations.plan import Danger

SHIPPING: tuple[Action, ...] = (
    Action(
        "promote",
        "Promote",
        "Copy the final candidate to the stable channel and its mirrors: the row's package, or all",
        ("7",),
        Group.ACT,
        Danger.IRREVERSIBLE,
        (Scope.PROMOTION,),
        can_promote,
        "promote",
        of_place,
        footer=True,
    ),
    Action(
        "restore",
        "Restore a candidate",
        "Put its files back into the test channel, from its backup",
        ("8",),
        Group.ACT,
        Danger.IRREVERSIBLE,
        (Scope.PROMOTION,),
        can_restore,
        "restore",
        asks=("candidate",),
        offers=("discard", "allow-missing"),
    ),
    Action(
        "abort-uploads",
        "Abort unfinished uploads",
        "Throw away the parts of uploads to the channels and mirrors that nobody finished",
        ("9",),
        Group.ACT,
        Danger.IRREVERSIBLE,
        (Scope.PROMOTION,),
        has_orphans,
        "abort-uploads",
    ),
    Action(
        "stage",
        "Stage for the index",
        "Put the channel's wheels, without their local version, where they wait for the index",
        ("left_square_bracket",),
        Group.ACT,
        Danger.REMOTE,
        (Scope.CHECKLIST, Scope.PUBLISHING),
        can_stage,
        "stage",
        of_staging,
        footer=True,
    ),
    Action(
        "inspect-staged",
        "Inspect what is staged",
        "Read every staged wheel whole, and record what is wrong with them",
        ("right_square_bracket",),
        Group.ACT,
        Danger.REMOTE,
        (Scope.CHECKLIST, Scope.PUBLISHING),
        can_inspect,
        "inspect",
        of_package,
        footer=True,
    ),
    Action(
        "publish",
        "Publish to the index",
        "Upload what was inspected, file by file, once and for ever",
        ("right_curly_bracket",),
        Group.ACT,
        Danger.IRREVERSIBLE,
        (Scope.CHECKLIST, Scope.PUBLISHING),
        can_publish,
        "publish",
        of_package,
        footer=True,
    ),
)
