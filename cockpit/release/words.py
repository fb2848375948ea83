"""Numbers with their nouns, and SHAs as people write them."""

from __future__ import annotations


def counted(number: int, noun: str, plural: str = "") -> str:
    """`1 commit`, `3 commits`; `plural` where an s does not make it."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def short(sha: str) -> str:
    """A SHA as people write it."""
    return sha[:7]
