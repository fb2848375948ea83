"""Numbers with their nouns, and SHAs as people write them."""

from __future__ import annotations


def counted(number: int, noun: str, plural: str = "") -> str:
    """`1 commit`, `3 commits`; `plural` where an s does not make it."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def short(sha: str) -> str:
    """A SHA as people write it."""
    return sha[:7]


def sized(size: int) -> str:
    """Bytes as people say them: 812 kB, 526.6 MB, 7.02 GB; in powers of ten, as indexes count."""
    if size < 1_000_000:
        return f"{size / 1_000:,.1f} kB"
    return (
        f"{size / 1_000_000:,.1f} MB" if size < 1_000_000_000 else f"{size / 1_000_000_000:,.2f} GB"
    )
