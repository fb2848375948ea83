"""The operations on branches and tags, with the words they are called with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.errors import ConfigError
from cockpit.operations.plan import Danger, Operation
from cockpit.operations.specs import (
    ANOTHER,
    REASON,
    REPLACE,
    Arguments,
    OperationSpec,
    Parameter,
    named_repository,
    several,
    tagged_repository,
)
from cockpit.release.repos import Repository

if TYPE_CHECKING:
    from cockpit.provider import Backends


def _cut_branch(backends: Backends, arguments: Arguments) -> Operation:
    from cockpit.operations.cutting import CutBranch, checked_line

    config = backends.config
    if (text := arguments.get("line")) is not None:
        line = checked_line(text)
        if line != config.version.line:
            raise ConfigError(
                f"{config.path} releases {config.version.line}, not {line}",
                "the versions of its repositories belong to that line",
                "edit release.version, or name another file with --config",
            )
    otherwise = "leave --repository out for all that are due"
    named = (named_repository(config, name, otherwise) for name in several(arguments, "repository"))
    return CutBranch(backends, tuple(dict.fromkeys(named)))


def _only(backends: Backends, arguments: Arguments) -> Repository | None:
    """The one repository that is meant; None for all."""
    name = arguments.get("repository")
    return None if name is None else named_repository(backends.config, name)


def _release_changes(backends: Backends, arguments: Arguments) -> Operation:
    from cockpit.operations.release_changes import ReleaseChanges

    return ReleaseChanges(
        backends,
        _only(backends, arguments),
        arguments.get("replace", ""),
        arguments.get("again", ""),
    )


def _bump_version(backends: Backends, arguments: Arguments) -> Operation:
    from cockpit.operations.release_changes import BumpVersion

    return BumpVersion(backends, _only(backends, arguments), arguments.get("replace", ""))


def _tag_candidate(backends: Backends, arguments: Arguments) -> Operation:
    from cockpit.operations.candidates import TagCandidate

    return TagCandidate(backends, tagged_repository(backends, arguments), arguments.get("tag"))


def _pin_candidates(backends: Backends, _: Arguments) -> Operation:
    from cockpit.operations.pinning import PinCandidates

    return PinCandidates(backends)


def _mark_dud(backends: Backends, arguments: Arguments) -> Operation:
    from cockpit.operations.duds import MarkDud

    repository = tagged_repository(backends, arguments)
    return MarkDud(backends, repository, arguments.get("name", ""), arguments.get("reason", ""))


def _tag_final(backends: Backends, arguments: Arguments) -> Operation:
    from cockpit.operations.finals import TagFinal

    repository = tagged_repository(backends, arguments)
    return TagFinal(backends, repository, arguments.get("candidate"))


def _freeze(backends: Backends, arguments: Arguments) -> Operation:
    from cockpit.operations.freezing import FreezeBranch

    repository = named_repository(backends.config, arguments.get("repository", ""))
    return FreezeBranch(backends, repository, arguments.get("reason", ""))


def _unfreeze(backends: Backends, arguments: Arguments) -> Operation:
    from cockpit.operations.freezing import UnfreezeBranch

    repository = named_repository(backends.config, arguments.get("repository", ""))
    return UnfreezeBranch(backends, repository, arguments.get("reason", ""))


_ONLY = Parameter("repository", "only this repository", option=True)
_WHOSE = Parameter("repository", "whose release branch", required=True)

BRANCH_OPERATIONS: tuple[OperationSpec, ...] = (
    OperationSpec(
        "cut-branch",
        "cut the release branches that are due",
        Danger.IRREVERSIBLE,
        (
            Parameter("line", "the release line, such as 2.15; that of the config without it"),
            Parameter(
                "repository", "only this repository; may be repeated", option=True, repeated=True
            ),
        ),
        _cut_branch,
    ),
    OperationSpec(
        "release-changes",
        "propose the release-only changes as pull requests into the release branches",
        Danger.REMOTE,
        (
            _ONLY,
            REPLACE,
            Parameter("again", "why the workflow is started once more", option=True),
        ),
        _release_changes,
    ),
    OperationSpec(
        "bump-version",
        "propose the trunk's next version as a pull request",
        Danger.REMOTE,
        (_ONLY, REPLACE),
        _bump_version,
    ),
    OperationSpec(
        "tag-candidate",
        "tag the next candidate at the head of the release branch",
        Danger.IRREVERSIBLE,
        (
            Parameter("tag", "the tag, such as v2.15.0-rc2; the next number without it"),
            ANOTHER,
        ),
        _tag_candidate,
    ),
    OperationSpec(
        "pin-candidates",
        "pin the candidates that were tagged without the cockpit",
        Danger.REMOTE,
        (),
        _pin_candidates,
    ),
    OperationSpec(
        "mark-dud",
        "declare a candidate, or the whole version, a dud",
        Danger.REMOTE,
        (
            Parameter("name", "the candidate's tag, or the version", required=True),
            REASON,
            ANOTHER,
        ),
        _mark_dud,
    ),
    OperationSpec(
        "tag-final",
        "tag the released version on its final candidate",
        Danger.IRREVERSIBLE,
        (
            ANOTHER,
            Parameter("candidate", "the final candidate; the newest without it", option=True),
        ),
        _tag_final,
    ),
    OperationSpec(
        "freeze",
        "close a release branch to further changes",
        Danger.REMOTE,
        (
            _WHOSE,
            REASON,
        ),
        _freeze,
    ),
    OperationSpec(
        "unfreeze",
        "open a frozen release branch again",
        Danger.REMOTE,
        (
            _WHOSE,
            REASON,
        ),
        _unfreeze,
    ),
)
