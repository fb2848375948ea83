"""Restoring a candidate on a world: its files come back, and the index tells of them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Literal

import pytest

from cockpit.config import parse
from cockpit.operations import index_steps
from cockpit.operations.plan import StepState
from cockpit.operations.runner import Ending, StepReport
from cockpit.rehearsal.faults import Fault
from cockpit.rehearsal.packages import BACKUP_BUCKET, BUCKET
from cockpit.rehearsal.world import World
from cockpit.runtime import Cockpit
from tests.flows.killed import killed_at
from tests.flows.promotions import make_ready
from tests.flows.releases import Reports, channel, cockpit_on

BROKEN = "whl/test/cpu/torch-2.15.0-cp310-cp310-macosx_14_0_arm64.whl"
RC1 = {"candidate": "v2.15.0-rc1", "package": "torch"}
PUBLIC: Literal["public-read"] = "public-read"
DISCARD = {"discard": "it was broken"}


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    directory = tmp_path_factory.mktemp("restoring") / "world"
    with World.start(directory, scenario="small") as world:
        asyncio.run(make_ready(world))
        world.clock.advance(timedelta(hours=1))
        yield world


@pytest.fixture
def world(ready: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """A world whose candidate is whole, in the test channel and in its backup."""
    monkeypatch.setattr(index_steps, "_LOOKS_EVERY_S", 0.01)
    ready.faults.clear()
    return ready


class Later:
    """An observer that lets time pass once a step stands still."""

    def __init__(self, world: World, by: timedelta) -> None:
        self.paused: list[str] = []
        self._world = world
        self._by = by

    def __call__(self, report: StepReport) -> None:
        if report.progress.paused and not self.paused:
            self._world.clock.advance(self._by)
        if report.progress.paused:
            self.paused.append(report.progress.paused)


@pytest.fixture
def broken(world: World) -> Iterator[str]:
    """The ETag of a wheel that was overwritten an hour ago, as its page tells."""
    store = channel(world)
    kept = store.get_object(Bucket=BUCKET, Key=BROKEN)
    body = kept["Body"].read()
    store.put_object(Bucket=BUCKET, Key=BROKEN, Body=b"a broken upload")
    world.clock.advance(timedelta(hours=1))
    world.settle()
    yield kept["ETag"]
    labels = kept["Metadata"]
    store.put_object(Bucket=BUCKET, Key=BROKEN, Body=body, Metadata=labels, ACL=PUBLIC)


async def test_the_index_is_waited_for(world: World, broken: str) -> None:
    cockpit = cockpit_on(world)
    wanted = await cockpit.plan("restore", RC1 | DISCARD)
    assert "the lease is held until they are right" in wanted.warnings[0]
    later = Later(world, timedelta(hours=1))
    outcome = await cockpit.carry_out(wanted, later)
    assert outcome.ending is Ending.DONE, outcome.problem
    assert channel(world).head_object(Bucket=BUCKET, Key=BROKEN)["ETag"] == broken
    assert "1 file without a checksum" in later.paused[0], "of the broken one the store knew none"
    assert [summary.partition(" ")[0] for summary in outcome.done] == ["Put", "Wait"]
    assert len(outcome.skipped) == 2, "the other folder and its page were as they should be"


async def test_an_index_that_does_not_come_fails_and_is_resumed(world: World, broken: str) -> None:
    late = world.faults.add("late-index:14400")
    cockpit = cockpit_on(world)
    plan = await cockpit.plan("restore", RC1 | DISCARD)
    outcome = await cockpit.carry_out(plan, Later(world, timedelta(minutes=100)))
    assert outcome.ending is Ending.FAILED
    assert outcome.problem is not None
    assert outcome.problem.title == "The index of whl/test/cpu does not list what was put back"
    assert "waited for 1.5 h" in outcome.problem.detail
    assert "plan the same again" in outcome.problem.hint
    assert channel(world).head_object(Bucket=BUCKET, Key=BROKEN)["ETag"] == broken
    world.faults.remove(late)
    world.clock.advance(timedelta(hours=1))
    again = await cockpit_on(world).plan("restore", RC1 | DISCARD)
    assert again.steps[2].probe().state is StepState.DONE
    resumed = await cockpit.carry_out(plan, Reports())
    assert resumed.ending is Ending.NOTHING_TO_DO


@pytest.mark.usefixtures("broken")
async def test_killed_before_the_index_it_only_waits(world: World) -> None:
    cockpit, words = cockpit_on(world), RC1 | DISCARD
    await killed_at(world.config_path, "restore", 2, "apply", **words)
    planned = await cockpit.plan("restore", words)
    again = await cockpit_on(world).plan("restore", RC1)
    assert again.digest == planned.digest, "nothing is left that would be lost"
    world.faults.add(Fault(kind="server-error", methods=("GET",), path="index.html$", times=3))
    outcome = await cockpit.carry_out(planned, Later(world, timedelta(hours=1)))
    assert outcome.ending is Ending.DONE, outcome.problem
    assert [summary.partition(" ")[0] for summary in outcome.done] == ["Wait"]


@pytest.mark.usefixtures("broken")
async def test_a_stop_ends_the_wait_at_once(world: World) -> None:
    cancel = threading.Event()
    cockpit = cockpit_on(world)
    plan = await cockpit.plan("restore", RC1 | DISCARD)

    def stop(report: StepReport) -> None:
        if report.progress.paused:
            cancel.set()

    outcome = await cockpit.carry_out(plan, stop, cancel)
    assert outcome.ending is Ending.CANCELLED
    assert len(outcome.done) == 1


async def test_a_file_without_a_checksum_is_read_to_compare_it_with_its_page(world: World) -> None:
    store, kept = channel(world), f"v2.15.0-rc1/{BROKEN}"
    head = store.head_object(Bucket=BACKUP_BUCKET, Key=kept)
    body = store.get_object(Bucket=BACKUP_BUCKET, Key=kept)["Body"].read()
    world.clock.advance(timedelta(hours=1))
    for brought, state in ((body[::-1], StepState.TODO), (body, StepState.DONE)):
        store.put_object(Bucket=BACKUP_BUCKET, Key=kept, Body=brought)
        plan = await cockpit_on(world).plan("restore", RC1)
        probe = plan.steps[2].probe()
        assert (probe.state, "another checksum" in probe.detail) == (state, brought != body)
    store.put_object(Bucket=BACKUP_BUCKET, Key=kept, Body=body, Metadata=head["Metadata"])


async def test_metadata_of_another_candidate_that_stays_is_told(world: World) -> None:
    beside = f"{BROKEN}.metadata"
    channel(world).put_object(Bucket=BUCKET, Key=beside, Body=b"Name: torch", ACL=PUBLIC)
    plan = await cockpit_on(world).plan("restore", RC1)
    world.clock.advance(timedelta(hours=1))
    try:
        assert plan.steps[2].probe().state is StepState.DONE, "the page announces it as it is"
        assert "nothing replaces 1 metadata file" in plan.warnings[1]
    finally:
        channel(world).delete_object(Bucket=BUCKET, Key=beside)


async def test_without_an_index_it_says_that_nobody_looks(world: World) -> None:
    text = world.config_path.read_text(encoding="utf-8")
    without = "\n".join(line for line in text.splitlines() if "index_url" not in line)
    cockpit = Cockpit(parse(without, world.directory / "unindexed.toml"))
    plan = await cockpit.plan("restore", RC1)
    assert "nobody looks whether they are" in plan.warnings[0]
    assert len(plan.steps) == 2
    libtorch = await cockpit.plan("restore", RC1 | {"package": "libtorch"})
    assert libtorch.warnings == ()
