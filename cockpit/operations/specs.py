"""What an operation is called by and with, and the words that several of them share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import msgspec

from cockpit.errors import ConfigError
from cockpit.operations.plan import Danger, Operation
from cockpit.release.repos import Repository

if TYPE_CHECKING:
    from cockpit.config import Config
    from cockpit.provider import Backends

Arguments = Mapping[str, str]


class Parameter(msgspec.Struct, frozen=True):
    """One word an operation is called with."""

    name: str
    help: str
    required: bool = False
    option: bool = False
    """Given as `--name VALUE` rather than by position."""
    repeated: bool = False
    """May be given more than once."""
    separator: str = ","
    """What joins the values of one that is repeated."""
    short: str = ""
    """The letter that stands for an option."""
    flag: bool = False
    """An option without a value: given, it is `yes`."""
    metavar: str = ""
    """What help calls the value of an option; its name in capitals where this is empty."""


class OperationSpec(msgspec.Struct, frozen=True):
    """What the command line and the interface need to know of an operation."""

    name: str
    help: str
    danger: Danger
    parameters: tuple[Parameter, ...]
    build: Callable[[Backends, Arguments], Operation]
    examples: tuple[str, ...] = ()
    """What the command line's help shows, without the program's name."""


Registry = Callable[[], Mapping[str, OperationSpec]]
"""All operations by name, for those that speak of others; complete once all modules are loaded."""

ANOTHER = Parameter("repository", "another repository than the core", option=True)
REASON = Parameter("reason", "why, for everybody to read", required=True)
REPLACE = Parameter("replace", "the commit of somebody else's draft to replace", option=True)
OF_CANDIDATE = Parameter("candidate", "such as v2.15.0-rc3 or rc3; the newest", option=True)


def several(arguments: Arguments, name: str) -> tuple[str, ...]:
    """The values of a parameter that may be given more than once, each once."""
    return tuple(dict.fromkeys(filter(None, arguments.get(name, "").split(","))))


def tagged_repository(backends: Backends, arguments: Arguments) -> Repository:
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


def named_repository(config: Config, name: str, otherwise: str = "name one of these") -> Repository:
    """A repository of the release by its name; `otherwise` is what somebody is told to do."""
    repository = config.repository(name)
    if repository is None:
        known = ", ".join(repo.name for repo in config.repositories)
        raise ConfigError(
            f"{name!r} is no repository of this release",
            f"{config.path} names {known}",
            otherwise,
        )
    return repository
