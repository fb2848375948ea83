"""The core's release-only changes by a workflow: started once, found, and followed to its end."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest

from cockpit.errors import AccessDenied, CockpitError, Conflict, Unreachable
from cockpit.operations import dispatching
from cockpit.operations.plan import Plan, StepState
from cockpit.operations.runner import Ending, Outcome, StepOutcome, StepReport
from cockpit.rehearsal.builds import start_run
from cockpit.rehearsal.faults import Fault
from cockpit.rehearsal.model import Run
from cockpit.rehearsal.people import CAPTAIN
from cockpit.rehearsal.world import World
from cockpit.release.run_events import DispatchRefused, DispatchRequested, DispatchStarted
from cockpit.runtime import Cockpit
from tests.flows.releases import cockpit_on, files
from tests.flows.rewinding import Beginning, git

INFRA = "pytorch/test-infra"
FILE = "release-pytorch-post-branch-cut.yml"
DISPATCH = f"/actions/workflows/{FILE}/dispatches$"


@pytest.fixture(scope="module")
def beginning(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Beginning]:
    """A world whose core is changed by the workflow, and whose runs are looked at often."""
    directory = tmp_path_factory.mktemp("dispatching") / "world"
    with World.start(directory, scenario="small") as started:
        text = started.config_path.read_text(encoding="utf-8")
        text = text.replace("[release]\n", '[release]\nrelease_changes = "dispatch"\n')
        text = text.replace("\nbuilds = 5\n", "\nbuilds = 0.05\n")
        started.config_path.write_text(text, encoding="utf-8")
        yield Beginning.of(started)


@pytest.fixture
def world(beginning: Beginning, monkeypatch: pytest.MonkeyPatch) -> World:
    """The module's world as it began, with no run of the workflow."""
    monkeypatch.setattr(dispatching, "_PAUSES_S", (0.0, 0.01))
    began = beginning.rewind()
    infra = began.forge.repositories[INFRA]
    for run in runs(began):
        del infra.runs[run.id]
    return began


def runs(world: World) -> list[Run]:
    """The runs of the workflow."""
    infra = world.forge.repositories[INFRA]
    (workflow,) = [w for w in infra.workflows.values() if w.path.endswith(FILE)]
    return [run for run in infra.runs.values() if run.workflow == workflow.id]


async def planned(cockpit: Cockpit, **arguments: str) -> Plan:
    return await cockpit.plan("release-changes", {"repository": "pytorch", **arguments})


async def carried_out(world: World, cockpit: Cockpit, plan: Plan) -> Outcome:
    """Carry out a plan; the world's hours pass while the run is followed."""

    def passing(report: StepReport) -> None:
        if report.outcome is StepOutcome.RUNNING and report.progress.unit == "jobs":
            world.clock.advance(timedelta(hours=1))

    return await cockpit.carry_out(plan, passing)


async def test_the_workflow_is_started_with_every_input_and_followed(world: World) -> None:
    cockpit, before = cockpit_on(world), files(world.remotes)
    plan = await planned(cockpit)
    assert files(world.remotes) == before
    assert runs(world) == []
    assert not plan.blockers
    (inputs,) = [each for each in plan.sections if "as they are sent" in each.title]
    assert inputs.lines[:2] == ("release_version = 2.15", "dry_run = false")
    assert "--raw-field dry_run=false" in plan.steps[0].facts.command
    outcome = await carried_out(world, cockpit, plan)
    assert outcome.ending is Ending.DONE, outcome.problem
    (run,) = runs(world)
    ((_, started),) = cockpit.backends.ledger.read().events(DispatchStarted)
    assert started.run == run.id
    assert str(run.id) in started.url
    probe = plan.steps[1].probe()
    assert probe.state is StepState.DONE
    assert started.url in probe.detail


async def test_a_second_run_starts_nothing_and_a_reason_starts_another(world: World) -> None:
    first = cockpit_on(world)
    plan = await planned(first)
    assert (await carried_out(world, first, plan)).ending is Ending.DONE
    second = cockpit_on(world)
    again = await planned(second)
    assert again.digest == plan.digest
    assert (await carried_out(world, second, again)).ending is Ending.NOTHING_TO_DO
    assert len(runs(world)) == 1
    once_more = await planned(second, again="the branch has moved since")
    assert once_more.digest != plan.digest
    assert (await carried_out(world, second, once_more)).ending is Ending.DONE
    assert len(runs(world)) == 2


@pytest.mark.parametrize("steps_before_the_crash", [0, 1])
async def test_a_crash_between_steps_is_taken_to_its_end(
    world: World, steps_before_the_crash: int
) -> None:
    plan = await planned(cockpit_on(world))
    for step in plan.steps[:steps_before_the_crash]:
        step.apply(lambda _: None, threading.Event())
    again = cockpit_on(world)
    resumed = await planned(again)
    assert resumed.digest == plan.digest
    assert (await carried_out(world, again, resumed)).succeeded
    assert len(runs(world)) == 1


async def test_a_lost_answer_does_not_start_it_twice(world: World) -> None:
    world.faults.add(Fault(kind="response-lost", methods=("POST",), path=DISPATCH, times=1))
    cockpit = cockpit_on(world)
    outcome = await carried_out(world, cockpit, await planned(cockpit))
    assert outcome.ending is Ending.DONE, outcome.problem
    assert len(runs(world)) == 1


