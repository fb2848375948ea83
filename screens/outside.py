"""What leaves the cockpit: the browser, where there is one, and the pager."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Mapping

from textual.app import App, SuspendNotSupported


def browser_missing(environment: Mapping[str, str], platform: str = sys.platform) -> str:
    """Why no browser can be opened for the person who sits here; empty when one can."""
    if environment.get("SSH_CONNECTION") or environment.get("SSH_TTY"):
        return "this is a remote session"
    if platform in ("darwin", "win32"):
        return ""
    if environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"):
        return ""
    return "there is no display"


def page_text(app: App[None], text: str) -> str:
    """Show a text in the person's pager, the cockpit set aside; why it could not be, else empty."""
    try:
        command = shlex.split(os.environ.get("PAGER", "")) or ["less"]
    except ValueError as err:
        return f"PAGER cannot be read as a command: {err}"
    with tempfile.NamedTemporaryFile("w", suffix=".log", encoding="utf-8") as kept:
        kept.write(text)
        kept.flush()
        try:
            with app.suspend():
                subprocess.run([*command, "--", kept.name], check=False)
        except SuspendNotSupported:
            return "this terminal cannot be handed to a pager"
        except OSError as err:
            return f"{command[0]} could not be started: {err.strerror}; set PAGER"
    return ""
