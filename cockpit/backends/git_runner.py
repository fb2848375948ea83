"""Runs git: one environment, a watch on silence, patience with locks, and a line in the log."""

from __future__ import annotations

import contextlib
import os
import random
import re
import selectors
import shlex
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, Protocol

import msgspec

from cockpit.backends.git_conversation import Conversation
from cockpit.backends.git_errors import explain, silent
from cockpit.backends.git_spawn import OF_ANOTHER_REPOSITORY
from cockpit.backends.text import clean, mask
from cockpit.errors import CockpitError

REMOTE = "cockpit"
"""The name that a clone calls its remote by; its address never is on the disk or in `ps`."""

_SETTINGS = {
    "core.hooksPath": os.devnull,
    "core.fsmonitor": "false",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "protocol.ext.allow": "never",
    "protocol.fd.allow": "never",
    "fetch.pruneTags": "false",
    "fetch.recurseSubmodules": "false",
    "fetch.writeCommitGraph": "false",
    "push.gpgSign": "false",
    "push.recurseSubmodules": "no",
    "log.showSignature": "false",
    "i18n.commitEncoding": "UTF-8",
    "i18n.logOutputEncoding": "UTF-8",
}
"""What of the person's own configuration must not reach a clone; the rest applies."""

_LOCKED = re.compile(r"^(?:fatal|error): .*(?:\.lock': File exists|cannot lock ref)", re.MULTILINE)
_LOCK_FILE = re.compile(r"'([^'\n]+\.lock)': File exists")
_STALE_LOCK_S = 600.0
"""git holds its locks for moments; one of this age was left by a killed process."""
_PAUSES_S = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6)
_TICK_S = 0.25
_GRACE_S = 3.0


class Clone(msgspec.Struct, frozen=True):
    """A bare clone of the cockpit's own, whether it exists yet or not."""

    git_dir: Path
    remote: str
    name: str
    """What errors call it."""

    @property
    def exists(self) -> bool:
        """Whether it has been made."""
        return (self.git_dir / "HEAD").is_file()

    @property
    def shallow_edges(self) -> frozenset[str]:
        """The commits whose parents were left out, where its remote was cloned to a depth."""
        with contextlib.suppress(FileNotFoundError):
            return frozenset((self.git_dir / "shallow").read_text(encoding="ascii").split())
        return frozenset()

    @property
    def far(self) -> bool:
        """Whether its remote is beyond this machine's disks."""
        return bool(re.match(r"(?!file:)[\w+.-]+://|[^/]+:", self.remote))


class Finished(msgspec.Struct, frozen=True):
    """What a git process left."""

    status: int
    output: bytes
    errors: str
    asked_remote: bool


class Spawn(Protocol):
    """Starts a process with its output and errors on pipes, as the leader of a new session."""

    def __call__(
        self, command: Sequence[str], *, env: Mapping[str, str], stdin: BinaryIO | None
    ) -> subprocess.Popen[bytes]:
        """Start it; raises CockpitError when git is not installed."""
        ...


class GitRunner:
    """Runs git on clones; may be called from any thread."""

    def __init__(
        self, spawn: Spawn, *, silence_s: float, log: Callable[[str], None] | None = None
    ) -> None:
        self._spawn = spawn
        self._silence_s = silence_s
        self._log = log

    def run(
        self,
        clone: Clone,
        *arguments: str,
        stdin: bytes = b"",
        variables: Mapping[str, str] | None = None,
    ) -> bytes:
        """What the command printed; raises what its failure means."""
        finished = self.attempt(clone, *arguments, stdin=stdin, variables=variables)
        if finished.status != 0:
            raise self.failure(clone, finished)
        return finished.output

    def attempt(
        self,
        clone: Clone,
        *arguments: str,
        stdin: bytes = b"",
        variables: Mapping[str, str] | None = None,
    ) -> Finished:
        """Run a command whose failure the caller reads; `variables` join its environment."""
        environment = _environment(clone) | dict(variables or {})
        for pause in _PAUSES_S:
            finished = self._once(clone, arguments, stdin, environment)
            if finished.status == 0 or not _LOCKED.search(finished.errors):
                return finished
            if not _removed_stale_lock(finished.errors, clone):
                time.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311  (spreads, hides nothing)
        return self._once(clone, arguments, stdin, environment)

    def failure(self, clone: Clone, finished: Finished) -> CockpitError:
        """What a failed command means."""
        said = finished.errors
        return explain(said, clone.name, clone.remote, clone.git_dir, finished.asked_remote)

    def attempt_each(
        self,
        clone: Clone,
        *arguments: str,
        stdins: Sequence[bytes],
        variables: Mapping[str, str] | None = None,
    ) -> list[Finished]:
        """Run a command once for each input, all at the same time."""
        return self._at_once(clone, arguments, stdins, _environment(clone) | dict(variables or {}))

    @contextlib.contextmanager
    def conversation(
        self, clone: Clone, *arguments: str, variables: Mapping[str, str] | None = None
    ) -> Iterator[Conversation]:
        """A command that runs on and is spoken with; it is ended when the conversation is left."""
        environment = _environment(clone) | dict(variables or {})
        heard, said = os.pipe()
        with os.fdopen(said, "wb", buffering=0) as mouth:
            with os.fdopen(heard, "rb", buffering=0) as ear:
                process = self._start(clone, arguments, ear, environment)
            try:
                yield Conversation(process, mouth, silence_s=self._silence_s)
            except TimeoutError:
                raise silent(clone.name, clone.remote, self._silence_s) from None
            finally:
                _end(process)

    def _once(
        self, clone: Clone, arguments: Sequence[str], stdin: bytes, environment: Mapping[str, str]
    ) -> Finished:
        [finished] = self._at_once(clone, arguments, [stdin], environment)
        return finished

    def _at_once(
        self,
        clone: Clone,
        arguments: Sequence[str],
        stdins: Sequence[bytes],
        environment: Mapping[str, str],
    ) -> list[Finished]:
        processes: list[subprocess.Popen[bytes]] = []
        try:
            for stdin in stdins:
                with tempfile.TemporaryFile() as fed:
                    fed.write(stdin)
                    fed.seek(0)
                    ear = fed if stdin else None
                    processes.append(self._start(clone, arguments, ear, environment))
            heard = _listen(processes, self._silence_s)
        except (TimeoutError, subprocess.TimeoutExpired):
            raise silent(clone.name, clone.remote, self._silence_s) from None
        finally:
            for process in processes:
                _end(process)
        return [
            Finished(
                process.returncode,
                output,
                errors.decode("utf-8", "replace"),
                asked_remote=REMOTE in arguments,
            )
            for process, (output, errors) in zip(processes, heard, strict=True)
        ]

    def _start(
        self,
        clone: Clone,
        arguments: Sequence[str],
        stdin: BinaryIO | None,
        environment: Mapping[str, str],
    ) -> subprocess.Popen[bytes]:
        command = ["git", f"--git-dir={clone.git_dir}", *arguments]
        self._tell(clone, command)
        return self._spawn([*_forgetting(), *command], env=environment, stdin=stdin)

    def _tell(self, clone: Clone, command: Sequence[str]) -> None:
        if self._log is not None:
            shown = [clone.remote if word == REMOTE else word for word in command]
            self._log(mask(clean(shlex.join(shown))))


