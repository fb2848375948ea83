"""Pull requests that the cockpit opens, and the part of their text that is its own."""

from __future__ import annotations

import re

import msgspec

_BEGIN = "<!-- release-cockpit begin -->"
_END = "<!-- release-cockpit end -->"
_OWN_PART = re.compile(f"{re.escape(_BEGIN)}\n?(.*?)\n?{re.escape(_END)}", re.DOTALL)


class PullDraft(msgspec.Struct, frozen=True):
    """A pull request as it should be."""

    head: str
    """A branch of the repository itself."""
    base: str
    title: str
    body: str


class OpenPull(msgspec.Struct, frozen=True):
    """An open pull request."""

    number: int
    title: str
    body: str
    head: str
    base: str
    url: str

    def is_like(self, draft: PullDraft) -> bool:
        """Whether it is as it should be; what people wrote around our part is theirs."""
        return self.title == draft.title and own_part(self.body) == draft.body.strip()


class PullPage(msgspec.Struct, frozen=True):
    """A pull request in full, open or not."""

    number: int
    title: str
    body: str
    state: str
    """`open` or `closed`."""
    merged_sha: str | None
    """What it was merged as; None where GitHub did not merge it."""
    head_sha: str
    head: str
    base: str
    draft: bool
    url: str
    milestone: str = ""
    """The title; empty without one."""


def without_marks(body: str) -> str:
    """A text without the marks around the cockpit's part, for another pull request to carry."""
    return body.replace(_BEGIN, "").replace(_END, "").strip()


def own_part(body: str) -> str | None:
    """What the cockpit wrote into a text; None when it wrote nothing."""
    found = _OWN_PART.search(body.replace("\r\n", "\n"))
    return found[1].strip() if found else None


def with_own_part(body: str, own: str) -> str:
    """A text with the cockpit's part replaced, or put before what people wrote."""
    part = f"{_BEGIN}\n{own.strip()}\n{_END}"
    body = body.replace("\r\n", "\n")
    if _OWN_PART.search(body):
        return _OWN_PART.sub(lambda _: part, body, count=1)
    return f"{part}\n\n{body}" if body.strip() else part
