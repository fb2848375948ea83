"""How long a key takes to be painted in tmux while 2,000 jobs refresh.

Run it as `python -m tests.bench.keypress`, on a machine that has nothing else to do.

Starts a large rehearsal (about half a minute), tags a second candidate in it so that its two
thousand jobs queue, run and end while the cockpit reads them every few seconds, opens the cockpit
in a 120×40 tmux of its own, and presses keys with `tmux send-keys`. Each key is timed until
`tmux capture-pane` shows another picture; what changes by itself, such as the clock, is not
looked at. A capture takes about 3 ms, which is part of the time. A bare Textual table of 2,000
rows is measured first, for comparison with what the machine can do at the moment.

`--config RELEASE_TOML` takes a world that runs already, `--keys N` presses more keys, `--still`
leaves the second tag out.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import clean_environment

ROOT = Path(__file__).parent.parent.parent
ALLOWED_MS = 33.0
WARM_UP = 12
_PAUSE_S = 0.08
"""Between two keys; closer together than a person types would measure a queue."""
MOVES = {
    "matrix": ("Down", "Right", "Down", "Right", "Up", "Left", "Down", "Left", "Right", "Up"),
    "list": ("Down", "Down", "Up", "Down", "PageDown", "Up", "Down", "PageUp", "Down", "Up"),
}
BARE = """
from textual.app import App, ComposeResult
from textual.widgets import DataTable

class Bare(App[None]):
    CSS = "DataTable { height: 1fr; }"

    def compose(self) -> ComposeResult:
        yield DataTable(cursor_type="row")

    def on_mount(self) -> None:
        table = self.query_one(DataTable)
        table.add_columns("job", "workflow", "time")
        table.add_rows((f"job {n}", "linux-binary-manywheel", f"{n} min") for n in range(2000))

