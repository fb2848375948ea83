"""Starts git without any library, for commands whose start a person waits for."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from typing import BinaryIO

from cockpit.errors import CockpitError

OF_ANOTHER_REPOSITORY = (
    "GIT_WORK_TREE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_COMMON_DIR",
    "GIT_PREFIX",
    "GIT_QUARANTINE_PATH",
    "GIT_SHALLOW_FILE",
)
"""What a git hook or alias starts the cockpit with, and no git of ours may inherit."""
NO_PROGRAM = (FileNotFoundError, NotADirectoryError, PermissionError)
"""How the system says that a program is not there to be started."""


def spawn(
    command: Sequence[str], *, env: Mapping[str, str], stdin: BinaryIO | None
) -> subprocess.Popen[bytes]:
    """A `Spawn` of the standard library's own."""
    try:
        return subprocess.Popen(
            command,
            env={**os.environ, **env},
            stdin=subprocess.DEVNULL if stdin is None else stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except NO_PROGRAM as err:
        raise not_installed() from err


def not_installed() -> CockpitError:
    """What a person is told who has no git."""
    return CockpitError("git was not found", "it is not on the PATH", "install git 2.39 or newer")
