"""Acting on builds: re-run, cancel, dispatch and adopt, each asked for once and then found."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from cockpit.errors import CockpitError, ConfigError, Refused, Throttled, Unreachable
from cockpit.operations import dispatching, rerun_steps
from cockpit.operations.plan import Danger, Plan, StepState
from cockpit.operations.runner import Ending, Outcome, StepOutcome, StepReport
from cockpit.rehearsal.faults import Fault
from cockpit.rehearsal.model import Job, Repository, Run
from cockpit.rehearsal.world import World
from cockpit.release.dispatches import dispatched
from cockpit.release.run_events import RerunRefused, RerunRequested
from cockpit.runtime import Cockpit
from tests.flows.releases import cockpit_on, files
from tests.flows.rewinding import Beginning
from tests.flows.test_cli import ROOT, call

CORE, INFRA = "pytorch/pytorch", "pytorch/test-infra"
RERUN = r"/rerun-failed-jobs$"
DOCKER, VALIDATE = "release-docker", "validate-linux-binaries"
AARCH, WINDOWS = "linux-aarch64-binary-manywheel", "windows-binary-wheel"
FLAKY = "linux-binary-manywheel"
"""It begins in its second attempt."""
BUILD = f"{WINDOWS} / wheel-py3_14-cpu-build"


class Runs:
    """The runs of a world as they began, which re-runs change and dispatches add to."""

    def __init__(self, world: World) -> None:
        self.beginning = Beginning.of(world)
        self._began = {
            name: {run.id: replace(run, jobs=_copied(run.jobs)) for run in repository.runs.values()}
            for name, repository in world.forge.repositories.items()
        }

    def rewind(self) -> World:
        """Put everything back."""
        world = self.beginning.rewind()
        for name, began in self._began.items():
            runs = world.forge.repositories[name].runs
            runs.clear()
            runs |= {n: replace(run, jobs=_copied(run.jobs)) for n, run in began.items()}
        return world


def _copied(jobs: list[Job]) -> list[Job]:
    return [replace(job) for job in jobs]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    """A world whose runs are looked at often."""
    directory = tmp_path_factory.mktemp("acting") / "world"
    with World.start(directory, scenario="small") as started:
        text = started.config_path.read_text(encoding="utf-8")
        text = text.replace("\nbuilds = 5\n", "\nbuilds = 0.05\n")
        started.config_path.write_text(text, encoding="utf-8")
        yield Runs(started)


@pytest.fixture
def world(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> World:
    """The module's world as it began."""
    for module in (dispatching, rerun_steps):
        monkeypatch.setattr(module, "_PAUSES_S", (0.0, 0.01))
    return runs.rewind()


def core_runs(world: World) -> dict[str, Run]:
    """The runs of the candidate, by workflow."""
    found = world.forge.repositories[CORE].runs.values()
    return {run.name: run for run in found if run.head_branch == "v2.15.0-rc1"}


def started(world: World, name: str) -> list[Run]:
    """The runs of a workflow of test-infra."""
    infra: Repository = world.forge.repositories[INFRA]
    (number,) = [w.id for w in infra.workflows.values() if w.path.endswith(f"/{name}.yml")]
    return [run for run in infra.runs.values() if run.workflow == number]


def attempts(world: World) -> dict[str, int]:
    """The runs that were re-run since the world began."""
    return {
        name: run.attempt
        for name, run in core_runs(world).items()
        if run.attempt > (2 if name == FLAKY else 1)
    }


def go_on(world: World, name: str) -> Job:
    """Have a run go on: its last job has not begun yet; gives that job."""
    run = core_runs(world)[name]
    job = run.jobs[-1]
    job.starts_at = world.clock.now() + timedelta(hours=1)
    job.ends_at = job.starts_at + timedelta(hours=1)
    return job


async def carried_out(world: World, cockpit: Cockpit, plan: Plan) -> Outcome:
    """Carry out a plan; the world's hours pass while a run is followed."""

    def passing(report: StepReport) -> None:
        if report.outcome is StepOutcome.RUNNING and report.progress.unit == "jobs":
            world.clock.advance(timedelta(hours=3))

    return await cockpit.carry_out(plan, passing)


# Re-runs


