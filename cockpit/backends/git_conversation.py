"""Speaking with a process that answers while it runs, in words that end in NUL."""

from __future__ import annotations

import contextlib
import os
import selectors
import subprocess
import time
from collections.abc import Callable
from typing import BinaryIO

_TICK_S = 0.25


class Conversation:
    """A running process: what is said to it, and the words that come back."""

    def __init__(
        self, process: subprocess.Popen[bytes], mouth: BinaryIO, *, silence_s: float
    ) -> None:
        self._process = process
        self._mouth = mouth
        self._silence_s = silence_s
        self._heard = b""
        self._words: list[bytes] = []
        self._errors = bytearray()

    @property
    def errors(self) -> str:
        """What it complained of so far."""
        return self._errors.decode("utf-8", "replace")

    def say(self, text: bytes) -> None:
        """Say something; that nobody listens any more is noticed when an answer is waited for."""
        with contextlib.suppress(BrokenPipeError):
            self._mouth.write(text)

    def word(self, waiting: Callable[[], None]) -> bytes:
        """The next word; `waiting` is called now and then until it comes.

        Raises EOFError when there will be none, and TimeoutError after too much silence.
        """
        since = time.monotonic()
        while not self._words:
            if self._listen():
                since = time.monotonic()
            elif time.monotonic() - since > self._silence_s:
                raise TimeoutError
            else:
                waiting()
        return self._words.pop()

    def _listen(self) -> bool:
        """Take in what came; whether anything did."""
        with selectors.DefaultSelector() as pipes:
            for pipe, is_output in ((self._process.stdout, True), (self._process.stderr, False)):
                if pipe is not None:
                    pipes.register(pipe, selectors.EVENT_READ, is_output)
            ready = pipes.select(_TICK_S)
        for key, _ in ready:
            chunk = os.read(key.fd, 1 << 16)
            if not key.data:
                self._errors += chunk
            elif not chunk:
                raise EOFError
            else:
                *whole, self._heard = (self._heard + chunk).split(b"\0")
                self._words = [*reversed(whole), *self._words]
        return bool(ready)
