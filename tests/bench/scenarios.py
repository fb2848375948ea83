"""Prints how long each scenario takes to build: `python -m tests.bench.scenarios [NAME …]`."""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

from cockpit.rehearsal.artifacts import seeded_objects
from cockpit.rehearsal.clock import WorldClock
from cockpit.rehearsal.scenario import SCENARIOS, build_world

RUNS = 3


def seconds_to_build(name: str) -> tuple[float, float]:
    """One build in a fresh folder: of the repositories and records, and of the objects."""
    scenario = SCENARIOS[name]
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        clock = WorldClock(scenario.epoch)
        forge = build_world(scenario, seed=0, remotes=Path(folder), clock=clock)
        built = time.perf_counter()
        count = sum(1 for _ in seeded_objects(scenario, forge, 0))
        return built - started, (time.perf_counter() - built) if count else 0.0


def main(names: list[str]) -> None:
    """Print the median of some runs for each scenario named, or for all."""
    for name in names or list(SCENARIOS):
        runs = [seconds_to_build(name) for _ in range(RUNS)]
        world, objects = (statistics.median(column) for column in zip(*runs, strict=True))
        print(f"{name:8} world {world:6.2f} s   objects {objects:5.2f} s")


if __name__ == "__main__":
    main(sys.argv[1:])
