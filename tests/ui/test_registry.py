"""For every action of the registry: without a person's yes, nothing is ever written."""

from __future__ import annotations

from functools import partial
from itertools import combinations

import pytest
from textual.binding import Binding

from cockpit.actions.action import Action
from cockpit.actions.registry import ACTIONS, belongs_to, offered
from cockpit.actions.situation import Scope
from cockpit.app import CockpitApp
from cockpit.operations.plan import Danger
from cockpit.operations.registry import operation
from screens.confirm import CONFIRM_KEY
from screens.sight import PANE_SCOPES, PANES
from tests.ui.still import Driven, StillCockpit, plan, shown, toasts, until

WRITING = [entry for entry in ACTIONS if entry.danger is not Danger.READ]
CARRIED_OUT = [entry for entry in WRITING if entry.operation]


KEYS_TO = {
    **{PANE_SCOPES[name]: (str(number),) for number, name in enumerate(PANES, start=1)},
    Scope.PROMOTION: ("5",),
    Scope.TIMELINE: ("1", "h"),
    Scope.WALK: ("J",),
    Scope.LEDGER: ("l",),
    Scope.BUILDS_SCREEN: ("2", "enter"),
    Scope.JOB: ("2", "enter", "enter"),
    Scope.LOG: ("2", "enter", "L"),
    Scope.QUEUE: ("3", "enter"),
    Scope.PICK: ("3", "enter", "enter"),
    Scope.DIFF: ("3", "u"),
    Scope.END_STATE: ("3", "equals_sign"),
}


async def go_where_it_is_offered(app: CockpitApp, driven: Driven, entry: Action) -> None:
    """Bring the pane or screen to the front that the action belongs to."""
    await until(driven, lambda: "NEXT" in shown(app))
    if {Scope.EVERYWHERE, Scope.DASHBOARD}.isdisjoint(entry.scopes):
        place = next(scope for scope in KEYS_TO if scope in entry.scopes)
        for key in KEYS_TO[place]:
            await driven.press(key)
        await until(driven, partial(stands_in, app, place))


def stands_in(app: CockpitApp, place: Scope) -> bool:
    return app.front is not None and place in app.front.acting_scopes


async def back_to_the_dashboard(app: CockpitApp) -> None:
    while len(app.screen_stack) > 1:
        await app.pop_screen()


def test_every_key_is_bound_once_and_to_its_action() -> None:
    bindings = [entry for entry in CockpitApp.BINDINGS if isinstance(entry, Binding)]
    bound = {binding.id: binding for binding in bindings if binding.id}
    assert set(bound) == {entry.id for entry in ACTIONS}
    for entry in ACTIONS:
        assert bound[entry.id].key == ",".join(entry.keys)


def test_a_key_means_one_thing_wherever_it_is_pressed() -> None:
    panes = {PANE_SCOPES[name] for name in PANES}

    def places(entry: Action) -> set[Scope]:
        """Where a key is live; the dashboard shows its panes, and a pane may be on it."""
        everywhere = set(Scope) if Scope.EVERYWHERE in entry.scopes else set()
        beside = panes if Scope.DASHBOARD in entry.scopes else set()
        return {*entry.scopes, *everywhere, *beside}

    for entry, other in combinations(ACTIONS, 2):
        shared = set(entry.keys).intersection(other.keys)
        assert not (shared and places(entry) & places(other)), (entry.id, other.id, shared)
        for scope in entry.scopes if shared else ():
            assert belongs_to(entry.id, (scope,)), (entry.id, scope)
            assert not belongs_to(other.id, (scope,)), (other.id, scope)


def test_every_action_that_reaches_out_has_an_operation_of_its_danger() -> None:
    for entry in ACTIONS:
        if entry.danger.level >= Danger.REMOTE.level:
            assert entry.operation is not None
        if entry.operation is not None:
            assert operation(entry.operation).danger is entry.danger


