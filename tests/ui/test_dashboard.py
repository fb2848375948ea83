"""The dashboard: keys, focus, filter, refresh, and what is said when something is wrong."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import msgspec
import pytest

from cockpit.actions.registry import ACTIONS
from cockpit.actions.registry import offered as actions_offered
from cockpit.actions.situation import Scope, Selection
from cockpit.app import CockpitApp
from cockpit.release.jobs import JobState
from screens.dashboard import DashboardScreen
from screens.pane import PaneScreen
from tests.release.states import (
    GREEN,
    NOW,
    builds,
    failure,
    feed,
    green_jobs,
    pull,
    tracked,
    with_,
)
from tests.ui.still import StillCockpit, rows_of, shown, toasts, until
from widgets.keyed_table import KeyedTable


def current(app: CockpitApp) -> str:
    assert isinstance(app.screen, DashboardScreen)
    return app.screen.pane.pane_name


SCROLLBARS = "▁▂▃▄▅▆▇█"


def is_current(app: CockpitApp, name: str) -> bool:
    return current(app) == name


def has_theme(app: CockpitApp, theme: str) -> bool:
    return app.theme == theme


def table_of(app: CockpitApp, name: str) -> KeyedTable:
    return app.screen.query_one(f"#pane-{name} KeyedTable", KeyedTable)


def selection(app: CockpitApp) -> Selection | None:
    return app.front.selection if app.front else None


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_board_and_header_answer_without_a_key(size: tuple[int, int]) -> None:
    app = CockpitApp(StillCockpit())
    async with app.run_test(size=size) as driven:
        await until(driven, lambda: "NEXT" in shown(app))
        text = shown(app)
        for word in ("pytorch 2.15.0", "BLOCKED", "RISKY", "READY", "disarmed", "Branches"):
            assert word in text
        assert "12 s ago" in text
        assert all(len(row) <= size[0] for row in rows_of(app))


async def test_four_panes_stand_side_by_side_or_one_at_a_time() -> None:
    app = CockpitApp(StillCockpit())
    titles = ("1 Branches", "2 Candidate builds", "3 Cherry-pick queue", "4 Checklist")
    async with app.run_test(size=(120, 40)) as driven:
        await until(driven, lambda: all(title in shown(app) for title in titles))
        await driven.resize_terminal(80, 24)
        await until(driven, lambda: "2 Builds" in shown(app), "the tabs are shown")
        assert "12 s ago" in shown(app)
        assert "3 Cherry-pick queue" not in shown(app)
        await driven.press("3")
        await until(driven, lambda: "3 Cherry-pick queue" in shown(app))
        assert "1 Branches ─" not in shown(app)


async def test_keys_move_between_panes() -> None:
    app = CockpitApp(StillCockpit())
    async with app.run_test(size=(120, 40)) as driven:
        await until(driven, lambda: "NEXT" in shown(app))
        assert current(app) == "branches"
        for key, name in (
            ("2", "builds"),
            ("4", "checklist"),
            ("tab", "branches"),
            ("shift+tab", "checklist"),
            ("left", "picks"),
            ("left", "picks"),
            ("right", "checklist"),
            ("1", "branches"),
        ):
            await driven.press(key)
            await until(driven, partial(is_current, app, name), f"{key} goes to {name}")
            assert app.focused is table_of(app, name)


async def test_a_click_on_a_pane_makes_it_the_current_one() -> None:
    app = CockpitApp(StillCockpit())
    async with app.run_test(size=(120, 40)) as driven:
        await until(driven, lambda: "NEXT" in shown(app))
        await driven.click("#pane-checklist KeyedTable", offset=(4, 3))
        await until(driven, lambda: current(app) == "checklist")


async def test_enter_opens_the_pane_with_its_row_and_escape_goes_back() -> None:
    app = CockpitApp(StillCockpit())
    async with app.run_test(size=(120, 40)) as driven:
        await until(driven, lambda: "NEXT" in shown(app))
        await driven.press("down", "enter")
        await until(driven, lambda: isinstance(app.screen, PaneScreen))
        screen = app.screen
        assert isinstance(screen, PaneScreen)
        await until(driven, lambda: screen.pane.table.selected is not None)
        await until(driven, lambda: getattr(selection(app), "key", "") == "pytorch/test-infra")
        assert "cut point" in shown(app)
        await driven.press("escape")
        await until(driven, lambda: isinstance(app.screen, DashboardScreen))
        for _ in range(3):
            await driven.press("escape")
        await until(driven, lambda: isinstance(app.screen, DashboardScreen))
        assert app.is_running


async def test_a_filter_narrows_is_kept_and_is_shown() -> None:
    cockpit = StillCockpit()
    app = CockpitApp(cockpit)
    async with app.run_test(size=(120, 40)) as driven:
        await until(driven, lambda: "NEXT" in shown(app))
        await driven.press("2", "slash")
        await until(driven, lambda: type(app.focused).__name__ == "Input")
        table = table_of(app, "builds")
        everything = len(table.rows_shown)
        await driven.press(*"windows")
        await until(
            driven, lambda: f"/ windows  {len(table.rows_shown)} of {everything}" in shown(app)
        )
        narrowed = len(table.rows_shown)
        assert 0 < narrowed < everything
        await driven.press("enter")
        await until(driven, lambda: app.focused is table)
        jobs = (*green_jobs(),)
        red = msgspec.structs.replace(jobs[0], state=JobState.FAILED, conclusion="failure")
        cockpit.become(with_(builds=feed(builds(red, *jobs[1:]), "GitHub")))
        await until(driven, lambda: "✖ 1" in shown(app))
        assert len(table.rows_shown) == narrowed
        await driven.press("escape")
        await until(driven, lambda: len(table.rows_shown) == everything)


async def test_a_wrong_expression_is_called_wrong_and_stays_readable() -> None:
    app = CockpitApp(StillCockpit())
    async with app.run_test(size=(80, 24)) as driven:
        await until(driven, lambda: "NEXT" in shown(app))
        await driven.press("2", "slash")
        await until(driven, lambda: type(app.focused).__name__ == "Input")
        typed = app.focused
        await driven.press(*"/linux.*[/")
        await until(driven, lambda: "unterminated" in shown(app))
        assert typed is not None
        assert typed.size.width > len("/linux.*[/")
        await driven.press("enter")
        await until(driven, lambda: "/ /linux.*[/  wrong expression" in shown(app))


async def test_a_refresh_never_moves_the_cursor_to_another_row() -> None:
    pulls = [pull(number, f"Fix {number}") for number in (1, 2, 3)]
    cockpit = StillCockpit(with_(picks=feed(tracked(pulls=(pulls[0], pulls[2])))))
    app = CockpitApp(cockpit)
    async with app.run_test(size=(120, 40)) as driven:
        await until(driven, lambda: "NEXT" in shown(app))
        await driven.press("3", "down")
        before = selection(app)
        assert before is not None
        cockpit.become(with_(picks=feed(tracked(pulls=tuple(pulls)))))
        await until(driven, lambda: "Fix 2" in shown(app))
        assert selection(app) == before


async def test_a_failed_look_is_said_in_words_above_the_rows_that_are_kept() -> None:
    cockpit = StillCockpit()
    app = CockpitApp(cockpit)
    async with app.run_test(size=(120, 40)) as driven:
        await until(driven, lambda: "NEXT" in shown(app))
        cockpit.become(with_(builds=msgspec.structs.replace(GREEN.builds, failure=failure())))
        await until(driven, lambda: "GitHub cannot be reached" in shown(app))
        assert len(table_of(app, "builds").rows_shown) > 0


async def test_old_readings_are_called_stale() -> None:
    cockpit = StillCockpit()
    app = CockpitApp(cockpit)
    async with app.run_test(size=(120, 40)) as driven:
        await until(driven, lambda: "12 s ago" in shown(app))
        cockpit.become(with_(wall=NOW + timedelta(minutes=5)))
        await until(driven, lambda: "stale, 5 min ago" in shown(app))


async def test_text_from_outside_is_never_markup() -> None:
    title = "[red]Fix[/red] [@click=app.quit]stride[/] [/]"
    app = CockpitApp(StillCockpit(with_(picks=feed(tracked(pulls=(pull(7, title),))))))
    async with app.run_test(size=(200, 60)) as driven:
        await until(driven, lambda: "[red]Fix[/red]" in shown(app))


async def test_a_greyed_key_says_why() -> None:
    app = CockpitApp(StillCockpit())
    async with app.run_test(size=(120, 40)) as driven:
        await until(driven, lambda: "NEXT" in shown(app))
        await driven.press("t")
        await until(driven, lambda: any("Tag the next candidate:" in text for text in toasts(app)))


async def test_arming_shows_in_the_header_and_can_be_ended() -> None:
    app = CockpitApp(StillCockpit())
    async with app.run_test(size=(120, 40)) as driven:
        await until(driven, lambda: "disarmed" in shown(app))
        await driven.press("A")
        await until(driven, lambda: "▲ armed" in shown(app))
        await driven.press("A")
        await until(driven, lambda: "disarmed" in shown(app))


async def test_read_only_is_a_badge_and_takes_the_keys_away() -> None:
    app = CockpitApp(StillCockpit(read_only=True))
    async with app.run_test(size=(120, 40)) as driven:
        await until(driven, lambda: "read-only" in shown(app))
        assert "Tag the next candidate" not in rows_of(app)[-1]
        await driven.press("A")
        await until(driven, lambda: any("read-only" in text for text in toasts(app)))
        assert app.arming.left is None


async def test_a_burst_of_keys_triggers_nothing_and_says_so_once() -> None:
    from textual import events

    app = CockpitApp(StillCockpit())
    async with app.run_test(size=(120, 40)) as driven:
        await until(driven, lambda: "NEXT" in shown(app))
        for character in "Aqt deploy it now":
            key = "space" if character == " " else character
            app.post_message(events.Key(key, character))
        app.post_message(events.Key("enter", "\r"))
        await until(driven, lambda: toasts(app))
        assert len(toasts(app)) == 1
        assert "nothing was done" in toasts(app)[0]
        assert app.arming.left is None
        assert isinstance(app.screen, DashboardScreen)
        app.post_message(events.Paste("rm -rf"))
        await until(driven, lambda: len(toasts(app)) == 2)
        assert app.is_running


async def test_themes_density_and_ascii() -> None:
    app = CockpitApp(StillCockpit(), plain_ascii=True)
    async with app.run_test(size=(120, 40)) as driven:
        await until(driven, lambda: "NEXT" in shown(app))
        assert {c for c in shown(app) if not c.isascii()} <= set(SCROLLBARS)
        for theme in ("light", "high-contrast", "ansi", "dark"):
            await driven.press("T")
            await until(driven, partial(has_theme, app, theme))
        await driven.press("d")
        await until(driven, lambda: app.has_class("-compact"))


async def test_the_palette_offers_every_action_with_its_key() -> None:
    from textual.command import CommandList, CommandPalette

    app = CockpitApp(StillCockpit())
    async with app.run_test(size=(120, 60)) as driven:
        await until(driven, lambda: "NEXT" in shown(app))
        await driven.press("ctrl+p")
        await until(driven, lambda: isinstance(app.screen, CommandPalette))
        offered = app.screen.query_one(CommandList)
        assert app.front is not None
        here = app.sight().situation(app.front.acting_scopes, app.front.selection)
        await until(driven, lambda: offered.option_count == len(actions_offered(here)))
        await driven.press(*"densit")
        await until(driven, lambda: offered.option_count == 1)
        await driven.press("enter")
        await until(driven, lambda: app.has_class("-compact"))


async def test_help_names_the_keys_of_the_place_and_why_not() -> None:
    app = CockpitApp(StillCockpit())
    async with app.run_test(size=(160, 60)) as driven:
        await until(driven, lambda: "NEXT" in shown(app))
        await driven.press("question_mark")
        await until(driven, lambda: "what it does" in shown(app))
        for entry in ACTIONS:
            if Scope.EVERYWHERE in entry.scopes:
                assert entry.title in shown(app)
        await driven.press("slash")
        await until(driven, lambda: type(app.focused).__name__ == "Input")
        await driven.press(*"density")
        await until(driven, lambda: "1 of" in shown(app))
        await driven.press("escape")
        await until(driven, lambda: "1 of" not in shown(app))
        await driven.press("escape")
        await until(driven, lambda: isinstance(app.screen, DashboardScreen))


async def test_the_command_log_shows_and_copies_what_was_run() -> None:
    cockpit = StillCockpit()
    cockpit.command_log.add("git fetch origin '+refs/heads/*:refs/heads/*'")
    app = CockpitApp(cockpit)
    async with app.run_test(size=(120, 40)) as driven:
        await until(driven, lambda: "NEXT" in shown(app))
        await driven.press("c")
        await until(driven, lambda: "git fetch origin" in shown(app))
        await driven.press("y")
        await until(driven, lambda: app.clipboard.startswith("git fetch origin"))


async def test_copying_shows_the_text() -> None:
    app = CockpitApp(StillCockpit())
    async with app.run_test(size=(120, 40)) as driven:
        await until(driven, lambda: "NEXT" in shown(app))
        await driven.press("y")
        await until(driven, lambda: app.clipboard in toasts(app) and app.clipboard)


async def test_without_a_browser_the_address_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSH_CONNECTION", "192.0.2.1 1 192.0.2.2 22")
    app = CockpitApp(StillCockpit())
    async with app.run_test(size=(120, 40)) as driven:
        await until(driven, lambda: "NEXT" in shown(app))
        await driven.press("2")
        await until(driven, lambda: current(app) == "builds")
        await driven.press("o")
        await until(driven, lambda: any("https://" in text for text in toasts(app)))


async def test_refresh_asks_for_everything() -> None:
    cockpit = StillCockpit()
    app = CockpitApp(cockpit)
    async with app.run_test(size=(120, 40)) as driven:
        await until(driven, lambda: "NEXT" in shown(app))
        await driven.press("r")
        await until(driven, lambda: cockpit.refreshed == [()])


async def test_quit_ends_at_once_when_nothing_runs() -> None:
    app = CockpitApp(StillCockpit())
    async with app.run_test(size=(120, 40)) as driven:
        await until(driven, lambda: "NEXT" in shown(app))
        await driven.press("q")
        await until(driven, lambda: not app.is_running)
