"""Watching a candidate on a world: its counts, its ends, its costs, and two cockpits at once."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
import requests

from cockpit.cli import main
from cockpit.commands.watch import Watch, Wish
from cockpit.commands.watch_output import Glance
from cockpit.rehearsal import builds as world_builds
from cockpit.rehearsal.model import Run
from cockpit.rehearsal.scenario import CORE
from cockpit.rehearsal.world import World
from cockpit.release.build_changes import Change, ChangeKind
from cockpit.release.jobs import JobState
from cockpit.release.picture import End, Ending, picture_of
from tests.flows.plans import differences
from tests.flows.releases import cockpit_on
from tests.flows.test_cli import ROOT, call

STEP = timedelta(seconds=0.2)


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A small world whose clock only moves when a test moves it."""
    with World.start(tmp_path_factory.mktemp("watched") / "world", scenario="small") as started:
        started.clock.run_at(0)
        yield started


class Tags:
    """Tags the next candidate each time it is asked."""

    number = 1


def next_candidate(world: World) -> str:
    """A colleague tags another candidate; gives its tag."""
    Tags.number += 1
    tag = f"v2.15.0-rc{Tags.number}"
    world.push_tag(CORE, tag)
    world.count_builds(CORE, tag)
    return tag


class Told:
    """An output that keeps what it was told, and can be waited on."""

    def __init__(self) -> None:
        self.changes: list[Change] = []
        self.glances: list[Glance] = []
        self.end: End | None = None
        self._news = asyncio.Event()

    def changed(self, found: Sequence[Change], glance: Glance) -> None:
        self.changes += found
        self.tick(glance)

    def tick(self, glance: Glance) -> None:
        self.glances.append(glance)
        self._news.set()

    def ended(self, end: End | None, glance: Glance) -> None:
        self.end = end
        self._news.set()

    @property
    def kinds(self) -> list[ChangeKind]:
        return [change.kind for change in self.changes]

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait until something was told."""
        async with asyncio.timeout(30):
            while not condition():
                self._news.clear()
                await self._news.wait()

    async def more_changes(self) -> None:
        """Wait until something has changed, or it is over."""
        before = len(self.changes)
        await self.until(lambda: len(self.changes) > before or self.end)

    async def read(self) -> None:
        """Wait until the builds have been read once."""
        await self.until(lambda: any(g.picture.read for g in self.glances))


def moved_on(world: World, **time_: float) -> None:
    world.clock.advance(timedelta(**time_))


async def watched(
    world: World,
    then: Callable[[Told], Awaitable[None]],
    tag: str | None = None,
    *,
    grace: float = 300,
    lasting: float = 25,
    fail_fast: bool = False,
) -> Told:
    """Watch a candidate, do something meanwhile, and give what was told until the end."""
    cockpit, told = cockpit_on(world), Told()
    for name in ("branches", "ledger"):
        cockpit.feed(name).interval = STEP
    wish = Wish(
        cockpit.config.core,
        tag,
        STEP,
        timedelta(seconds=lasting),
        timedelta(seconds=grace),
        fail_fast,
    )
    watching = asyncio.create_task(Watch(cockpit, wish, told).run())
    try:
        await then(told)
        await watching
    finally:
        watching.cancel()
    return told


async def until_read(told: Told) -> None:
    await told.read()


def test_the_command_prints_every_job_with_its_parsed_fields_and_state(
    held: World, capsys: pytest.CaptureFixture[str]
) -> None:
    done = call("builds", "--json", config=held.config_path)
    document = json.loads(done.stdout)
    assert document["complete"], document["missing"]
    plan = held.count_builds(CORE, document["candidate"]["tag"])
    assert sum(document["counts"].values()) == document["counts"]["expected"] + len(
        document["jobs"]
    )
    assert len(document["jobs"]) == plan.merged.total
    parsed = [job for job in document["jobs"] if job["stage"] is not None]
    assert len(parsed) > len(document["jobs"]) * 0.7
    assert {"os", "arch", "accelerator", "python", "package"} <= set(parsed[0])
    assert all(job["state"] in document["counts"] for job in document["jobs"])
    assert document["checks"]["complete"]
    assert {"app", "name", "state", "required"} <= set(document["checks"]["found"][0])
    red = [job for job in document["jobs"] if job["state"] == "failed"]
    assert done.returncode == int(bool(red))
    assert main(["--config", str(held.config_path), "builds", "--state", "failed"]) == int(
        bool(red)
    )
    listed = capsys.readouterr().out
    assert listed.count("failed in") == len([job for job in red if job["failed_step"]])


async def test_the_command_foresees_the_end_by_the_candidate_before(held: World) -> None:
    next_candidate(held)
    moved_on(held, minutes=20)
    await cockpit_on(held).refresh("branches", "ledger", "earlier")
    document = json.loads(call("builds", "--json", config=held.config_path).stdout)
    assert document["counts"]["expected"], "what has not started is foreseen as well"
    assert document["left_s"] > timedelta(hours=1).total_seconds()


@pytest.mark.parametrize("command", ["builds", "watch"])
def test_a_candidate_that_does_not_exist_is_wrong_usage(
    held: World, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--config", str(held.config_path), command, "--candidate", "v9.9.9-rc1"]
    assert main(words) == 2
    assert "v2.15.0-rc1" in capsys.readouterr().err


async def test_the_counts_are_the_worlds_own_at_every_moment(held: World) -> None:
    tag = next_candidate(held)
    cockpit = cockpit_on(held)
    await cockpit.refresh("branches", "ledger")
    candidate = cockpit.state.candidate
    assert candidate is not None
    assert candidate.tag.name == tag
    totals = set[int]()
    for _ in range(12):
        moved_on(held, minutes=31)
        await cockpit.refresh("builds")
        state = cockpit.state
        picture = picture_of(state, cockpit.config.core, candidate, state.builds)
        plan = held.count_builds(CORE, tag)
        assert differences(picture, plan) == []
        totals.add(plan.merged.total)
    assert len(totals) > 3, "jobs came and went under it"
    assert picture.counts[JobState.RUNNING] == 0


def left_of_quota(world: World) -> int:
    """What the world's GitHub says is left; asking that is free."""
    token = {"Authorization": "token rehearsal-token-of-the-captain"}
    answer = requests.get(f"{world.github_url}/rate_limit", headers=token, timeout=10)
    left: int = answer.json()["resources"]["core"]["remaining"]
    return left