async def test_something_carries_every_action_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSH_TTY", "a remote session opens no browser")
    app = CockpitApp(StillCockpit())
    async with app.run_test(size=(80, 24)) as driven:
        for entry in sorted(ACTIONS, key=lambda entry: entry.id == "quit"):
            await go_where_it_is_offered(app, driven, entry)
            await app.action_act(entry.id)
            await driven.pause()
            await back_to_the_dashboard(app)
            await driven.press("escape")
        await until(driven, lambda: not app.is_running)


@pytest.mark.parametrize("last", ["enter", "escape"])
async def test_enter_alone_and_escape_write_nothing(last: str) -> None:
    """Enter for every action; Escape, which every dialog takes in one place, for each danger."""
    cockpit = StillCockpit()
    first_of = {entry.danger: entry for entry in reversed(CARRIED_OUT)}
    asked = CARRIED_OUT if last == "enter" else [*first_of.values()]
    app = CockpitApp(cockpit)
    async with app.run_test(size=(80, 24)) as driven:
        await until(driven, lambda: "NEXT" in shown(app))
        for entry in asked:
            assert entry.operation is not None
            cockpit.next_plan = plan(danger=entry.danger, operation=entry.operation)
            app.conductor.ask(entry)
            await until(driven, lambda: app.screen.query("#yes"))
            await until(driven, lambda: "git push origin" in shown(app))
            await driven.press(last)
            await until(driven, lambda: len(app.screen_stack) == 1)
            await driven.press(last, last, last)
            await back_to_the_dashboard(app)
        assert cockpit.planned == [(entry.operation, {}) for entry in asked]
        assert cockpit.carried_out == []


async def test_every_key_but_the_confirm_key_leaves_an_open_dialog_unconfirmed() -> None:
    """Every key for one action of each danger, and for every action the keys that opened it."""
    cockpit = StillCockpit()
    app = CockpitApp(cockpit)
    closing = {"s", "escape", "enter", "ctrl+p"}
    every = {key for entry in ACTIONS for key in entry.keys} - closing - {CONFIRM_KEY}
    first_of = {entry.danger: entry.id for entry in reversed(CARRIED_OUT)}
    async with app.run_test(size=(80, 24)) as driven:
        await until(driven, lambda: "NEXT" in shown(app))
        for entry in CARRIED_OUT:
            cockpit.next_plan = plan(danger=entry.danger, operation=entry.operation or "")
            app.conductor.ask(entry)
            await until(driven, lambda: "git push origin" in shown(app))
            keys = every if entry.id in first_of.values() else {*entry.keys} - closing
            await driven.press(*sorted(keys))
            assert cockpit.carried_out == [], entry.id
            assert len(app.screen_stack) == 2, entry.id
            await back_to_the_dashboard(app)


async def test_read_only_mode_takes_every_writing_action_away_and_says_so() -> None:
    cockpit = StillCockpit(read_only=True)
    app = CockpitApp(cockpit)
    async with app.run_test(size=(80, 24)) as driven:
        for entry in WRITING:
            await go_where_it_is_offered(app, driven, entry)
            app.clear_notifications()
            assert app.front is not None
            situation = app.sight().situation(app.front.acting_scopes, app.front.selection)
            assert entry not in offered(situation)
            standing = app.screen_stack[:]
            await driven.press(entry.keys[0])
            await until(driven, lambda: any("read-only" in text for text in toasts(app)))
            await driven.press(CONFIRM_KEY)
            assert app.screen_stack == standing
            await back_to_the_dashboard(app)
        assert cockpit.planned == []
        assert cockpit.carried_out == []
        assert app.arming.left is None


async def test_what_cannot_be_undone_wants_arming_first() -> None:
    cockpit = StillCockpit()
    app = CockpitApp(cockpit)
    async with app.run_test(size=(80, 24)) as driven:
        for entry in WRITING:
            if entry.danger is not Danger.IRREVERSIBLE:
                continue
            await go_where_it_is_offered(app, driven, entry)
            app.clear_notifications()
            standing = app.screen_stack[:]
            await driven.press(entry.keys[0])
            await until(driven, lambda: toasts(app))
            assert app.screen_stack == standing
            await back_to_the_dashboard(app)
        assert cockpit.planned == []
