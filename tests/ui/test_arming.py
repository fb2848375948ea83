"""Arming ends by itself."""

from __future__ import annotations

from datetime import timedelta

from screens.arming import ARMED_FOR, Arming


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        return self.at


def test_it_starts_disarmed() -> None:
    arming = Arming(Clock())
    assert arming.left is None
    assert not arming.ran_out


def test_it_ends_after_ten_minutes() -> None:
    clock = Clock()
    arming = Arming(clock)
    arming.arm()
    left = []
    for passed in (0, 599, 1):
        clock.at += passed
        left.append(arming.left)
    assert left == [ARMED_FOR, timedelta(seconds=1), None]
    assert arming.ran_out
    assert timedelta(minutes=10) == ARMED_FOR


def test_disarming_is_no_running_out() -> None:
    clock = Clock()
    arming = Arming(clock)
    arming.arm()
    arming.disarm()
    assert arming.left is None
    assert not arming.ran_out
