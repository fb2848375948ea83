"""The cockpit's first frame against a bare Textual app's: `make bench`.

Both are started cold in a pseudo-terminal, in turn, and timed from the start of the process to
the moment their text arrives. The cockpit opens on a rehearsal whose readings are in its cache.
"""

from __future__ import annotations

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
from pathlib import Path

from tests.conftest import clean_environment

ROOT = Path(__file__).parent.parent.parent
RUNS = 9
ALLOWED_RATIO = 1.3
BARE = """
from textual.app import App, ComposeResult
from textual.widgets import Static

class Bare(App[None]):
    def compose(self) -> ComposeResult:
        yield Static("one line, and nothing else")

Bare().run()
"""


def seconds_until(text: bytes, command: list[str], environment: dict[str, str]) -> float:
    """Time from the start of a process in a 120×40 terminal until it has drawn `text`."""
    parent, child = pty.openpty()
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    started = time.perf_counter()
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
    drawn = b""
    try:
        while text not in drawn:
            if not select.select([parent], [], [], 20)[0]:
                raise SystemExit(f"{command[0]} drew nothing of {text!r}: {drawn[-500:]!r}")
            drawn += os.read(parent, 65536)
        return time.perf_counter() - started
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        os.close(parent)


def main() -> int:
    """Print both medians and their ratio; 1 when the ratio is over what is allowed."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        environment = clean_environment(home)
        world = subprocess.Popen(
            [sys.executable, "-m", "cockpit.rehearsal", "--dir", str(home / "world")],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert world.stdout is not None
            config = world.stdout.readline().removeprefix("ready: ").strip()
            cockpit = [sys.executable, "-m", "cockpit.cli", "--config", config]
            subprocess.run(
                [*cockpit, "status"], cwd=ROOT, env=environment, capture_output=True, check=False
            )
            bare = [sys.executable, "-c", BARE]
            pairs = [
                (
                    seconds_until(b"Cherry-pick", cockpit, environment),
                    seconds_until(b"one line", bare, environment),
                )
                for _ in range(RUNS)
            ]
        finally:
            world.terminate()
            world.wait()
    ours = statistics.median(pair[0] for pair in pairs)
    theirs = statistics.median(pair[1] for pair in pairs)
    print(f"first frame, median of {RUNS}: cockpit {ours:.3f} s, bare Textual {theirs:.3f} s")
    print(f"ratio {ours / theirs:.2f}, allowed {ALLOWED_RATIO}")
    return int(ours / theirs > ALLOWED_RATIO)


if __name__ == "__main__":
    sys.exit(main())
