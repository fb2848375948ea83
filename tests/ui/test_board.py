"""The board in full by keys: every line is one key away from being done, or overridden."""

from __future__ import annotations

from functools import partial

import msgspec

from cockpit.app import CockpitApp
from screens.ask import AskScreen
from screens.confirm import ConfirmScreen
from screens.pane import PaneScreen
from tests.release.states import GREEN, PINNED, feed, ledger
from tests.ui.still import StillCockpit, plan, shown, until

UNPINNED = msgspec.structs.replace(GREEN, ledger=feed(ledger(PINNED[0]), "git"))
GATE = "candidate-pinned"


def in_front(app: CockpitApp, pane: str) -> bool:
    """Whether a pane is shown in full."""
    return isinstance(app.screen, PaneScreen) and app.screen.pane_name == pane


async def test_a_line_of_the_board_is_done_or_overridden_by_one_key() -> None:
    cockpit = StillCockpit(UNPINNED)
    cockpit.process = msgspec.structs.replace(
        cockpit.process,
        items=tuple(
            msgspec.structs.replace(item, gate=GATE) if item.id == "builds" else item
            for item in cockpit.process.items
        ),
    )
    cockpit.next_plan = plan(operation="pin-candidates")
    app = CockpitApp(cockpit)
    async with app.run_test(size=(120, 40)) as driven:
        await until(driven, lambda: "NEXT" in shown(app))
        await driven.press("0")
        await until(driven, lambda: in_front(app, "board"))
        await until(driven, lambda: "BLOCKED 1" in shown(app))
        assert "pin v2.15.0-rc2 in the ledger" in shown(app)
        for _ in range(3):
            await driven.press("down")
        selection = app.front.selection if app.front else None
        assert selection is not None
        assert selection.key == f"BLOCKED {GATE}"
        await driven.press("ampersand")
        await until(driven, lambda: isinstance(app.screen, AskScreen))
        await driven.press(*"late", "enter")
        await until(driven, lambda: isinstance(app.screen, ConfirmScreen))
        await until(driven, lambda: cockpit.planned)
        assert cockpit.planned == [("override", {"gate": GATE, "reason": "late"})]
        await driven.press("escape")
        await until(driven, lambda: in_front(app, "board"))
        await driven.press("e")
        await until(driven, lambda: isinstance(app.screen, ConfirmScreen))
        await until(driven, lambda: len(cockpit.planned) == 2)
        assert cockpit.planned[1] == ("pin-candidates", {})


async def test_a_pane_in_full_leads_to_every_other_and_back() -> None:
    app = CockpitApp(StillCockpit(GREEN))
    ways = {"0": "board", "l": "ledger", "5": "promotion", "6": "publishing"}
    async with app.run_test(size=(120, 40)) as driven:
        await until(driven, lambda: "NEXT" in shown(app))
        for key, pane in ways.items():
            await driven.press(key)
            await until(driven, partial(in_front, app, pane))
        depth = len(app.screen_stack)
        await driven.press("6")
        assert len(app.screen_stack) == depth, "it is open already"
        await driven.press("escape")
        await until(driven, lambda: in_front(app, "promotion"))
