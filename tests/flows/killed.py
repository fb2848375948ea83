"""A cockpit that is killed on the way: CONFIG OPERATION STEP apply|verify|done [NAME=VALUE …].

It dies as by `kill -9` before the step acts, after it acted and before anything is recorded, or
when the step is done and recorded.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import msgspec

from cockpit.config import load
from cockpit.operations.plan import Probe, Progress, Step
from cockpit.operations.runner import StepOutcome, StepReport
from cockpit.runtime import Cockpit


def die() -> None:
    """End at once: nothing is closed, released or written any more."""
    os.kill(os.getpid(), signal.SIGKILL)


class Deadly:
    """A step in the middle of which the process ends."""

    def __init__(self, step: Step, moment: str) -> None:
        self._step = step
        self._moment = moment
        self.facts = step.facts

    def probe(self) -> Probe:
        """As the step does it."""
        return self._step.probe()

    def apply(self, report: Callable[[Progress], None], cancel: threading.Event) -> None:
        """Act, if it lives to."""
        if self._moment == "apply":
            die()
        self._step.apply(report, cancel)

    def verify(self) -> Probe:
        """Look, if it lives to."""
        if self._moment == "verify":
            die()
        return self._step.verify()


async def main() -> None:
    """Carry an operation out until death."""
    config, operation, index, moment, *words = sys.argv[1:]
    cockpit = Cockpit(load(Path(config)))
    plan = await cockpit.plan(operation, dict(word.split("=", 1) for word in words))
    steps = list(plan.steps)
    deadly = steps[int(index)] = Deadly(steps[int(index)], moment)

    def observe(report: StepReport) -> None:
        if (report.key, report.outcome) == (deadly.facts.key, StepOutcome.DONE):
            die()

    await cockpit.carry_out(msgspec.structs.replace(plan, steps=tuple(steps)), observe)


async def killed_at(config: Path, operation: str, step: int, moment: str, **given: str) -> None:
    """Carry an operation out in a process that is killed on the way."""
    words = (sys.executable, "-m", "tests.flows.killed", str(config), operation, str(step), moment)
    told = (f"{name}={value}" for name, value in given.items())
    killed = await asyncio.create_subprocess_exec(*words, *told, stderr=subprocess.PIPE)
    _, said = await killed.communicate()
    assert killed.returncode == -signal.SIGKILL, said.decode()


if __name__ == "__main__":
    asyncio.run(main())
