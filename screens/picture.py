"""What a screen shows, as text with the terminal's attributes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.color import ColorSystem
from rich.style import Style
from textual.app import App
from textual.screen import Screen

from cockpit.still import StyledText, keep

_SYSTEMS = {
    "standard": ColorSystem.STANDARD,
    "256": ColorSystem.EIGHT_BIT,
    "truecolor": ColorSystem.TRUECOLOR,
}


def keep_picture(app: App[None], path: Path) -> None:
    """Keep what the lowest screen shows, for the next start."""
    dashboard = app.screen_stack[0]
    keep(path, picture(dashboard, app.console.color_system), dashboard.size.width)


def picture(screen: Screen[object], color_system: str | None) -> Sequence[Sequence[StyledText]]:
    """The lines of a screen in the colours its terminal has."""
    system = _SYSTEMS.get(color_system or "")
    # Textual has no public way to ask for what a screen has drawn, short of an SVG.
    strips = screen._compositor.render_strips()
    return [
        [(segment.text, _sgr(segment.style, system)) for segment in strip if segment.text]
        for strip in strips
    ]


def _sgr(style: Style | None, system: ColorSystem | None) -> str:
    if style is None or system is None:
        return ""
    opening = style.render("x", color_system=system).partition("x")[0]
    return opening.removeprefix("\x1b[").removesuffix("m")
