"""The board in full; the key of what comes next does what the selected line asks for."""

from __future__ import annotations

from screens.pane import PaneScreen


class BoardScreen(PaneScreen):
    """What blocks, what is risky, what is ready, and what to do about each."""

    def __init__(self) -> None:
        super().__init__("board")
