"""The operations on the channels, with the words they are called with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.operations.plan import Danger, Operation
from cockpit.operations.specs import Arguments, OperationSpec, Parameter

if TYPE_CHECKING:
    from cockpit.provider import Backends


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


def _restore(backends: Backends, arguments: Arguments) -> Operation:
    from cockpit.operations.restoring import Restore

    return Restore(
        backends,
        arguments.get("candidate", ""),
        arguments.get("package", ""),
        discard=arguments.get("discard", ""),
        allow_missing=arguments.get("allow-missing", ""),
    )


def _abort_uploads(backends: Backends, _: Arguments) -> Operation:
    from cockpit.operations.aborting_uploads import AbortUploads

    return AbortUploads(backends)


_PACKAGE = Parameter("package", "such as torch or libtorch; all of the release without it")
_VERSION = Parameter("version", "the version that is meant; the config's has to be the same")
_ALLOW_MISSING = Parameter(
    "allow-missing", "why files of the support matrix may be missing", option=True, metavar="REASON"
)

PROMOTION_OPERATIONS: tuple[OperationSpec, ...] = (
    OperationSpec(
        "promote",
        "copy packages of the final candidate to the stable channel and its mirrors",
        Danger.IRREVERSIBLE,
        (
            _PACKAGE,
            _VERSION,
            Parameter("mirrors-only", "take the stable channel as it is", flag=True),
            _ALLOW_MISSING,
        ),
        _promote,
        ("plan promote", "plan promote torch 2.15.0", "do promote torch 2.15.0 --plan DIGEST"),
    ),
    OperationSpec(
        "restore",
        "put a candidate's files back into the test channel, from its backup",
        Danger.IRREVERSIBLE,
        (
            Parameter("candidate", "the candidate's tag, such as v2.15.0-rc1", required=True),
            Parameter("package", "such as torch or libtorch; all of its repository without it"),
            Parameter(
                "discard",
                "why files that no backup holds may be replaced",
                option=True,
                metavar="REASON",
            ),
            _ALLOW_MISSING,
        ),
        _restore,
        ("plan restore v2.15.0-rc1", "plan restore v2.15.0-rc1 libtorch"),
    ),
    OperationSpec(
        "abort-uploads",
        "abort uploads to the channels and mirrors that nobody finished",
        Danger.IRREVERSIBLE,
        (),
        _abort_uploads,
    ),
)
