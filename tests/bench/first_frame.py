"""The cockpit's first frame against a bare Textual app's: `make bench`.

Both are started cold in a pseudo-terminal, in turn, and timed from the start of the process to
the moment their text arrives. The cockpit opens on a rehearsal that it was flown on before, as it
is opened every day: its first frame is the still it was left with, then the live screen follows.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Iterator
from pathlib import Path

from tests.conftest import clean_environment

ROOT = Path(__file__).parent.parent.parent
RUNS = 9
ALLOWED_RATIO = 1.3
LIVE = b"Find a command"
"""Part of the footer, which the still has not."""
BARE = """
from textual.app import App, ComposeResult
from textual.widgets import Static

class Bare(App[None]):
    def compose(self) -> ComposeResult:
        yield Static("one line, and nothing else")

Bare().run()
"""


@contextlib.contextmanager
def terminal(
    command: list[str], environment: dict[str, str]
) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """A process in a 120×40 terminal of its own, and that terminal's other end."""
    parent, child = pty.openpty()
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    process = subprocess.Popen(
        command,
        stdin=child,
        stdout=child,
        stderr=child,
        cwd=ROOT,
        env=environment,
        start_new_session=True,
    )
    os.close(child)
    try:
        yield process, parent
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        os.close(parent)


def read_until(text: bytes, parent: int) -> None:
    """Read a terminal until it has drawn `text`."""
    drawn = b""
    while text not in drawn:
        if not select.select([parent], [], [], 20)[0]:
            raise SystemExit(f"nothing of {text!r} was drawn: {drawn[-500:]!r}")
        drawn += os.read(parent, 65536)


def seconds_until(text: bytes, command: list[str], environment: dict[str, str]) -> float:
    """Time from the start of a process until it has drawn `text`."""
    started = time.perf_counter()
    with terminal(command, environment) as (_, parent):
        read_until(text, parent)
        return time.perf_counter() - started


def fly_once(command: list[str], environment: dict[str, str]) -> None:
    """Open the cockpit, wait until its panes have rows, and quit."""
    with terminal(command, environment) as (process, parent):
        read_until(b"#19", parent)
        os.write(parent, b"q")
        with contextlib.suppress(OSError):  # what the terminal says when its process has gone
            while process.poll() is None:
                if select.select([parent], [], [], 0.1)[0]:
                    os.read(parent, 65536)


def measure(environment: dict[str, str], folder: Path) -> list[tuple[float, float, float]]:
    """Seconds until the still, the live screen and the bare app's line, run after run."""
    world = subprocess.Popen(
        [sys.executable, "-m", "cockpit.rehearsal", "--dir", str(folder)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert world.stdout is not None
        config = world.stdout.readline().removeprefix("ready: ").strip()
        cockpit = [sys.executable, "-m", "cockpit.cli", "--config", config]
        bare = [sys.executable, "-c", BARE]
        subprocess.run(
            [*cockpit, "status"], cwd=ROOT, env=environment, capture_output=True, check=False
        )
        fly_once(cockpit, environment)
        return [
            (
                seconds_until(b"Cherry-pick", cockpit, environment),
                seconds_until(LIVE, cockpit, environment),
                seconds_until(b"one line", bare, environment),
            )
            for _ in range(RUNS)
        ]
    finally:
        world.terminate()
        world.wait()


def main() -> int:
    """Print the medians and their ratios; 1 when the first frame's is over what is allowed."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        runs = measure(clean_environment(home), home / "world")
    still, live, bare = (statistics.median(column) for column in zip(*runs, strict=True))
    print(f"medians of {RUNS}: bare Textual {bare:.3f} s")
    print(f"first frame {still:.3f} s, ratio {still / bare:.2f}, allowed {ALLOWED_RATIO}")
    print(f"live screen {live:.3f} s, ratio {live / bare:.2f}")
    return int(still / bare > ALLOWED_RATIO)


if __name__ == "__main__":
    sys.exit(main())
