"""The command log: the git, gh and aws lines that were really run."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from cockpit.commandlog import CommandLog, LoggedCommand
from cockpit.views.ages import ago
from cockpit.views.marks import Tone
from cockpit.views.table import Column, Detail, Line, Pane, Row, Span, Table, cell
from cockpit.views.usage import usage_lines
from screens.pane import ListScreen
from screens.sight import Sight

if TYPE_CHECKING:
    from cockpit.backends.ports import ApiUsage

_COLUMNS = (Column("at", "when"), Column("command", "command", weight=1))


class CommandLogScreen(ListScreen):
    """Every command since the start, newest first."""

    beside = False

    def __init__(self, log: CommandLog, usage: Callable[[], ApiUsage]) -> None:
        super().__init__("commands")
        self._commands = log
        self._usage = usage

    def pane_of(self, sight: Sight) -> Pane:
        """The newest lines."""
        newest = {_key(logged): logged for logged in reversed(self._commands.lines)}
        rows = tuple(_row(sight, key, logged) for key, logged in newest.items())
        table = Table(_COLUMNS, rows, "nothing has been run yet")
        summary = usage_lines(self._usage(), sight.budget, sight.state.now)
        return Pane("commands", "Command log", "", False, "", summary, table)

    def detail_of(self, sight: Sight, key: str) -> Detail | None:
        """The whole line, to be read and copied."""
        row = self.pane.table.selected
        if row is None:
            return None
        return Detail("Command", (Line((Span(row.copy),)),))


def _key(logged: LoggedCommand) -> str:
    return f"{logged.at.isoformat()} {logged.text}"


def _row(sight: Sight, key: str, logged: LoggedCommand) -> Row:
    when = cell(ago(sight.state.wall - logged.at), Tone.DIM)
    return Row(key, (when, cell(logged.text)), copy=logged.text)
