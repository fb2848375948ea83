"""Feeds slow down by themselves, and cockpits that share a cache look once for all of them."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cockpit.backends.github_pages import Page, PageCache
from cockpit.backends.ports import Answer, ApiBudget
from cockpit.feeds.cache import ReadingCache
from cockpit.feeds.feed import Feed, wall_now
from cockpit.feeds.pace import (
    LONGEST_WAIT,
    QUIET_AFTER,
    QUIET_CAP,
    quiet_factor,
    slowed,
    thrift_factor,
)
from cockpit.release.milestones import Milestone
from cockpit.release.state import Reading, ReleaseState
from tests.feeds.test_feed import a_state, found

INTERVAL = timedelta(seconds=30)


class Looker:
    """Counts its looks; what it finds can be changed."""

    def __init__(self) -> None:
        self.looks = 0
        self.title = "2.15.0"

    def __call__(self, _: ReleaseState) -> Answer[Milestone]:
        self.looks += 1
        return found(self.title)


def a_feed(look: Looker, folder: Path, *, thrift: float | None = 1.0) -> Feed[Milestone]:
    factor = None if thrift is None else (lambda: thrift)
    return Feed("milestone", Milestone, look, INTERVAL, ReadingCache(folder), thrift=factor)


async def take(feed: Feed[Milestone], *, shared: bool = True) -> None:
    await feed.refresh(a_state, lambda: None, shared=shared)


class TestPace:
    def test_a_quiet_feed_slows_down_step_by_step_up_to_a_cap(self) -> None:
        factors = [quiet_factor(count) for count in range(20)]
        assert factors[: QUIET_AFTER + 1] == [1.0] * (QUIET_AFTER + 1)
        assert factors == sorted(factors)
        assert factors[-1] == QUIET_CAP

    def test_the_less_is_left_the_more_seldom_it_looks(self) -> None:
        def left(remaining: int) -> float:
            return thrift_factor(ApiBudget(remaining, 5000, datetime(2026, 10, 14, tzinfo=UTC)))

        factors = [left(remaining) for remaining in (5000, 2000, 1990, 1000, 500, 100, 0)]
        assert factors[:2] == [1.0, 1.0]
        assert 1.0 < factors[2] < 1.01, "there is no step"
        assert factors[3:5] == [2.0, 4.0]
        assert factors == sorted(factors)
        assert thrift_factor(None) == 1.0

    def test_no_feed_waits_longer_than_the_longest_wait_or_its_own_interval(self) -> None:
        assert slowed(timedelta(minutes=5), 100) == LONGEST_WAIT
        assert slowed(timedelta(hours=1), 100) == timedelta(hours=1)

    async def test_nothing_new_slows_down_and_something_new_is_back_to_base(
        self, tmp_path: Path
    ) -> None:
        look = Looker()
        feed = a_feed(look, tmp_path)
        for _ in range(QUIET_AFTER + 3):
            await take(feed)
        assert feed.pace > INTERVAL
        look.title = "2.15.1"
        await take(feed)
        assert feed.pace == INTERVAL

    async def test_what_spends_nothing_never_slows_down(self, tmp_path: Path) -> None:
        feed = a_feed(Looker(), tmp_path, thrift=None)
        for _ in range(QUIET_AFTER + 3):
            await take(feed)
        assert feed.wait() == INTERVAL

    async def test_a_slowed_feed_says_when_it_looks_next_and_is_not_called_stale(
        self, tmp_path: Path
    ) -> None:
        feed = a_feed(Looker(), tmp_path, thrift=4.0)
        await take(feed)
        waiting = asyncio.create_task(feed.due())
        await asyncio.sleep(0)
        latest = feed.latest
        assert latest.slowed
        assert latest.next_look is not None
        assert latest.next_look - wall_now() > INTERVAL
        assert not latest.stale(wall_now() + 3 * INTERVAL)
        feed.hurry()
        assert await asyncio.wait_for(waiting, 5)

    async def test_interval_zero_never_looks_by_itself(self, tmp_path: Path) -> None:
        feed = a_feed(Looker(), tmp_path)
        feed.interval = timedelta()
        feed.hurry()
        assert not await feed.due()


class TestSharedReadings:
    async def test_a_fresh_reading_of_another_cockpit_is_taken(self, tmp_path: Path) -> None:
        look, other = Looker(), Looker()
        mine, theirs = a_feed(look, tmp_path), a_feed(other, tmp_path)
        await take(theirs)
        await take(mine)
        assert (look.looks, other.looks) == (0, 1)
        assert mine.latest.value == Milestone("2.15.0")
        wait = mine.wait()
        assert wait is not None
        assert wait <= INTERVAL

    async def test_a_look_that_somebody_asked_for_is_taken(self, tmp_path: Path) -> None:
        look, other = Looker(), Looker()
        await take(a_feed(other, tmp_path))
        await take(a_feed(look, tmp_path), shared=False)
        assert look.looks == 1

    @pytest.mark.parametrize("age", [timedelta(seconds=31), timedelta(hours=-1)])
    async def test_an_old_reading_and_one_of_the_future_are_not_taken(
        self, tmp_path: Path, age: timedelta
    ) -> None:
        reading = Reading(Milestone("2.15.0"), wall_now() - age, "there")
        ReadingCache(tmp_path).store("milestone", reading)
        look = Looker()
        await take(a_feed(look, tmp_path))
        assert look.looks == 1

    async def test_a_reading_that_does_not_fit_is_not_taken(self, tmp_path: Path) -> None:
        await take(a_feed(Looker(), tmp_path))
        look = Looker()
        feed = Feed(
            "milestone",
            Milestone,
            look,
            INTERVAL,
            ReadingCache(tmp_path),
            fits=lambda milestone, _: milestone.title == "another",
        )
        await take(feed)
        assert look.looks == 1

    async def test_two_that_want_to_look_at_once_look_once(self, tmp_path: Path) -> None:
        entered, go_on, looks = threading.Event(), threading.Event(), []

        def slow(_: ReleaseState) -> Answer[Milestone]:
            looks.append(1)
            entered.set()
            go_on.wait(10)
            return found("2.15.0")

        feeds = [
            Feed("milestone", Milestone, slow, INTERVAL, ReadingCache(tmp_path)) for _ in range(2)
        ]
        tasks = [asyncio.create_task(take(feed)) for feed in feeds]
        await asyncio.to_thread(entered.wait, 10)
        go_on.set()
        await asyncio.gather(*tasks)
        assert len(looks) == 1
        assert {feed.latest.value for feed in feeds} == {Milestone("2.15.0")}

    def test_a_cockpit_that_dies_in_its_look_holds_nobody_up(self, tmp_path: Path) -> None:
        script = (
            "import sys; from pathlib import Path; from cockpit.feeds.cache import ReadingCache\n"
            "with ReadingCache(Path(sys.argv[1])).turn('milestone'):\n"
            "    print('mine', flush=True); sys.stdin.read()"
        )
        other = subprocess.Popen(
            [sys.executable, "-c", script, str(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert other.stdout is not None
        assert other.stdout.readline() == b"mine\n"
        other.kill()
        other.communicate()
        look = Looker()
        asyncio.run(take(a_feed(look, tmp_path)))
        assert look.looks == 1

    def test_one_that_was_halted_is_not_waited_for_without_end(self, tmp_path: Path) -> None:
        cache = ReadingCache(tmp_path, longest_turn_s=0.1)
        started = time.monotonic()
        with ReadingCache(tmp_path).turn("milestone"), cache.turn("milestone"):
            assert 0.1 <= time.monotonic() - started < 5
        with ReadingCache(tmp_path).turn("milestone"), cache.turn("milestone", wait=False):
            pass

    def test_without_a_disk_everybody_looks(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with ReadingCache(tmp_path / "file").turn("milestone"):
            pass


class TestSharedPages:
    def test_a_page_in_memory_does_not_hide_a_newer_one_on_disk(self, tmp_path: Path) -> None:
        mine, theirs = PageCache(tmp_path), PageCache(tmp_path)
        mine.put(Page("u", '"1"', "old"))
        theirs.put(Page("u", '"2"', "new"))
        found_page = mine.get("u")
        assert found_page is not None
        assert (found_page.etag, found_page.body) == ('"2"', "new")

    def test_a_page_that_another_one_dropped_is_still_known(self, tmp_path: Path) -> None:
        mine, theirs = PageCache(tmp_path), PageCache(tmp_path)
        mine.put(Page("u", '"1"', "old"))
        theirs.drop("u")
        assert mine.get("u") == Page("u", '"1"', "old")

    def test_a_disk_that_refuses_brings_no_older_page_back(self, tmp_path: Path) -> None:
        cache = PageCache(tmp_path)
        cache.put(Page("u", '"1"', "old"))
        (file,) = tmp_path.iterdir()
        file.unlink()
        file.mkdir()
        cache.put(Page("u", '"2"', "new"))
        assert cache.get("u") == Page("u", '"2"', "new")
