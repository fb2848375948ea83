"""The app on a whole world: real repositories, real sockets, keys from outside."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from textual.widgets import Input

from cockpit.app import CockpitApp
from cockpit.rehearsal.world import World
from cockpit.release.record import CandidatePinned
from screens.confirm import CONFIRM_KEY, ConfirmScreen
from screens.dashboard import DashboardScreen
from screens.progress import ProgressScreen
from tests.flows.releases import cockpit_on, refs
from tests.ui.still import Driven, shown, toasts, until

TAG = "pytorch/pytorch.git:refs/tags/v2.15.0-rc2"
TARGET = "v2.15.0-rc2"


async def ask_to_tag(app: CockpitApp, driven: Driven) -> None:
    await until(driven, lambda: "release/2.15" in shown(app))
    await until(driven, lambda: app.sight().state.me, "git has said who flies")
    await driven.press("A")
    await until(driven, lambda: app.arming.left)
    await driven.press("t")
    await until(driven, lambda: isinstance(app.screen, ConfirmScreen))
    await until(driven, lambda: app.screen.query("#target"), "the plan has been read")


async def test_a_candidate_is_tagged_by_keys_alone(world: World) -> None:
    cockpit = cockpit_on(world)
    before = refs(world)
    expected = (await cockpit.plan("tag-candidate", {})).digest
    app = CockpitApp(cockpit)
    async with app.run_test(size=(120, 40)) as driven:
        await ask_to_tag(app, driven)
        assert isinstance(app.screen, ConfirmScreen)
        assert app.screen.plan is not None
        assert app.screen.plan.digest == expected
        assert refs(world) == before
        await driven.press("tab")
        await until(driven, lambda: isinstance(app.focused, Input))
        await driven.press(*TARGET)
        await driven.press(CONFIRM_KEY)
        await until(driven, lambda: isinstance(app.screen, ProgressScreen))
        await until(driven, lambda: "Done, and written to the ledger" in shown(app))
        assert app.arming.left is None
        await driven.press("escape", "2")
        await until(driven, lambda: f"Candidate builds · {TARGET}" in shown(app))
        await driven.press("l")
        await until(driven, lambda: f"pinned {TARGET}" in shown(app))
    after = refs(world)
    assert after[TAG] == before["pytorch/pytorch.git:refs/heads/release/2.15"]
    assert set(after) - set(before) == {TAG, "ledger.git:refs/cockpit/2.15.0"}
    pins = [event.tag for _, event in cockpit.backends.ledger.read().events(CandidatePinned)]
    assert TARGET in pins


@pytest.mark.parametrize("key", ["enter", "escape"])
async def test_enter_and_escape_leave_every_ref_alone(shared_world: World, key: str) -> None:
    before = refs(shared_world)
    app = CockpitApp(cockpit_on(shared_world))
    async with app.run_test(size=(120, 40)) as driven:
        await ask_to_tag(app, driven)
        await driven.press(key)
        await until(driven, lambda: len(app.screen_stack) == 1)
        await driven.press(key, key)
    assert refs(shared_world) == before


async def test_read_only_leaves_every_ref_alone(shared_world: World) -> None:
    before = refs(shared_world)
    app = CockpitApp(cockpit_on(shared_world, read_only=True))
    async with app.run_test(size=(120, 40)) as driven:
        await until(driven, lambda: "release/2.15" in shown(app))
        for key in ("A", "t", "P", CONFIRM_KEY, "enter", "escape"):
            await driven.press(key)
        assert any("read-only" in text for text in toasts(app))
    assert refs(shared_world) == before


async def test_the_first_frame_shows_the_readings_that_were_kept(shared_world: World) -> None:
    earlier = cockpit_on(shared_world)
    await earlier.refresh()
    cockpit = cockpit_on(shared_world)
    kept, read = cockpit.state.branches.reading, earlier.state.branches.reading
    assert kept is not None
    assert read is not None
    assert kept.taken_at == read.taken_at
    app = CockpitApp(cockpit)
    async with app.run_test(size=(120, 40)):
        assert isinstance(app.screen, DashboardScreen)
        keys = [row.key for row in app.screen.pane.table.rows_shown]
        assert keys == ["pytorch/pytorch", "pytorch/test-infra", "pytorch/vision"]


def test_the_interface_comes_up_without_any_backends_library() -> None:
    code = (
        "import sys, cockpit.app, cockpit.runtime\n"
        "heavy = {'git', 'github', 'boto3', 'botocore', 'keyring', 'twine', 'requests'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    root = Path(__file__).parent.parent.parent
    said = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == "[]"
