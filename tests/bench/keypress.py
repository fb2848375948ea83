"""How long a key takes to be painted in tmux while 2,000 jobs refresh.

Run it as `python -m tests.bench.keypress`, on a machine that has nothing else to do.

Starts a large rehearsal (about half a minute), has somebody push a commit and the next candidate's
tag in it, so that its two thousand jobs queue, run and end while the cockpit reads them every few
seconds, opens the cockpit in a 120×40 tmux of its own, and presses keys with `tmux send-keys`. Each
key is timed until `tmux capture-pane` shows another picture; what changes by itself, such as the
clock, is not looked at. A capture takes about 3 ms, which is part of the time. A bare Textual table
of 2,000 rows is measured in the same way before and after, for comparison with what the machine can
do at the moment. How many jobs have become something else meanwhile is the world's own count.

GitHub does not run on the captain's machine, so the process of the world, which here shares the
cores with everything that is measured, runs under `nice -n 19`; the cockpit, the bare table and
tmux run as everybody runs them.

`--config RELEASE_TOML` takes a world that runs already, `--keys N` presses more keys, `--still`
leaves the tag out: then the jobs of the newest candidate go on changing for about five minutes.
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
import tomllib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import requests

from tests.conftest import clean_environment

ROOT = Path(__file__).parent.parent.parent
ALLOWED_MS = 33.0
WARM_UP = 12
_PAUSE_S = 0.08
"""Between two keys; closer together than a person types would measure a queue."""
_ANSWER_S = 60.0
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
    command = ["nice", "-n", "19", sys.executable, "-m", "cockpit.rehearsal", "--scenario", "large"]
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


class Switchboard:
    """The world's own: what happens there, and how it is counted."""

    def __init__(self, config: Path) -> None:
        release = tomllib.loads(config.read_text(encoding="utf-8"))
        core = next(each for each in release["repositories"] if each["role"] == "core")
        self._version = str(release["release"]["version"])
        self._remote = config.parent / core["remote"]
        self._url = str(release["clock"]).removesuffix("/clock")

    def tag_next(self) -> None:
        """Push a commit and the next candidate's tag on it."""
        tag = f"v{self._version}-rc{self._number + 1}"
        self._post("/actions/push-commit", {"message": f"Note {tag}"})
        self._post("/actions/push-tag", {"tag": tag})

    def jobs(self) -> dict[int, tuple[str, str | None]]:
        """Every job of the newest candidate, as it is at the moment."""
        wanted = {"ref": f"v{self._version}-rc{self._number}"}
        answer = requests.get(f"{self._url}/builds", params=wanted, timeout=_ANSWER_S)
        answer.raise_for_status()
        return {job["id"]: (job["status"], job["conclusion"]) for job in answer.json()["jobs"]}

    @property
    def _number(self) -> int:
        """Of the newest candidate."""
        command = ["git", "-C", str(self._remote), "tag", "--list", f"v{self._version}-rc*"]
        listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        return max(int(tag.rpartition("rc")[2]) for tag in listed.split())

    def _post(self, path: str, body: dict[str, str]) -> None:
        requests.post(self._url + path, json=body, timeout=_ANSWER_S).raise_for_status()


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


def measured(
    name: str, terminal: Terminal, moves: tuple[str, ...], count: int, world: Switchboard
) -> Figures:
    """Milliseconds for each of so many keys."""
    times, before = [], world.jobs()
    for number in range(count + WARM_UP):
        spent = milliseconds(terminal, moves[number % len(moves)], number)
        if spent is not None and number >= WARM_UP:
            times.append(spent)
        time.sleep(_PAUSE_S)
    after = world.jobs()
    return Figures(name, times, sum(before.get(job) != now for job, now in after.items()))


class Figures(NamedTuple):
    """What one thing took."""

    name: str
    times: list[float]
    changed: int
    """Jobs that became something else while keys were pressed."""

    @property
    def p95(self) -> float:
        """The time within which nineteen of twenty keys were painted."""
        return statistics.quantiles(self.times, n=20)[-1]


def tell(figures: Iterable[Figures]) -> None:
    """Print all figures side by side."""
    print(f"{'':<12} {'keys':>5} {'p50 ms':>8} {'p95 ms':>8} {'max ms':>8} {'jobs changed':>14}")
    for each in figures:
        print(
            f"{each.name:<12} {len(each.times):>5} {statistics.median(each.times):>8.1f} "
            f"{each.p95:>8.1f} {max(each.times):>8.1f} {each.changed:>14}"
        )
    print(f"allowed: p95 {ALLOWED_MS:g} ms")


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


def measure_bare(name: str, environment: dict[str, str], keys: int, world: Switchboard) -> Figures:
    """The same for a table with nothing around it."""
    terminal = Terminal(f"bare-{os.getpid()}", environment)
    try:
        terminal.start([sys.executable, "-c", BARE])
        terminal.until("job 20")
        return measured(name, terminal, MOVES["list"], keys, world)
    finally:
        terminal.end()


def fly(config: Path, environment: dict[str, str], keys: int, *, still: bool) -> int:
    """Open the cockpit on a world and press keys."""
    world = Switchboard(config)
    if not still:
        world.tag_next()
    figures = [measure_bare("bare before", environment, keys, world)]
    terminal = Terminal(f"keypress-{os.getpid()}", environment)
    try:
        terminal.start([sys.executable, "-m", "cockpit.cli", "--config", str(config)])
        terminal.until("Candidate builds · v")
        terminal.press("2")
        terminal.press("Enter")
        terminal.until("build test upload")
        terminal.press("g")
        figures.append(measured("matrix", terminal, MOVES["matrix"], keys, world))
        terminal.press("M")
        terminal.until("what needs somebody first")
        figures.append(measured("list", terminal, MOVES["list"], keys, world))
    finally:
        terminal.end()
    figures.append(measure_bare("bare after", environment, keys, world))
    tell(figures)
    return int(any(each.p95 > ALLOWED_MS for each in figures if each.name in MOVES))


if __name__ == "__main__":
    sys.exit(main())
