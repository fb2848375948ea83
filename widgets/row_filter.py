"""What is typed after `/`: a word, `!word` for its absence, `/re/` for a regular expression."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

import msgspec

from cockpit.views.table import Row

_Matcher = Callable[[str], bool]
_TOO_MUCH = (ValueError, OverflowError, RecursionError)
"""What `re` raises for flags, numbers and depths that it cannot have, beside its own error."""


class RowFilter(msgspec.Struct, frozen=True):
    """A filter as it was typed; the empty one shows everything."""

    text: str = ""

    @property
    def problem(self) -> str:
        """Why it cannot be used as typed; empty when it can."""
        if not self._is_pattern:
            return ""
        try:
            re.compile(self._pattern)
        except (re.error, *_TOO_MUCH) as err:
            return f"no regular expression: {err}"
        return ""

    @property
    def active(self) -> bool:
        """Whether it leaves any row out; not while it has a problem."""
        return bool(self._needle) and not self.problem

    def keep(self, rows: Iterable[Row]) -> tuple[Row, ...]:
        """The rows that are shown, with the headings above them."""
        if not self.active:
            return tuple(rows)
        matches = self._matcher()
        found: list[Row] = []
        heading: Row | None = None
        for row in rows:
            if row.heading:
                heading = row
            elif matches(_haystack(row)) is not self._inverse:
                if heading is not None and heading.key == row.group:
                    found.append(heading)
                heading = None
                found.append(row)
        return tuple(found)

    @property
    def _inverse(self) -> bool:
        return self.text.startswith("!")

    @property
    def _needle(self) -> str:
        return self.text.removeprefix("!").strip()

    @property
    def _is_pattern(self) -> bool:
        return len(self._needle) > 2 and self._needle.startswith("/") and self._needle[-1] == "/"

    @property
    def _pattern(self) -> str:
        return self._needle[1:-1]

    def _matcher(self) -> _Matcher:
        if self._is_pattern:
            pattern = re.compile(self._pattern, re.IGNORECASE)
            return lambda text: pattern.search(text) is not None
        needle = self._needle.casefold()
        return lambda text: needle in text.casefold()


def _haystack(row: Row) -> str:
    words = [cell.text for cell in row.cells]
    words += [cell.mark.word for cell in row.cells if cell.mark is not None]
    return " ".join([*words, row.search, row.copy])
