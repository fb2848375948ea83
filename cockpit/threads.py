"""Blocking calls spread over threads that never delay the end of the program."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


class _Way:
    """Until when no further call begins, by the monotonic clock."""

    until = float("-inf")


def give_way(seconds: float) -> None:
    """Let no thread begin its next call for so long: somebody waits for the interpreter."""
    _Way.until = time.monotonic() + seconds


def spread(calls: Iterable[Callable[[], T]], *, threads: int) -> list[Future[T]]:
    """Start calls on at most so many daemon threads; the futures are in the calls' order.

    `ThreadPoolExecutor` would make the interpreter wait at its end for calls that hang in a dead
    network; daemon threads do not.
    """
    work = deque((Future[T](), call) for call in calls)
    futures = [future for future, _ in work]
    for _ in range(min(threads, len(futures))):
        threading.Thread(target=_drain, args=(work,), daemon=True, name="backend").start()
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


def _drain(work: deque[tuple[Future[T], Callable[[], T]]]) -> None:
    while True:
        if (wait := _Way.until - time.monotonic()) > 0:
            time.sleep(wait)
        try:
            future, call = work.popleft()
        except IndexError:
            return
        try:
            future.set_result(call())
        except BaseException as err:  # noqa: BLE001  (raised again by whoever asks for the result)
            future.set_exception(err)
