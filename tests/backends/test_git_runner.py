"""What a git process says is heard to its end, whenever it ends."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from cockpit.backends.git_runner import Clone, GitRunner


class EndsWhenLookedAt(subprocess.Popen[bytes]):
    """A process that says something and ends between the last look at its pipes and at itself."""

    def poll(self) -> int | None:
        if self.stdin is not None and not self.stdin.closed:
            self.stdin.close()
            self.wait()
        return super().poll()


def spawn(
    command: Sequence[str], *, env: Mapping[str, str], stdin: BinaryIO | None
) -> subprocess.Popen[bytes]:
    """Something that waits for the end of its input, then speaks."""
    assert command
    assert env
    assert stdin is None
    return EndsWhenLookedAt(
        ["sh", "-c", "read -r _; echo late"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def test_what_was_said_last_is_heard(tmp_path: Path) -> None:
    git = GitRunner(spawn, silence_s=20)

    finished = git.attempt(Clone(tmp_path, "remote.git", "tiny"), "ls-remote")

    assert (finished.status, finished.output) == (0, b"late\n")
