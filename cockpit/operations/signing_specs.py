"""The operations on items of the checklist, with the words they are called with."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from cockpit.operations.plan import Danger, Operation
from cockpit.operations.specs import Arguments, OperationSpec, Parameter

if TYPE_CHECKING:
    from cockpit.backends.provider import Backends

_LINES = "\n"
"""Joins what is given more than once: addresses and paths may hold commas."""
_ITEM = Parameter("item", "the item's id, as `checklist` and the ledger name it", required=True)
_LINK = Parameter(
    "link",
    "an address that shows it; may be repeated",
    option=True,
    repeated=True,
    separator=_LINES,
)
_FILE = Parameter(
    "file",
    "a file that shows it: its name and SHA-256 are recorded; may be repeated",
    option=True,
    repeated=True,
    separator=_LINES,
)
_NOTE = Parameter("note", "what is to be known about it", option=True)
_WORDS = Parameter("words", "why, for everybody to read", required=True)


def _speak(kind: str) -> Callable[[Backends, Arguments], Operation]:
    def build(backends: Backends, arguments: Arguments) -> Operation:
        from cockpit.operations import signing

        evidence = signing.read_evidence(
            arguments.get("note", "") or arguments.get("words", ""),
            _several(arguments, "link"),
            _several(arguments, "file"),
        )
        return signing.SpeakOfItem(
            backends, signing.KINDS[kind], arguments.get("item", ""), evidence
        )

    return build


def _several(arguments: Arguments, name: str) -> tuple[str, ...]:
    return tuple(filter(None, arguments.get(name, "").split(_LINES)))


def _mirror(backends: Backends, arguments: Arguments) -> Operation:
    from cockpit.operations.mirroring import MirrorChecklist

    return MirrorChecklist(backends, reset=bool(arguments.get("reset")))


def _adopt(backends: Backends, arguments: Arguments) -> Operation:
    from cockpit.operations.mirroring import AdoptTick

    return AdoptTick(backends, arguments.get("item", ""))


SIGNING_OPERATIONS: tuple[OperationSpec, ...] = (
    OperationSpec(
        "sign",
        "sign an item of the checklist, for this candidate and this plan",
        Danger.REMOTE,
        (_ITEM, _NOTE, _LINK, _FILE),
        _speak("sign"),
        ("plan sign performance", "do sign performance --note 'within noise' --link https://…"),
    ),
    OperationSpec(
        "waive",
        "record that an item of the checklist does not apply, and why",
        Danger.REMOTE,
        (_ITEM, _WORDS, _LINK, _FILE),
        _speak("waive"),
        ("do waive colab 'a patch release: colab stays where it is'",),
    ),
    OperationSpec(
        "report-problem",
        "report a problem with an item: it is held up until that is withdrawn or signed after",
        Danger.REMOTE,
        (_ITEM, _WORDS, _LINK, _FILE),
        _speak("report-problem"),
        ("do report-problem performance 'resnet50 is 8 % slower' --link https://…",),
    ),
    OperationSpec(
        "withdraw-problem",
        "withdraw the problems that were reported with an item",
        Danger.REMOTE,
        (_ITEM, _WORDS, _LINK, _FILE),
        _speak("withdraw-problem"),
        ("do withdraw-problem performance 'a noisy machine: see the second run'",),
    ),
    OperationSpec(
        "skip-item",
        "leave an item for later, or for somebody else; the walk-through goes on after it",
        Danger.REMOTE,
        (_ITEM, _NOTE),
        _speak("skip-item"),
        ("do skip-item performance --note 'waits for the second run'",),
    ),
    OperationSpec(
        "mirror-checklist",
        "open the tracking issue, or have it show the checklist as it is",
        Danger.REMOTE,
        (Parameter("reset", "put boxes back that were ticked by hand", option=True, flag=True),),
        _mirror,
        ("plan mirror-checklist", "do mirror-checklist"),
    ),
    OperationSpec(
        "adopt-tick",
        "sign an item whose box was ticked on GitHub, in your own name",
        Danger.REMOTE,
        (_ITEM,),
        _adopt,
        ("do adopt-tick performance",),
    ),
)
