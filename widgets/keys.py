"""Keys as they are written for people, and the bar that names the most useful ones."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from textual.content import Content
from textual.style import Style
from textual.widget import Widget

from cockpit.actions.action import Action
from cockpit.actions.situation import Availability, Disabled
from cockpit.views.marks import Tone
from themes.palettes import tone_style
from widgets.tones import shown

_WRITTEN = {
    "enter": "⏎",
    "escape": "esc",
    "slash": "/",
    "question_mark": "?",
    "colon": ":",
    "space": "space",
    "percent_sign": "%",
    "asterisk": "*",
    "number_sign": "#",
    "vertical_line": "|",
    "plus": "+",
    "minus": "-",
    "underscore": "_",
    "full_stop": ".",
    "comma": ",",
    "greater_than_sign": ">",
    "less_than_sign": "<",
    "exclamation_mark": "!",
    "equals_sign": "=",
    "at": "@",
    "ampersand": "&",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "right_curly_bracket": "}",
}


def written(key: str) -> str:
    """A key as a person reads it: `^p`, `⏎`, `?`."""
    if key.startswith("ctrl+"):
        return "^" + written(key.removeprefix("ctrl+"))
    return _WRITTEN.get(key, key)


class KeyHint(msgspec.Struct, frozen=True):
    """One entry of the bar."""

    key: str
    title: str
    enabled: bool = True
    action: str = ""
    """What a click on it does; nothing when empty."""


def hint_of(entry: Action, available: Availability) -> KeyHint:
    """An action's entry, dimmed while it cannot be taken."""
    enabled = not isinstance(available, Disabled)
    return KeyHint(written(entry.keys[0]), entry.title, enabled, f"app.act('{entry.id}')")


class KeyBar(Widget):
    """Names keys on one line; what does not fit is left out, the last entry never."""

    DEFAULT_CSS = """
    KeyBar { height: 1; width: 1fr; dock: bottom; text-wrap: nowrap; }
    """

    def __init__(self, hints: Sequence[KeyHint] = ()) -> None:
        super().__init__()
        self.auto_links = False
        self._hints = tuple(hints)

    def show(self, hints: Sequence[KeyHint]) -> None:
        """Name these keys."""
        if tuple(hints) != self._hints:
            self._hints = tuple(hints)
            self.refresh()

    def render(self) -> Content:
        """As many entries as fit."""
        drawn = [self._drawn(hint) for hint in self._hints]
        if not drawn:
            return Content("")
        room = self.size.width - drawn[-1].cell_length
        fitting: list[Content] = []
        for entry in drawn[:-1]:
            if entry.cell_length <= room:
                room -= entry.cell_length
                fitting.append(entry)
        return Content.assemble(*fitting, drawn[-1])

    def _drawn(self, hint: KeyHint) -> Content:
        theme = self.app.theme
        key = tone_style(theme, Tone.ACCENT if hint.enabled else Tone.DIM)
        title = tone_style(theme, Tone.PLAIN if hint.enabled else Tone.DIM)
        entry = Content.assemble(" ", (shown(self, hint.key), key), " ", (hint.title, title), " ")
        return entry.stylize(Style.from_meta({"@click": hint.action})) if hint.action else entry
