"""The operations on gates and notes, with the words they are called with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.operations.plan import Danger, Operation
from cockpit.operations.specs import Arguments, OperationSpec, Parameter

if TYPE_CHECKING:
    from cockpit.provider import Backends


def _override(backends: Backends, arguments: Arguments) -> Operation:
    from cockpit.operations.overriding import OverrideGate

    return OverrideGate(backends, arguments.get("gate", ""), arguments.get("reason", ""))


def _note(backends: Backends, arguments: Arguments) -> Operation:
    from cockpit.operations.noting import KeepNote

    return KeepNote(backends, arguments.get("text", ""))


GATE_OPERATIONS: tuple[OperationSpec, ...] = (
    OperationSpec(
        "override",
        "let the release go on in spite of a gate, for this candidate alone",
        Danger.REMOTE,
        (
            Parameter("gate", "its id, as `gates` prints it", required=True),
            Parameter("reason", "why, for everybody to read", required=True, option=True),
        ),
        _override,
        ('do override ci-green --reason "the runner pool is down, re-run was green"',),
    ),
    OperationSpec(
        "note",
        "keep a note in the ledger",
        Danger.REMOTE,
        (Parameter("text", "what is worth keeping", required=True),),
        _note,
        ('do note "sync meeting: documentation is two days late"',),
    ),
)
