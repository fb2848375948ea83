"""Calls spread over threads: order, limit, failures and patience."""

from __future__ import annotations

import threading
import time

import pytest

from cockpit.threads import gather, spread, within


def test_results_come_in_the_order_of_the_calls() -> None:
    first_may_end = threading.Event()

    def first() -> str:
        assert first_may_end.wait(5)
        return "first"

    def second() -> str:
        first_may_end.set()
        return "second"

    assert gather([first, second], threads=2) == ["first", "second"]


def test_no_more_threads_than_asked_for_work_at_once() -> None:
    lock, running, most = threading.Lock(), 0, 0
    several = threading.Barrier(3)

    def work() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        several.wait(5)
        with lock:
            running -= 1

    gather([work] * 9, threads=3)
    assert most == 3


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