async def test_a_run_that_is_listed_late_is_waited_for_and_then_taken(world: World) -> None:
    world.faults.add(Fault(kind="response-lost", methods=("POST",), path=DISPATCH, times=1))
    late = world.faults.add(
        Fault(kind="server-error", methods=("GET",), path=f"{FILE}/runs", times=0, after=1)
    )
    cockpit = cockpit_on(world)
    plan = await planned(cockpit)
    outcome = await carried_out(world, cockpit, plan)
    assert outcome.ending is Ending.FAILED
    assert isinstance(outcome.problem, Unreachable)
    world.faults.remove(late)
    resumed = await planned(cockpit)
    assert resumed.digest == plan.digest
    assert (await carried_out(world, cockpit, resumed)).ending is Ending.DONE
    assert len(runs(world)) == 1


async def test_a_request_nobody_answered_blocks_until_it_cannot_start_any_more(
    world: World,
) -> None:
    lost = world.faults.add(Fault(kind="reset", methods=("POST",), path=DISPATCH, times=0))
    cockpit = cockpit_on(world)
    plan = await planned(cockpit)
    outcome = await carried_out(world, cockpit, plan)
    assert outcome.ending is Ending.FAILED
    assert isinstance(outcome.problem, Unreachable)
    world.faults.remove(lost)
    at_once = await carried_out(world, cockpit, plan)
    assert at_once.ending is Ending.CONFLICT
    assert runs(world) == []
    world.clock.advance(timedelta(minutes=11))
    later = cockpit_on(world)  # of its own, since a cockpit asks for the time every few seconds
    assert (await carried_out(world, later, await planned(later))).ending is Ending.DONE
    assert len(runs(world)) == 1


async def test_a_refusal_is_recorded_and_may_be_asked_again_at_once(world: World) -> None:
    refused = world.faults.add(
        Fault(kind="bad-credentials", methods=("POST",), path=DISPATCH, times=1)
    )
    cockpit = cockpit_on(world)
    plan = await planned(cockpit)
    outcome = await carried_out(world, cockpit, plan)
    assert isinstance(outcome.problem, AccessDenied)
    assert len(list(cockpit.backends.ledger.read().events(DispatchRefused))) == 1
    world.faults.remove(refused)
    assert (await carried_out(world, cockpit, plan)).ending is Ending.DONE
    assert len(list(cockpit.backends.ledger.read().events(DispatchRequested))) == 2


async def test_a_run_of_somebody_else_is_never_taken_for_ours(world: World) -> None:
    lost = world.faults.add(Fault(kind="reset", methods=("POST",), path=DISPATCH, times=0))
    cockpit = cockpit_on(world)
    plan = await planned(cockpit)
    await carried_out(world, cockpit, plan)
    world.faults.remove(lost)
    by_hand(world, "somebody-else")
    assert plan.steps[0].probe().state is StepState.CONFLICT
    by_hand(world, CAPTAIN.login)
    assert "came of it" in plan.steps[0].probe().detail
    by_hand(world, CAPTAIN.login)
    with pytest.raises(Conflict, match="started 2 times"):
        plan.steps[0].probe()


def by_hand(world: World, login: str) -> None:
    """Somebody starts the workflow in a browser."""
    infra = world.forge.repositories[INFRA]
    (workflow,) = [w for w in infra.workflows.values() if w.path.endswith(FILE)]
    sha = git(infra.git_dir, "rev-parse", "main").strip()
    start_run(
        world.forge,
        infra,
        workflow,
        event="workflow_dispatch",
        ref="main",
        sha=sha,
        actor=login,
        outcomes={"update-test-infra": "failure"},
    )


async def test_a_run_that_fails_is_a_conflict_with_its_link(world: World) -> None:
    cockpit = cockpit_on(world)
    plan = await planned(cockpit)
    plan.steps[0].apply(lambda _: None, threading.Event())
    (run,) = runs(world)
    for job in run.jobs:
        job.conclusion = "failure"
    outcome = await carried_out(world, cockpit, plan)
    assert not outcome.succeeded
    assert f"/runs/{run.id}" in str(outcome.problem)


async def test_following_can_be_left_and_taken_up_again(world: World) -> None:
    cockpit = cockpit_on(world)
    plan = await planned(cockpit)
    cancel = threading.Event()

    def leave(report: StepReport) -> None:
        if report.progress.unit == "jobs":
            cancel.set()

    outcome = await cockpit.carry_out(plan, leave, cancel)
    assert outcome.ending is Ending.FAILED
    assert "it goes on" in str(outcome.problem)
    assert (await carried_out(world, cockpit, plan)).ending is Ending.DONE
    assert len(runs(world)) == 1


async def test_what_cannot_be_started_blocks(world: World) -> None:
    infra = world.forge.repositories[INFRA]
    (workflow,) = [w for w in infra.workflows.values() if w.path.endswith(FILE)]
    workflow.state = "disabled_manually"
    try:
        plan = await planned(cockpit_on(world))
    finally:
        workflow.state = "active"
    assert plan.blockers == (f"{FILE} of {INFRA} is disabled_manually",)
    world.faults.add("unreachable@github")
    plan = await planned(cockpit_on(world))
    assert "could not be read" in plan.blockers[0]


async def test_the_workflow_bumps_the_version_too(world: World) -> None:
    with pytest.raises(CockpitError, match="nothing to bump"):
        await cockpit_on(world).plan("bump-version", {"repository": "pytorch"})
