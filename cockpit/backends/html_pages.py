"""What the cockpit reads out of HTML: its links with what they carry, and its comments."""

from __future__ import annotations

from collections.abc import Mapping
from html.parser import HTMLParser

import msgspec


class Anchor(msgspec.Struct, frozen=True):
    """A link of a page."""

    href: str
    attributes: Mapping[str, str] = {}
    """Everything else that it carries, by lower-case name; empty where it has no value."""


class HtmlPage(msgspec.Struct, frozen=True):
    """The links and comments of a page, in their order."""

    anchors: tuple[Anchor, ...]
    comments: tuple[str, ...]
    ended: bool
    """Whether the page closes itself; one that was cut off does not."""

    @property
    def links(self) -> tuple[str, ...]:
        """Where it links to."""
        return tuple(anchor.href for anchor in self.anchors)


def read_html(text: str) -> HtmlPage:
    """Read a page; HTML that is broken gives what can be made of it."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    return HtmlPage(tuple(reader.anchors), tuple(reader.comments), reader.ended)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.anchors: list[Anchor] = []
        self.comments: list[str] = []
        self.ended = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag != "a":
            return
        # Of an attribute that is given twice, the first one counts.
        told = {name: value or "" for name, value in reversed(attrs)}
        if href := told.pop("href", ""):
            self.anchors.append(Anchor(href, told))

    def handle_endtag(self, tag: str) -> None:
        self.ended = self.ended or tag == "html"

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)
