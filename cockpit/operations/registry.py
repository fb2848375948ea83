"""Every operation by name, with the words it is called with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import msgspec

from cockpit.errors import ConfigError
from cockpit.operations.plan import Danger, Operation

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


class OperationSpec(msgspec.Struct, frozen=True):
    """What the command line and the interface need to know of an operation."""

    name: str
    help: str
    danger: Danger
    parameters: tuple[Parameter, ...]
    build: Callable[[Backends, Arguments], Operation]


def _tag_candidate(backends: Backends, arguments: Arguments) -> Operation:
    from cockpit.operations.candidates import TagCandidate

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
    return TagCandidate(backends, repository, arguments.get("tag"))


def _pin_candidates(backends: Backends, _: Arguments) -> Operation:
    from cockpit.operations.pinning import PinCandidates

    return PinCandidates(backends)


OPERATIONS: tuple[OperationSpec, ...] = (
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
)


def operation(name: str) -> OperationSpec:
    """The operation of this name; raises ConfigError naming those that exist."""
    for spec in OPERATIONS:
        if spec.name == name:
            return spec
    known = ", ".join(spec.name for spec in OPERATIONS)
    raise ConfigError(f"There is no operation {name!r}", f"there are: {known}", "see --help")
