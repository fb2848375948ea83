"""Confirming: the plan is seen first, Cancel is what Enter does, and Yes has to be meant."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from textual.widgets import Button, Input

from cockpit.actions.registry import ACTIONS
from cockpit.app import CockpitApp
from cockpit.errors import CockpitError, Refused
from cockpit.operations.plan import Danger, PlanFacts
from cockpit.operations.runner import Ending, Outcome, StepOutcome, StepReport
from cockpit.release.record import LeaseTaken
from screens.confirm import CONFIRM_KEY, ConfirmScreen
from screens.dashboard import DashboardScreen
from screens.error import ErrorScreen
from screens.progress import BAR_WIDTH, ProgressScreen, run_lines
from screens.runs import Run
from tests.release.states import NOW, PINNED, feed, ledger, recorded, with_
from tests.ui.still import Driven, StillCockpit, plan, shown, toasts, until

TARGET = "v2.15.0-rc3"


def dialog(app: CockpitApp) -> ConfirmScreen:
    assert isinstance(app.screen, ConfirmScreen)
    return app.screen


def yes(app: CockpitApp) -> Button:
    return app.screen.query_one("#yes", Button)


async def open_dialog(app: CockpitApp, driven: Driven) -> None:
    """Ask for the action as its key does, whatever its guard thinks of the state at hand."""
    await until(driven, lambda: "NEXT" in shown(app))
    app.conductor.ask(next(entry for entry in ACTIONS if entry.id == "tag-candidate"))
    await until(driven, lambda: app.screen.query("#yes"), "the dialog is there")


def test_the_confirm_key_opens_nothing() -> None:
    assert all(CONFIRM_KEY not in entry.keys for entry in ACTIONS)


async def test_it_opens_at_once_and_computes_meanwhile() -> None:
    cockpit = StillCockpit()
    cockpit.plan_ready.clear()
    app = CockpitApp(cockpit)
    async with app.run_test(size=(120, 40)) as driven:
        await open_dialog(app, driven)
        await until(driven, lambda: "computing" in shown(app))
        assert yes(app).disabled
        await driven.press(CONFIRM_KEY)
        await until(driven, lambda: any("still being computed" in text for text in toasts(app)))
        app.conductor.ask(next(entry for entry in ACTIONS if entry.id == "tag-candidate"))
        await driven.pause()
        assert len(app.screen_stack) == 2
        assert cockpit.planned == [("tag-candidate", {})]
        cockpit.plan_ready.set()
        await until(driven, lambda: TARGET in shown(app))
        assert cockpit.carried_out == []


async def test_the_plan_is_shown_whole_and_as_text() -> None:
    cockpit = StillCockpit()
    cockpit.next_plan = made = plan(warnings=("#13 is approved but not merged",))
    app = CockpitApp(cockpit)
    async with app.run_test(size=(120, 45)) as driven:
        await open_dialog(app, driven)
        await until(driven, lambda: "expects" in shown(app))
        for text in (
            made.sentence,
            "cannot be undone",
            "#13 is approved but not merged",
            "$ git push origin v2.15.0-rc3",
            "expects refs/tags/v2.15.0-rc3: absent",
            "1 commit since v2.15.0-rc2",
            "[bold]not markup[/bold]",
            made.digest[:12],
        ):
            assert text in shown(app)


@pytest.mark.parametrize("key", ["enter", "escape"])
@pytest.mark.parametrize(
    ("danger", "reach"),
    [
        (Danger.LOCAL, "on this machine alone"),  # a work tree that is removed is gone all the same
        (Danger.REMOTE, "can be taken back"),
        (Danger.IRREVERSIBLE, "cannot be undone"),
    ],
)
async def test_enter_and_escape_cancel(key: str, danger: Danger, reach: str) -> None:
    cockpit = StillCockpit()
    cockpit.next_plan = plan(danger=danger)
    app = CockpitApp(cockpit)
    async with app.run_test(size=(120, 40)) as driven:
        await open_dialog(app, driven)
        await until(driven, lambda: reach in shown(app))
        await driven.press(key)
        await until(driven, lambda: isinstance(app.screen, DashboardScreen))
        assert cockpit.carried_out == []


async def test_something_irreversible_wants_its_target_typed() -> None:
    cockpit = StillCockpit()
    app = CockpitApp(cockpit)
    async with app.run_test(size=(120, 40)) as driven:
        await open_dialog(app, driven)
        await until(driven, lambda: app.screen.query("#target"))
        await driven.press(CONFIRM_KEY)
        await until(driven, lambda: any(f"type {TARGET}" in text for text in toasts(app)))
        await driven.press("tab")
        await until(driven, lambda: isinstance(app.focused, Input))
        await driven.press(*TARGET[:-1])
        await driven.press("enter")
        assert yes(app).disabled
        await driven.press("4")
        assert yes(app).disabled
        await driven.press("backspace", "3")
        await until(driven, lambda: not yes(app).disabled)
        await driven.press("enter")
        await until(driven, lambda: app.focused is yes(app))
        assert cockpit.carried_out == []
        await driven.press(CONFIRM_KEY)
        await until(driven, lambda: isinstance(app.screen, ProgressScreen))
        assert [carried.digest for carried, _ in cockpit.carried_out] == [plan().digest]


async def test_an_arrow_in_a_target_can_be_typed() -> None:
    cockpit = StillCockpit()
    cockpit.next_plan = msgspec.structs.replace(plan(), target="torch 2.15.0 → PyPI")
    app = CockpitApp(cockpit)
    async with app.run_test(size=(120, 40)) as driven:
        await open_dialog(app, driven)
        await until(driven, lambda: "then type torch 2.15.0 -> PyPI" in shown(app))
        await driven.press("tab", *"torch 2.15.0 -> PyP")
        field = app.screen.query_one("#target", Input)
        await until(driven, lambda: field.value.endswith("PyP"))
        assert yes(app).disabled
        await driven.press("I")
        await until(driven, lambda: not yes(app).disabled)
        field.value = ""
        await until(driven, lambda: yes(app).disabled)
        field.value = cockpit.next_plan.target
        await until(driven, lambda: not yes(app).disabled, "the arrow itself will do, too")


async def test_a_dialog_that_was_closed_before_it_was_drawn_is_not_fitted() -> None:
    app = CockpitApp(StillCockpit())
    async with app.run_test(size=(120, 40)) as driven:
        await open_dialog(app, driven)
        closed = dialog(app)
        closed.action_leave()
        await until(driven, lambda: not closed.is_attached)
        closed.fit()


async def test_a_reversible_plan_is_confirmed_with_one_key() -> None:
    cockpit = StillCockpit()
    cockpit.next_plan = plan(danger=Danger.REMOTE)
    app = CockpitApp(cockpit)
    async with app.run_test(size=(120, 40)) as driven:
        await open_dialog(app, driven)
        await until(driven, lambda: not yes(app).disabled)
        await driven.press(CONFIRM_KEY)
        await until(driven, lambda: cockpit.carried_out)


async def test_blockers_leave_no_yes() -> None:
    cockpit = StillCockpit()
    cockpit.next_plan = plan(danger=Danger.REMOTE, blockers=("version.txt says 2.14.0",))
    app = CockpitApp(cockpit)
    async with app.run_test(size=(120, 40)) as driven:
        await open_dialog(app, driven)
        await until(driven, lambda: "✖ version.txt says 2.14.0" in shown(app))
        assert not yes(app).display
        await driven.press(CONFIRM_KEY)
        await until(driven, lambda: any("blocked" in text for text in toasts(app)))
        assert cockpit.carried_out == []


async def test_a_plan_that_cannot_be_made_says_why_in_the_dialog() -> None:
    cockpit = StillCockpit()
    cockpit.next_plan = CockpitError("The branch has not been cut", "release/2.15", "cut it first")
    app = CockpitApp(cockpit)
    async with app.run_test(size=(120, 40)) as driven:
        await open_dialog(app, driven)
        await until(driven, lambda: "next: cut it first" in shown(app))
        assert not yes(app).display
        await driven.press("y")
        await until(driven, lambda: "release/2.15" in app.clipboard)


async def test_the_plan_can_be_copied_and_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    cockpit = StillCockpit()
    app = CockpitApp(cockpit)
    async with app.run_test(size=(120, 40)) as driven:
        await open_dialog(app, driven)
        await until(driven, lambda: dialog(app).plan is not None)
        await driven.press("y")
        await until(driven, lambda: "git push origin v2.15.0-rc3" in app.clipboard)
        await driven.press("s")
        saved = tmp_path / f"tag-candidate-{plan().digest[:12]}.json"
        await until(driven, saved.exists)
        assert msgspec.json.decode(saved.read_bytes(), type=PlanFacts).digest == plan().digest
        assert any(saved.name in text for text in toasts(app))


async def test_buttons_stay_in_view_on_a_small_terminal() -> None:
    cockpit = StillCockpit()
    cockpit.next_plan = plan(warnings=tuple(f"warning {number}" for number in range(40)))
    app = CockpitApp(cockpit)
    async with app.run_test(size=(80, 24)) as driven:
        await open_dialog(app, driven)
        await until(driven, lambda: "warning 0" in shown(app) and "Yes  ^y" in shown(app))
        await driven.press("pagedown")
        await until(driven, lambda: "warning 0" not in shown(app))
        assert "Cancel" in shown(app)
        await driven.press("home")
        await until(driven, lambda: "warning 0" in shown(app))
        await driven.press("end")
        await until(driven, lambda: "git push origin" in shown(app), "the last step")


async def test_somebody_elses_lease_is_shown_and_taken_over_with_a_reason() -> None:
    taken = LeaseTaken("77-abcd", "tag-candidate", NOW.replace(hour=23), "")
    held = with_(ledger=feed(ledger(*PINNED, recorded(taken, by="Grace"))))
    cockpit = StillCockpit(held)
    cockpit.next_plan = plan(danger=Danger.REMOTE)
    app = CockpitApp(cockpit)
    async with app.run_test(size=(120, 40)) as driven:
        await open_dialog(app, driven)
        await until(driven, lambda: "Grace holds the lease" in shown(app))
        await until(driven, lambda: app.screen.query("#take-over"))
        await driven.press("tab", "tab")
        app.screen.query_one("#take-over", Input).focus()
        await driven.press(*"she is away")
        await driven.press(CONFIRM_KEY)
        await until(driven, lambda: cockpit.carried_out)
        assert cockpit.carried_out[0][1] == "she is away"


async def run_to_the_end(outcome: Outcome | Exception, *, watched: bool) -> tuple[str, list[str]]:
    """Confirm a plan, let it end so, and give what the screen and the toasts say."""
    cockpit = StillCockpit()
    cockpit.next_plan = plan(danger=Danger.REMOTE)
    app = CockpitApp(cockpit)
    async with app.run_test(size=(120, 40)) as driven:
        await open_dialog(app, driven)
        await until(driven, lambda: not yes(app).disabled)
        await driven.press(CONFIRM_KEY)
        await until(driven, lambda: isinstance(app.screen, ProgressScreen))
        if not watched:
            await driven.press("b")
            await until(driven, lambda: isinstance(app.screen, DashboardScreen))
            await until(driven, lambda: "w shows it" in shown(app))
        if isinstance(outcome, Exception):
            cockpit.outcome.set_exception(outcome)
        else:
            cockpit.outcome.set_result(outcome)
        await until(driven, lambda: app.conductor.run and app.conductor.run.finished)
        await driven.pause()
        await driven.pause()
        return shown(app), toasts(app)


async def test_a_watched_run_ends_in_its_view() -> None:
    done = Outcome(Ending.DONE, done=("Push",), skipped=("Pin",))
    text, _ = await run_to_the_end(done, watched=True)
    assert "Done, and written to the ledger" in text
    assert "1 done, 1 done already" in text
    assert "esc close" in text
    assert "it goes on" not in text


async def test_a_run_in_the_background_ends_in_a_toast() -> None:
    _, said = await run_to_the_end(Outcome(Ending.DONE, done=("Push",)), watched=False)
    assert any("done; w shows it" in text for text in said)


@pytest.mark.parametrize("watched", [True, False])
async def test_a_failed_run_ends_in_an_error_that_cannot_be_missed(watched: bool) -> None:
    problem = Refused("The lease is held", "by Grace until 14:10", "wait for it to end")
    text, _ = await run_to_the_end(problem, watched=watched)
    for part in ("The lease is held", "by Grace until 14:10", "next: wait for it to end"):
        assert part in text


async def test_a_defect_in_a_run_is_as_loud() -> None:
    text, _ = await run_to_the_end(ZeroDivisionError("by zero"), watched=False)
    assert "A defect in the cockpit" in text
    assert "ZeroDivisionError: by zero" in text


async def test_the_result_survives_every_screen_and_the_run_can_be_stopped() -> None:
    cockpit = StillCockpit()
    cockpit.next_plan = plan(danger=Danger.REMOTE)
    app = CockpitApp(cockpit)
    async with app.run_test(size=(120, 40)) as driven:
        await open_dialog(app, driven)
        await until(driven, lambda: not yes(app).disabled)
        await driven.press(CONFIRM_KEY)
        await until(driven, lambda: isinstance(app.screen, ProgressScreen))
        await driven.press("escape")
        await until(driven, lambda: isinstance(app.screen, DashboardScreen))
        assert not cockpit.cancel.is_set()
        await driven.press("t")
        await until(driven, lambda: isinstance(app.screen, ProgressScreen), "t shows what runs")
        assert len(cockpit.planned) == 1
        await driven.press("x")
        await until(driven, cockpit.cancel.is_set)
        await until(driven, lambda: "Stopping where it is safe" in shown(app))
        await driven.press("w", "q")
        await until(driven, lambda: "Quit anyway" in shown(app))
        await driven.press("enter")
        await until(driven, lambda: isinstance(app.screen, DashboardScreen))
        assert app.is_running
        cockpit.outcome.set_result(Outcome(Ending.CANCELLED))
        await until(driven, lambda: app.conductor.running == "")
        await driven.press("w")
        await until(driven, lambda: "Stopped; what is done stays" in shown(app))


@pytest.mark.parametrize("outcome", StepOutcome)
def test_only_what_is_done_has_a_full_bar(outcome: StepOutcome) -> None:
    run = Run(plan(), lambda: 0.0)
    run.observe(StepReport(run.plan.steps[0].facts.key, outcome))
    text = "\n".join(line.text for line in run_lines(run))
    assert ("█" * BAR_WIDTH in text) == (outcome in (StepOutcome.DONE, StepOutcome.SKIPPED))


async def test_an_irreversible_start_disarms() -> None:
    cockpit = StillCockpit()
    app = CockpitApp(cockpit)
    async with app.run_test(size=(120, 40)) as driven:
        await until(driven, lambda: "NEXT" in shown(app))
        await driven.press("A")
        await until(driven, lambda: app.arming.left)
        await open_dialog(app, driven)
        await until(driven, lambda: app.screen.query("#target"))
        app.screen.query_one("#target", Input).value = TARGET
        await until(driven, lambda: not yes(app).disabled)
        await driven.press(CONFIRM_KEY)
        await until(driven, lambda: cockpit.carried_out)
        assert app.arming.left is None


async def test_the_key_that_closes_an_error_goes_no_further() -> None:
    app = CockpitApp(StillCockpit())
    async with app.run_test(size=(120, 40)) as driven:
        await until(driven, lambda: "NEXT" in shown(app))
        app.report(CockpitError("It failed", "for a reason", "press r"))
        await until(driven, lambda: isinstance(app.screen, ErrorScreen))
        await driven.press("y")
        await until(driven, lambda: app.clipboard == "It failed\nfor a reason\npress r")
        for key in ("q", "t", "A", "1", "question_mark"):
            await driven.press(key)
        assert len(app.screen_stack) == 2
        assert app.arming.left is None
        await driven.press("enter")
        await until(driven, lambda: len(app.screen_stack) == 1)
