"""What a backend answers, and whether that was everything."""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec

T = TypeVar("T")


class Answer(msgspec.Struct, Generic[T], frozen=True):
    """What a backend answered, and whether that was everything."""

    value: T
    source: str
    """Where it came from, for the person who wants to look: a URL or a remote."""
    missing: str = ""
    """Why the answer is not whole, such as a short page; empty when it is."""

    @property
    def complete(self) -> bool:
        """Whether nothing is known to be missing."""
        return not self.missing
