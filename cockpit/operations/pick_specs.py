"""The operations on picks, with the words they are called with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.errors import ConfigError
from cockpit.operations.plan import Danger, Operation
from cockpit.operations.specs import (
    REASON,
    REPLACE,
    Arguments,
    OperationSpec,
    Parameter,
    several,
)

if TYPE_CHECKING:
    from cockpit.operations.picking import PickWish
    from cockpit.provider import Backends


def _pulls(arguments: Arguments) -> tuple[int, ...]:
    from cockpit.operations.pick_queue import pull_numbers

    return pull_numbers(several(arguments, "pull"))


def _approve(backends: Backends, arguments: Arguments) -> Operation:
    from cockpit.operations.deciding import DecideOnPicks
    from cockpit.release.nominations import Verdict

    note = arguments.get("note", "")
    return DecideOnPicks(backends, Verdict.APPROVED, _pulls(arguments), note)


def _deny(backends: Backends, arguments: Arguments) -> Operation:
    from cockpit.operations.deciding import DecideOnPicks
    from cockpit.release.nominations import Verdict

    reason = arguments.get("reason", "")
    return DecideOnPicks(backends, Verdict.DENIED, _pulls(arguments), reason)


def _ask_pick(backends: Backends, arguments: Arguments) -> Operation:
    from cockpit.operations.deciding import DecideOnPicks
    from cockpit.release.nominations import Verdict

    question = arguments.get("question", "")
    return DecideOnPicks(backends, Verdict.NEEDS_INFO, _pulls(arguments), question)


def picking_wish(arguments: Arguments) -> PickWish:
    """How changes are to be picked; raises ConfigError for what cannot be."""
    from cockpit.operations.picking import PickWish

    mainline = arguments.get("mainline")
    if mainline and not mainline.isdigit():
        raise ConfigError(
            f"{mainline!r} is no parent's number", "expected 1 or 2, as git counts", "--mainline 1"
        )
    return PickWish(
        onto=arguments.get("onto", ""),
        mainline=int(mainline) if mainline else None,
        category=" ".join(arguments.get("category", "").split()),
        issue=arguments.get("fixes", ""),
        replace=arguments.get("replace", ""),
    )


def _pick(backends: Backends, arguments: Arguments) -> Operation:
    from cockpit.operations.picking import PickChanges

    return PickChanges(backends, several(arguments, "change"), picking_wish(arguments))


def _resolve(backends: Backends, arguments: Arguments) -> Operation:
    from cockpit.operations.resolving import ResolvePick

    return ResolvePick(backends, arguments.get("change", ""), picking_wish(arguments))


def _abandon(backends: Backends, arguments: Arguments) -> Operation:
    from cockpit.operations.resolving import AbandonResolution

    return AbandonResolution(backends, arguments.get("change", ""), picking_wish(arguments))


def _nominate(backends: Backends, arguments: Arguments) -> Operation:
    from cockpit.operations.nominating import NominatePick
    from cockpit.operations.pick_queue import pull_numbers

    (pull,) = _pulls(arguments)
    named = arguments.get("release-pull")
    release = pull_numbers((named,))[0] if named else None
    return NominatePick(backends, pull, release, arguments.get("category", ""))


def _request_bot(backends: Backends, arguments: Arguments) -> Operation:
    from cockpit.operations.nominating import RequestBot

    (pull,) = _pulls(arguments)
    return RequestBot(
        backends, pull, arguments.get("classification", ""), arguments.get("fixes", "")
    )


def _merge_pick(backends: Backends, arguments: Arguments) -> Operation:
    from cockpit.operations.merging import MergePicks

    return MergePicks(backends, _pulls(arguments))


_PICKING = (
    Parameter("onto", "another branch than the release branch", option=True),
    Parameter("mainline", "the parent that a merge is seen from", option=True),
    Parameter("category", "why, where nobody has nominated it yet", option=True),
    Parameter("fixes", "the address of the issue that it fixes", option=True),
    REPLACE,
)
_PULL = Parameter("pull", "a pull request's number or page", required=True)
_PULLS = Parameter(
    "pull", "pull requests, by number or page, into the branch or onto trunk", True, repeated=True
)

PICK_OPERATIONS: tuple[OperationSpec, ...] = (
    OperationSpec(
        "approve",
        "approve picks, on the tracker and in the ledger",
        Danger.REMOTE,
        (_PULLS, Parameter("note", "what is added to the approval", option=True)),
        _approve,
        ("plan approve 201234", "do approve 201234 201240 --note 'for rc2'"),
    ),
    OperationSpec(
        "deny",
        "deny picks, on the tracker and in the ledger",
        Danger.REMOTE,
        (_PULLS, REASON),
        _deny,
        ("do deny 201234 201240 'no feature work in phase 2'",),
    ),
    OperationSpec(
        "ask-pick",
        "ask for more about picks, on the tracker and in the ledger",
        Danger.REMOTE,
        (_PULLS, Parameter("question", "what “Could you …” goes on with", required=True)),
        _ask_pick,
        ("do ask-pick 201234 'link the issue that it fixes?'",),
    ),
    OperationSpec(
        "pick",
        "pick changes of trunk onto the release branch, each as a pull request",
        Danger.REMOTE,
        (
            Parameter("change", "trunk pull requests or commits", required=True, repeated=True),
            *_PICKING,
        ),
        _pick,
        ("plan pick 199731", "do pick 199731 199839 --category 'Critical: silent wrong result'"),
    ),
    OperationSpec(
        "resolve",
        "push the pick whose conflict was resolved with `release-cockpit resolve`",
        Danger.REMOTE,
        (Parameter("change", "a trunk pull request or commit", required=True), *_PICKING),
        _resolve,
        ("plan resolve 199731",),
    ),
    OperationSpec(
        "abandon",
        "throw away the work tree in which a pick's conflict is being resolved",
        Danger.LOCAL,
        (
            Parameter("change", "a trunk pull request or commit", required=True),
            Parameter("onto", "another branch than the release branch", option=True),
        ),
        _abandon,
        ("do abandon 199731",),
    ),
    OperationSpec(
        "nominate",
        "nominate a landed pull request on the tracker",
        Danger.REMOTE,
        (
            _PULL,
            Parameter("release-pull", "the pull request into the branch", option=True),
            Parameter("category", "why: one of the tracker's criteria", option=True),
        ),
        _nominate,
        ("do nominate 199731 --category 'Critical: crash'",),
    ),
    OperationSpec(
        "request-bot",
        "ask pytorchbot to pick a landed pull request",
        Danger.REMOTE,
        (
            _PULL,
            Parameter(
                "classification",
                "regression, critical, fixnewfeature, docs or release",
                option=True,
                short="c",
            ),
            Parameter("fixes", "the address of the issue that it fixes", option=True),
        ),
        _request_bot,
        ("do request-bot 199731 -c critical",),
    ),
    OperationSpec(
        "merge-pick",
        "merge approved and green picks into the release branch, at the heads that are shown",
        Danger.IRREVERSIBLE,
        (_PULLS,),
        _merge_pick,
        ("do merge-pick 201234 201240",),
    ),
)
