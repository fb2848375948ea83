"""A cockpit that moves files and is killed: CONFIG METHOD before|after N OPERATION [NAME=VALUE …].

It dies in the Nth call of a store's method: before the store acts, or after it has acted and before
anybody hears of it. Objects above one part go in parts.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from cockpit.backends.objectstore_writes import WritableStore
from cockpit.config import load
from cockpit.rehearsal.world import World
from cockpit.runtime import Cockpit

PART = 5 * 1024 * 1024
"""The smallest part that a store takes before the last one."""


async def main() -> None:
    """Carry the operation out until death."""
    config, method, moment, number, operation, *words = sys.argv[1:]
    counter = itertools.count(1)
    act = getattr(WritableStore, method)

    def deadly(self: WritableStore, *given: Any) -> Any:
        mine = next(counter) == int(number)
        if mine and moment == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        made = act(self, *given)
        if mine:
            os.kill(os.getpid(), signal.SIGKILL)
        return made

    setattr(WritableStore, method, deadly)
    WritableStore.copy_limit = WritableStore.copied_part = PART
    cockpit = Cockpit(load(Path(config)))
    plan = await cockpit.plan(operation, dict(word.split("=", 1) for word in words))
    await cockpit.carry_out(plan, lambda _: None)


async def killed_moving(world: World, where: tuple[str, str, int], *operation: str) -> None:
    """Carry an operation out in another process, until it is killed there."""
    words = (str(world.config_path), *map(str, where), *operation)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.flows.killed_promotion", *words),
        stderr=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    _, said = await process.communicate()
    assert process.returncode == -signal.SIGKILL, said.decode()


if __name__ == "__main__":
    asyncio.run(main())
