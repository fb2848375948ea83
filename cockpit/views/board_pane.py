"""The board in full: every line with what to do about it, and the key that does it."""

from __future__ import annotations

from collections import Counter

import msgspec

from cockpit.release.board import board
from cockpit.release.board_lines import BoardLine
from cockpit.release.gates import GATES
from cockpit.release.remembered import remembered
from cockpit.release.state import ReleaseState
from cockpit.views.checklist import FEEDS, verdict_lines
from cockpit.views.framing import detail, field, framed, heading, line
from cockpit.views.marks import FAILED, NEEDS_YOU, OPEN, PASSED, Mark, Tone
from cockpit.views.table import Column, Detail, Pane, Row, Span, Table, cell

COLUMNS = (
    Column("what", "what", weight=3),
    Column("then", "next", weight=2),
    Column("source", "source", rank=1),
)
_SECTIONS: tuple[tuple[str, Mark], ...] = (
    ("NEXT", OPEN),
    ("BLOCKED", FAILED),
    ("RISKY", NEEDS_YOU),
    ("READY", PASSED),
)


class BoardEntry(msgspec.Struct, frozen=True):
    """One line of the board, by an identity that outlives a refresh."""

    key: str
    section: str
    mark: Mark
    line: BoardLine


@remembered
def board_entries(state: ReleaseState) -> tuple[BoardEntry, ...]:
    """What comes next, then what blocks, what is risky and what is ready."""
    found = board(state)
    following = BoardLine(found.next.text, found.next.action, "next", then=found.next.text)
    lines = {
        "NEXT": (following,),
        "BLOCKED": found.blocked,
        "RISKY": found.risky,
        "READY": found.ready,
    }
    seen: Counter[str] = Counter()
    entries: list[BoardEntry] = []
    for section, mark in _SECTIONS:
        for each in lines[section]:
            key = f"{section} {each.subject}"
            seen[key] += 1
            again = f" {seen[key]}" if seen[key] > 1 else ""
            entries.append(BoardEntry(f"{key}{again}", section, mark, each))
    return tuple(entries)


def board_entry(state: ReleaseState, key: str) -> BoardEntry | None:
    """One line by its key; None when it is over."""
    return next((entry for entry in board_entries(state) if entry.key == key), None)


def board_pane(state: ReleaseState) -> Pane:
    """A heading for each section, and its lines under it."""
    entries = board_entries(state)
    counts = Counter(entry.section for entry in entries)
    rows: list[Row] = []
    for section, mark in _SECTIONS:
        title = section if section == "NEXT" else f"{section} {counts[section]}"
        rows.append(Row(f"heading {section}", (cell(title, mark.tone), cell(""), cell(""))))
        rows += [_row(entry) for entry in entries if entry.section == section]
    table = Table(COLUMNS, tuple(rows), "nothing is known yet")
    summary = line(Span("e does what the selected line asks for, & overrides its gate", Tone.DIM))
    return framed(state, "board", "Board", FEEDS, table, (summary,))


def _row(entry: BoardEntry) -> Row:
    quiet = entry.section == "READY"
    then = "" if entry.section == "NEXT" else entry.line.then
    return Row(
        key=entry.key,
        cells=(
            cell(entry.line.text, Tone.DIM if quiet else Tone.PLAIN, mark=entry.mark),
            cell(then, Tone.DIM if quiet else Tone.ACCENT),
            cell(entry.line.source, Tone.DIM),
        ),
        url=entry.line.url,
        copy=entry.line.text,
        search=f"{entry.section} {entry.line.subject}",
    )


def board_detail(state: ReleaseState, key: str) -> Detail | None:
    """A line in full, with what its gate looked at."""
    entry = board_entry(state, key)
    if entry is None:
        return None
    found = entry.line
    gate = GATES.get(found.subject)
    return detail(
        entry.section,
        line(found.text),
        (heading("Next"), line(found.then)) if found.then else (),
        field("gate", gate.id) if gate else (),
        verdict_lines(state, gate.judge(state)) if gate else (),
        field("source", Span(found.source, Tone.DIM)) if found.source and not gate else (),
        field("page", Span(found.url, Tone.DIM)) if found.url else (),
    )
