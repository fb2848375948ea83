"""The system's clock, and a rehearsal's that runs fast, jumps and goes away."""

from __future__ import annotations

import asyncio
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cockpit.backends.clock import RehearsalClock, SystemClock, clock_for
from cockpit.config import Settings, load
from cockpit.errors import Unreachable
from cockpit.rehearsal.world import World
from tests.backends.scripted import Asked, Reply, scripted

NOON = datetime(2026, 10, 14, 12, tzinfo=UTC)


def at(now: datetime, speed: float = 1.0) -> Reply:
    return Reply(body={"now": now.isoformat(), "speed": speed, "started": "whenever"})


def test_the_system_clock_is_in_utc() -> None:
    before = datetime.now(UTC)
    now = SystemClock().now()
    assert now.tzinfo is UTC
    assert before <= now <= datetime.now(UTC)


def test_time_goes_on_between_two_questions_at_the_worlds_speed() -> None:
    with scripted(lambda _: at(NOON, speed=3600)) as server:
        clock = RehearsalClock(server.url, resync_s=60)
        started = time.monotonic()
        first = clock.now()
        later = clock.now()
        passed = timedelta(seconds=(time.monotonic() - started) * 3600)
        assert timedelta() < later - first <= passed
        assert server.count() == 1


def test_a_jump_of_the_world_is_followed() -> None:
    with scripted(lambda _: at(NOON)) as server:
        clock = RehearsalClock(server.url, resync_s=0)
        assert clock.now() - NOON < timedelta(minutes=1)
        server.answer = lambda _: at(NOON + timedelta(days=2))
        assert clock.now() - NOON > timedelta(days=1)


def _until_later(clock: RehearsalClock, moment: datetime) -> None:
    while clock.now() < moment:
        pass


async def test_an_event_loop_does_not_wait_for_the_world() -> None:
    asked, answered = threading.Event(), threading.Event()

    def slowly(_: Asked) -> Reply:
        asked.set()
        assert answered.wait(10)
        return at(NOON + timedelta(days=2))

    with scripted(lambda _: at(NOON)) as server:
        clock = RehearsalClock(server.url, resync_s=0)
        await asyncio.to_thread(clock.now)
        server.answer = slowly
        assert clock.now() - NOON < timedelta(minutes=1)
        assert asked.wait(10)
        assert clock.now() - NOON < timedelta(minutes=1)
        answered.set()
        await asyncio.to_thread(_until_later, clock, NOON + timedelta(days=1))


def test_a_world_that_goes_away_leaves_the_clock_running() -> None:
    with scripted(lambda _: at(NOON, speed=1000)) as server:
        clock = RehearsalClock(server.url, resync_s=0)
        before = clock.now()
    assert clock.now() > before


@pytest.mark.parametrize("reply", [Reply(500), Reply(body=b"noon"), Reply(body={"now": 12})])
def test_a_world_that_never_told_the_time_is_unreachable(reply: Reply) -> None:
    with scripted(lambda _: reply) as server, pytest.raises(Unreachable, match="clock") as caught:
        RehearsalClock(server.url).now()
    assert "rehearse" in caught.value.hint


def test_another_zone_is_the_same_moment() -> None:
    with scripted(lambda _: Reply(body={"now": "2026-10-14T14:00:00+02:00"})) as server:
        now = RehearsalClock(server.url, resync_s=60).now()
    assert now.tzinfo is UTC
    assert now.hour == 12


def test_a_rehearsal_tells_its_time(tmp_path: Path) -> None:
    with World.start(tmp_path / "world", scenario="small") as world:
        clock = clock_for(load(world.config_path).settings)
        assert abs(clock.now() - world.clock.now()) < timedelta(seconds=30)
        assert isinstance(clock, RehearsalClock)


def test_without_a_rehearsal_the_system_clock_counts(plain_settings: Settings) -> None:
    assert isinstance(clock_for(plain_settings), SystemClock)


@pytest.fixture
def plain_settings(tmp_path: Path) -> Settings:
    path = tmp_path / "release.toml"
    path.write_text(
        '[release]\nversion = "2.15.0"\n[ledger]\nremote = "x.git"\n'
        '[[repositories]]\nname = "a/b"\nrole = "core"\nremote = "x.git"\n'
    )
    return load(path).settings
