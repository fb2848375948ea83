"""Starts git without any library, for commands whose start a person waits for."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from typing import BinaryIO

from cockpit.errors import CockpitError


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
    except (FileNotFoundError, NotADirectoryError, PermissionError) as err:
        raise not_installed() from err


def not_installed() -> CockpitError:
    """What a person is told who has no git."""
    return CockpitError("git was not found", "it is not on the PATH", "install git 2.39 or newer")
