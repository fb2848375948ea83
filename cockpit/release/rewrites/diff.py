"""A rewrite as a person reads it before it is pushed."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator

from cockpit.release.rewrites.rules import Rewritten

_LINE = re.compile(rb"[^\n]*\n|[^\n]+")
_NO_NEWLINE = "\\ No newline at end of file"


def unified_diff(changes: Iterable[Rewritten]) -> str:
    """The changes in git's format; bytes that are no printable text are written as escapes."""
    return "".join(f"{line}\n" for change in changes for line in _diff_of(change))


def shown(line: bytes) -> str:
    """One line of a file as text that is safe to show: no control characters but tabs."""
    text = line.decode("utf-8", "backslashreplace")
    return "".join(
        char if char.isprintable() or char == "\t" else char.encode("unicode_escape").decode()
        for char in text
    )


def _diff_of(change: Rewritten) -> Iterator[str]:
    path = change.path.encode("utf-8", "surrogateescape")
    yield shown(b"diff --git a/%b b/%b" % (path, path))
    lines = difflib.diff_bytes(
        difflib.unified_diff,
        _LINE.findall(change.before),
        _LINE.findall(change.after),
        b"a/" + path,
        b"b/" + path,
    )
    for line in lines:
        yield shown(line.removesuffix(b"\n"))
        if not line.endswith(b"\n"):
            yield _NO_NEWLINE
