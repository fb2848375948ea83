"""What is copied out of the cockpit: the hand-over, and the ledger's rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from cockpit.app import CockpitApp
from cockpit.release.record import Note
from screens.handover import HandoverScreen
from tests.release.states import GREEN, PINNED, feed, ledger, recorded, with_
from tests.ui.still import StillCockpit, shown, toasts, until

STATE = with_(
    GREEN,
    ledger=feed(
        ledger(
            *PINNED,
            recorded(Note("a note of long ago"), hours=50),
            recorded(Note("a note of Bob's"), hours=1, by="Bob", email="bob@example.org"),
        )
    ),
)


@pytest.mark.parametrize("size", [(80, 24), (160, 48)], ids=str)
async def test_the_hand_over_is_read_widened_copied_and_saved(
    size: tuple[int, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app = CockpitApp(StillCockpit(STATE))
    async with app.run_test(size=size) as driven:
        await until(driven, lambda: "NEXT" in shown(app))
        await driven.press("H")
        await until(driven, lambda: "### What happened" in shown(app))
        await until(driven, lambda: "Close  esc" in shown(app))
        await driven.press("y")
        await until(driven, lambda: "a note of Bob" in app.clipboard)
        assert "of long ago" not in app.clipboard
        await driven.press("w", "y")
        await until(driven, lambda: "of long ago" in app.clipboard)
        await driven.press("s")
        saved = tmp_path / "handover-2.15.0.md"
        await until(driven, saved.exists)
        assert saved.read_text(encoding="utf-8") == app.clipboard
        await driven.press("escape")
        await until(driven, lambda: not isinstance(app.screen, HandoverScreen))


async def test_the_rows_that_the_filter_lets_through_are_copied() -> None:
    app = CockpitApp(StillCockpit(STATE))
    async with app.run_test(size=(120, 40)) as driven:
        await until(driven, lambda: "NEXT" in shown(app))
        await driven.press("l", "slash", *"bob@", "enter")
        await until(driven, lambda: "1 of 4" in shown(app))
        await driven.press("number_sign")
        await until(driven, lambda: any("1 entry" in text for text in toasts(app)))
        assert "a note of Bob" in app.clipboard
        assert "long ago" not in app.clipboard
