"""`submodules`: what release branches pin, and whether a fix could land there."""

from __future__ import annotations

import argparse
import asyncio
import sys

import msgspec

from cockpit.commands.common import open_cockpit
from cockpit.config import Config
from cockpit.errors import ConfigError, ExitCode
from cockpit.release.state import ReleaseState
from cockpit.release.submodules import BranchSubmodules, Reach
from cockpit.views.submodules import submodule_lines
from cockpit.views.text import as_ascii


def run(arguments: argparse.Namespace) -> int:
    """Look at the branches and the remotes of their submodules once, and print what was found."""
    cockpit = open_cockpit(arguments)
    wanted = _wanted(cockpit.config, arguments.repository)
    asyncio.run(cockpit.refresh("branches", "submodules"))
    state = cockpit.state
    known = state.submodules.value
    found = [entry for entry in known.branches if entry.repository in wanted] if known else []
    problems = _problems(state, wanted)
    if arguments.json:
        document = {"repositories": [_as_data(entry) for entry in found], "problems": problems}
        text = msgspec.json.format(msgspec.json.encode(document), indent=2).decode()
    else:
        text = _as_text(found)
        text = as_ascii(text) if arguments.ascii else text
    sys.stdout.write(text + "\n")
    for name, problem in problems.items():
        sys.stderr.write(f"release-cockpit: {name}: {problem}\n")
    return int(_exit_code(found, problems))


def _wanted(config: Config, name: str | None) -> tuple[str, ...]:
    if name is None:
        return tuple(repository.name for repository in config.repositories)
    repository = config.repository(name)
    if repository is None:
        raise ConfigError(
            f"{name!r} is no repository of this release",
            f"there is {', '.join(repo.short_name for repo in config.repositories)}",
            "name one of these",
        )
    return (repository.name,)


def _problems(state: ReleaseState, wanted: tuple[str, ...]) -> dict[str, str]:
    """Why a repository's submodules are not known."""
    failure = state.submodules.failure or state.branches.failure
    if failure is not None:
        return dict.fromkeys(wanted, str(failure))
    known = state.submodules.value
    return {name: text for name, text in known.problems.items() if name in wanted} if known else {}


def _as_text(found: list[BranchSubmodules]) -> str:
    blocks = []
    for entry in found:
        lines = (
            [line.text for line in submodule_lines(entry)]
            if entry.submodules
            else [f"Submodules of {entry.branch}: none"]
        )
        blocks.append("\n".join([entry.repository, *(f"  {text}" for text in lines)]))
    return "\n\n".join(blocks)


def _as_data(found: BranchSubmodules) -> dict[str, object]:
    data: dict[str, object] = msgspec.to_builtins(found)
    data["submodules"] = [
        {**msgspec.to_builtins(submodule), "moved": submodule.moved}
        for submodule in found.submodules
    ]
    return data


def _exit_code(found: list[BranchSubmodules], problems: dict[str, str]) -> ExitCode:
    """3 when a repository could not be read, 1 when a pin is on no branch or unknown, else 0."""
    if problems:
        return ExitCode.UNREACHABLE
    reaches = {submodule.reach for entry in found for submodule in entry.submodules}
    return ExitCode.OK if reaches <= {Reach.ON_BRANCH} else ExitCode.BLOCKED