async def test_a_refresh_in_which_nothing_changed_costs_no_quota(held: World) -> None:
    cockpit = cockpit_on(held)
    await cockpit.refresh()
    before, left = cockpit.usage, left_of_quota(held)
    await cockpit.refresh()
    asked = cockpit.usage.asked - before.asked
    assert asked > 10
    assert cockpit.usage.unchanged - before.unchanged == asked
    assert left_of_quota(held) == left


class TestEnds:
    async def test_red_is_failure_and_each_step_of_it_is_told_once(self, held: World) -> None:
        tag = next_candidate(held)

        async def go_on(told: Told) -> None:
            await told.read()
            for _ in range(4):
                moved_on(held, hours=3)
                await told.more_changes()

        told = await watched(held, go_on)
        assert told.end is not None
        assert told.end.ending is Ending.FAILURE
        red = [change.subject for change in told.changes if change.kind is ChangeKind.JOB_FAILED]
        plan = held.count_builds(CORE, tag)
        assert len(red) == plan.merged.by_conclusion["failure"]
        assert len(set(red)) == len(red)
        assert told.kinds.count(ChangeKind.ENDED) == 1

    async def test_green_is_success(self, held: World) -> None:
        tag = next_candidate(held)
        for run in runs_of(held, tag):
            for job in run.jobs:
                job.conclusion = "success"
        moved_on(held, hours=30)
        told = await watched(held, until_read, tag)
        assert told.end is not None
        assert (told.end.ending, "passed" in told.end.reason) == (Ending.SUCCESS, True)

    async def test_cancelled_is_no_success(self, held: World) -> None:
        tag = next_candidate(held)
        repository = held.forge.repositories[CORE]
        for run in runs_of(held, tag):
            world_builds.cancel(held.forge, repository, run)
        told = await watched(held, until_read, tag, grace=0.1)
        assert told.end is not None
        assert told.end.ending is Ending.CANCELLED

    async def test_a_newer_candidate_supersedes(self, held: World) -> None:
        next_candidate(held)

        async def tag_another(told: Told) -> None:
            await told.read()
            next_candidate(held)

        told = await watched(held, tag_another)
        assert told.end is not None
        assert told.end.ending is Ending.SUPERSEDED
        assert ChangeKind.SUPERSEDED in told.kinds

    async def test_a_tag_that_moves_is_a_failure(self, held: World) -> None:
        tag = next_candidate(held)

        async def move(told: Told) -> None:
            await told.read()
            held.move_tag(CORE, tag)

        told = await watched(held, move)
        assert told.end is not None
        assert told.end.ending is Ending.FAILURE
        assert "was moved from" in told.end.reason

    async def test_an_empty_list_is_waiting_before_it_is_no_run(self, held: World) -> None:
        fault = held.faults.add("late-start:30")
        tag = next_candidate(held)

        async def let_them_start(told: Told) -> None:
            await told.read()
            assert told.glances[-1].picture.builds.runs == ()
            moved_on(held, seconds=31)
            await told.until(lambda: told.glances[-1].picture.builds.jobs)
            next_candidate(held)

        told = await watched(held, let_them_start, tag)
        assert told.end is not None
        assert told.end.ending is Ending.SUPERSEDED
        tag = next_candidate(held)
        told = await watched(held, until_read, tag, grace=0.5)
        held.faults.remove(fault)
        assert told.end is not None
        assert told.end.ending is Ending.NO_RUN

    async def test_fail_fast_ends_at_the_first_red_job(self, held: World) -> None:
        # A candidate whose only red job is its last one to end tells nothing: another may.
        for _ in range(4):
            tag = next_candidate(held)
            told = await watched(held, partial(self._until_red, held, tag), fail_fast=True)
            assert told.end is not None
            assert told.end.ending is Ending.FAILURE
            if {"queued", "in_progress"} & set(held.count_builds(CORE, tag).merged.by_status):
                return
        pytest.fail("each ended only when nothing ran any more")

    async def _until_red(self, held: World, tag: str, told: Told) -> None:
        def up_to_date() -> bool:
            picture = told.glances[-1].picture
            return bool(told.end) or not differences(picture, held.count_builds(CORE, tag))

        await told.read()
        for _ in range(40):
            if told.end is not None or ChangeKind.JOB_FAILED in told.kinds:
                return
            moved_on(held, minutes=20)
            await told.until(up_to_date)

    async def test_silence_is_told_in_words_and_watching_goes_on(self, held: World) -> None:
        tag = next_candidate(held)

        async def go_silent(told: Told) -> None:
            await told.read()
            fault = held.faults.add("unreachable@github")
            await told.until(lambda: ChangeKind.UNREADABLE in told.kinds)
            held.faults.remove(fault)
            await told.until(lambda: ChangeKind.READABLE in told.kinds)
            fault = held.faults.add("throttle-secondary:30")
            await told.until(lambda: told.kinds.count(ChangeKind.UNREADABLE) == 2)
            waiting = told.glances[-1]
            assert "asks to wait" in waiting.trouble
            assert waiting.next_look is not None
            assert waiting.next_look > waiting.wall
            held.faults.remove(fault)
            next_candidate(held)

        told = await watched(held, go_silent, tag)
        assert told.end is not None
        assert told.end.ending is Ending.SUPERSEDED


