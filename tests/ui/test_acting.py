"""Acting on builds by keys: re-runs on a whole world, and the form that starts a workflow."""

from __future__ import annotations

import msgspec
from textual.command import CommandPalette
from textual.widgets import Input, Select, Switch

from cockpit.app import CockpitApp
from cockpit.operations.plan import Danger
from cockpit.rehearsal.world import World
from cockpit.release.workflows import InputSpec, InputType, LiveSwitch, WorkflowSpec
from screens.confirm import CONFIRM_KEY, ConfirmScreen
from screens.progress import ProgressScreen
from screens.workflow_form import WorkflowForm
from tests.flows.releases import cockpit_on
from tests.release.states import GREEN, SPEC
from tests.ui.still import Driven, StillCockpit, plan, shown, toasts, until

DOCKER = WorkflowSpec(
    "release-docker",
    "Release Docker Images",
    "pytorch/test-infra",
    "release-docker.yml",
    inputs=(
        InputSpec("pytorch_version", default="{version}"),
        InputSpec("channel", InputType.CHOICE, "release", ("release", "test")),
        InputSpec("fast", InputType.BOOLEAN, True),
        InputSpec("suite", required=True),
    ),
    live=LiveSwitch("dry_run", live="false", dry="true"),
    irreversible=True,
)
OTHER = WorkflowSpec("lint", "Lint [bold]it[/bold]", "pytorch/test-infra", "lint.yml")
STATE = msgspec.structs.replace(
    GREEN, spec=msgspec.structs.replace(SPEC, workflows=(OTHER, DOCKER))
)


async def test_what_failed_is_rerun_by_keys_alone(world: World) -> None:
    app = CockpitApp(cockpit_on(world))
    core = world.forge.repositories["pytorch/pytorch"]
    before = {run.id: run.attempt for run in core.runs.values()}
    async with app.run_test(size=(120, 40)) as driven:
        await until(driven, lambda: "linux aarch64 py3.14 cpu test" in shown(app))
        await driven.press("2")
        await until(driven, lambda: app.front and app.front.selection)
        assert app.front is not None
        assert app.front.selection is not None
        chosen = app.front.selection.key
        await driven.press("K")
        await until(driven, lambda: any("has ended" in text for text in toasts(app)))
        await driven.press("x")
        await until(driven, lambda: isinstance(app.screen, ConfirmScreen))
        await until(driven, lambda: "attempt 1 → 2" in shown(app), "the plan has been read")
        assert {run.id: run.attempt for run in core.runs.values()} == before
        await driven.press(CONFIRM_KEY)
        await until(driven, lambda: isinstance(app.screen, ProgressScreen))
        await until(driven, lambda: "Done, and written to the ledger" in shown(app))
        again = [run for run in core.runs.values() if run.attempt > before[run.id]]
        assert [run.name for run in again] == [chosen.partition(" / ")[0]]
        await driven.press("escape")
        app.clear_notifications()
        await app.cockpit.refresh("builds")
        await driven.press("X")
        await until(driven, lambda: any("still going" in text for text in toasts(app)))


async def open_form(app: CockpitApp, driven: Driven) -> WorkflowForm:
    await until(driven, lambda: "NEXT" in shown(app))
    await driven.press("W")
    await until(driven, lambda: isinstance(app.screen, CommandPalette))
    await until(driven, lambda: "lint.yml of pytorch/test-infra" in shown(app))
    assert "Lint [bold]it[/bold]" in shown(app)
    await driven.press(*"docker")
    await until(driven, lambda: "lint.yml" not in shown(app) and "release-docker" in shown(app))
    await driven.press("enter")
    await driven.pause()
    if isinstance(app.screen, CommandPalette):
        await driven.press("enter")
    await until(driven, lambda: isinstance(app.screen, WorkflowForm), "the form is open")
    assert isinstance(app.screen, WorkflowForm)
    return app.screen


async def test_a_workflow_is_chosen_filled_in_and_planned() -> None:
    cockpit = StillCockpit(STATE)
    cockpit.next_plan = plan(operation="dispatch", danger=Danger.REMOTE)
    app = CockpitApp(cockpit)
    async with app.run_test(size=(80, 24)) as driven:
        form = await open_form(app, driven)
        assert form.given == {"pytorch_version": "2.15.0", "channel": "release", "fast": "true"}
        assert "no, a dry run: dry_run = true" in shown(app)
        await driven.press("enter")
        await until(driven, lambda: any("suite is missing" in text for text in toasts(app)))
        assert cockpit.planned == []
        form.query(Select).first().value = "test"
        form.query(Input)[1].value = "all=1,2"
        await driven.press("enter")
        await until(driven, lambda: cockpit.planned)
    inputs = "pytorch_version=2.15.0\nchannel=test\nfast=true\nsuite=all=1,2"
    words = {"workflow": "release-docker", "input": inputs, "ref": "main"}
    assert cockpit.planned == [("dispatch", words)]


async def test_what_cannot_be_undone_wants_arming_even_where_only_the_plan_knows() -> None:
    cockpit = StillCockpit(STATE)
    cockpit.next_plan = plan(operation="dispatch")
    app = CockpitApp(cockpit)
    async with app.run_test(size=(120, 40)) as driven:
        form = await open_form(app, driven)
        form.query(Input)[1].value = "all"
        form.query_one("#live", Switch).value = True
        await until(driven, lambda: "yes, it acts: dry_run = false · arm first" in shown(app))
        await driven.press("enter")
        await until(driven, lambda: app.screen.query("#target"))
        assert cockpit.planned[0][1]["live"] == "yes"
        app.screen.query_one("#target", Input).value = "v2.15.0-rc3"
        await driven.press(CONFIRM_KEY)
        await until(driven, lambda: any("press A to arm" in text for text in toasts(app)))
        app.arming.arm()
        await driven.press(CONFIRM_KEY)
        await until(driven, lambda: cockpit.carried_out)
