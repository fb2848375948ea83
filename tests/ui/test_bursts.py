"""Keys that no person typed are told from those that somebody did."""

from __future__ import annotations

from widgets.bursts import MOST, QUIET_S, WINDOW_S, BurstGuard


def test_keys_typed_by_hand_are_held_and_given_back_in_order() -> None:
    guard: BurstGuard[str] = BurstGuard()
    times = [number * WINDOW_S for number in range(12)]
    for at in times:
        assert not guard.take(f"{at}", at, printable=True)
    assert guard.release() == tuple(f"{at}" for at in times)
    assert guard.release() == ()


def test_a_burst_drops_everything_that_was_held() -> None:
    guard: BurstGuard[str] = BurstGuard()
    told = [guard.take(str(n), n * 0.001, printable=True) for n in range(MOST + 1)]
    assert told == [False] * MOST + [True]
    assert guard.release() == ()


def test_the_rest_of_a_burst_is_dropped_until_it_is_quiet() -> None:
    guard: BurstGuard[str] = BurstGuard()
    for number in range(MOST + 1):
        guard.count(number * 0.001)
    last = MOST * 0.001
    assert guard.dropping(last + QUIET_S / 2)
    guard.prolong(last + QUIET_S / 2)
    assert guard.dropping(last + QUIET_S)
    assert not guard.dropping(last + QUIET_S * 1.5)


def test_keys_that_print_nothing_are_no_burst() -> None:
    guard: BurstGuard[str] = BurstGuard()
    assert not any(guard.take("escape", n * 0.001, printable=False) for n in range(20))
