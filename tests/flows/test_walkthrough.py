"""The walkthrough of the docs, key by key, from the day of the cut to both first candidates."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from cockpit.app import CockpitApp
from cockpit.rehearsal.world import World
from cockpit.release.record import CandidatePinned
from tests.flows.releases import refs
from tests.flows.walked import DOCS, Captain, quiet, steps_of, typed
from tests.ui.still import shown, until

PAGE = DOCS / "walkthrough-cut.md"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with World.start(tmp_path / "world", scenario="before-cut") as started:
        yield started


async def test_the_keys_of_the_page_lead_to_both_first_candidates(world: World) -> None:
    cockpit = quiet(world)
    app = CockpitApp(cockpit)

    async def a_night() -> None:
        """Longer than any build takes."""
        world.clock.advance(timedelta(minutes=90))
        world.settle()

    async with app.run_test(size=(120, 40)) as driven:
        captain = Captain(cockpit, app, driven, a_night)
        await until(driven, lambda: "resolve or move #" in shown(app))
        for step in steps_of(PAGE):
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
    keys = [key for step in steps_of(PAGE) for key in step.keys]
    names = sum(len(key) for key in keys if typed(key))
    presses = names + sum(not typed(key) for key in keys)
    assert f"These are {presses} keys, {names} of them the names" in PAGE.read_text()