def _environment(clone: Clone) -> dict[str, str]:
    """Variables for one command, on top of the ones the cockpit was started with."""
    settings = {f"remote.{REMOTE}.url": clone.remote, **_SETTINGS}
    first = int(os.environ.get("GIT_CONFIG_COUNT") or 0)
    environment = {
        "LC_ALL": "C",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_NO_LAZY_FETCH": "1",  # an object that no remote has would be asked for without end
        "SSH_ASKPASS": "",
        "SSH_ASKPASS_REQUIRE": "never",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_OBJECT_DIRECTORY": str(clone.git_dir / "objects"),
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": "",
        "GIT_NAMESPACE": "",
        "GIT_CONFIG_COUNT": str(first + len(settings)),
    }
    for number, (key, value) in enumerate(settings.items(), first):
        environment[f"GIT_CONFIG_KEY_{number}"] = key
        environment[f"GIT_CONFIG_VALUE_{number}"] = value
    return environment


def _forgetting() -> list[str]:
    """What takes variables away that a git hook or alias started the cockpit with."""
    inherited = [name for name in OF_ANOTHER_REPOSITORY if name in os.environ]
    return ["env", *(f"-u{name}" for name in inherited)] if inherited else []


def _listen(
    processes: Sequence[subprocess.Popen[bytes]], silence_s: float
) -> list[tuple[bytes, bytes]]:
    """Read output and errors of each to their end; raises TimeoutError after so much silence.

    Silence rather than length is watched, since the first fetch of a large repository reports its
    progress for longer than any answer may take. Pipes that outlive the processes, such as those
    of a shared ssh connection, are not waited for.
    """
    heard = [(bytearray(), bytearray()) for _ in processes]
    last_heard = time.monotonic()
    with selectors.DefaultSelector() as pipes:
        for process, ears in zip(processes, heard, strict=True):
            for pipe, ear in zip((process.stdout, process.stderr), ears, strict=True):
                if pipe is not None:
                    pipes.register(pipe, selectors.EVENT_READ, ear)
        while pipes.get_map():
            # Asked before the pipes are: what a process wrote last lies there once it has ended.
            over = all(process.poll() is not None for process in processes)
            ready = pipes.select(0 if over else _TICK_S)
            for key, _ in ready:
                chunk = os.read(key.fd, 1 << 16)
                key.data.extend(chunk)
                if not chunk:
                    pipes.unregister(key.fileobj)
            if ready:
                last_heard = time.monotonic()
            elif over:
                break
            elif time.monotonic() - last_heard > silence_s:
                raise TimeoutError
    for process in processes:
        process.wait(silence_s)
    return [(bytes(output), bytes(errors)) for output, errors in heard]


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process that still runs, with its children; asked first, so that it unlocks."""
    for pipe in (process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is not None:
            return
        with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
            os.killpg(process.pid, number)
            process.wait(_GRACE_S)


def _removed_stale_lock(errors: str, clone: Clone) -> bool:
    """Remove the lock of the clone that is in the way if it was left behind; whether it was."""
    found = _LOCK_FILE.search(errors)
    lock = Path(found[1]) if found else None
    if lock is None or not lock.is_relative_to(clone.git_dir):
        return False
    with contextlib.suppress(FileNotFoundError):
        if time.time() - lock.stat().st_mtime < _STALE_LOCK_S:
            return False
        lock.unlink()
    return True
