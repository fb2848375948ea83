"""What several commands share: opening the release and speaking to the terminal."""

from __future__ import annotations

import argparse
import asyncio
import os
import shlex
import sys
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import msgspec

from cockpit.config import load
from cockpit.errors import ConfigError
from cockpit.places import find
from cockpit.runtime import Cockpit
from cockpit.views.table import Line
from cockpit.views.text import printed

_UNCLIPPED = 100_000


def open_cockpit(arguments: argparse.Namespace) -> Cockpit:
    """The release that the arguments, or the folder, name."""
    config = load(find(arguments.config, Path.cwd()))
    return Cockpit(config, read_only=arguments.read_only)


def looked(arguments: argparse.Namespace) -> Cockpit:
    """The release, after one look at every backend."""
    cockpit = open_cockpit(arguments)
    asyncio.run(cockpit.refresh())
    return cockpit


def called(arguments: argparse.Namespace, *words: str) -> str:
    """A line to go on with, on the release that this one was called for."""
    given = (
        ["--config", str(arguments.config)] if arguments.config and not arguments.rehearsal else []
    )
    return shlex.join(["release-cockpit", *given, *words])


def seconds(option: str, given: float | None) -> timedelta | None:
    """How long an option says; raises ConfigError for what is no time to wait."""
    if given is None:
        return None
    if not 0 < given < 10**8:
        raise ConfigError(f"{option} takes seconds", f"{given:g} is none", f"{option} 30")
    return timedelta(seconds=given)


def write_json(document: object) -> None:
    """Print data, indented."""
    text = msgspec.json.format(msgspec.json.encode(document), indent=2).decode()
    sys.stdout.write(text + "\n")


def write_lines(lines: Iterable[Line], arguments: argparse.Namespace) -> None:
    """Print lines whole, whatever the terminal's width: they are read by people and by `grep`."""
    for entry in lines:
        sys.stdout.write(
            printed(entry, _UNCLIPPED, plain_ascii=arguments.ascii, color=wants_colour())
        )


def has_terminal() -> bool:
    """Whether a person sits at both ends."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def wants_colour() -> bool:
    """Whether the output may carry colours."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")
