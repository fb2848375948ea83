"""Every operation by name, with the words it is called with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import msgspec

from cockpit.errors import ConfigError
from cockpit.operations.plan import Danger, Operation
from cockpit.release.repos import Repository

if TYPE_CHECKING:
    from cockpit.backends.provider import Backends

Arguments = Mapping[str, str]


class Parameter(msgspec.Struct, frozen=True):
    """One word an operation is called with."""

    name: str
    help: str
    required: bool = False
    option: bool = False
    """Given as `--name VALUE` rather than by position."""
    repeated: bool = False
    """May be given more than once; the values are joined with commas."""


class OperationSpec(msgspec.Struct, frozen=True):
    """What the command line and the interface need to know of an operation."""

    name: str
    help: str
    danger: Danger
    parameters: tuple[Parameter, ...]
    build: Callable[[Backends, Arguments], Operation]


def _tagged_repository(backends: Backends, arguments: Arguments) -> Repository:
    """The repository that `--repository` names, else the core; it must have candidates."""
    config = backends.config
    name = arguments.get("repository")
    repository = config.repository(name) if name else config.core
    if repository is None or not repository.candidates:
        known = ", ".join(repo.name for repo in config.repositories if repo.candidates)
        raise ConfigError(
            f"{name!r} is no repository whose candidates are tagged",
            f"{config.path} names {known}",
            "leave --repository out for the core",
        )
    return repository


def _any_repository(backends: Backends, arguments: Arguments) -> Repository:
    """The repository whose branch is meant."""
    config = backends.config
    name = arguments.get("repository", "")
    repository = config.repository(name)
    if repository is None:
        known = ", ".join(repo.name for repo in config.repositories)
        raise ConfigError(
            f"{name!r} is no repository of this release",
            f"{config.path} names {known}",
            "name one of these",
        )
    return repository


def _tag_candidate(backends: Backends, arguments: Arguments) -> Operation:
    from cockpit.operations.candidates import TagCandidate

    return TagCandidate(backends, _tagged_repository(backends, arguments), arguments.get("tag"))


def _pin_candidates(backends: Backends, _: Arguments) -> Operation:
    from cockpit.operations.pinning import PinCandidates

    return PinCandidates(backends)


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
    repositories = []
    for name in filter(None, arguments.get("repository", "").split(",")):
        repository = config.repository(name)
        if repository is None:
            known = ", ".join(repo.name for repo in config.repositories)
            raise ConfigError(
                f"{name!r} is no repository of this release",
                f"{config.path} names {known}",
                "leave --repository out for all that are due",
            )
        repositories.append(repository)
    return CutBranch(backends, tuple(dict.fromkeys(repositories)))


def _mark_dud(backends: Backends, arguments: Arguments) -> Operation:
    from cockpit.operations.duds import MarkDud

    repository = _tagged_repository(backends, arguments)
    return MarkDud(backends, repository, arguments.get("name", ""), arguments.get("reason", ""))


def _tag_final(backends: Backends, arguments: Arguments) -> Operation:
    from cockpit.operations.finals import TagFinal

    repository = _tagged_repository(backends, arguments)
    return TagFinal(backends, repository, arguments.get("candidate"))


def _freeze(backends: Backends, arguments: Arguments) -> Operation:
    from cockpit.operations.freezing import FreezeBranch

    repository = _any_repository(backends, arguments)
    return FreezeBranch(backends, repository, arguments.get("reason", ""))


def _unfreeze(backends: Backends, arguments: Arguments) -> Operation:
    from cockpit.operations.freezing import UnfreezeBranch

    repository = _any_repository(backends, arguments)
    return UnfreezeBranch(backends, repository, arguments.get("reason", ""))


def _release_changes(backends: Backends, arguments: Arguments) -> Operation:
    from cockpit.operations.release_changes import ReleaseChanges

    named = "repository" in arguments
    return ReleaseChanges(
        backends,
        _any_repository(backends, arguments) if named else None,
        arguments.get("replace", ""),
        arguments.get("again", ""),
    )


def _bump_version(backends: Backends, arguments: Arguments) -> Operation:
    from cockpit.operations.release_changes import BumpVersion

    named = "repository" in arguments
    repository = _any_repository(backends, arguments) if named else None
    return BumpVersion(backends, repository, arguments.get("replace", ""))


_REPLACE = Parameter("replace", "the commit of somebody else's draft to replace", option=True)

OPERATIONS: tuple[OperationSpec, ...] = (
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
            Parameter("repository", "only this repository", option=True),
            _REPLACE,
            Parameter("again", "why the workflow is started once more", option=True),
        ),
        _release_changes,
    ),
    OperationSpec(
        "bump-version",
        "propose the trunk's next version as a pull request",
        Danger.REMOTE,
        (Parameter("repository", "only this repository", option=True), _REPLACE),
        _bump_version,
    ),
    OperationSpec(
        "tag-candidate",
        "tag the next candidate at the head of the release branch",
        Danger.IRREVERSIBLE,
        (
            Parameter("tag", "the tag, such as v2.15.0-rc2; the next number without it"),
            Parameter("repository", "another repository than the core", option=True),
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
            Parameter("reason", "why, for everybody to read", required=True),
            Parameter("repository", "another repository than the core", option=True),
        ),
        _mark_dud,
    ),
    OperationSpec(
        "tag-final",
        "tag the released version on its final candidate",
        Danger.IRREVERSIBLE,
        (
            Parameter("repository", "another repository than the core", option=True),
            Parameter("candidate", "the final candidate; the newest without it", option=True),
        ),
        _tag_final,
    ),
    OperationSpec(
        "freeze",
        "close a release branch to further changes",
        Danger.REMOTE,
        (
            Parameter("repository", "whose release branch", required=True),
            Parameter("reason", "why, for everybody to read", required=True),
        ),
        _freeze,
    ),
    OperationSpec(
        "unfreeze",
        "open a frozen release branch again",
        Danger.REMOTE,
        (
            Parameter("repository", "whose release branch", required=True),
            Parameter("reason", "why, for everybody to read", required=True),
        ),
        _unfreeze,
    ),
)


def operation(name: str) -> OperationSpec:
    """The operation of this name; raises ConfigError naming those that exist."""
    for spec in OPERATIONS:
        if spec.name == name:
            return spec
    known = ", ".join(spec.name for spec in OPERATIONS)
    raise ConfigError(f"There is no operation {name!r}", f"there are: {known}", "see --help")
