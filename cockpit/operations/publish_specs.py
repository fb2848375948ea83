"""The operations on the way to the package index, with the words they are called with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.operations.plan import Danger, Operation
from cockpit.operations.specs import Arguments, OperationSpec, Parameter

if TYPE_CHECKING:
    from cockpit.provider import Backends

_PACKAGE = Parameter("package", "such as torch; every package of the release without it")


def _stage(backends: Backends, arguments: Arguments) -> Operation:
    from cockpit.operations.staging import StageWheels

    return StageWheels(backends, arguments.get("package", ""), replace="replace" in arguments)


def _inspect(backends: Backends, arguments: Arguments) -> Operation:
    from cockpit.operations.inspecting import InspectStaged

    return InspectStaged(backends, arguments.get("package", ""))


def _publish(backends: Backends, arguments: Arguments) -> Operation:
    from cockpit.operations.publishing import PublishWheels

    return PublishWheels(backends, arguments.get("package", ""))


def _promote_conda(backends: Backends, _: Arguments) -> Operation:
    from cockpit.operations.conda import PromoteConda

    return PromoteConda(backends)


PUBLISH_OPERATIONS: tuple[OperationSpec, ...] = (
    OperationSpec(
        "stage",
        "stage the wheels for the package index: the channel's, without their local version",
        Danger.REMOTE,
        (
            _PACKAGE,
            Parameter("replace", "stage anew what the channel has replaced since", flag=True),
        ),
        _stage,
        ("plan stage torch", "do stage torch", "do stage torch --replace"),
    ),
    OperationSpec(
        "inspect",
        "read every staged wheel whole, and record in the ledger what is wrong with them",
        Danger.REMOTE,
        (_PACKAGE,),
        _inspect,
        ("do inspect torch", "inspect --package torch"),
    ),
    OperationSpec(
        "publish",
        "publish the staged wheels to the package index, once and for ever",
        Danger.IRREVERSIBLE,
        (_PACKAGE,),
        _publish,
        ("plan publish torch", "do publish torch --plan 1a2b3c4d5e6f"),
    ),
    OperationSpec(
        "promote-conda",
        "copy the conda packages to the stable channel, for the lines that had them",
        Danger.IRREVERSIBLE,
        (),
        _promote_conda,
        ("plan promote-conda",),
    ),
)
