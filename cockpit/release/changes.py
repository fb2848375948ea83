"""What a change comes to, as a person reads it."""

from __future__ import annotations

import msgspec


class ChangedFile(msgspec.Struct, frozen=True):
    """A file that a change touches."""

    path: str
    added: int | None
    """Lines; None for a binary file, of which git counts none."""
    removed: int | None


class ChangeText(msgspec.Struct, frozen=True):
    """A diff, and what it is of."""

    title: str
    lines: tuple[str, ...]


class EndState(msgspec.Struct, frozen=True):
    """What a branch would be once a queue has landed on it in one order."""

    tree: str | None
    """None when nothing can be told of it."""
    files: tuple[ChangedFile, ...] = ()
    diff: tuple[str, ...] = ()
    """The whole change."""
