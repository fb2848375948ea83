"""What the cockpit reads out of HTML: where it links to, and its comments."""

from __future__ import annotations

from html.parser import HTMLParser

import msgspec


class HtmlPage(msgspec.Struct, frozen=True):
    """The links and comments of a page, in their order."""

    links: tuple[str, ...]
    comments: tuple[str, ...]
    ended: bool
    """Whether the page closes itself; one that was cut off does not."""


def read_html(text: str) -> HtmlPage:
    """Read a page; HTML that is broken gives what can be made of it."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    return HtmlPage(tuple(reader.links), tuple(reader.comments), reader.ended)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.comments: list[str] = []
        self.ended = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.links += [value for name, value in attrs if name == "href" and value]

    def handle_endtag(self, tag: str) -> None:
        self.ended = self.ended or tag == "html"

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)
