"""The end of a large text that GitHub keeps in a store of its own, such as a job's log."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable
from contextlib import closing
from typing import TYPE_CHECKING

import msgspec

from cockpit.backends.github_errors import refusal

if TYPE_CHECKING:
    import requests

KEPT = 4_000_000
"""Bytes of the end that are kept in memory."""
LONGEST = 512_000_000
"""Bytes that are read through at most where the end cannot be asked for by itself."""
_CHUNK = 65_536
_OF = re.compile(r"bytes \d+-\d+/(\d+)")


class TextEnd(msgspec.Struct, frozen=True):
    """The last bytes of a text."""

    body: bytes
    size: int
    """Of the whole text."""
    whole: bool
    """Whether that is all of it."""
    cut: bool = False
    """Whether the text goes on behind it, further than anybody reads."""


def read_end(
    location: str,
    subject: str,
    *,
    timeouts: tuple[float, float],
    kept: int = KEPT,
    longest: int = LONGEST,
) -> TextEnd:
    """Read the end of a text, by itself where the store can give ranges.

    Stores that give ranges do not all know "the last so many bytes", so that the first answer
    tells the size and a second one brings the end.
    """
    import requests

    session = requests.Session()
    # An authentication of its own keeps requests from looking into ~/.netrc.
    session.auth = _unauthenticated
    with closing(session):
        # Ranges count the bytes that are sent, so that nothing may be compressed on the way.
        headers = {"Accept-Encoding": "identity", "Range": f"bytes=0-{kept - 1}"}
        with session.get(location, stream=True, timeout=timeouts, headers=headers) as first:
            size = _size_of(first)
            if first.status_code == requests.codes.requested_range_not_satisfiable:
                return TextEnd(b"", 0, whole=True)
            _raise_for(first, subject)
            if size is None or size <= kept:
                return _last(first.iter_content(_CHUNK), kept, longest)
        headers["Range"] = f"bytes={size - kept}-"
        with session.get(location, stream=True, timeout=timeouts, headers=headers) as second:
            _raise_for(second, subject)
            end = _last(second.iter_content(_CHUNK), kept, longest)
            return TextEnd(end.body, max(size, _size_of(second) or 0), whole=False, cut=end.cut)


def _size_of(answer: requests.Response) -> int | None:
    """The size of the whole text, where an answer is a part of it."""
    found = _OF.fullmatch(answer.headers.get("content-range", ""))
    return int(found[1]) if answer.status_code == 206 and found else None


def _raise_for(answer: requests.Response, subject: str) -> None:
    if answer.status_code >= 400:
        raise refusal(answer.status_code, {}, "", subject, None)


def _last(chunks: Iterable[bytes], kept: int, longest: int) -> TextEnd:
    """The last bytes of a stream, never holding more than those."""
    held: deque[bytes] = deque()
    size = holding = 0
    cut = False
    for chunk in chunks:
        held.append(chunk)
        size += len(chunk)
        holding += len(chunk)
        while holding - len(held[0]) >= kept:
            holding -= len(held.popleft())
        if size >= longest:
            cut = True
            break
    return TextEnd(b"".join(held)[-kept:], size, whole=size <= kept and not cut, cut=cut)


def _unauthenticated(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request
