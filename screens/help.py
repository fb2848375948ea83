"""What every key does here, and why some do nothing now; from the registry alone."""

from __future__ import annotations

from cockpit.actions.action import Action
from cockpit.actions.registry import availability, offered
from cockpit.actions.situation import Disabled, Scope, Selection
from cockpit.views.marks import PASSED, SKIPPED, Tone
from cockpit.views.table import Column, Detail, Line, Pane, Row, Span, Table, cell
from screens.pane import ListScreen
from screens.sight import Sight
from widgets.keys import written

_COLUMNS = (
    Column("key", "key"),
    Column("title", "action"),
    Column("group", "group", rank=1),
    Column("what", "what it does", weight=3),
    Column("why", "now", weight=2),
)


class HelpScreen(ListScreen):
    """Help for the place it was opened from."""

    beside = False

    def __init__(self, scopes: tuple[Scope, ...], selection: Selection | None) -> None:
        super().__init__("help")
        self._scopes = scopes
        self._selection = selection

    def pane_of(self, sight: Sight) -> Pane:
        """Every action that is offered there."""
        situation = sight.situation(self._scopes, self._selection)
        rows = []
        for entry in offered(situation):
            available = availability(entry, situation)
            reason = available.reason if isinstance(available, Disabled) else ""
            rows.append(_row(entry, reason))
        return Pane("help", "Help", "", False, "", (), Table(_COLUMNS, tuple(rows)))

    def detail_of(self, sight: Sight, key: str) -> Detail | None:
        """The whole sentence, where the table has to cut it."""
        situation = sight.situation(self._scopes, self._selection)
        entry = next((entry for entry in offered(situation) if entry.id == key), None)
        if entry is None:
            return None
        available = availability(entry, situation)
        lines = [
            Line((Span(entry.tooltip),)),
            Line((Span("keys  ", Tone.DIM), Span("  ".join(map(written, entry.keys))))),
            Line((Span("reach ", Tone.DIM), Span(entry.danger.value))),
        ]
        if isinstance(available, Disabled):
            lines.append(Line((Span(f"not now: {available.reason}", Tone.WARN),)))
        return Detail(entry.title, tuple(lines))


def _row(entry: Action, reason: str) -> Row:
    ready = cell("ready", Tone.DIM, mark=PASSED)
    now = cell(reason, Tone.WARN, mark=SKIPPED) if reason else ready
    return Row(
        key=entry.id,
        cells=(
            cell(" ".join(map(written, entry.keys)), Tone.ACCENT),
            cell(entry.title),
            cell(entry.group.value, Tone.DIM),
            cell(entry.tooltip, Tone.DIM),
            now,
        ),
        copy=entry.id,
    )
