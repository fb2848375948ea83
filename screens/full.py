"""Which screen shows a pane in full."""

from __future__ import annotations

from screens.base import CockpitScreen


def in_full(pane: str, key: str = "") -> CockpitScreen:
    """The screen of a pane, on the row that was selected where it was opened."""
    if pane == "builds":
        from screens.builds import BuildsScreen

        return BuildsScreen(key)
    if pane == "picks":
        from screens.picks import PicksScreen

        return PicksScreen(key)
    from screens.pane import PaneScreen

    return PaneScreen(pane, key)