async def test_every_red_run_is_rerun_once_and_by_its_own_step(world: World) -> None:
    assert not attempts(world)
    cockpit, before = cockpit_on(world), files(world.remotes)
    plan = await cockpit.plan("rerun-failed", {})
    assert files(world.remotes) == before
    assert not attempts(world), "a plan only reads"
    assert not plan.blockers
    assert [step.facts.summary for step in plan.steps] == [
        f"Re-run the failed jobs of {name}, attempt 1 → 2" for name in (AARCH, WINDOWS)
    ]
    assert (await cockpit.carry_out(plan, lambda _: None)).ending is Ending.DONE
    assert attempts(world) == {AARCH: 2, WINDOWS: 2}
    again = await cockpit.carry_out(plan, lambda _: None)
    assert again.ending is Ending.NOTHING_TO_DO
    assert attempts(world) == {AARCH: 2, WINDOWS: 2}
    following = await cockpit_on(world).plan("rerun-failed", {})
    assert following.steps == ()
    assert "no job of v2.15.0-rc1 has failed" in following.blockers[0]


async def test_a_run_by_its_page_and_a_workflow_by_its_name(world: World) -> None:
    cockpit = cockpit_on(world)
    run = core_runs(world)[AARCH]
    page = f"https://github.com/{CORE}/actions/runs/{run.id}/job/77"
    asked = {"workflow": AARCH, "candidate": "rc1"}
    for words in ({"run": page}, {"run": str(run.id)}, {"workflow": AARCH}, asked):
        plan = await cockpit.plan("rerun-failed", words)
        assert [step.facts.key for step in plan.steps] == [
            f"rerun/{CORE}/{run.id}/attempt-2/failed"
        ]
    elsewhere = {"run": f"https://github.com/{INFRA}/actions/runs/{run.id}"}
    with pytest.raises(ConfigError, match="one of pytorch/test-infra"):
        await cockpit.plan("rerun-failed", elsewhere)
    with pytest.raises(CockpitError, match="has no run 77"):
        await cockpit.plan("rerun-failed", {"run": "77"})
    green = next(r for r in core_runs(world).values() if r.name not in (AARCH, WINDOWS))
    plan = await cockpit.plan("rerun-failed", {"run": str(green.id)})
    assert plan.blockers == (f"no job of {green.name} has failed",)


async def test_a_run_that_goes_on_and_one_that_is_too_old_are_left_out_in_words(
    world: World,
) -> None:
    go_on(world, AARCH)
    cockpit, found = cockpit_on(world), core_runs(world)
    plan = await cockpit.plan("rerun-failed", {})
    assert [step.facts.key.split("/")[3] for step in plan.steps] == [str(found[WINDOWS].id)]
    assert plan.warnings == (f"{AARCH} is still going: GitHub re-runs only ended runs",)
    named = await cockpit.plan("rerun-failed", {"run": str(found[AARCH].id)})
    assert named.blockers[0].endswith("GitHub re-runs only ended runs")
    with pytest.raises(Refused, match="still going"):
        await cockpit.carry_out(named, lambda _: None)
    found[WINDOWS].created_at -= timedelta(days=30)
    late = await cockpit_on(world).plan("rerun-failed", {"workflow": WINDOWS})
    assert late.steps == ()
    assert "GitHub re-runs a run for 30 days" in late.blockers[0]


@pytest.mark.parametrize("done_before", [0, 1])
async def test_a_crash_between_runs_is_taken_to_its_end_by_the_same_plan(
    world: World, done_before: int
) -> None:
    plan = await cockpit_on(world).plan("rerun-failed", {})
    for step in plan.steps[:done_before]:
        step.apply(lambda _: None, threading.Event())
    again = cockpit_on(world)
    resumed = await again.plan("rerun-failed", {})
    assert resumed.digest == plan.digest
    outcome = await again.carry_out(resumed, lambda _: None)
    assert outcome.ending is Ending.DONE
    assert len(outcome.skipped) == done_before
    assert attempts(world) == {AARCH: 2, WINDOWS: 2}


async def test_a_lost_answer_is_waited_out_and_nothing_runs_twice(world: World) -> None:
    world.faults.add(Fault(kind="response-lost", methods=("POST",), path=RERUN, times=1))
    cockpit = cockpit_on(world)
    outcome = await cockpit.carry_out(await cockpit.plan("rerun-failed", {}), lambda _: None)
    assert outcome.ending is Ending.DONE, outcome.problem
    assert attempts(world) == {AARCH: 2, WINDOWS: 2}
    assert len(list(cockpit.backends.ledger.read().events(RerunRequested))) == 2


