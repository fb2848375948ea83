"""What leaves the terminal: the browser, where there is one."""

from __future__ import annotations

import sys
from collections.abc import Mapping


def browser_missing(environment: Mapping[str, str], platform: str = sys.platform) -> str:
    """Why no browser can be opened for the person who sits here; empty when one can."""
    if environment.get("SSH_CONNECTION") or environment.get("SSH_TTY"):
        return "this is a remote session"
    if platform in ("darwin", "win32"):
        return ""
    if environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"):
        return ""
    return "there is no display"
