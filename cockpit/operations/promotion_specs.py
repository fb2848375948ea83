"""The operations on the channels, with the words they are called with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.operations.plan import Danger, Operation
from cockpit.operations.specs import Arguments, OperationSpec, Parameter

if TYPE_CHECKING:
    from cockpit.backends.provider import Backends


def _promote(backends: Backends, arguments: Arguments) -> Operation:
    from cockpit.operations.promoting import Promote, Wish

    return Promote(
        backends,
        Wish(
            package=arguments.get("package", ""),
            version=arguments.get("version", ""),
            mirrors_only=bool(arguments.get("mirrors-only")),
            allow_missing=arguments.get("allow-missing", ""),
        ),
    )


_PACKAGE = Parameter("package", "such as torch or libtorch; all of the release without it")
_VERSION = Parameter("version", "the version that is meant; the config's has to be the same")

PROMOTION_OPERATIONS: tuple[OperationSpec, ...] = (
    OperationSpec(
        "promote",
        "copy packages of the final candidate to the stable channel and its mirrors",
        Danger.IRREVERSIBLE,
        (
            _PACKAGE,
            _VERSION,
            Parameter("mirrors-only", "take the stable channel as it is", flag=True),
            Parameter(
                "allow-missing", "why files of the support matrix may be missing", option=True
            ),
        ),
        _promote,
        ("plan promote", "plan promote torch 2.15.0", "do promote torch 2.15.0 --plan DIGEST"),
    ),
)
