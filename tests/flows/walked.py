"""Pages of the docs that tell which keys to press: read, and pressed as they stand."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
from textual.widgets import Input

from cockpit.app import CockpitApp
from cockpit.config_tables import FeedsTable
from cockpit.rehearsal.world import World
from cockpit.runtime import Cockpit
from screens.confirm import ConfirmScreen
from screens.progress import ProgressScreen
from tests.flows.releases import cockpit_on
from tests.ui.still import Driven, shown, until

DOCS = Path(__file__).parent.parent.parent / "docs"
_NAMED = {"tab", "escape", "enter", "ctrl+y"}
_SIGNS = {
    "+": "plus",
    "-": "minus",
    "!": "exclamation_mark",
    "<": "less_than_sign",
    ">": "greater_than_sign",
}
_FEED = re.compile(rf"^({'|'.join(FeedsTable.__struct_fields__)}) = \d+$", re.M)
_CODE = re.compile(r"`([^`]+)`")


class Step(msgspec.Struct, frozen=True):
    """One row of a page's table."""

    keys: tuple[str, ...]
    """As they are printed: a key, or a text to type."""
    until: str
    """What the screen says before the next step; empty to go on at once."""
    gone: bool
    """Whether the screen has to stop saying it."""


def steps_of(page: Path) -> list[Step]:
    """The numbered rows of a page."""
    rows = [line.split(" | ") for line in page.read_text().splitlines() if re.match(r"\| \d", line)]
    return [
        Step(
            tuple(_CODE.findall(keys)),
            next(iter(_CODE.findall(awaited)), ""),
            "is gone" in awaited,
        )
        for _, _, keys, awaited in rows
    ]


def typed(key: str) -> bool:
    """Whether it is a text rather than a key."""
    return len(key) > 1 and key not in _NAMED


def quiet(world: World) -> Cockpit:
    """A cockpit that looks only when it is asked to, so that the test sets the pace."""
    text = world.config_path.read_text(encoding="utf-8")
    world.config_path.write_text(_FEED.sub(r"\1 = 0", text), encoding="utf-8")
    return cockpit_on(world)


class Captain:
    """Presses what the page says, and waits for what it says."""

    def __init__(
        self,
        cockpit: Cockpit,
        app: CockpitApp,
        driven: Driven,
        go_on: Callable[[], Awaitable[None]],
        feeds: tuple[str, ...] = (),
    ) -> None:
        """`go_on` lets the world go on, where the screen does not say yet what it should.

        Before each look at the screen these feeds look, or all.
        """
        self._feeds = feeds
        self._cockpit = cockpit
        self._app = app
        self._driven = driven
        self._go_on = go_on

    async def take(self, step: Step) -> None:
        """Press the keys of a step, and wait for what comes of it."""
        for key in step.keys:
            await self._press(key)
        if step.until:
            await self._wait(step)

    async def _press(self, key: str) -> None:
        app, driven = self._app, self._driven
        if key in ("tab", "ctrl+y"):
            await until(driven, lambda: isinstance(app.screen, ConfirmScreen) and app.screen.plan)
        if key == "tab":
            await until(driven, lambda: app.screen.query("#target"))
        if typed(key):
            await until(driven, lambda: isinstance(app.focused, Input))
            await driven.press(*key)
        else:
            await driven.press(_SIGNS.get(key, key))
        if key == "A":
            await until(driven, lambda: app.arming.left)
        if key == "ctrl+y":
            await until(driven, lambda: isinstance(app.screen, ProgressScreen))
            await until(driven, lambda: "Done, and written to the ledger" in shown(app))

    async def _wait(self, step: Step) -> None:
        for _ in range(20):
            await self._cockpit.refresh(*self._feeds)
            await self._driven.pause(0.05)
            if (step.until in shown(self._app)) is not step.gone:
                return
            await self._go_on()
        raise AssertionError(f"never {step.until!r}:\n{shown(self._app)}")