Bare().run()
"""
_MOVING = re.compile(r"\d+ (?:s|min|h|d) ago|\d\d:\d\d(?::\d\d)?|stale,.*?ago")


@contextmanager
def large_world(folder: Path, environment: dict[str, str]) -> Iterator[Path]:
    """A large rehearsal; gives its config."""
    command = [sys.executable, "-m", "cockpit.rehearsal", "--scenario", "large"]
    process = subprocess.Popen(
        [*command, "--dir", str(folder)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield Path(process.stdout.readline().removeprefix("ready: ").strip())
    finally:
        process.terminate()
        process.wait()


def tag_next(config: Path, environment: dict[str, str]) -> None:
    """Push the next candidate's tag, as the cockpit's own operation does."""
    cockpit = [sys.executable, "-m", "cockpit.cli", "--config", str(config)]
    planned = subprocess.run(
        [*cockpit, "plan", "tag-candidate"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )
    digest = re.search(r"\b[0-9a-f]{64}\b", planned.stdout)
    if digest is None:
        raise SystemExit(f"no plan to tag: {planned.stdout}{planned.stderr}")
    subprocess.run(
        [*cockpit, "do", "tag-candidate", "--plan", digest[0], "--yes"],
        cwd=ROOT,
        env=environment,
        check=True,
        capture_output=True,
    )


class Terminal:
    """A tmux server of its own with one 120×40 window."""

    def __init__(self, socket: str, environment: dict[str, str]) -> None:
        self._tmux = ["tmux", "-L", socket, "-f", "/dev/null"]
        self._environment = environment | {"TERM": "xterm-256color", "COLORTERM": "truecolor"}

    def start(self, command: list[str]) -> None:
        """Run a command in it."""
        self._run("new-session", "-d", "-x", "120", "-y", "40", *command)

    def press(self, key: str) -> None:
        """Type a key."""
        self._run("send-keys", key)

    def picture(self) -> str:
        """What is on screen, with the colours, since a cursor is nothing else."""
        return self._run("capture-pane", "-p", "-e")

    def until(self, text: str, seconds: float = 60.0) -> None:
        """Wait for a text to be shown."""
        deadline = time.monotonic() + seconds
        while text not in self._run("capture-pane", "-p"):
            if time.monotonic() > deadline:
                raise SystemExit(f"{text!r} never came:\n{self._run('capture-pane', '-p')}")
            time.sleep(0.05)

    def end(self) -> None:
        """End the server and what runs in it."""
        subprocess.run([*self._tmux, "kill-server"], env=self._environment, check=False)

    def _run(self, *words: str) -> str:
        done = subprocess.run(
            [*self._tmux, *words], env=self._environment, capture_output=True, text=True, cwd=ROOT
        )
        return done.stdout


def milliseconds(terminal: Terminal, key: str, number: int) -> float | None:
    """Time until a key changes the picture beside what changes by itself; None if it does not."""
    before = _still_part(terminal.picture())
    began = time.perf_counter()
    terminal.press(key)
    while (spent := time.perf_counter() - began) < 1.0:
        if _still_part(terminal.picture()) != before:
            return (time.perf_counter() - began) * 1000
    sys.stderr.write(f"key {number} {key}: nothing changed in {spent:.1f} s\n")
    return None


def _still_part(picture: str) -> list[str]:
    """The rows between the summary, whose numbers change as jobs end, and the keys."""
    return [_MOVING.sub("", row) for row in picture.splitlines()[5:-2]]


def measured(terminal: Terminal, moves: tuple[str, ...], count: int) -> list[float]:
    """Milliseconds for each of so many keys."""
    times = []
    for number in range(count + WARM_UP):
        spent = milliseconds(terminal, moves[number % len(moves)], number)
        if spent is not None and number >= WARM_UP:
            times.append(spent)
        time.sleep(_PAUSE_S)
    return times


def tell(name: str, times: list[float]) -> bool:
    """Print the percentiles; whether the 95th is within what is allowed."""
    p95 = statistics.quantiles(times, n=20)[-1]
    print(
        f"{name:<8} {len(times)} keys   p50 {statistics.median(times):5.1f} ms   "
        f"p95 {p95:5.1f} ms   max {max(times):5.1f} ms   allowed {ALLOWED_MS:g} ms"
    )
    return p95 <= ALLOWED_MS


def main() -> int:
    """Measure matrix and list; 1 when either is over what is allowed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--config", type=Path)
    parser.add_argument("--keys", type=int, default=200)
    parser.add_argument("--still", action="store_true")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        environment = dict(os.environ) | clean_environment(Path(folder))
        if wanted.config:
            return fly(wanted.config, environment, wanted.keys, still=wanted.still)
        with large_world(Path(folder) / "world", environment) as config:
            return fly(config, environment, wanted.keys, still=wanted.still)


def measure_bare(environment: dict[str, str], keys: int) -> None:
    """The same for a table with nothing around it."""
    terminal = Terminal(f"bare-{os.getpid()}", environment)
    try:
        terminal.start([sys.executable, "-c", BARE])
        terminal.until("job 20")
        tell("bare", measured(terminal, MOVES["list"], keys))
    finally:
        terminal.end()


def fly(config: Path, environment: dict[str, str], keys: int, *, still: bool) -> int:
    """Open the cockpit on a world and press keys."""
    if not still:
        tag_next(config, environment)
    measure_bare(environment, keys)
    terminal = Terminal(f"keypress-{os.getpid()}", environment)
    try:
        terminal.start([sys.executable, "-m", "cockpit.cli", "--config", str(config)])
        terminal.until("Candidate builds · v")
        terminal.press("2")
        terminal.press("Enter")
        terminal.until("build test upload")
        terminal.press("g")
        good = tell("matrix", measured(terminal, MOVES["matrix"], keys))
        terminal.press("M")
        terminal.until("what needs somebody first")
        return int(not (tell("list", measured(terminal, MOVES["list"], keys)) and good))
    finally:
        terminal.end()


if __name__ == "__main__":
    sys.exit(main())
