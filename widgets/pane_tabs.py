"""The line of pane titles on a narrow terminal, where one pane is shown at a time."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.style import Style
from textual.widget import Widget

from cockpit.views.marks import Tone
from themes.palettes import tone_style


class PaneTabs(Widget):
    """Number and title of each pane; a click goes there."""

    DEFAULT_CSS = """
    PaneTabs { height: 1; width: 1fr; text-wrap: nowrap; text-overflow: ellipsis; }
    """

    def __init__(self, titles: Sequence[str]) -> None:
        super().__init__()
        self.auto_links = False
        self._titles = tuple(titles)
        self._current = 0

    def show(self, current: int) -> None:
        """Mark this pane as the one that is shown."""
        if current != self._current:
            self._current = current
            self.refresh()

    def render(self) -> Content:
        """The titles, the current one in the accent."""
        theme = self.app.theme
        entries = []
        for index, title in enumerate(self._titles):
            here = index == self._current
            style = tone_style(theme, Tone.ACCENT if here else Tone.DIM)
            entry = Content.assemble((f" {index + 1} {title} ", style))
            if here:
                entry = entry.stylize("bold underline")
            click = Style.from_meta({"@click": f"app.act('pane-{index + 1}')"})
            entries.append(entry.stylize(click))
        return Content(" ").join(entries)
