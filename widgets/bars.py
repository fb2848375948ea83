"""Bars made of text: they cost no widget and survive every terminal."""

from __future__ import annotations

_EIGHTHS = " ▏▎▍▌▋▊▉"


def bar(share: float, width: int) -> tuple[str, str]:
    """The full and the empty part of a bar of this width."""
    share = min(max(share, 0.0), 1.0)
    eighths = int(share * width * 8)
    full, rest = divmod(eighths, 8)
    drawn = "█" * full + (_EIGHTHS[rest] if rest and full < width else "")
    return drawn, "─" * (width - len(drawn))
