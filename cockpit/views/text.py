"""The dashboard as plain text: for pipes, logs and terminals that cannot show the interface."""

from __future__ import annotations

from cockpit.release.board import Board, board
from cockpit.release.process import Process
from cockpit.release.state import ReleaseState
from cockpit.views import marks
from cockpit.views.board import board_lines
from cockpit.views.branches import branches_pane
from cockpit.views.build_matrix import build_matrix
from cockpit.views.builds import builds_pane
from cockpit.views.checklist import checklist_pane
from cockpit.views.header import Controls, header
from cockpit.views.marks import Mark, Tone
from cockpit.views.picks import picks_pane
from cockpit.views.table import Align, Column, Line, Pane, Row, Span
from cockpit.views.width import cell_width, clip, clip_spans, pad

GAP = 2
"""Cells between two columns."""
NARROWEST = 40
_LEAST, _PER_WEIGHT = 12, 8
"""What a column that shares the width keeps at least, and more of it by weight."""
LISTED = 12
"""Rows of a pane that are printed; the rest is counted."""
_MATRIX_FROM = 100
_COLOURS = {Tone.GOOD: "32", Tone.BAD: "31", Tone.BUSY: "36", Tone.WARN: "33"}
_COLOURS |= {Tone.DIM: "2", Tone.ACCENT: "1"}
_ASCII = {
    **{mark.shape: mark.ascii for mark in vars(marks).values() if isinstance(mark, Mark)},
    "·": "-",
    "…": "~",
    "▸": ">",
    "→": ">",
    "▕": "[",
    "▏": "]",
    "█": "#",
    "–": "-",
    **dict.fromkeys("▎▍▌▋▊▉", "="),
    **dict(zip("▁▂▃▄▅▆▇", ".:-=+**", strict=True)),
    "•": ".",
    "\u2009": " ",
    "“": '"',
    "”": '"',
    "‘": "'",
    "’": "'",
}


def render(
    state: ReleaseState,
    process: Process,
    *,
    width: int,
    ascii: bool = False,  # noqa: A002  (the word every command-line flag uses)
    color: bool = False,
) -> str:
    """The whole dashboard as text, `width` cells wide."""
    width = max(width, NARROWEST)
    facts = board(state)
    lines = [header(state, process, Controls(), width), *_board(facts, width)]
    builds = builds_pane(state)
    matrix = build_matrix(state).lines(width) if width >= _MATRIX_FROM and builds.table.rows else ()
    for pane, extra in (
        (branches_pane(state), ()),
        (builds, matrix),
        (picks_pane(state), ()),
        (checklist_pane(state, process), ()),
    ):
        lines += [Line(()), *_pane(pane, extra, width)]
    return "".join(printed(entry, width, plain_ascii=ascii, color=color) for entry in lines)


def _board(facts: Board, width: int) -> tuple[Line, ...]:
    """Everything that blocks and what is risky, a line each; the rest as the interface has it."""
    lines = [Line(())]
    for title, entries, tone in (
        ("BLOCKED", facts.blocked, Tone.BAD),
        ("RISKY", facts.risky, Tone.WARN),
    ):
        lines.append(Line((Span(f"{title} {len(entries)}", tone if entries else Tone.DIM),)))
        for entry in entries:
            first, *rest = wrapped(entry.text, width - 4)
            lines.append(Line((Span(f"  {first}"),)))
            lines += [Line((Span(f"    {text}"),)) for text in rest]
    return (*lines, board_lines(facts, min(width, _MATRIX_FROM))[-1])


def _pane(pane: Pane, extra: tuple[Line, ...], width: int) -> list[Line]:
    age = Span(pane.age, Tone.WARN if pane.stale else Tone.DIM)
    title = clip(pane.title, max(width - cell_width(pane.age) - GAP, 1))
    gap = max(width - cell_width(title) - cell_width(pane.age), 1)
    lines = [Line((Span(title, Tone.ACCENT), Span(" " * gap), age))]
    if pane.trouble:
        lines += [Line((Span(text, Tone.WARN),)) for text in wrapped(pane.trouble, width)]
    lines += [*pane.summary, *extra]
    if not pane.table.rows:
        return [*lines, Line((Span(pane.table.empty, Tone.DIM),))]
    return [*lines, *_table(pane, width)]