async def test_a_request_nobody_answered_waits_before_it_is_asked_again(world: World) -> None:
    lost = world.faults.add(Fault(kind="reset", methods=("POST",), path=RERUN, times=0))
    cockpit = cockpit_on(world)
    plan = await cockpit.plan("rerun-failed", {"workflow": AARCH})
    outcome = await cockpit.carry_out(plan, lambda _: None)
    assert isinstance(outcome.problem, Unreachable)
    assert "lists no attempt 2 yet" in str(outcome.problem)
    world.faults.remove(lost)
    at_once = await cockpit.carry_out(plan, lambda _: None)
    assert at_once.ending is Ending.CONFLICT
    assert not attempts(world)
    world.clock.advance(timedelta(minutes=2))
    later = cockpit_on(world)  # of its own, since a cockpit asks for the time every few seconds
    plan = await later.plan("rerun-failed", {"workflow": AARCH})
    outcome = await later.carry_out(plan, lambda _: None)
    assert outcome.ending is Ending.DONE, outcome.problem
    assert attempts(world) == {AARCH: 2}


@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind="throttle-secondary", methods=("POST",)),
        Fault(kind="throttle-forbidden", methods=("POST",), times=1),
    ],
    ids=lambda fault: fault.kind,
)
async def test_throttling_is_no_lack_of_rights_and_may_be_asked_again(
    world: World, fault: Fault
) -> None:
    cockpit = cockpit_on(world)
    plan = await cockpit.plan("rerun-failed", {"workflow": AARCH})
    world.faults.add(fault)
    outcome = await cockpit.carry_out(plan, lambda _: None)
    assert isinstance(outcome.problem, Throttled)
    assert "rights" not in str(outcome.problem)
    assert len(list(cockpit.backends.ledger.read().events(RerunRefused))) == 1
    world.faults.clear()
    assert (await cockpit.carry_out(plan, lambda _: None)).ending is Ending.DONE
    assert attempts(world) == {AARCH: 2}


async def test_an_account_that_may_not_write_is_told_before_anything_is_asked(
    world: World,
) -> None:
    before = dict(world.forge.collaborators)
    world.forge.collaborators.update(dict.fromkeys(before, "read"))
    try:
        for operation, words in (
            ("rerun-failed", {}),
            ("rerun-job", {"job": BUILD}),
            ("cancel-run", {"run": str(core_runs(world)[AARCH].id)}),
            ("dispatch", {"workflow": VALIDATE}),
        ):
            plan = await cockpit_on(world).plan(operation, words)
            assert "this account has read" in plan.blockers[-1], operation
    finally:
        world.forge.collaborators.update(before)


async def test_one_job_is_rerun_with_what_depends_on_it(world: World) -> None:
    cockpit = cockpit_on(world)
    plan = await cockpit.plan("rerun-job", {"job": BUILD})
    (section, _) = plan.sections
    assert [line.partition(":")[0] for line in section.lines] == [
        "windows x86_64 py3.14 cpu test",
        "windows x86_64 py3.14 cpu upload",
    ]
    assert (await cockpit.carry_out(plan, lambda _: None)).ending is Ending.DONE
    assert attempts(world) == {WINDOWS: 2}
    again = cockpit_on(world)
    resumed = await again.plan("rerun-job", {"job": BUILD})
    assert resumed.digest == plan.digest
    assert (await again.carry_out(resumed, lambda _: None)).ending is Ending.NOTHING_TO_DO
    by_number = await again.plan("rerun-job", {"job": plan.steps[0].facts.command.split()[-1]})
    assert by_number.digest == plan.digest
    with pytest.raises(ConfigError, match="names no jobs"):
        await again.plan("rerun-job", {"job": "nothing / at all"})


async def test_a_job_that_somebody_else_rerun_is_a_conflict(world: World) -> None:
    cockpit = cockpit_on(world)
    plan = await cockpit.plan("rerun-job", {"job": BUILD})
    run = core_runs(world)[WINDOWS]
    cockpit.backends.github.rerun_failed(cockpit.config.core, run.id)
    assert plan.steps[0].probe().state is StepState.CONFLICT
    every = await cockpit.plan("rerun-failed", {"run": str(run.id)})
    assert every.blockers, "another's attempt is still going"


# Cancelling


