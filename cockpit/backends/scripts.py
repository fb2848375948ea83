"""Runs a repository's own script: no credential, no home, no terminal, and only for so long."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from cockpit.backends.text import clean, clean_lines, mask

_GRACE_S = 3.0
_LAST_LINES = 12
_LONGEST_LINE = 300
_LAST_BYTES = 65_536
_INTERPRETERS = {".sh": "bash", ".py": "python3"}


class Ended(msgspec.Struct, frozen=True):
    """How a script ended."""

    problem: str
    """Why it counts as failed; empty when it did not."""
    said: tuple[str, ...]
    """Its last lines, cleaned, with its own folder left out."""


def environment(home: Path, temporary: Path, given: Mapping[str, str]) -> dict[str, str]:
    """The only variables that a script gets: nothing of the captain's but the PATH."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(home),
        "TMPDIR": str(temporary),
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONDONTWRITEBYTECODE": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ALLOW_PROTOCOL": "none",
        **given,
    }


def words_for(script: Path, arguments: Sequence[str]) -> list[str]:
    """The command of a script: itself where it names its interpreter, else the usual one."""
    with script.open("rb") as file:
        names_one = file.read(2) == b"#!"
    interpreter = _INTERPRETERS.get(script.suffix)
    if interpreter is None or (names_one and os.access(script, os.X_OK)):
        return [str(script), *arguments]
    return [interpreter, str(script), *arguments]


def run(
    words: Sequence[str],
    folder: Path,
    variables: Mapping[str, str],
    *,
    log: Path,
    timeout_s: float,
) -> Ended:
    """Run a command in `folder` to its end, with all that it started; `log` takes its output."""
    problem = ""
    with log.open("wb") as output:
        try:
            process = subprocess.Popen(
                words,
                cwd=folder,
                env=dict(variables),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as err:
            return Ended(f"it could not be started: {err.strerror or err}", ())
        try:
            status = process.wait(timeout_s)
            if status != 0:
                problem = f"it ended with {_ending(status)}"
        except subprocess.TimeoutExpired:
            problem = f"it took longer than {timeout_s:g} s and was ended"
        finally:
            _end_all(process)
    return Ended(problem, _last_lines(log, folder))


def _ending(status: int) -> str:
    return f"exit code {status}" if status > 0 else f"signal {-status}"


def _end_all(process: subprocess.Popen[bytes]) -> None:
    """End a process and whatever it left running; asked first."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(_GRACE_S)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _last_lines(log: Path, folder: Path) -> tuple[str, ...]:
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - _LAST_BYTES))
        text = file.read().decode("utf-8", "replace").replace(str(folder), ".")
    lines = (mask(clean(line))[:_LONGEST_LINE].rstrip() for line in clean_lines(text).splitlines())
    return tuple(line for line in lines if line)[-_LAST_LINES:]
