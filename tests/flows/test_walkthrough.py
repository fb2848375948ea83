"""The walkthrough of the docs, key by key, from the day of the cut to both first candidates."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from textual.widgets import Input

from cockpit.app import CockpitApp
from cockpit.rehearsal.world import World
from cockpit.release.record import CandidatePinned
from cockpit.runtime import Cockpit
from screens.confirm import ConfirmScreen
from screens.progress import ProgressScreen
from tests.flows.releases import cockpit_on, refs
from tests.ui.still import Driven, shown, until

PAGE = Path(__file__).parent.parent.parent / "docs" / "walkthrough-cut.md"
_NAMED = {"tab", "escape", "enter", "ctrl+y"}
_FEED = re.compile(
    r"^(branches|ci|builds|picks|milestone|artifacts|ledger|preparation|submodules) = \d+$", re.M
)
_CODE = re.compile(r"`([^`]+)`")


class Step(msgspec.Struct, frozen=True):
    """One row of the page's table."""

    keys: tuple[str, ...]
    """As they are printed: a key, or a text to type."""
    until: str
    """What the screen says before the next step; empty to go on at once."""
    gone: bool
    """Whether the screen has to stop saying it."""


def steps() -> list[Step]:
    rows = [line.split(" | ") for line in PAGE.read_text().splitlines() if re.match(r"\| \d", line)]
    return [
        Step(
            tuple(_CODE.findall(keys)),
            next(iter(_CODE.findall(awaited)), ""),
            "is gone" in awaited,
        )
        for _, _, keys, awaited in rows
    ]


def typed(key: str) -> bool:
    return len(key) > 1 and key not in _NAMED


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with World.start(tmp_path / "world", scenario="before-cut") as started:
        yield started


class Captain:
    """Presses what the page says, and waits for what it says."""

    def __init__(self, world: World, cockpit: Cockpit, app: CockpitApp, driven: Driven) -> None:
        self._world = world
        self._cockpit = cockpit
        self._app = app
        self._driven = driven

    async def take(self, step: Step) -> None:
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
            await driven.press(key)
        if key == "A":
            await until(driven, lambda: app.arming.left)
        if key == "ctrl+y":
            await until(driven, lambda: isinstance(app.screen, ProgressScreen))
            await until(driven, lambda: "Done, and written to the ledger" in shown(app))

    async def _wait(self, step: Step) -> None:
        """Let the world go on until the screen says it; a night is longer than any build."""
        for _ in range(20):
            await self._cockpit.refresh()
            await self._driven.pause(0.05)
            if (step.until in shown(self._app)) is not step.gone:
                return
            self._world.clock.advance(timedelta(minutes=90))
            self._world.settle()
        raise AssertionError(f"never {step.until!r}:\n{shown(self._app)}")


def quiet(world: World) -> Cockpit:
    """A cockpit that looks only when it is asked to, so that the test sets the pace."""
    text = world.config_path.read_text(encoding="utf-8")
    world.config_path.write_text(_FEED.sub(r"\1 = 0", text), encoding="utf-8")
    return cockpit_on(world)


async def test_the_keys_of_the_page_lead_to_both_first_candidates(world: World) -> None:
    cockpit = quiet(world)
    app = CockpitApp(cockpit)
    async with app.run_test(size=(120, 40)) as driven:
        captain = Captain(world, cockpit, app, driven)
        await until(driven, lambda: "resolve or move #" in shown(app))
        for step in steps():
            await captain.take(step)
    found = refs(world)
    for repository, line, tag in (
        ("pytorch/pytorch", "2.15", "v2.15.0-rc1"),
        ("pytorch/vision", "0.30", "v0.30.0-rc1"),
    ):
        head = found[f"{repository}.git:refs/heads/release/{line}"]
        assert found[f"{repository}.git:refs/tags/{tag}"] == head
        assert f"{repository}.git:refs/heads/orig/release/{line}" in found
        assert head != found[f"{repository}.git:refs/heads/orig/release/{line}"]
    pinned = [event.tag for _, event in cockpit.backends.ledger.read().events(CandidatePinned)]
    assert pinned == ["v2.15.0-rc1", "v0.30.0-rc1"]


def test_the_page_counts_its_keys() -> None:
    keys = [key for step in steps() for key in step.keys]
    names = sum(len(key) for key in keys if typed(key))
    presses = names + sum(not typed(key) for key in keys)
    assert f"These are {presses} keys, {names} of them the names" in PAGE.read_text()
