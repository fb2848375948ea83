"""The tracking issue as a mirror of the checklist: its text, and the boxes people ticked in it.

Process section 17: `[v.X.Y.Z] Release Day Checklist`. The cockpit owns one marked part of the
issue's text. Each line of it carries, unseen, which item it is and how the cockpit left its box:
a box that stands otherwise was changed by hand. Truth stays in gates and ledger; a box changed by
hand counts only once somebody adopts it in their own name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import msgspec

from cockpit.release.pullrequests import own_part
from cockpit.release.versions import Version

_LINE = re.compile(r"^- \[([ xX])\] .*<!-- item ([\w.-]+) (done|open) -->\s*$", re.MULTILINE)


class IssueEdit(msgspec.Struct, frozen=True):
    """One change of an issue's text."""

    login: str
    at: datetime
    body: str
    """The text as it was after the change; empty where GitHub does not tell."""


class MirrorIssue(msgspec.Struct, frozen=True):
    """The tracking issue as GitHub has it."""

    number: int
    title: str
    body: str
    url: str
    state: str
    labels: tuple[str, ...] = ()
    edits: tuple[IssueEdit, ...] = ()
    """Newest first."""


class HandTick(msgspec.Struct, frozen=True):
    """A box that somebody ticked, or unticked, on GitHub."""

    item: str
    ticked: bool
    by: str
    """A login; empty where GitHub does not tell who it was."""
    at: datetime | None = None

    def describe(self) -> str:
        """Who did what, in words."""
        when = f", {self.at:%d %b %H:%M} UTC" if self.at else ""
        who = f"@{self.by}" if self.by else "somebody"
        return f"{'ticked' if self.ticked else 'unticked'} on GitHub by {who}{when}"


class Mirror(msgspec.Struct, frozen=True):
    """What a look at the tracking issue found; no issue where nobody has opened it."""

    issue: MirrorIssue | None = None

    def hand_ticks(self) -> tuple[HandTick, ...]:
        """The boxes that stand otherwise than the cockpit left them."""
        return hand_ticks(self.issue) if self.issue else ()

    def hand_tick(self, item: str) -> HandTick | None:
        """The box of one item, where it was ticked by hand."""
        found = (tick for tick in self.hand_ticks() if tick.item == item and tick.ticked)
        return next(found, None)


class MirrorLine(msgspec.Struct, frozen=True):
    """One item as the issue shows it."""

    item: str
    done: bool
    text: str
    """In Markdown: title, who signed, and links to runs."""


def mirror_title(version: Version) -> str:
    """What the issue is called; section 17."""
    return f"[v.{version}] Release Day Checklist"


def boxes(body: str) -> dict[str, tuple[bool, bool]]:
    """Each item's box in the cockpit's part of a text: whether it is ticked, and was left so."""
    return {
        item: (mark in "xX", left == "done")
        for mark, item, left in _LINE.findall(own_part(body) or "")
    }


def hand_ticks(issue: MirrorIssue) -> tuple[HandTick, ...]:
    """The boxes that somebody changed by hand, with who did it first."""
    found = []
    for item, (ticked, left) in boxes(issue.body).items():
        if ticked != left:
            edit = _who(issue.edits, item, ticked)
            by, at = (edit.login, edit.at) if edit else ("", None)
            found.append(HandTick(item, ticked, by, at))
    return tuple(found)


def _who(edits: Sequence[IssueEdit], item: str, ticked: bool) -> IssueEdit | None:
    """The oldest edit of the newest row of edits in which the box stands as it does now."""
    blamed: IssueEdit | None = None
    for edit in edits:
        stands = boxes(edit.body).get(item)
        if stands is None and edit.body:
            break
        if stands is not None and (stands[0] != ticked or stands[0] == stands[1]):
            break
        if stands is None:
            return blamed or edit
        blamed = edit
    return blamed


def mirror_part(
    lines: Mapping[str, Sequence[MirrorLine]],
    kept: Sequence[HandTick],
    *,
    link: Callable[[str], str],
) -> str:
    """The cockpit's part of the issue: a task list under each phase's heading.

    `kept` are boxes changed by hand that nobody has adopted: they stay as they were found, with
    who changed them. `link` makes a login safe to write.
    """
    changed = {tick.item: tick for tick in kept}
    parts = [
        "Kept in step by release-cockpit. What is written around this part stays. A box ticked here"
        " by hand is offered to the release team, and counts once one of them adopts it.",
    ]
    for heading, entries in lines.items():
        parts.append(f"### {heading}")
        parts.append("\n".join(_line(entry, changed.get(entry.item), link) for entry in entries))
    return "\n\n".join(parts)


def _line(entry: MirrorLine, tick: HandTick | None, link: Callable[[str], str]) -> str:
    box, note = entry.done, ""
    if tick is not None and tick.ticked and not entry.done:
        box, note = True, f" (ticked by {link(tick.by) or 'somebody'}, not adopted yet)"
    left = "done" if entry.done else "open"
    return f"- [{'x' if box else ' '}] {entry.text}{note} <!-- item {entry.item} {left} -->"
