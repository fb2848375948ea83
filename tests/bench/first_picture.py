"""How long the first full picture takes over a slow network: `python -m tests.bench.first_picture`.

A world answers every request of GitHub's 80 ms late. Cockpits with an empty cache, each in a
process of its own, are timed from their start until every job of the candidate has been read, and
until every feed has. Options name another scenario, delay or number of runs.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from cockpit.rehearsal.world import World
from tests.conftest import clean_environment

ROOT = Path(__file__).parent.parent.parent
ALLOWED_S = 3.0
RUNS = 5


def seconds_of(command: Sequence[str], world: World, home: Path) -> tuple[float, dict[str, object]]:
    """How long a command takes with nothing kept from before, and what it printed."""
    shutil.rmtree(world.directory / "cockpit", ignore_errors=True)
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "cockpit.cli", "--config", str(world.config_path), *command],
        cwd=ROOT,
        env=clean_environment(home),
        capture_output=True,
        text=True,
        check=False,
    )
    spent = time.perf_counter() - started
    document: dict[str, object] = json.loads(done.stdout)
    return spent, document


def measure(scenario: str, delay_s: float, runs: int) -> float:
    """Print the medians; gives that of the candidate's builds."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        with World.start(home / "world", scenario=scenario) as world:
            world.faults.add(f"slow@github:{delay_s}")
            before = world.requests("github").served
            builds = [seconds_of(["builds", "--json"], world, home) for _ in range(runs)]
            asked = (world.requests("github").served - before) / runs
            status = [seconds_of(["status", "--json"], world, home)[0] for _ in range(runs)]
    document = builds[-1][1]
    jobs, workflows = document["jobs"], document["runs"]
    assert isinstance(jobs, list)
    assert isinstance(workflows, list)
    assert "listed" not in str(document["missing"]), document["missing"]
    first = statistics.median(spent for spent, _ in builds)
    print(f"{len(jobs)} jobs in {len(workflows)} runs, {asked:.0f} requests, {delay_s:.2f} s each")
    print(f"every job of the candidate: {first:.2f} s, allowed {ALLOWED_S:.2f} s")
    print(f"every feed:                 {statistics.median(status):.2f} s")
    return first


def main() -> int:
    """Measure; 1 when the first picture takes longer than is allowed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenario", default="default")
    parser.add_argument("--delay", type=float, default=0.08, metavar="S")
    parser.add_argument("--runs", type=int, default=RUNS)
    given = parser.parse_args()
    return int(measure(given.scenario, given.delay, given.runs) > ALLOWED_S)


if __name__ == "__main__":
    sys.exit(main())
