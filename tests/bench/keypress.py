"""How long a key takes to be painted in tmux while 2,000 jobs refresh.

Run it as `python -m tests.bench.keypress`, on a machine that has nothing else to do.

Starts a large rehearsal (about half a minute), has somebody push a commit and the next candidate's
tag in it, so that its two thousand jobs queue, run and end while the cockpit reads them every few
seconds, opens the cockpit in a 120×40 tmux of its own, and presses keys with `send-keys`. Each key
is timed until `capture-pane` shows another picture; what changes by itself, such as the clock, is
not looked at. A capture takes about half a millisecond, which is part of the time. A bare Textual
table of 2,000 rows is measured in the same way before and after, for comparison. How many jobs have
become something else meanwhile is the world's own count.

GitHub does not run on the captain's machine, so the process of the world, which here shares the
cores with everything that is measured, runs under `nice -n 19`; the cockpit, the bare table and
tmux run as everybody runs them.

`--config RELEASE_TOML` takes a world that runs already, `--keys N` presses more keys, `--still`
leaves the tag out: then the jobs of the newest candidate go on changing for about five minutes.
"""

from __future__ import annotations

import argparse
import math
import os
import re
import select
import statistics
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple

import requests

from tests.conftest import clean_environment

ROOT = Path(__file__).parent.parent.parent
ALLOWED_MS = 33.0
WARM_UP = 12
_PAUSE_S = 0.08
"""Between two keys; closer together than a person types would measure a queue."""
_ANSWER_S = 60.0
_LONGEST_S = 1.0
"""A key that has changed nothing by then changes nothing."""
OPENING = "opening"
"""The matrix while everything is read for the first time, which is told and not judged."""
# None of them leads to an edge, where a key changes nothing.
MOVES = {
    "matrix": ("Down", "Right", "Down", "Right", "Up", "Left", "Up", "Left", "Right", "Left"),
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
    """A tmux server of its own with one 120×40 window, spoken to through one client.

    A client in control mode is told what the program writes as it arrives. Starting `tmux` for
    every question would take one of two cores away from what is measured.
    """

    def __init__(self, socket: str, environment: dict[str, str]) -> None:
        self._tmux = ["tmux", "-L", socket, "-f", "/dev/null"]
        self._environment = environment | {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
        self._client: subprocess.Popen[bytes] | None = None
        self._heard = b""
        self.outputs = 0
        """How often the program has written something."""

    def start(self, command: list[str]) -> None:
        """Run a command in it."""
        self._client = subprocess.Popen(
            [*self._tmux, "-C", "new-session", "-x", "120", "-y", "40", *command],
            env=self._environment,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._answer()
        self._ask("refresh-client -C 120x40")

    def press(self, key: str) -> None:
        """Type a key."""
        self._ask(f"send-keys {key}")

    def picture(self) -> str:
        """What is on screen, with the colours, since a cursor is nothing else."""
        return self._ask("capture-pane -p -e")

    def written(self, outputs: int, seconds: float) -> bool:
        """Wait until the program has written more than so often; whether it did."""
        deadline = time.monotonic() + seconds
        while self.outputs <= outputs:
            if not self._note(self._line(deadline)):
                return False
        return True

    def until(self, text: str, seconds: float = 60.0) -> None:
        """Wait for a text to be shown."""
        deadline = time.monotonic() + seconds
        while text not in (shown := self._ask("capture-pane -p")):
            if time.monotonic() > deadline:
                raise SystemExit(f"{text!r} never came:\n{shown}")
            time.sleep(0.05)

    def end(self) -> None:
        """End the server and what runs in it."""
        subprocess.run([*self._tmux, "kill-server"], env=self._environment, check=False)
        if self._client is not None:
            self._client.communicate()

    def _ask(self, command: str) -> str:
        self._pipes[0].write(command.encode() + b"\n")
        self._pipes[0].flush()
        return self._answer()

    def _answer(self) -> str:
        """The lines between `%begin` and `%end`; what else is told meanwhile is noted."""
        while not (line := self._line()).startswith(b"%begin "):
            self._note(line)
        rows: list[bytes] = []
        while not (line := self._line()).startswith((b"%end ", b"%error ")):
            rows.append(line)
        return b"\n".join(rows).decode(errors="replace")

    def _note(self, line: bytes) -> bool:
        self.outputs += line.startswith(b"%output ")
        return bool(line)

    def _line(self, deadline: float = math.inf) -> bytes:
        """The next line; empty when none came in time."""
        while b"\n" not in self._heard:
            left = None if deadline == math.inf else max(deadline - time.monotonic(), 0)
            if not select.select([self._pipes[1]], [], [], left)[0]:
                return b""
            more = os.read(self._pipes[1].fileno(), 1 << 16)
            if not more:
                raise SystemExit("tmux has ended")
            self._heard += more
        line, _, self._heard = self._heard.partition(b"\n")
        return line

    @property
    def _pipes(self) -> tuple[IO[bytes], IO[bytes]]:
        client = self._client
        if client is None or client.stdin is None or client.stdout is None:
            raise RuntimeError("nothing was started")
        return client.stdin, client.stdout


def milliseconds(terminal: Terminal, key: str, number: int) -> float | None:
    """Time until a key changes the picture beside what changes by itself; None if it does not."""
    before, outputs = _still_part(terminal.picture()), terminal.outputs
    began = time.perf_counter()
    terminal.press(key)
    while terminal.written(outputs, began + _LONGEST_S - time.perf_counter()):
        outputs = terminal.outputs
        if _still_part(terminal.picture()) != before:
            return (time.perf_counter() - began) * 1000
    sys.stderr.write(f"key {number} {key}: nothing changed in {_LONGEST_S:g} s\n")
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
        figures.append(measured(OPENING, terminal, MOVES["matrix"], keys, world))
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
