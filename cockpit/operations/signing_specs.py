"""The operations on items of the checklist, with the words they are called with."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from cockpit.operations.plan import Danger, Operation
from cockpit.operations.specs import Arguments, OperationSpec, Parameter, Registry

if TYPE_CHECKING:
    from cockpit.provider import Backends

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


def _speak(kind: str, registry: Registry) -> Callable[[Backends, Arguments], Operation]:
    def build(backends: Backends, arguments: Arguments) -> Operation:
        from cockpit.operations import signing

        evidence = signing.read_evidence(
            arguments.get("note", "") or arguments.get("words", ""),
            _several(arguments, "link"),
            _several(arguments, "file"),
        )
        return signing.SpeakOfItem(
            backends, registry, signing.KINDS[kind], arguments.get("item", ""), evidence
        )

    return build


def _several(arguments: Arguments, name: str) -> tuple[str, ...]:
    return tuple(filter(None, arguments.get(name, "").split(_LINES)))


def _mirror(backends: Backends, arguments: Arguments) -> Operation:
    from cockpit.operations.mirroring import MirrorChecklist

    return MirrorChecklist(backends, reset=bool(arguments.get("reset")))


def _adopt(registry: Registry) -> Callable[[Backends, Arguments], Operation]:
    def build(backends: Backends, arguments: Arguments) -> Operation:
        from cockpit.operations.mirroring import AdoptTick

        return AdoptTick(backends, registry, arguments.get("item", ""))

    return build


_SPOKEN: tuple[tuple[str, str, tuple[Parameter, ...], str], ...] = (
    (
        "sign",
        "sign an item of the checklist, for this candidate and this plan",
        (_ITEM, _NOTE, _LINK, _FILE),
        "do sign performance --note 'within noise' --link https://…",
    ),
    (
        "waive",
        "record that an item of the checklist does not apply, and why",
        (_ITEM, _WORDS, _LINK, _FILE),
        "do waive colab 'a patch release: colab stays where it is'",
    ),
    (
        "report-problem",
        "report a problem with an item: it is held up until that is withdrawn or signed after",
        (_ITEM, _WORDS, _LINK, _FILE),
        "do report-problem performance 'resnet50 is 8 % slower' --link https://…",
    ),
    (
        "withdraw-problem",
        "withdraw the problems that were reported with an item",
        (_ITEM, _WORDS, _LINK, _FILE),
        "do withdraw-problem performance 'a noisy machine: see the second run'",
    ),
    (
        "skip-item",
        "leave an item for later, or for somebody else; the walk-through goes on after it",
        (_ITEM, _NOTE),
        "do skip-item performance --note 'waits for the second run'",
    ),
)
"""What can be said of an item: name, help, parameters and an example."""
_RESET = Parameter("reset", "put boxes back that were ticked by hand", option=True, flag=True)


def signing_operations(registry: Registry) -> tuple[OperationSpec, ...]:
    """What is said of items, bound to the plans of the operations that the registry has."""
    spoken = (
        OperationSpec(name, about, Danger.REMOTE, words, _speak(name, registry), (example,))
        for name, about, words, example in _SPOKEN
    )
    return (
        *spoken,
        OperationSpec(
            "mirror-checklist",
            "open the tracking issue, or have it show the checklist as it is",
            Danger.REMOTE,
            (_RESET,),
            _mirror,
            ("plan mirror-checklist", "do mirror-checklist"),
        ),
        OperationSpec(
            "adopt-tick",
            "sign an item whose box was ticked on GitHub, in your own name",
            Danger.REMOTE,
            (_ITEM,),
            _adopt(registry),
            ("do adopt-tick performance",),
        ),
    )