def wrapped(text: str, width: int) -> list[str]:
    """A text broken between words into lines of at most `width` cells."""
    lines = [""]
    for word in text.split():
        joined = f"{lines[-1]} {word}".strip()
        if cell_width(joined) <= width:
            lines[-1] = joined
        else:
            lines.append(clip(word, width))
    return [entry for entry in lines if entry]


def _table(pane: Pane, width: int) -> list[Line]:
    rows = pane.table.rows[:LISTED] if pane.name == "builds" else pane.table.rows
    widths = _fitted(pane.table.columns, rows, width)
    lines = [_heading(pane.table.columns, widths)]
    lines += [_row(pane.table.columns, row, widths) for row in rows]
    left = len(pane.table.rows) - len(rows)
    return [*lines, Line((Span(f"and {left} more", Tone.DIM),))] if left else lines


def _fitted(columns: tuple[Column, ...], rows: tuple[Row, ...], width: int) -> dict[int, int]:
    """Width of each column that is shown, by its position."""
    natural = {
        index: max(cell_width(column.title), *(cell_width(_text(row, index)) for row in rows), 1)
        for index, column in enumerate(columns)
    }
    least = {
        i: min(width, _LEAST + _PER_WEIGHT * columns[i].weight) if columns[i].weight else width
        for i, width in natural.items()
    }
    while _total(least) > width and any(columns[i].rank for i in least):
        del least[max(least, key=lambda i: columns[i].rank)]
    spare = width - _total(least)
    for index in sorted(least, key=lambda i: -columns[i].weight):
        grown = min(max(spare, 0), natural[index] - least[index])
        least[index] += grown
        spare -= grown
    return least


def _total(widths: dict[int, int]) -> int:
    return sum(widths.values()) + GAP * (len(widths) - 1)


def _text(row: Row, index: int) -> str:
    cell = row.cells[index]
    return f"{cell.mark.shape} {cell.text}" if cell.mark else cell.text


def _heading(columns: tuple[Column, ...], widths: dict[int, int]) -> Line:
    titles = [
        pad(clip(columns[i].title, w), w, right=columns[i].align is Align.RIGHT)
        for i, w in widths.items()
    ]
    return Line((Span((" " * GAP).join(titles).rstrip(), Tone.DIM),))


def _row(columns: tuple[Column, ...], row: Row, widths: dict[int, int]) -> Line:
    spans: list[Span] = []
    for position, (index, width) in enumerate(widths.items()):
        cell = row.cells[index]
        marked = (Span(f"{cell.mark.shape} ", cell.mark.tone),) if cell.mark else ()
        drawn = clip_spans((*marked, *cell.spans), width)
        gap = Span(" " * (width - sum(cell_width(span.text) for span in drawn)))
        right = columns[index].align is Align.RIGHT
        spans += [Span(" " * GAP if position else ""), *((gap, *drawn) if right else (*drawn, gap))]
    return Line(tuple(spans))


def printed(entry: Line, width: int, *, plain_ascii: bool, color: bool) -> str:
    """One line as text, with its line break."""
    pieces = []
    for span in clip_spans(entry.spans, width):
        text = as_ascii(span.text) if plain_ascii else span.text
        code = _COLOURS.get(span.tone) if color else None
        pieces.append(f"\x1b[{code}m{text}\x1b[0m" if code and text.strip() else text)
    return "".join(pieces).rstrip() + "\n"


def as_ascii(text: str) -> str:
    """A text in ASCII alone: marks by their stand-ins, anything else unknown as `?`."""
    if text.isascii():
        return text
    return "".join(_ASCII.get(c, c if c.isascii() else "?" * cell_width(c)) for c in text)
