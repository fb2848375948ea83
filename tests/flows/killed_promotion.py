"""A cockpit that promotes and is killed: CONFIG copy|receive N, in the Nth such transfer."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import sys
from pathlib import Path
from typing import Any

from cockpit.backends.objectstore_writes import WritableStore
from cockpit.config import load
from cockpit.runtime import Cockpit


async def main() -> None:
    """Promote until death, which comes after the store has acted and before anybody hears of it."""
    config, method, number = sys.argv[1:]
    counter = itertools.count(1)
    transfer = getattr(WritableStore, method)

    def deadly(self: WritableStore, *words: Any) -> Any:
        mine = next(counter)
        made = transfer(self, *words)
        if mine == int(number):
            os.kill(os.getpid(), signal.SIGKILL)
        return made

    setattr(WritableStore, method, deadly)
    cockpit = Cockpit(load(Path(config)))
    plan = await cockpit.plan("promote", {"package": "torch"})
    await cockpit.carry_out(plan, lambda _: None)


if __name__ == "__main__":
    asyncio.run(main())
