"""What of the ledger somebody asks for: by whom, since when, about which operation."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from cockpit.release.record import (
    Entry,
    LeaseReleased,
    LeaseTaken,
    PlanConfirmed,
    Recorded,
    StepDone,
)
from cockpit.release.signoffs import Word

_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
_UNITS["w"] = timedelta(days=7)
_CHATTER = (LeaseTaken, LeaseReleased, PlanConfirmed, StepDone)
"""What surrounds an operation; how it ended says the rest."""


def moment_of(text: str, now: datetime) -> datetime:
    """`2h`, `3d`, `2026-10-14` or `2026-10-14T09:30`, in UTC where no zone is given.

    Raises ValueError saying what was expected.
    """
    words = text.strip()
    ago = re.fullmatch(r"(\d{1,5})\s*([mhdw])", words)
    if ago:
        return now - int(ago[1]) * _UNITS[ago[2]]
    try:
        found = datetime.fromisoformat(words)
    except ValueError:
        raise ValueError(
            f"{text!r} is no time: expected 2h, 3d, 2026-10-14 or 2026-10-14T09:30"
        ) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def when(recorded: Recorded) -> datetime:
    """When an entry says that it happened; when it was committed, where it cannot be read."""
    return recorded.entry.at if recorded.entry else recorded.committed_at


def who(recorded: Recorded) -> str:
    """Who an entry is by, as it says and as git has it where that cannot be read."""
    return recorded.entry.by if recorded.entry else recorded.author


def operation_of(entry: Entry) -> str:
    """The operation that an entry is about, or what kind of entry it is."""
    event = entry.event
    named = getattr(event, "operation", "")
    if named:
        return str(named)
    if isinstance(event, Word):
        return f"{event.__struct_config__.tag} {event.item}"
    return str(event.__struct_config__.tag)


def chosen(
    entries: Sequence[Recorded], by: str = "", since: datetime | None = None
) -> tuple[Recorded, ...]:
    """The entries by somebody whose name or address holds these letters, since a moment."""
    wanted = by.casefold()
    return tuple(
        recorded
        for recorded in entries
        if (since is None or when(recorded) >= since)
        and wanted in f"{who(recorded)} {recorded.email}".casefold()
    )


def telling(entries: Sequence[Recorded]) -> tuple[Recorded, ...]:
    """Without what merely surrounds an operation; a lease that was taken over is told."""
    return tuple(recorded for recorded in entries if not _is_chatter(recorded))


def _is_chatter(recorded: Recorded) -> bool:
    if recorded.entry is None:
        return False
    event = recorded.entry.event
    return isinstance(event, _CHATTER) and not (isinstance(event, LeaseTaken) and event.took_over)