def runs_of(world: World, tag: str) -> list[Run]:
    plan = world.count_builds(CORE, tag)
    numbers = {run.id for run in plan.runs}
    return [r for r in world.forge.repositories[CORE].runs.values() if r.id in numbers]


def begin(world: World, *words: str) -> subprocess.Popen[str]:
    """Run release-cockpit in a process of its own and leave it running."""
    return subprocess.Popen(
        [sys.executable, "-m", "cockpit.cli", "--config", str(world.config_path), *words],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_an_interrupt_ends_it_politely(held: World) -> None:
    next_candidate(held)
    watching = begin(held, "watch", "--json")
    assert watching.stdout is not None
    first = json.loads(watching.stdout.readline())
    assert first["kind"] in ("picture", "waiting")
    watching.send_signal(signal.SIGINT)
    told, complaints = watching.communicate(timeout=30)
    last = json.loads(told.splitlines()[-1])
    assert (last["kind"], last["ending"], complaints) == ("end", "stopped", "")
    assert watching.returncode == 130


def test_two_cockpits_ask_hardly_more_than_one(held: World) -> None:
    next_candidate(held)
    interval, lasting = 2, 7
    words = ("watch", "--json", "--interval", str(interval), "--timeout", str(lasting))
    before = held.requests("github").served
    started = time.monotonic()
    both = [begin(held, *words, "--exit-status") for _ in range(2)]
    for each in both:
        told, complaints = each.communicate(timeout=60)
        assert each.returncode == 6, complaints
        assert json.loads(told.splitlines()[-1])["counts"]["running"] + 1
    spent = time.monotonic() - started
    recent = held.requests("github").recent[before - held.requests("github").served :]
    looks = sum("head_sha" in request.target for request in recent)
    alone = spent / interval + 1
    assert 2 <= looks < 2 * alone - 1, (
        f"{looks} looks in {spent:.0f} s, where one makes {alone:.0f}"
    )


def test_a_rehearsal_of_its_own_prints_every_job(tmp_path: Path) -> None:
    done = call("--rehearsal", "builds", "--json", cwd=tmp_path)
    document = json.loads(done.stdout)
    assert len(document["jobs"]) > 500
    assert document["complete"]
