"""`rehearse` and `--rehearsal`: a world in a process of its own, and the cockpit on it."""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from cockpit.commands.common import has_terminal
from cockpit.errors import CockpitError, ConfigError, ExitCode

_WRONG_USAGE = 2
"""What a world ends with when it was asked for something it does not know."""
Then = Callable[[argparse.Namespace], int]


def run(arguments: argparse.Namespace, fly: Then) -> int:
    """Serve a world until stopped, or open the cockpit on one; as text without a terminal."""
    command = _command(arguments)
    if arguments.list_faults:
        command.append("--list-faults")
    if arguments.headless or arguments.list_faults:
        # The world takes this process's place, signals and all.
        os.execv(command[0], command)  # noqa: S606
    with _world(arguments) as config:
        arguments.config = config
        if has_terminal():
            return fly(arguments)
        from cockpit.commands.status import run as status

        arguments.json = False
        status(arguments)
        return int(ExitCode.OK)


def within_world(arguments: argparse.Namespace, command: Then) -> int:
    """Run one command on a world that lives as long as it does."""
    if arguments.config is not None:
        raise ConfigError(
            "--rehearsal and --config exclude each other",
            "a rehearsal brings a config of its own",
            "leave one of them out",
        )
    with _world(arguments) as config:
        arguments.config = config
        return command(arguments)


def _command(arguments: argparse.Namespace) -> list[str]:
    command = [sys.executable, "-m", "cockpit.rehearsal"]
    command += ["--scenario", getattr(arguments, "scenario", "default")]
    command += ["--seed", str(getattr(arguments, "seed", 0))]
    command += ["--s3", getattr(arguments, "s3", "moto")]
    for fault in getattr(arguments, "fault", []):
        command += ["--fault", fault]
    if getattr(arguments, "speed", None) is not None:
        command += ["--speed", str(arguments.speed)]
    if getattr(arguments, "dir", None) is not None:
        command += ["--dir", str(arguments.dir)]
    return command


@contextlib.contextmanager
def _world(arguments: argparse.Namespace) -> Iterator[Path]:
    """The config of a served world; it is stopped at the end, whatever happens."""
    with tempfile.TemporaryFile("w+") as complaints:
        process = subprocess.Popen(
            _command(arguments),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=complaints,
            text=True,
            start_new_session=True,
        )
        try:
            yield _ready(process, complaints)
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _ready(process: subprocess.Popen[str], complaints: IO[str]) -> Path:
    """Wait for the world to say that it answers; raises CockpitError with its last words."""
    for line in process.stdout or ():
        if line.startswith("ready: "):
            return Path(line.removeprefix("ready: ").strip())
    status = process.wait()
    complaints.seek(0)
    last_words = [line.strip() for line in complaints if line.strip()]
    missing = any("ModuleNotFoundError" in line for line in last_words)
    kind = ConfigError if status == _WRONG_USAGE else CockpitError
    raise kind(
        "The rehearsal did not start",
        last_words[-1].removeprefix("cockpit.rehearsal: ") if last_words else f"status {status}",
        "install the extra: pip install 'release-cockpit[rehearsal]'" if missing else "",
    )
