"""The ledger pane: who decided, signed or ran what."""

from __future__ import annotations

import msgspec

from cockpit.release.record import Recorded
from cockpit.release.state import ReleaseState
from cockpit.views.ages import ago, timestamp
from cockpit.views.framing import detail, field, framed, heading, line
from cockpit.views.marks import NEEDS_YOU, PASSED, Tone
from cockpit.views.table import Cell, Column, Detail, Line, Pane, Row, Span, Table, cell

COLUMNS = (
    Column("at", "when"),
    Column("by", "who"),
    Column("what", "what", weight=1),
    Column("kind", "kind", rank=1),
)


def ledger_pane(state: ReleaseState) -> Pane:
    """One row per entry, newest first; what could not be read is shown too."""
    rows = tuple(_row(state, recorded) for recorded in reversed(state.record.entries))
    table = Table(COLUMNS, rows, "nothing has been recorded yet")
    return framed(state, "ledger", "Ledger", ("ledger",), table, _summary(state))


def _summary(state: ReleaseState) -> tuple[Line, ...]:
    lease = state.record.lease
    if lease is None:
        return ()
    ended = " (expired)" if lease.expired(state.now) else ""
    text = f"{lease.holder} on {lease.host} holds the lease for {lease.operation}{ended}"
    return (line(Span(text, Tone.BUSY)),)


def _kind(recorded: Recorded) -> str:
    return str(recorded.entry.event.__struct_config__.tag) if recorded.entry else "unreadable"


def _row(state: ReleaseState, recorded: Recorded) -> Row:
    at = recorded.entry.at if recorded.entry else recorded.committed_at
    by = recorded.entry.by if recorded.entry else recorded.author
    tone = Tone.WARN if recorded.problem else Tone.PLAIN
    mark = NEEDS_YOU if recorded.problem else PASSED
    return Row(
        key=recorded.sha,
        cells=(
            Cell((Span(ago(state.now - at), Tone.DIM),), mark, at.timestamp()),
            cell(by),
            cell(recorded.describe(), tone),
            cell(_kind(recorded).replace("_", " "), Tone.DIM),
        ),
        copy=recorded.sha,
        search=f"{recorded.email} {timestamp(at)}",
    )


def entry_detail(state: ReleaseState, key: str) -> Detail | None:
    """All fields of one entry."""
    recorded = next((r for r in state.record.entries if r.sha == key), None)
    if recorded is None:
        return None
    return detail(
        recorded.describe(),
        field("commit", recorded.sha),
        field("author", f"{recorded.author} <{recorded.email}>"),
        field("committed", timestamp(recorded.committed_at)),
        field("signature", recorded.signature or "none"),
        _problem(recorded),
        _fields(recorded),
    )


def _problem(recorded: Recorded) -> tuple[Line, ...]:
    if not recorded.problem:
        return ()
    lines = [field("problem", Span(recorded.problem, Tone.WARN))]
    if recorded.raw:
        lines += [heading("As it was found"), *map(line, recorded.raw.splitlines())]
    return tuple(lines)


def _fields(recorded: Recorded) -> tuple[Line, ...]:
    entry = recorded.entry
    if entry is None:
        return ()
    values: dict[str, object] = msgspec.to_builtins(entry.event)
    return (
        heading(_kind(recorded).replace("_", " ")),
        field("at", timestamp(entry.at)),
        field("by", f"{entry.by} <{entry.email}>"),
        field("host", entry.host),
        field("cockpit", entry.cockpit),
        *(field(name, _said(value)) for name, value in values.items() if name != "kind"),
    )


def _said(value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "–"
    return str(value) or "–"
