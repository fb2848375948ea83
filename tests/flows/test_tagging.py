"""Tagging a candidate, from the plan to the jobs, on a whole world."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from cockpit.config import load
from cockpit.errors import Conflict, Refused
from cockpit.operations.plan import Progress, Step, StepState
from cockpit.operations.runner import Ending, StepOutcome, StepReport
from cockpit.rehearsal.world import World
from cockpit.release.jobs import JobState
from cockpit.release.record import CandidatePinned, LeaseReleased, LeaseTaken, OperationFinished
from cockpit.runtime import Cockpit
from tests.flows.releases import Reports, cockpit_on, files, refs

TAG = "pytorch/pytorch.git:refs/tags/v2.15.0-rc2"


def ignore(_: StepReport) -> None:
    """An observer that does not look."""


async def test_a_candidate_is_tagged_pinned_and_built(world: World) -> None:
    cockpit = cockpit_on(world)
    before = refs(world)
    plan = await cockpit.plan("tag-candidate", {})
    reports = Reports()
    outcome = await cockpit.carry_out(plan, reports)
    assert outcome.ending is Ending.DONE, outcome.problem
    after = refs(world)
    head = before["pytorch/pytorch.git:refs/heads/release/2.15"]
    assert after[TAG] == head
    added = set(after) - set(before)
    assert added == {TAG, "ledger.git:refs/cockpit/2.15.0"}
    assert [r.outcome for r in reports if r.outcome is not StepOutcome.RUNNING] == [
        StepOutcome.DONE,
        StepOutcome.DONE,
    ]
    pins = cockpit.backends.ledger.read().pins
    assert [(pin.tag, pin.commit_sha, pin.object_sha) for pin in pins] == [
        ("v2.15.0-rc2", head, head)
    ]
    await cockpit.refresh()
    builds = cockpit.state.builds.value
    assert builds is not None
    assert builds.candidate is not None
    assert builds.candidate.tag.name == "v2.15.0-rc2"
    assert builds.counts[JobState.QUEUED] > 0
    world.clock.advance(timedelta(days=2))
    await cockpit.refresh()
    finished = cockpit.state.builds.value
    assert finished is not None
    assert all(job.state.finished for job in finished.jobs)
    assert len(finished.jobs) > len(builds.jobs), "GitHub lists a job once what it needs is done"


async def test_a_second_run_finds_it_done(world: World) -> None:
    first = cockpit_on(world)
    plan = await first.plan("tag-candidate", {})
    await first.carry_out(plan, ignore)
    before = files(world.remotes)
    second = cockpit_on(world)
    again = await second.plan("tag-candidate", {})
    assert again.digest == plan.digest
    outcome = await second.carry_out(again, ignore)
    assert outcome.ending is Ending.NOTHING_TO_DO
    assert files(world.remotes) == before


async def test_a_plan_writes_nothing_anywhere(world: World) -> None:
    before = files(world.remotes)
    plan = await cockpit_on(world).plan("tag-candidate", {})
    assert plan.steps
    assert files(world.remotes) == before


@pytest.mark.parametrize("steps_before_the_crash", [0, 1, 2])
async def test_a_crash_between_steps_is_taken_to_its_end(
    world: World, steps_before_the_crash: int
) -> None:
    crashed = cockpit_on(world)
    plan = await crashed.plan("tag-candidate", {})
    for step in plan.steps[:steps_before_the_crash]:
        step.apply(lambda _: None, threading.Event())
    again = cockpit_on(world)
    resumed = await again.plan("tag-candidate", {})
    assert resumed.digest == plan.digest
    assert (await again.carry_out(resumed, ignore)).succeeded
    assert all(step.probe().state is StepState.DONE for step in resumed.steps)


async def test_a_tag_on_another_commit_is_a_conflict(world: World) -> None:
    cockpit = cockpit_on(world)
    plan = await cockpit.plan("tag-candidate", {})
    other = refs(world)["pytorch/pytorch.git:refs/heads/main"]
    somebody = cockpit_on(world)
    somebody.backends.git.read_branch(somebody.config.core)
    somebody.backends.git.create_ref(somebody.config.core, "refs/tags/v2.15.0-rc2", other)
    outcome = await cockpit.carry_out(plan, ignore)
    assert outcome.ending is Ending.CONFLICT
    assert isinstance(outcome.problem, Conflict)
    assert other in outcome.problem.detail
    assert refs(world)[TAG] == other
    assert cockpit.backends.ledger.read().pins == ()


async def test_read_only_refuses_before_anything_is_written(world: World) -> None:
    cockpit = cockpit_on(world, read_only=True)
    plan = await cockpit.plan("tag-candidate", {})
    before = files(world.remotes)
    with pytest.raises(Refused):
        await cockpit.carry_out(plan, ignore)
    assert files(world.remotes) == before


async def test_blockers_are_refused_by_the_runner_too(world: World) -> None:
    cockpit = cockpit_on(world)
    plan = await cockpit.plan("tag-candidate", {"tag": "v2.15.0-rc7"})
    assert any("out of order" in blocker for blocker in plan.blockers)
    before = files(world.remotes)
    with pytest.raises(Refused, match="out of order"):
        await cockpit.carry_out(plan, ignore)
    assert files(world.remotes) == before


@pytest.mark.parametrize(
    ("version", "said"),
    [
        ("2.14.0", "v2.14.0 is tagged: 2.14.0 is released and gets no more candidates"),
        ("2.14.1", None),
        ("2.14.2", "2.14.2 follows no 2.14.1: nothing of that version is tagged"),
    ],
)
async def test_a_version_that_was_released_or_jumps_gets_no_candidate(
    shared_world: World, tmp_path: Path, version: str, said: str | None
) -> None:
    text = shared_world.config_path.read_text(encoding="utf-8").replace('"2.15.0"', f'"{version}"')
    text = text.replace('"remotes/', f'"{shared_world.directory}/remotes/')
    config = tmp_path / "release.toml"
    config.write_text(text, encoding="utf-8")
    plan = await Cockpit(load(config)).plan("tag-candidate", {})
    told = [b for b in plan.blockers if "is released" in b or "follows no" in b]
    assert told == ([said] if said else [])


async def test_unreachable_checks_block(world: World) -> None:
    world.faults.add("unreachable@github")
    plan = await cockpit_on(world).plan("tag-candidate", {})
    assert any("checks" in blocker for blocker in plan.blockers)
    assert any("queue" in blocker for blocker in plan.blockers)


async def test_two_captains_see_each_other(world: World) -> None:
    first, second = cockpit_on(world), cockpit_on(world)
    plan = await first.plan("tag-candidate", {})
    theirs = await second.plan("tag-candidate", {})

    async def meanwhile() -> None:
        with pytest.raises(Refused, match="holds the lease"):
            await second.carry_out(theirs, ignore)
        await second.refresh("ledger")
        lease = second.state.record.lease
        assert lease is not None
        assert lease.operation == "tag-candidate pytorch/pytorch v2.15.0-rc2"

    held = threading.Event()
    go_on = threading.Event()
    paused = _PausingStep(plan.steps[0], held, go_on)
    slow = msgspec.structs.replace(plan, steps=(paused, *plan.steps[1:]))
    running = asyncio.create_task(first.carry_out(slow, ignore))
    await asyncio.to_thread(held.wait, 20)
    try:
        await meanwhile()
    finally:
        go_on.set()
    assert (await running).succeeded
    ledger = second.backends.ledger.read()
    assert ledger.lease is None
    for kind in (LeaseTaken, CandidatePinned, OperationFinished, LeaseReleased):
        assert list(ledger.events(kind)), kind


async def test_a_lease_is_taken_over_with_a_reason(world: World) -> None:
    gone, taking = cockpit_on(world), cockpit_on(world)
    gone.backends.ledger.append(
        LeaseTaken("1-other", "cut-branch", gone.backends.clock.now() + timedelta(hours=1))
    )
    plan = await taking.plan("tag-candidate", {})
    with pytest.raises(Refused, match="holds the lease"):
        await taking.carry_out(plan, ignore)
    outcome = await taking.carry_out(plan, ignore, take_over="she is on a plane")
    assert outcome.succeeded
    reasons = [event.took_over for _, event in taking.backends.ledger.read().events(LeaseTaken)]
    assert "she is on a plane" in reasons


async def test_cancelling_stops_between_steps(world: World) -> None:
    cockpit = cockpit_on(world)
    plan = await cockpit.plan("tag-candidate", {})
    cancel = threading.Event()

    def cancel_after_the_first(report: StepReport) -> None:
        if report.outcome is StepOutcome.DONE:
            cancel.set()

    outcome = await cockpit.carry_out(plan, cancel_after_the_first, cancel)
    assert outcome.ending is Ending.CANCELLED
    assert len(outcome.done) == 1
    assert cockpit.backends.ledger.read().lease is None


class _PausingStep:
    """A step that waits in the middle, for a test to look around."""

    def __init__(self, step: Step, held: threading.Event, go_on: threading.Event) -> None:
        self._step = step
        self._held = held
        self._go_on = go_on
        self.facts = step.facts
        self.probe = step.probe
        self.verify = step.verify

    def apply(self, report: Callable[[Progress], None], cancel: threading.Event) -> None:
        self._held.set()
        self._go_on.wait(20)
        self._step.apply(report, cancel)
