"""Two candidates' builds compared; the same key goes one candidate further back."""

from __future__ import annotations

from cockpit.actions import Scope
from cockpit.views.build_subject import build_subject
from cockpit.views.builds_comparison import builds_comparison_detail, builds_comparison_pane
from cockpit.views.table import Detail, Pane
from screens.pane import ListScreen
from screens.sight import Sight


class BuildsComparisonScreen(ListScreen):
    """The newest candidate against an earlier one."""

    scopes = (Scope.EVERYWHERE, Scope.BUILDS)

    def __init__(self) -> None:
        super().__init__("builds-comparison")
        self._older = ""

    def pane_of(self, sight: Sight) -> Pane:
        """The two candidates as they are now."""
        return builds_comparison_pane(sight.state, self._older)

    def detail_of(self, sight: Sight, key: str) -> Detail | None:
        """The job in both, or what a heading means."""
        return builds_comparison_detail(sight.state, key, self._older)

    async def perform(self, action: str) -> bool:
        """Fold a heading, or compare with one candidate further back."""
        row = self.pane.table.selected
        if action == "open" and row is not None and row.heading and self.pane.body.has_focus:
            self.pane.fold(row.key)
            return True
        if action == "compare-candidates" and self._sight is not None:
            self._older = _further_back(self._sight, self._older)
            self.show(self._sight)
            return True
        return await super().perform(action)


def _further_back(sight: Sight, older: str) -> str:
    """The candidate before this one, and after the first the last again."""
    earlier = build_subject(sight.state).earlier
    names = [builds.candidate.tag.name for builds in earlier if builds.candidate]
    if not names:
        return ""
    at = names.index(older) if older in names else 0
    return names[(at + 1) % len(names)]
