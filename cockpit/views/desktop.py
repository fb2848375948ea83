"""Desktop notifications as terminals take them: a sequence in their output, also through tmux."""

from __future__ import annotations

from collections.abc import Mapping

from cockpit.backends.text import clean
from cockpit.release.notices import Desktop

_LONGEST = 240
"""Characters; terminals drop or cut what is longer."""
_UNDERSTAND_9 = {
    "TERM_PROGRAM": ("iTerm.app", "WezTerm", "ghostty", "vscode"),
    "LC_TERMINAL": ("iTerm2",),
    "TERM": ("xterm-kitty", "xterm-ghostty", "wezterm"),
}
_UNDERSTAND_777 = {"TERM": ("rxvt", "foot")}
_PRESENT_9 = ("KITTY_WINDOW_ID", "WEZTERM_PANE", "ITERM_SESSION_ID", "WT_SESSION", "ConEmuPID")
_PRESENT_777 = ("VTE_VERSION", "KONSOLE_VERSION")


def desktop_sequence(style: Desktop, title: str, text: str, environment: Mapping[str, str]) -> str:
    """What to write to the terminal for a notification; empty where none is to be shown.

    The text is cleaned: whatever it holds, it cannot end the sequence or begin another.
    """
    chosen = _understood(environment) if style is Desktop.AUTO else style
    if chosen is Desktop.OSC_9:
        # Some terminals take a leading number as a command of their own.
        sequence = f"\x1b]9;{_harmless(f'{title}: {text}')}\x07"
    elif chosen is Desktop.OSC_777:
        sequence = f"\x1b]777;notify;{_harmless(title)};{_harmless(text)}\x07"
    else:
        return ""
    return _through_tmux(sequence) if environment.get("TMUX") else sequence


def _understood(environment: Mapping[str, str]) -> Desktop:
    """What this terminal is known to understand."""
    if _is_known(environment, _UNDERSTAND_9, _PRESENT_9):
        return Desktop.OSC_9
    if _is_known(environment, _UNDERSTAND_777, _PRESENT_777):
        return Desktop.OSC_777
    return Desktop.OFF


def _is_known(
    environment: Mapping[str, str],
    beginnings: Mapping[str, tuple[str, ...]],
    present: tuple[str, ...],
) -> bool:
    return any(environment.get(name) for name in present) or any(
        environment.get(name, "").startswith(known) for name, known in beginnings.items()
    )


def _harmless(text: str) -> str:
    return clean(text).replace(";", ",")[:_LONGEST]


def _through_tmux(sequence: str) -> str:
    """Hand a sequence on to the terminal outside; tmux does so where `allow-passthrough` is on."""
    escaped = sequence.replace("\x1b", "\x1b\x1b")
    return f"\x1bPtmux;{escaped}\x1b\\"
