"""A person's keys go before the work of threads, and before what changed meanwhile."""

from __future__ import annotations

import asyncio
import socket
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from types import SimpleNamespace
from typing import cast

import pytest
from textual.app import App

from screens.quiet import keys_first
from screens.showing import Showing
from screens.sight import Sight


@pytest.fixture(autouse=True)
def usual_turns() -> Iterator[None]:
    """What a loop sets for the whole process ends with the test."""
    before = sys.getswitchinterval()
    yield
    sys.setswitchinterval(before)


def test_a_step_keeps_the_interpreter_and_a_wait_gives_it_back() -> None:
    async def turns() -> tuple[float, bool]:
        kept = sys.getswitchinterval()

        def given_back() -> bool:
            deadline = time.monotonic() + 10
            while sys.getswitchinterval() >= kept and time.monotonic() < deadline:
                pass
            return sys.getswitchinterval() < kept

        return kept, await asyncio.to_thread(given_back)

    with asyncio.Runner(loop_factory=keys_first) as runner:
        kept, given_back = runner.run(turns())
    assert kept > 0.001
    assert given_back


def test_a_loop_that_always_has_something_to_do_still_hears_what_comes() -> None:
    async def hear() -> bytes:
        loop = asyncio.get_running_loop()
        here, there = socket.socketpair()
        heard: asyncio.Future[bytes] = loop.create_future()
        loop.add_reader(here, lambda: heard.set_result(here.recv(8)))
        there.send(b"key")

        def go_on() -> None:
            if heard.done():
                loop.remove_reader(here)
            else:
                loop.call_soon(go_on)

        go_on()
        try:
            return await asyncio.wait_for(heard, 10)
        finally:
            here.close()
            there.close()

    with asyncio.Runner(loop_factory=keys_first) as runner:
        assert runner.run(hear()) == b"key"


class Bench:
    """What `Showing` uses of an app, with a clock that stands until it is moved."""

    is_running = True

    def __init__(self) -> None:
        self.now = 100.0
        self.timers: list[tuple[float, Callable[[], None]]] = []
        self.looks = 0

    def set_timer(self, delay: float, callback: Callable[[], None]) -> object:
        entry = (delay, callback)
        self.timers.append(entry)
        return SimpleNamespace(stop=lambda: self.timers.remove(entry))

    def run_worker(self, _: Callable[[], Coroutine[object, object, None]], *, name: str) -> None:
        assert name == "look"
        self.looks += 1

    def ring(self) -> float:
        """Let the oldest timer's time pass; gives how long that was."""
        delay, callback = self.timers.pop(0)
        self.now += delay
        callback()
        return delay


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    bench = Bench()
    monkeypatch.setattr("screens.showing.time", SimpleNamespace(monotonic=lambda: bench.now))
    return bench


def shown_once(bench: Bench) -> Showing:
    """What has looked once, and has something new to show."""

    def nothing(*_: object) -> None:
        return

    shown = Showing(
        cast("App[None]", bench), lambda: None, lambda: cast("Sight", None), nothing, nothing
    )
    shown.begin()
    shown._under_way = False
    shown.soon()
    return shown


def test_somebody_who_goes_on_pressing_keys_sees_it_four_seconds_late_at_the_most(
    bench: Bench,
) -> None:
    shown = shown_once(bench)
    began, before = bench.now, bench.looks
    while bench.looks == before:
        shown.pressed()
        bench.ring()
    assert 3.9 < bench.now - began < 4.5


def test_what_is_overdue_is_shown_between_two_keys(bench: Bench) -> None:
    shown = shown_once(bench)
    shown.pressed()
    bench.now += 5
    shown.pressed()
    assert bench.ring() < 0.05, "right after the key"
    assert bench.looks == 2


def test_a_pause_shows_it_at_once(bench: Bench) -> None:
    shown = shown_once(bench)
    shown.pressed()
    waited = bench.ring()
    assert bench.looks == 1
    waited += bench.ring()
    assert bench.looks == 2
    assert waited < 0.3
