"""The ledger pane: who decided, signed or ran what."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from cockpit.release.commits import short
from cockpit.release.history import operation_of, when, who
from cockpit.release.markdown import plain, table
from cockpit.release.record import Recorded
from cockpit.release.state import ReleaseState
from cockpit.views.ages import ago, timestamp
from cockpit.views.framing import detail, field, framed, heading, line
from cockpit.views.marks import NEEDS_YOU, PASSED, Tone
from cockpit.views.table import Cell, Column, Detail, Line, Pane, Row, Span, Table, cell

_SIGNATURES = {
    "N": "",
    "G": "signed, and git trusts the key",
    "U": "signed; git cannot tell whose key it is",
    "X": "signed by a signature that has expired",
    "Y": "signed by a key that has expired",
    "R": "signed by a key that was revoked",
    "B": "BAD signature: it is not by the key that it names",
    "E": "signed; the key is not here to check it",
}
"""git's `%G?` in words."""
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
    since = f"since {timestamp(lease.taken_at)}, until {lease.expires_at:%H:%M}"
    text = f"{lease.holder} on {lease.host} holds the lease for {lease.operation} {since}{ended}"
    return (line(Span(text, Tone.BUSY)),)


def signature_words(state: str) -> str:
    """What git says of a commit's signature; empty where it carries none."""
    return _SIGNATURES.get(state, f"git says {state!r} of its signature" if state else "")


def entries_markdown(entries: Sequence[Recorded]) -> str:
    """Entries as a table for an issue, oldest first."""
    rows = (
        (
            f"{when(recorded):%Y-%m-%d %H:%M:%S}Z",
            plain(who(recorded)),
            plain(recorded.describe())
            + (f" **({plain(recorded.problem)})**" if recorded.problem and recorded.entry else ""),
            plain(_kind(recorded).replace("_", " ")),
            f"`{short(recorded.sha)}`",
        )
        for recorded in entries
    )
    return table(("when", "who", "what", "kind", "entry"), rows)


def _about(recorded: Recorded) -> str:
    return operation_of(recorded.entry) if recorded.entry else ""


def _kind(recorded: Recorded) -> str:
    return str(recorded.entry.event.__struct_config__.tag) if recorded.entry else "unreadable"


def _row(state: ReleaseState, recorded: Recorded) -> Row:
    at = when(recorded)
    tone = Tone.WARN if recorded.problem else Tone.PLAIN
    mark = NEEDS_YOU if recorded.problem else PASSED
    return Row(
        key=recorded.sha,
        cells=(
            Cell((Span(ago(state.now - at), Tone.DIM),), mark, at.timestamp()),
            cell(who(recorded)),
            cell(recorded.describe(), tone),
            cell(_kind(recorded).replace("_", " "), Tone.DIM),
        ),
        copy=recorded.sha,
        search=f"{recorded.email} {timestamp(at)} {_about(recorded)}",
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
        field("signature", signature_words(recorded.signature) or "none"),
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
