"""A feed keeps its last good reading, says how old it is, and backs off."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from cockpit.backends.ports import Answer
from cockpit.config import parse
from cockpit.errors import Throttled, Unreachable
from cockpit.feeds.cache import ReadingCache
from cockpit.feeds.feed import Feed, wall_now
from cockpit.feeds.pace import LONGEST_WAIT
from cockpit.release.milestones import Milestone
from cockpit.release.state import ReleaseState
from tests.test_config import PATH, SMALLEST

Look = Callable[[ReleaseState], Answer[Milestone]]


def a_state() -> ReleaseState:
    return ReleaseState(spec=parse(SMALLEST, PATH).spec, now=wall_now(), wall=wall_now())


def a_feed(look: Look, folder: Path, seconds: float = 30) -> Feed[Milestone]:
    return Feed("milestone", Milestone, look, timedelta(seconds=seconds), ReadingCache(folder))


async def refresh(feed: Feed[Milestone]) -> None:
    await feed.refresh(a_state, lambda: None)


def found(title: str, missing: str = "") -> Answer[Milestone]:
    return Answer(Milestone(title), "here", missing)


async def test_a_reading_survives_the_failure_after_it(tmp_path: Path) -> None:
    answers = [found("2.15.0")]

    def look(_: ReleaseState) -> Answer[Milestone]:
        if not answers:
            raise Unreachable("GitHub cannot be reached", "connection refused", "r looks again")
        return answers.pop()

    feed = a_feed(look, tmp_path)
    await refresh(feed)
    await refresh(feed)
    assert feed.latest.value == Milestone("2.15.0")
    assert feed.error is not None
    assert feed.error.title == "GitHub cannot be reached"
    assert feed.latest.whole is None, "nothing may be concluded from a reading that failed since"


async def test_a_reading_comes_back_from_disk(tmp_path: Path) -> None:
    await refresh(a_feed(lambda _: found("2.15.0"), tmp_path))
    again = a_feed(lambda _: found("never asked"), tmp_path)
    assert again.latest.value == Milestone("2.15.0")
    age = again.latest.age(wall_now())
    assert age is not None
    assert timedelta() <= age < timedelta(minutes=1)


@pytest.mark.parametrize("text", ["", "{", '{"value": 7}', "\x00"])
async def test_a_broken_cache_counts_as_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "milestone.json").write_text(text)
    assert a_feed(lambda _: found("x"), tmp_path).latest.reading is None


async def test_an_incomplete_reading_is_not_whole(tmp_path: Path) -> None:
    feed = a_feed(lambda _: found("2.15.0", "30 of 512 items"), tmp_path)
    await refresh(feed)
    assert feed.latest.value is not None
    assert feed.latest.whole is None


async def test_overlapping_looks_are_one(tmp_path: Path) -> None:
    entered, go_on, looks = asyncio.Event(), threading.Event(), []
    loop = asyncio.get_running_loop()

    def look(_: ReleaseState) -> Answer[Milestone]:
        looks.append(1)
        loop.call_soon_threadsafe(entered.set)
        go_on.wait(10)
        return found("2.15.0")

    feed = a_feed(look, tmp_path)
    first = asyncio.create_task(refresh(feed))
    await entered.wait()
    second = asyncio.create_task(refresh(feed))
    await asyncio.sleep(0)
    go_on.set()
    await asyncio.gather(first, second)
    assert len(looks) == 1


async def test_failures_back_off_and_success_resets(tmp_path: Path) -> None:
    failing = True

    def look(_: ReleaseState) -> Answer[Milestone]:
        if failing:
            raise Unreachable("gone")
        return found("2.15.0")

    feed = a_feed(look, tmp_path)
    waits = []
    for _ in range(12):
        await refresh(feed)
        waits.append(feed.wait())
    assert waits[:3] == [timedelta(seconds=s) for s in (60, 120, 240)]
    assert waits[-1] == LONGEST_WAIT
    failing = False
    await refresh(feed)
    assert feed.wait() == timedelta(seconds=30)


async def test_throttling_waits_as_long_as_it_was_told(tmp_path: Path) -> None:
    def look(_: ReleaseState) -> Answer[Milestone]:
        raise Throttled("GitHub asked to wait", "secondary limit", "it goes on by itself", 90)

    feed = a_feed(look, tmp_path)
    await refresh(feed)
    wait = feed.wait()
    assert wait is not None
    assert timedelta(seconds=80) < wait <= timedelta(seconds=90)
    assert feed.error is not None
    assert feed.error.retry_at is not None


async def test_interval_zero_looks_only_when_asked(tmp_path: Path) -> None:
    feed = a_feed(lambda _: found("2.15.0"), tmp_path, seconds=0)
    assert feed.wait() is None
    await refresh(feed)
    assert feed.latest.value == Milestone("2.15.0")
    assert not feed.latest.stale(wall_now() + timedelta(days=1))


async def test_a_reading_is_stale_past_twice_its_interval(tmp_path: Path) -> None:
    feed = a_feed(lambda _: found("2.15.0"), tmp_path)
    await refresh(feed)
    assert not feed.latest.stale(wall_now() + timedelta(seconds=55))
    assert feed.latest.stale(wall_now() + timedelta(seconds=65))


async def test_a_defect_shows_on_its_feed_and_ends_nothing(tmp_path: Path) -> None:
    def look(_: ReleaseState) -> Answer[Milestone]:
        raise ZeroDivisionError("by zero")

    feed = a_feed(look, tmp_path)
    await refresh(feed)
    assert feed.error is not None
    assert "defect" in feed.error.title
    assert "ZeroDivisionError" in feed.error.detail