async def test_runs_are_cancelled_and_the_plan_stays_the_same_after_a_crash(world: World) -> None:
    for name in (AARCH, WINDOWS):
        go_on(world, name)
    cockpit = cockpit_on(world)
    plan = await cockpit.plan("cancel-run", {"all": "yes"})
    assert [step.facts.summary for step in plan.steps] == [
        f"Cancel {name}, attempt 1" for name in (AARCH, WINDOWS)
    ]
    plan.steps[0].apply(lambda _: None, threading.Event())
    again = cockpit_on(world)
    resumed = await again.plan("cancel-run", {"all": "yes"})
    assert resumed.digest == plan.digest
    world.faults.add(Fault(kind="response-lost", methods=("POST",), path="/cancel$", times=1))
    outcome = await again.carry_out(resumed, lambda _: None)
    assert (outcome.ending, len(outcome.skipped)) == (Ending.DONE, 1), outcome.problem
    assert all(core_runs(world)[n].jobs[-1].cancelled_at for n in (AARCH, WINDOWS))
    back = await cockpit_on(world).plan("rerun-failed", {})
    assert len(back.steps) == 2
    with pytest.raises(ConfigError, match="not said which"):
        await again.plan("cancel-run", {})


async def test_what_has_ended_is_not_cancelled(world: World) -> None:
    run = core_runs(world)[AARCH]
    plan = await cockpit_on(world).plan("cancel-run", {"run": str(run.id)})
    assert plan.blockers == (f"{AARCH} has ended already: failure",)
    plan = await cockpit_on(world).plan("cancel-run", {"all": "yes"})
    assert plan.blockers == ("every run of v2.15.0-rc1 has ended",)


# Dispatching


async def test_a_dry_run_first_then_live_and_the_ledger_knows_both(world: World) -> None:
    cockpit = cockpit_on(world)
    live = await cockpit.plan("dispatch", {"workflow": DOCKER, "live": "yes"})
    assert (live.danger, live.target) == (Danger.IRREVERSIBLE, f"{DOCKER} live")
    assert live.blockers == (
        "no dry run with these inputs is in the ledger: start it without live first",
    )
    dry = await cockpit.plan("dispatch", {"workflow": DOCKER})
    assert dry.danger is Danger.REMOTE
    assert "--raw-field dry_run=true" in dry.steps[0].facts.command
    inputs = dry.sections[0].lines
    assert inputs[0] == "pytorch_version = 2.15.0   (left out, it would be 2.11.0)"
    assert inputs[-1].startswith("dry_run = true   (a dry run")
    assert (await carried_out(world, cockpit, dry)).ending is Ending.DONE
    other = {"workflow": DOCKER, "live": "yes", "input": "channel=test"}
    assert (await cockpit.plan("dispatch", other)).blockers, "another dry run proves nothing"
    live = await cockpit.plan("dispatch", {"workflow": DOCKER, "live": "yes"})
    assert not live.blockers
    assert (await carried_out(world, cockpit, live)).ending is Ending.DONE
    known = dispatched(cockpit.backends.ledger.read(), f"{DOCKER}.yml")
    assert [run.inputs["dry_run"] for run in known] == ["true", "false"]
    assert {run.candidate for run in known} == {"v2.15.0-rc1"}
    assert [run.run for run in known] == [run.id for run in started(world, DOCKER)]


async def test_what_the_workflows_own_file_does_not_take_blocks(world: World) -> None:
    path = f".github/workflows/{VALIDATE}.yml"
    text = """on:
  workflow_dispatch:
    inputs:
      channel: {type: choice, options: [nightly, stable]}
      suite: {required: true}
"""
    world.push_commit(INFRA, "main", path=path, content=text)
    plan = await cockpit_on(world).plan("dispatch", {"workflow": VALIDATE})
    assert f"{VALIDATE}.yml takes one of nightly, stable for channel, not 'test'" in plan.blockers
    assert f"{VALIDATE}.yml requires suite, which is not sent" in plan.blockers
    assert f"{VALIDATE}.yml has no input 'torchonly' on main" in plan.blockers
    nowhere = {"workflow": VALIDATE, "ref": "release/9.9"}
    plan = await cockpit_on(world).plan("dispatch", nowhere)
    assert plan.blockers[0] == f"{INFRA} has no branch or tag release/9.9"
    assert started(world, VALIDATE) == []


