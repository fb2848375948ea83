"""Blocking calls spread over threads that never delay the end of the program."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TypeVar

T = TypeVar("T")


_TURN_S = 0.25
"""How long a call waits for its turn; those that it waits for may wait for it."""


class _Way:
    """When calls that are made by the dozen give way, by the monotonic clock."""

    until = float("-inf")
    """None of them begins before."""
    in_turn_until = float("-inf")
    """Until then they take turns."""
    turns = threading.Semaphore(2)


def give_way(seconds: float, *, turns_s: float = 0.0) -> None:
    """Somebody waits for the interpreter: dozens of answers to be decoded must not be in the way.

    Of calls that are spread over several threads none begins for so long, and few at once for a
    while after that. A single one may be what that somebody waits for, and begins at once.
    """
    now = time.monotonic()
    _Way.until, _Way.in_turn_until = now + seconds, now + turns_s


def spread(calls: Iterable[Callable[[], T]], *, threads: int) -> list[Future[T]]:
    """Start calls on at most so many daemon threads; the futures are in the calls' order.

    `ThreadPoolExecutor` would make the interpreter wait at its end for calls that hang in a dead
    network; daemon threads do not.
    """
    work = deque((Future[T](), call) for call in calls)
    futures = [future for future, _ in work]
    turn = _turn if threads > 1 else nullcontext
    for _ in range(min(threads, len(futures))):
        threading.Thread(target=_drain, args=(work, turn), daemon=True, name="backend").start()
    return futures


def within(seconds: float, call: Callable[[], T]) -> T:
    """What a call returns; raises TimeoutError when that takes longer, and leaves it behind."""
    return spread([call], threads=1)[0].result(timeout=seconds)


def gather(calls: Iterable[Callable[[], T]], *, threads: int) -> list[T]:
    """What all calls return, in their order; raises the first failure."""
    return [future.result() for future in spread(calls, threads=threads)]


async def in_thread(call: Callable[[], T]) -> T:
    """What a call returns, awaited beside the event loop; cancelling leaves the call behind."""
    loop = asyncio.get_running_loop()
    settled: asyncio.Future[Future[T]] = loop.create_future()

    def settle(done: Future[T]) -> None:
        if not settled.done():
            settled.set_result(done)

    def tell(done: Future[T]) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, done)

    spread([call], threads=1)[0].add_done_callback(tell)
    return (await settled).result()


def _drain(
    work: deque[tuple[Future[T], Callable[[], T]]], turn: Callable[[], AbstractContextManager[None]]
) -> None:
    while True:
        try:
            future, call = work.popleft()
        except IndexError:
            return
        with turn():
            try:
                future.set_result(call())
            except BaseException as err:  # noqa: BLE001  (raised again by whoever asks for it)
                future.set_exception(err)


@contextmanager
def _turn() -> Iterator[None]:
    """A call's time, begun when nobody has to wait for it."""
    if (wait := _Way.until - time.monotonic()) > 0:
        time.sleep(wait)
    mine = time.monotonic() < _Way.in_turn_until and _Way.turns.acquire(timeout=_TURN_S)
    try:
        yield
    finally:
        if mine:
            _Way.turns.release()
