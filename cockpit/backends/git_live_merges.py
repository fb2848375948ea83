"""Merges of which each needs the result of the one before, by one process that runs on."""

from __future__ import annotations

import contextlib
from functools import partial
from types import TracebackType
from typing import Self

from cockpit.backends.git_conversation import Conversation
from cockpit.backends.git_errors import last_words
from cockpit.backends.git_merges import MERGES, Broken, Merged, MergeRoom, read_merge

_LONG_NAME = b"f" * 4000


class LiveMerges:
    """One `merge-tree --stdin` that is asked for a merge at a time.

    Starting a process for each merge takes longer than the merge. But git before 2.49 keeps its
    answers until its output buffer is full. So every question is followed by another whose answer
    is long enough to push the first one out: a conflict in a file of a very long name, which is
    quickly merged. Where a buffer is larger than expected, more of them follow while nothing comes.
    """

    def __init__(self, room: MergeRoom) -> None:
        self._room = room
        self._open = contextlib.ExitStack()
        self._talk: Conversation | None = None
        self._owed = 0
        """Answers to come that nobody waits for."""
        self._padding = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._open.__exit__(kind, error, trace)

    def merge(self, ours: str, theirs: str) -> Merged | Broken:
        """What the merge of two commits comes to."""
        talk = self._talk or self._started(like=ours)
        pad = partial(self._pad, talk)
        word = partial(talk.word, pad)
        self._room.write_out()
        talk.say(f"{ours} {theirs}\n".encode())
        owed, self._owed = self._owed, 0
        pad()
        try:
            for _ in range(owed):
                read_merge(word)
            return read_merge(word)
        except EOFError:
            self.restart()
            return Broken(last_words(talk.errors))

    def restart(self) -> None:
        """Begin with a new process at the next merge; a running one keeps what it read once."""
        self._open.close()
        self._talk = None
        self._owed = 0

    def _started(self, *, like: str) -> Conversation:
        base, ours, theirs = (
            self._room.tree_of(_LONG_NAME, self._room.blob(text, like=like))
            for text in (b"base\n", b"ours\n", b"theirs\n")
        )
        parent = self._room.commit(base, ())
        sides = [self._room.commit(side, (parent,)) for side in (ours, theirs)]
        self._padding = f"{' '.join(sides)}\n".encode()
        self._talk = self._open.enter_context(self._room.conversation(*MERGES))
        return self._talk

    def _pad(self, talk: Conversation) -> None:
        talk.say(self._padding)
        self._owed += 1
