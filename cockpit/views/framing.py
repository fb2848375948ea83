"""What every pane has around its rows: its age, its trouble, and lines of text."""

from __future__ import annotations

from datetime import datetime
from typing import TypeVar

import msgspec

from cockpit.release.freshness import Freshness, freshness
from cockpit.release.state import Failure, ReleaseState
from cockpit.views.ages import ago, duration
from cockpit.views.marks import NO_DATA, Mark, Tone
from cockpit.views.table import Detail, Line, Pane, Span, Table

T = TypeVar("T")
NEVER = "not read yet"
LOOK_AGAIN = "r looks again"


def line(*pieces: str | Span) -> Line:
    """A line of plain texts and spans."""
    return Line(tuple(Span(piece) if isinstance(piece, str) else piece for piece in pieces))


def marked(mark: Mark, text: str) -> tuple[Span, Span]:
    """A mark and the text that goes with it."""
    return Span(f"{mark.shape} ", mark.tone), Span(text)


def field(name: str, *value: str | Span, width: int = 12) -> Line:
    """One named value of a detail side."""
    return line(Span(f"{name:<{width}} ", Tone.DIM), *value)


def heading(text: str) -> Line:
    """A heading within a detail side."""
    return line(Span(text, Tone.ACCENT))


def link(url: str) -> tuple[Line, ...]:
    """The address of a page, where there is one."""
    return (field("page", Span(url, Tone.DIM)),) if url else ()


def detail(title: str, *lines: Line | tuple[Line, ...]) -> Detail:
    """A detail side out of lines and groups of lines."""
    flat: list[Line] = []
    for entry in lines:
        flat.extend((entry,) if isinstance(entry, Line) else entry)
    return Detail(title, tuple(flat))


def age_of(entry: Freshness, wall: datetime) -> str:
    """How old a feed's data is: `12 s ago`, `stale, 5 min ago`, `not read yet`.

    Where looking was slowed down it says when the next look is: `40 s ago, next in 2 min`.
    """
    if entry.age is None:
        return NEVER
    age = f"stale, {ago(entry.age)}" if entry.stale else ago(entry.age)
    if entry.next_look is None or entry.next_look <= wall:
        return age
    return f"{age}, next in {duration(entry.next_look - wall)}"


def trouble_of(entry: Freshness, wall: datetime) -> str:
    """Why the newest look failed or is not whole, and the next step; empty when all is well."""
    if entry.failure is not None:
        return _failure(entry.failure, wall)
    if entry.taken_at is not None and entry.missing:
        return f"Incomplete: {entry.missing} · {LOOK_AGAIN}"
    return ""


def remembered_lines(state: ReleaseState, feed: str) -> tuple[Line, ...]:
    """What stands above a printed reading that a failed look left as it was; else nothing."""
    entry = freshness(state)[feed]
    if entry.failure is None or entry.age is None:
        return ()
    mark, text = f"{NO_DATA.shape} ", f"what follows was read {ago(entry.age)}: {entry.failure}"
    return (line(Span(mark, NO_DATA.tone), Span(text, Tone.WARN)),)


def _failure(failure: Failure, wall: datetime) -> str:
    parts = [str(failure), failure.hint or LOOK_AGAIN]
    if failure.retry_at is not None and failure.retry_at > wall:
        parts.append(f"next look in {duration(failure.retry_at - wall)}")
    return " · ".join(parts)


def framed(
    state: ReleaseState,
    name: str,
    title: str,
    feeds: tuple[str, ...],
    table: Table,
    summary: tuple[Line, ...] = (),
) -> Pane:
    """A pane over these feeds: it is as old as the oldest of them."""
    known = freshness(state)
    looked = [known[feed] for feed in feeds]
    read = [entry for entry in looked if entry.age is not None]
    oldest = max(read, key=lambda entry: (entry.stale, entry.age), default=None)
    troubles = dict.fromkeys(trouble_of(entry, state.wall) for entry in looked)
    if not read:
        table = msgspec.structs.replace(table, empty=NEVER)
    return Pane(
        name=name,
        title=title,
        age=age_of(oldest, state.wall) if oldest else NEVER,
        stale=bool(oldest and oldest.stale),
        trouble="; ".join(trouble for trouble in troubles if trouble),
        summary=summary,
        table=table,
    )
