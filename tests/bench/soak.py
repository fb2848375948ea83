"""Holds the cockpit's counts against the world's own plan: `python -m tests.bench.soak`.

For ten minutes the jobs of ten candidates of the large scenario change under a cockpit that looks
without a pause. Every other look is taken while the world's clock stands still: then every job has
to be in exactly the state that the world plans. In between the clock runs on during the look: then
every job that did not change meanwhile has to be. Options make it shorter or smaller.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

import msgspec

from cockpit.config import load
from cockpit.rehearsal.scenario import CORE
from cockpit.rehearsal.tally import BuildsCount
from cockpit.rehearsal.world import World
from cockpit.release.candidates import Candidate
from cockpit.release.picture import Picture, picture_of
from cockpit.runtime import Cockpit
from tests.flows.plans import differences, planned_states

CANDIDATES = 10
SPEED = 60.0


class Tally(msgspec.Struct):
    """What the soak has seen."""

    held: int = 0
    running: int = 0
    incomplete: int = 0
    changed: int = 0
    """Jobs that changed their state between two looks at the same candidate."""
    wrong: list[str] = []


class Soak:
    """One cockpit on one world."""

    def __init__(self, world: World, cockpit: Cockpit, speed: float) -> None:
        self._world = world
        self._cockpit = cockpit
        self._speed = speed
        self._before: dict[str, dict[tuple[str, str], object]] = {}
        self.seen = Tally()

    async def run(self, minutes: float) -> Tally:
        """Look at the newest candidate and, in turn, at each of the others."""
        await self._cockpit.refresh("branches", "ledger")
        candidates = self._cockpit.state.candidates_of(self._cockpit.config.core)
        deadline = time.monotonic() + minutes * 60
        position = 0
        while time.monotonic() < deadline:
            for candidate in (candidates[-1], candidates[position % len(candidates)]):
                await self._look_held(candidate)
                await self._look_running(candidate)
            position += 1
        return self.seen

    async def _look_held(self, candidate: Candidate) -> None:
        self._world.clock.run_at(0)
        picture = await self._picture(candidate)
        plan = self._world.count_builds(CORE, candidate.tag.name)
        self._world.clock.run_at(self._speed)
        self.seen.held += 1
        if not picture.whole:
            self.seen.incomplete += 1
        else:
            self._note(candidate, differences(picture, plan))
        self._count_changes(candidate, plan)

    async def _look_running(self, candidate: Candidate) -> None:
        tag = candidate.tag.name
        before = planned_states(self._world.count_builds(CORE, tag))
        picture = await self._picture(candidate)
        after = planned_states(self._world.count_builds(CORE, tag))
        self.seen.running += 1
        if not picture.whole:
            self.seen.incomplete += 1
            return
        found = {(job.workflow, job.name): job.state for job in picture.builds.jobs}
        self._note(
            candidate,
            [
                f"{' / '.join(name)}: {found.get(name)} while it was {state}"
                for name, state in before.items()
                if after.get(name) is state and found.get(name) is not state
            ],
        )

    async def _picture(self, candidate: Candidate) -> Picture:
        core = self._cockpit.config.core
        feed = self._cockpit.feed_of(core, candidate)
        await self._cockpit.refresh_feed(feed)
        return picture_of(self._cockpit.state, core, candidate, feed.latest)

    def _note(self, candidate: Candidate, wrong: list[str]) -> None:
        self.seen.wrong += [f"{candidate.tag.name} {text}" for text in wrong]

    def _count_changes(self, candidate: Candidate, plan: BuildsCount) -> None:
        now: dict[tuple[str, str], object] = {**planned_states(plan)}
        before = self._before.get(candidate.tag.name, now)
        self.seen.changed += sum(before.get(name) is not state for name, state in now.items())
        self._before[candidate.tag.name] = now


def soak(scenario: str, minutes: float, speed: float, candidates: int) -> Tally:
    """Make a world, tag one candidate more or until there are so many, and look at them all."""
    with (
        tempfile.TemporaryDirectory() as folder,
        World.start(Path(folder) / "world", scenario=scenario, speed=speed) as world,
    ):
        cockpit = Cockpit(load(world.config_path))
        there = asyncio.run(_candidates(cockpit))
        wanted = max(candidates, there + 1)
        for number in range(there + 1, wanted + 1):
            newest = f"v{world.scenario.version}-rc{number}"
            world.push_tag(CORE, newest)
            planned = world.count_builds(CORE, newest).planned
        print(f"{wanted} candidates, the newest of {planned} jobs, {minutes:g} min at {speed:g}×")
        sys.stdout.flush()
        return asyncio.run(Soak(world, cockpit, speed).run(minutes))


async def _candidates(cockpit: Cockpit) -> int:
    await cockpit.refresh("branches", "ledger")
    return len(cockpit.state.candidates_of(cockpit.config.core))


def main() -> int:
    """Soak, and say what was found; 1 when anything was not as the world plans it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenario", default="large")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--speed", type=float, default=SPEED)
    parser.add_argument("--candidates", type=int, default=CANDIDATES)
    given = parser.parse_args()
    seen = soak(given.scenario, given.minutes, given.speed, given.candidates)
    print(f"{seen.held} looks with the clock held, {seen.running} with the clock running")
    print(f"{seen.incomplete} were not whole and said so; {seen.changed} jobs changed meanwhile")
    print(f"{len(seen.wrong)} states were not the world's")
    for text in list(dict.fromkeys(seen.wrong))[:20]:
        print(f"  {text}")
    return int(bool(seen.wrong) or not seen.changed)


if __name__ == "__main__":
    sys.exit(main())
