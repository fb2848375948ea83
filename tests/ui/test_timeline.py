"""The history of a branch by keys, comparing, and the words an operation asks for."""

from __future__ import annotations

import pytest
from textual.widgets import Input

from cockpit.actions.registry import action
from cockpit.actions.situation import Situation
from cockpit.app import CockpitApp
from cockpit.operations.plan import Danger
from cockpit.release.record import Frozen
from cockpit.release.state import ReleaseState
from cockpit.views.table import Row
from screens.ask import AskScreen
from screens.confirm import ConfirmScreen
from screens.picks import PicksScreen
from screens.timeline import ComparisonScreen, TimelineScreen
from tests.release.states import (
    CORE,
    GREEN,
    PICK_1,
    PICK_2,
    PINNED,
    RC1,
    RC2,
    VISION,
    branch,
    checks,
    commit,
    feed,
    ledger,
    recorded,
    tag,
    with_,
    with_branches,
)
from tests.ui.still import Driven, StillCockpit, plan, shown, toasts, until

LATER = commit("later", "Fix the docs (#148700)", hours=1)
RC3 = tag("v2.15.0-rc3", LATER.sha)
THREE = with_branches(branch(CORE, LATER, PICK_2, PICK_1, tags=(RC1, RC2, RC3)))


async def open_timeline(app: CockpitApp, driven: Driven, *keys: str) -> None:
    await until(driven, lambda: "NEXT" in shown(app))
    await driven.press(*keys, "h")
    await until(driven, lambda: isinstance(app.screen, TimelineScreen))
    await until(driven, lambda: "since the cut" in shown(app))


def selected(app: CockpitApp) -> Row | None:
    assert isinstance(app.screen, PicksScreen)
    return app.screen.pane.table.selected


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_the_history_of_the_selected_branch(size: tuple[int, int]) -> None:
    app = CockpitApp(StillCockpit(THREE))
    async with app.run_test(size=size) as driven:
        await open_timeline(app, driven)
        await until(driven, lambda: LATER.sha[:7] in shown(app))
        text = shown(app)
        for name in (RC3.name, RC2.name, RC1.name, PICK_1.sha[:7]):
            assert name in text
        await driven.press("escape")
        await until(driven, lambda: len(app.screen_stack) == 1)


