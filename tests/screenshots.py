"""Draws the README's picture from a rehearsal: `python -m tests.screenshots`."""

from __future__ import annotations

import asyncio
import re
import tempfile
from pathlib import Path

from cockpit.app import CockpitApp
from cockpit.config import load
from cockpit.rehearsal.world import World
from cockpit.runtime import Cockpit

PICTURE = Path(__file__).parent.parent / "docs" / "dashboard.svg"


async def draw(config: Path) -> None:
    """Open the cockpit at 160×45 once everything has been read, and keep what it shows."""
    cockpit = Cockpit(load(config))
    await cockpit.refresh()
    app = CockpitApp(cockpit)
    async with app.run_test(size=(160, 45)) as pilot:
        await pilot.pause()
        await cockpit.refresh()
        await pilot.pause()
        await app.workers.wait_for_complete()
        app.redraw()
        await pilot.pause()
        # The export names web fonts; a picture in a README should load nothing from elsewhere.
        drawn = re.sub(r"@font-face \{.*?\}", "", app.export_screenshot(), flags=re.DOTALL)
        PICTURE.write_text(drawn, encoding="utf-8")


def main() -> None:
    """Bring up a world of the default size and draw."""
    with (
        tempfile.TemporaryDirectory() as folder,
        World.start(Path(folder) / "world", scenario="default") as world,
    ):
        asyncio.run(draw(world.config_path))


if __name__ == "__main__":
    main()