async def test_it_ends_when_the_run_was_found_where_nobody_follows(world: World) -> None:
    cockpit = cockpit_on(world)
    words = {"workflow": VALIDATE, "no-follow": "yes"}
    plan = await cockpit.plan("dispatch", words)
    assert len(plan.steps) == 1
    assert (await cockpit.carry_out(plan, lambda _: None)).ending is Ending.DONE
    assert (await cockpit.carry_out(plan, lambda _: None)).ending is Ending.NOTHING_TO_DO
    once_more = await cockpit.plan("dispatch", words | {"again": "the mirror was down"})
    assert (await cockpit.carry_out(once_more, lambda _: None)).ending is Ending.DONE
    assert len(started(world, VALIDATE)) == 2


async def test_a_run_of_elsewhere_is_adopted_on_a_persons_word(world: World) -> None:
    cockpit = cockpit_on(world)
    spec = cockpit.config.workflow(DOCKER)
    assert spec is not None
    call_ = spec.call({}, cockpit.config.words | {"candidate": ""}, live=False)
    cockpit.backends.github.dispatch(call_)
    (run,) = started(world, DOCKER)
    page = f"https://github.com/{INFRA}/actions/runs/{run.id}"
    words = {"workflow": DOCKER, "run": page, "input": "pytorch_version=2.15.0\nchannel=release"}
    plan = await cockpit.plan("adopt-run", words)
    assert not plan.blockers
    assert (await cockpit.carry_out(plan, lambda _: None)).ending is Ending.DONE
    (known,) = dispatched(cockpit.backends.ledger.read(), f"{DOCKER}.yml")
    assert known.adopted
    assert (known.run, known.inputs) == (run.id, call_.inputs)
    short = await cockpit.plan("adopt-run", words | {"candidate": "rc1"})
    assert "belongs to v2.15.0-rc1" in short.sentence
    with pytest.raises(ConfigError, match="no candidate 'rc9'"):
        await cockpit.plan("adopt-run", words | {"candidate": "rc9"})
    world.clock.advance(timedelta(hours=3))
    live = await cockpit_on(world).plan("dispatch", {"workflow": DOCKER, "live": "yes"})
    assert not live.blockers, "the adopted dry run passed"
    wrong = await cockpit.plan("adopt-run", {"workflow": VALIDATE, "run": page})
    assert wrong.blockers == (f"run {run.id} is one of {DOCKER}.yml, not of {VALIDATE}.yml",)
    with pytest.raises(ConfigError, match="no input 'colour'"):
        await cockpit.plan("adopt-run", words | {"input": "colour=red"})


# The command line


def killed_when(world: World, condition: Callable[[], bool], *words: str) -> None:
    """Start a command, and kill it the moment that something is so."""
    command = [sys.executable, "-m", "cockpit.cli", "--config", str(world.config_path), *words]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        while not condition():
            assert process.poll() is None, process.stdout and process.stdout.read()
        process.send_signal(signal.SIGKILL)


async def test_killed_after_the_request_the_same_command_finds_what_it_started(
    world: World,
) -> None:
    config: Path = world.config_path
    rerun = ("rerun-failed", "--workflow", AARCH)
    digest = (await cockpit_on(world).plan("rerun-failed", {"workflow": AARCH})).digest
    take_over = ("--yes", "--take-over", "it was killed")
    killed_when(world, lambda: bool(attempts(world)), "do", *rerun, "--yes")
    done = call("do", *rerun, *take_over, "--plan", digest, config=config)
    assert done.returncode == 0, done.stderr
    assert attempts(world) == {AARCH: 2}
    dispatch = ("dispatch", VALIDATE, "--no-follow")
    killed_when(world, lambda: bool(started(world, VALIDATE)), "do", *dispatch, *take_over)
    done = call("do", *dispatch, *take_over, config=config)
    assert done.returncode == 0, done.stderr
    (run,) = started(world, VALIDATE)
    assert f"/runs/{run.id}" in done.stdout


def test_wrong_inputs_are_wrong_usage_and_plans_are_data(world: World) -> None:
    config = world.config_path
    wrong = call("do", "dispatch", VALIDATE, "--input", "channel=tset", "--yes", config=config)
    assert wrong.returncode == 2
    assert "channel is 'tset': expected one of release, nightly, test, all" in wrong.stderr
    assert started(world, VALIDATE) == []
    plan = call("plan", "dispatch", DOCKER, "--live", "--json", config=config)
    assert plan.returncode == 1
    assert json.loads(plan.stdout)["danger"] == "irreversible"
