"""Which commits of a branch are changes from elsewhere, and whether the branch still has them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from cockpit.release.commits import Commit
from cockpit.release.prediction import Landed, Landing

K = TypeVar("K")


class BranchSide:
    """What a branch has to itself since it parted from where its picks come from."""

    def __init__(self, commits: Sequence[Commit], patch_ids: Mapping[str, str] = {}) -> None:
        """`commits` are newest first; `patch_ids` are known for some of them, by SHA."""
        self.commits = tuple(commits)
        self._age = {commit.sha: age for age, commit in enumerate(self.commits)}
        self._reverts = [(commit, name) for commit in self.commits if (name := commit.reverts)]
        self._by_trailer = _grouped((name, ours) for ours in commits for name in ours.picked_from)
        self._by_pull = _grouped(
            (number, ours)
            for ours in commits
            if not _is_revert(ours)
            for number in ours.pull_numbers
        )
        self._by_patch_id = _grouped(
            (patch_ids[ours.sha], ours) for ours in commits if ours.sha in patch_ids
        )

    def landing_of(self, commit: Commit, patch_id: str | None = None) -> Landed | None:
        """Where the branch has this change, by the best evidence; None when it is not there."""
        for landed in self._landings(commit, patch_id):
            if self.stands(landed.commit, commit.sha):
                return landed
        return None

    def stands(self, landed: str, source: str) -> bool:
        """Whether no later commit undoes one that landed, called by its own name or its source's.

        A revert that was itself picked names what it reverts as the trunk calls it.
        """
        return not any(
            (landed.startswith(name) or source.startswith(name))
            and self._age[revert.sha] < self._age.get(landed, len(self._age))
            and self.stands(revert.sha, revert.sha)
            for revert, name in self._reverts
        )

    def _landings(self, commit: Commit, patch_id: str | None) -> Iterator[Landed]:
        for name in (commit.sha, *(n for n in self._by_trailer if len(n) < len(commit.sha))):
            if commit.sha.startswith(name):
                for ours in self._by_trailer.get(name, ()):
                    yield Landed(ours.sha, Landing.TRAILER)
        for ours in self._by_patch_id.get(patch_id or "", ()):
            yield Landed(ours.sha, Landing.PATCH_ID)
        if not _is_revert(commit):
            for number in commit.pull_numbers:
                for ours in self._by_pull.get(number, ()):
                    yield Landed(ours.sha, Landing.PULL)


def _grouped(pairs: Iterable[tuple[K, Commit]]) -> dict[K, list[Commit]]:
    groups: dict[K, list[Commit]] = defaultdict(list)
    for key, commit in pairs:
        groups[key].append(commit)
    return dict(groups)


def _is_revert(commit: Commit) -> bool:
    return commit.reverts is not None or commit.title.startswith('Revert "')
