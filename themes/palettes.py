"""The four themes, and the style each tone of the views has in them."""

from __future__ import annotations

from functools import lru_cache

from textual.color import Color
from textual.style import Style
from textual.theme import BUILTIN_THEMES, Theme

from cockpit.views.marks import Tone

DARK = Theme(
    name="dark",
    primary="#7aa2f7",
    secondary="#7aa2f7",
    accent="#7aa2f7",
    foreground="#d5d9e3",
    background="#14161c",
    surface="#14161c",
    panel="#1e212a",
    success="#8fbf7f",
    warning="#e0b060",
    error="#ef7f84",
    dark=True,
    variables={
        "tone-good": "#8fbf7f",
        "tone-bad": "#ef7f84",
        "tone-busy": "#6fb7c9",
        "tone-warn": "#e0b060",
        "tone-dim": "#959bab",
        "tone-accent": "#7aa2f7",
        "rule": "#3a3f4d",
        "rule-focus": "#7aa2f7",
        "cursor": "#27304a",
        "cursor-resting": "#1d2029",
        "bar-good": "#22301f",
        "bar-bad": "#3a2124",
        "scrollbar": "#3a3f4d",
        "scrollbar-hover": "#565d70",
        "scrollbar-active": "#7aa2f7",
        "scrollbar-background": "#14161c",
        "scrollbar-background-hover": "#14161c",
        "scrollbar-background-active": "#14161c",
        "scrollbar-corner-color": "#14161c",
    },
)

LIGHT = Theme(
    name="light",
    primary="#2f5fc4",
    secondary="#2f5fc4",
    accent="#2f5fc4",
    foreground="#23262e",
    background="#fbfbf9",
    surface="#fbfbf9",
    panel="#eeeeea",
    success="#22692a",
    warning="#835600",
    error="#b3262e",
    dark=False,
    variables={
        "tone-good": "#22692a",
        "tone-bad": "#b3262e",
        "tone-busy": "#0b5c70",
        "tone-warn": "#835600",
        "tone-dim": "#5c606b",
        "tone-accent": "#2f5fc4",
        "rule": "#c9cac6",
        "rule-focus": "#2f5fc4",
        "cursor": "#d7e1f7",
        "cursor-resting": "#f0f0ec",
        "bar-good": "#e0efdc",
        "bar-bad": "#f8dfdf",
        "scrollbar": "#c9cac6",
        "scrollbar-hover": "#a4a6a4",
        "scrollbar-active": "#2f5fc4",
        "scrollbar-background": "#fbfbf9",
        "scrollbar-background-hover": "#fbfbf9",
        "scrollbar-background-active": "#fbfbf9",
        "scrollbar-corner-color": "#fbfbf9",
    },
)

HIGH_CONTRAST = Theme(
    name="high-contrast",
    primary="#6fd3ff",
    secondary="#6fd3ff",
    accent="#6fd3ff",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#1a1a1a",
    success="#5cff5c",
    warning="#ffe14d",
    error="#ff8080",
    dark=True,
    variables={
        "tone-good": "#5cff5c",
        "tone-bad": "#ff8080",
        "tone-busy": "#6fd3ff",
        "tone-warn": "#ffe14d",
        "tone-dim": "#c8c8c8",
        "tone-accent": "#6fd3ff",
        "rule": "#9a9a9a",
        "rule-focus": "#ffffff",
        "cursor": "#083a5e",
        "cursor-resting": "#2a2a2a",
        "bar-good": "#003300",
        "bar-bad": "#4d0000",
        "scrollbar": "#9a9a9a",
        "scrollbar-hover": "#ffffff",
        "scrollbar-active": "#ffffff",
        "scrollbar-background": "#000000",
        "scrollbar-background-hover": "#000000",
        "scrollbar-background-active": "#000000",
        "scrollbar-corner-color": "#000000",
    },
)

ANSI = Theme(
    name="ansi",
    ansi=True,
    primary="ansi_blue",
    secondary="ansi_cyan",
    accent="ansi_blue",
    foreground="ansi_default",
    background="ansi_default",
    surface="ansi_default",
    panel="ansi_default",
    boost="ansi_default",
    success="ansi_green",
    warning="ansi_yellow",
    error="ansi_red",
    dark=True,
    variables={
        **BUILTIN_THEMES["ansi-dark"].variables,
        "tone-good": "ansi_green",
        "tone-bad": "ansi_red",
        "tone-busy": "ansi_cyan",
        "tone-warn": "ansi_yellow",
        "tone-dim": "ansi_default",
        "tone-accent": "ansi_blue",
        "rule": "ansi_bright_black",
        "rule-focus": "ansi_blue",
        "cursor": "ansi_default",
        "cursor-resting": "ansi_default",
        "bar-good": "ansi_default",
        "bar-bad": "ansi_default",
        "border-blurred": "ansi_bright_black",
        "scrollbar": "ansi_bright_black",
        "scrollbar-hover": "ansi_white",
        "scrollbar-active": "ansi_blue",
        "scrollbar-background": "ansi_default",
        "scrollbar-background-hover": "ansi_default",
        "scrollbar-background-active": "ansi_default",
        "scrollbar-corner-color": "ansi_default",
    },
)

THEMES = (DARK, LIGHT, HIGH_CONTRAST, ANSI)
_BY_NAME = {theme.name: theme for theme in THEMES}


@lru_cache(maxsize=64)
def tone_style(theme: str, tone: Tone) -> Style:
    """The style of a tone; themes that are not ours give theirs to the dark one's tones."""
    palette = _BY_NAME.get(theme, DARK)
    if tone is Tone.PLAIN:
        return Style()
    # The terminal's own palette has no grey that is readable on every background.
    dim = palette.ansi and tone is Tone.DIM
    return Style(foreground=Color.parse(palette.variables[f"tone-{tone.value}"]), dim=dim or None)


@lru_cache(maxsize=16)
def rule_style(theme: str, *, focused: bool) -> Style:
    """The style of the line that carries a pane's title."""
    palette = _BY_NAME.get(theme, DARK)
    name = "rule-focus" if focused else "rule"
    return Style(foreground=Color.parse(palette.variables[name]))


def following(theme: str) -> str:
    """The theme after this one, around the circle."""
    names = [entry.name for entry in THEMES]
    return names[(names.index(theme) + 1) % len(names)] if theme in names else names[0]
