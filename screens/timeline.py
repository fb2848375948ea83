"""The history of one release branch, and two of its candidates compared."""

from __future__ import annotations

from cockpit.actions.situation import Scope, Selection
from cockpit.release.repos import Repository
from cockpit.release.state import ReleaseState
from cockpit.views.comparison import comparison_pane
from cockpit.views.table import Detail, Pane
from cockpit.views.timeline import commit_detail_of, timeline_detail, timeline_pane
from screens.pane import ListScreen
from screens.sight import Sight


class BranchScreen(ListScreen):
    """A table about one repository's branch; what keys act on names the repository."""

    scopes = (Scope.EVERYWHERE, Scope.TIMELINE)

    def __init__(self, name: str, repository: Repository) -> None:
        super().__init__(name)
        self.repository = repository

    @property
    def selection(self) -> Selection | None:
        """The selected row, and the repository even where there is no row."""
        row = self.pane.selection or Selection(self.pane_name, "")
        return Selection(row.pane, row.key, row.url, row.copy, self.repository.name)


class TimelineScreen(BranchScreen):
    """Every commit since the cut, between the candidates."""

    def __init__(self, repository: Repository) -> None:
        super().__init__("timeline", repository)

    def pane_of(self, sight: Sight) -> Pane:
        """The branch as it was read last."""
        return timeline_pane(sight.state, self.repository)

    def detail_of(self, sight: Sight, key: str) -> Detail | None:
        """The commit, the candidate, or the cut."""
        return timeline_detail(sight.state, self.repository, key)


class ComparisonScreen(BranchScreen):
    """What one candidate adds to another; the same key goes one candidate further back."""

    def __init__(self, repository: Repository, older: str, newer: str) -> None:
        super().__init__("comparison", repository)
        self._older = older
        self._newer = newer

    def pane_of(self, sight: Sight) -> Pane:
        """The two candidates as they are now."""
        return comparison_pane(sight.state, self.repository, self._older, self._newer)

    def detail_of(self, sight: Sight, key: str) -> Detail | None:
        """The commit."""
        return commit_detail_of(sight.state, self.repository, key)

    async def perform(self, action: str) -> bool:
        """Compare with one candidate further back, and after the first with the last again."""
        if action == "compare-candidates" and self._sight is not None:
            self._older = _further_back(
                self._sight.state, self.repository, self._older, self._newer
            )
            self.show(self._sight)
            return True
        return await super().perform(action)


def _further_back(state: ReleaseState, repository: Repository, older: str, newer: str) -> str:
    names = [candidate.tag.name for candidate in state.candidates_of(repository)]
    earlier = names[: names.index(newer)] if newer in names else names
    if not earlier:
        return older
    return earlier[earlier.index(older) - 1] if older in earlier else earlier[-1]
