"""Themes: every tone is readable on its background, and colours live nowhere else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from textual.color import Color
from textual.theme import Theme

from cockpit.views.marks import Tone
from themes.palettes import ANSI, DARK, THEMES, following, tone_style

ROOT = Path(__file__).parent.parent.parent
READABLE = 4.5
"""Contrast that WCAG asks for at level AA."""


def luminance(color: Color) -> float:
    channels = [channel / 255 for channel in (color.r, color.g, color.b)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: Color, other: Color) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", [t for t in THEMES if t is not ANSI], ids=lambda t: t.name)
@pytest.mark.parametrize("ground", ["background", "panel", "cursor", "cursor-resting"])
def test_every_tone_is_readable(theme: Theme, ground: str) -> None:
    named = {"background": theme.background, "panel": theme.panel}
    behind = Color.parse(named.get(ground) or theme.variables[ground])
    for tone in Tone:
        front = tone_style(theme.name, tone).foreground or Color.parse(theme.foreground or "")
        assert contrast(front, behind) >= READABLE, f"{tone} on {ground}"


def test_every_theme_has_every_tone() -> None:
    for theme in THEMES:
        for tone in Tone:
            assert tone is Tone.PLAIN or tone_style(theme.name, tone).foreground is not None


def test_the_terminals_own_colours_are_used_as_they_are() -> None:
    values = [value for name, value in ANSI.variables.items() if name.startswith("tone-")]
    assert values
    assert all(value.startswith("ansi_") for value in values)


def test_themes_go_round() -> None:
    seen, name = [], DARK.name
    for _ in THEMES:
        seen.append(name)
        name = following(name)
    assert sorted(seen) == sorted(theme.name for theme in THEMES)
    assert name == DARK.name
    assert following("somebody's own") == DARK.name


def test_colours_live_nowhere_else() -> None:
    literal = re.compile(r"#[0-9a-fA-F]{6}\b|\brgb\(|\bhsl\(")
    guilty = [
        str(path.relative_to(ROOT))
        for folder in ("widgets", "screens", "themes")
        for path in (ROOT / folder).iterdir()
        if path.suffix in {".py", ".tcss"}
        and path.name != "palettes.py"
        and literal.search(path.read_text(encoding="utf-8"))
    ]
    assert guilty == []
