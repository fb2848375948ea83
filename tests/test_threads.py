"""Calls spread over threads: order, limit, failures and patience."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from cockpit import threads as turns
from cockpit.threads import gather, give_way, spread, within


@pytest.fixture(autouse=True)
def nobody_waits() -> Iterator[None]:
    yield
    give_way(0)


def test_results_come_in_the_order_of_the_calls() -> None:
    first_may_end = threading.Event()

    def first() -> str:
        assert first_may_end.wait(5)
        return "first"

    def second() -> str:
        first_may_end.set()
        return "second"

    assert gather([first, second], threads=2) == ["first", "second"]


class Crowd:
    """Counts how many calls work at once."""

    def __init__(self, wait: Callable[[], object]) -> None:
        self.most = 0
        self._running = 0
        self._lock = threading.Lock()
        self._wait = wait

    def work(self) -> None:
        with self._lock:
            self._running += 1
            self.most = max(self.most, self._running)
        self._wait()
        with self._lock:
            self._running -= 1


def test_no_more_threads_than_asked_for_work_at_once() -> None:
    several = threading.Barrier(3)
    crowd = Crowd(lambda: several.wait(5))
    gather([crowd.work] * 9, threads=3)
    assert crowd.most == 3


def test_none_of_several_calls_begins_while_somebody_waits() -> None:
    give_way(0.1)
    asked = time.monotonic()
    assert min(gather([time.monotonic] * 3, threads=2)) - asked > 0.09


def test_a_single_call_may_be_what_somebody_waits_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "_TURN_S", 30)
    give_way(30, turns_s=60)
    within(5, lambda: None)


def test_for_a_while_after_that_calls_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "_TURN_S", 30)
    never = threading.Event()
    crowd = Crowd(lambda: never.wait(0.02))
    give_way(0, turns_s=60)
    gather([crowd.work] * 8, threads=8)
    assert crowd.most == 2


def test_calls_that_wait_for_calls_do_not_wait_for_their_turn_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(turns, "_TURN_S", 0.01)
    give_way(0, turns_s=60)
    inner = [lambda: "done"] * 3
    assert gather([lambda: gather(inner, threads=3)] * 4, threads=4) == [["done"] * 3] * 4


def test_the_first_failure_is_raised() -> None:
    def fail() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        gather([fail, lambda: None], threads=2)


def test_patience_ends_but_the_call_may_go_on() -> None:
    release = threading.Event()
    started = time.monotonic()
    with pytest.raises(TimeoutError):
        within(0.05, release.wait)
    assert time.monotonic() - started < 2
    release.set()


def test_nothing_to_do_is_done() -> None:
    assert spread([], threads=4) == []
