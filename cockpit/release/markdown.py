"""Text for a GitHub issue: tables, lists, and words of others that must stay words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_MENTION = re.compile(r"(?<![\w.+-])@(?=\w)")
"""What GitHub would call somebody by; a comment of nothing within it keeps it words."""


def plain(text: str) -> str:
    """A text on one line that calls nobody, opens no element and ends no table's cell."""
    line = " ".join(text.split()).replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")
    return _MENTION.sub("@<!-- -->", line.replace("`", "\\`").replace("](", "]\\("))


def link(text: str, url: str) -> str:
    """A link, or the text alone where there is no page."""
    safe = url.replace(")", "%29").replace(" ", "%20")
    return f"[{plain(text)}]({safe})" if url else plain(text)


def table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; its cells are Markdown already."""
    lines = [f"| {' | '.join(titles)} |", f"| {' | '.join('---' for _ in titles)} |"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


def bullets(lines: Iterable[str], none: str) -> str:
    """A list, or what is said where it is empty."""
    found = [f"- {line}" for line in lines]
    return "\n".join(found) if found else none