async def test_a_row_tells_everything_and_leads_to_its_page(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSH_TTY", "a remote session opens no browser")
    app = CockpitApp(StillCockpit(THREE))
    async with app.run_test(size=(160, 40)) as driven:
        await open_timeline(app, driven)
        await driven.press("down")
        await until(driven, lambda: "picked from" in shown(app))
        await driven.press("o")
        await until(driven, lambda: any("/pull/148700" in text for text in toasts(app)))


async def test_a_commit_leads_to_its_pick_in_the_queue() -> None:
    app = CockpitApp(StillCockpit(THREE))
    async with app.run_test(size=(160, 40)) as driven:
        await open_timeline(app, driven)
        await driven.press("Q")
        await until(driven, lambda: any("no pick of the queue" in text for text in toasts(app)))
        await driven.press("down", "down", "down", "Q")
        await until(driven, lambda: isinstance(app.screen, PicksScreen))
        await until(driven, lambda: "Pin cudnn 9.5.1" in str(selected(app)))
        await driven.press("escape")
        await until(driven, lambda: isinstance(app.screen, TimelineScreen))


async def test_comparing_goes_further_back_with_the_same_key() -> None:
    app = CockpitApp(StillCockpit(THREE))
    async with app.run_test(size=(120, 40)) as driven:
        await open_timeline(app, driven)
        await driven.press("m")
        await until(driven, lambda: isinstance(app.screen, ComparisonScreen))
        await until(driven, lambda: f"what {RC3.name} adds to {RC2.name}" in shown(app))
        assert PICK_2.sha[:7] not in shown(app)
        await driven.press("m")
        await until(driven, lambda: f"what {RC3.name} adds to {RC1.name}" in shown(app))
        assert PICK_2.sha[:7] in shown(app)
        await driven.press("m")
        await until(driven, lambda: f"adds to {RC2.name}" in shown(app), "around the circle")
        await driven.press("escape")
        await until(driven, lambda: isinstance(app.screen, TimelineScreen))


async def test_a_reason_is_asked_for_before_the_plan_is_read() -> None:
    cockpit = StillCockpit(THREE)
    cockpit.next_plan = plan(danger=Danger.REMOTE, operation="freeze")
    app = CockpitApp(cockpit)
    async with app.run_test(size=(120, 40)) as driven:
        await until(driven, lambda: "NEXT" in shown(app))
        await driven.press("z")
        await until(driven, lambda: isinstance(app.screen, AskScreen))
        await driven.press("enter")
        await until(driven, lambda: any("reason is empty" in text for text in toasts(app)))
        assert cockpit.planned == []
        await driven.press(*"validating")
        await driven.press("enter")
        await until(driven, lambda: isinstance(app.screen, ConfirmScreen))
        await until(driven, lambda: cockpit.planned)
        words = {"repository": CORE.name, "reason": "validating"}
        assert cockpit.planned == [("freeze", words)]
        await driven.press("enter")
        await until(driven, lambda: len(app.screen_stack) == 1)
        assert cockpit.carried_out == []


async def test_escape_leaves_the_question_without_reading_a_plan() -> None:
    cockpit = StillCockpit(THREE)
    app = CockpitApp(cockpit)
    async with app.run_test(size=(80, 24)) as driven:
        await until(driven, lambda: "NEXT" in shown(app))
        await driven.press("D")
        await until(driven, lambda: isinstance(app.screen, AskScreen))
        await driven.press("escape")
        await until(driven, lambda: len(app.screen_stack) == 1)
        assert cockpit.planned == []


async def test_a_reason_to_restore_in_spite_of_a_blocker_can_be_given() -> None:
    needed, reasons = {"candidate": RC1.name}, ("discard", "allow-missing")
    cockpit = StillCockpit(THREE)
    app = CockpitApp(cockpit)
    async with app.run_test(size=(120, 40)) as driven:
        await until(driven, lambda: "NEXT" in shown(app))
        for given in ({}, dict.fromkeys(reasons, "as agreed")):
            app.conductor.begin(action("restore"), Situation(cockpit.state))
            await until(driven, lambda: shown(app).count("may stay empty") == len(reasons))
            for name, value in (needed | given).items():
                app.screen.query_one(f"#asked-{name}", Input).value = value
            await driven.press("enter")
            await until(driven, lambda: isinstance(app.screen, ConfirmScreen))
            await until(driven, lambda: cockpit.planned)
            assert cockpit.planned.pop() == ("restore", needed | given)
            await driven.press("escape")
            await until(driven, lambda: len(app.screen_stack) == 1)


async def test_a_dud_is_the_candidate_under_the_cursor() -> None:
    cockpit = StillCockpit(THREE)
    cockpit.next_plan = plan(danger=Danger.REMOTE, operation="mark-dud")
    app = CockpitApp(cockpit)
    async with app.run_test(size=(120, 40)) as driven:
        await open_timeline(app, driven)
        assert isinstance(app.screen, TimelineScreen)
        assert app.screen.pane.table.select(f"tag:{RC2.name}")
        await until(
            driven, lambda: getattr(app.front and app.front.selection, "copy", "") == RC2.name
        )
        await driven.press("D")
        await until(driven, lambda: isinstance(app.screen, AskScreen))
        name, reason = app.screen.query(Input)
        assert name.value == RC2.name
        assert app.focused is reason
        await driven.press(*"bad", "enter")
        await until(driven, lambda: cockpit.planned)
        assert cockpit.planned == [("mark-dud", {"name": RC2.name, "reason": "bad"})]


async def test_keys_act_on_the_selected_repository_and_next_on_the_release() -> None:
    grown = branch(VISION, LATER, PICK_1, tags=(tag("v0.30.0-rc1", PICK_1.sha),))
    core = branch(CORE, LATER, PICK_2, PICK_1, tags=(RC1, RC2))
    green = with_(with_branches(grown, core), ci=feed(checks(head=LATER.sha), "GitHub"))
    cockpit = StillCockpit(green)
    app = CockpitApp(cockpit)
    async with app.run_test(size=(120, 40)) as driven:
        await until(driven, lambda: "NEXT" in shown(app))
        app.arming.arm()
        await driven.press("down", "down")
        await until(
            driven, lambda: getattr(app.front and app.front.selection, "key", "") == VISION.name
        )
        await driven.press("t")
        await until(driven, lambda: cockpit.planned)
        assert cockpit.planned == [("tag-candidate", {"repository": VISION.name})]
        await driven.press("escape")
        await until(driven, lambda: len(app.screen_stack) == 1)
        await driven.press("e")
        await until(driven, lambda: len(cockpit.planned) == 2)
        assert cockpit.planned[1] == ("tag-candidate", {})


def frozen_state() -> ReleaseState:
    event = Frozen(CORE.name, CORE.release_branch, "rc2 is validated")
    return with_(GREEN, ledger=feed(ledger(*PINNED, recorded(event)), "git"))


async def test_a_frozen_branch_says_why_it_cannot_be_frozen_again() -> None:
    app = CockpitApp(StillCockpit(frozen_state()))
    async with app.run_test(size=(160, 40)) as driven:
        await until(driven, lambda: "frozen by Ada" in shown(app))
        await driven.press("z")
        await until(driven, lambda: any("rc2 is validated" in text for text in toasts(app)))
        await driven.press("Z")
        await until(driven, lambda: isinstance(app.screen, AskScreen))


def test_what_is_captured_is_fixed_by_the_registry() -> None:
    assert action("mark-dud").asks == ("name", "reason")
    assert action("tag-candidate").asks == ()
