"""Commits of a release branch as rows: what each one is, and the page that tells of it."""

from __future__ import annotations

from collections.abc import Iterable

from cockpit.release.commits import Commit, CommitKind, short
from cockpit.release.lookups import picks_by_commit
from cockpit.release.picks import Pick
from cockpit.release.repos import Repository
from cockpit.release.state import ReleaseState
from cockpit.release.words import counted
from cockpit.views.ages import ago
from cockpit.views.marks import NEEDS_YOU, NOT_APPLICABLE, PASSED, WAITING, Mark, Tone
from cockpit.views.table import Align, Cell, Column, Row, Span, cell

COLUMNS = (
    Column("commit", "commit"),
    Column("kind", "kind", rank=1),
    Column("title", "title", weight=1),
    Column("trunk", "trunk PR", Align.RIGHT, rank=2),
    Column("age", "when", Align.RIGHT, rank=3),
)
_MARKS = {
    CommitKind.PICK: PASSED,
    CommitKind.RELEASE_ONLY: WAITING,
    CommitKind.REVERT: NEEDS_YOU,
    CommitKind.OTHER: NOT_APPLICABLE,
}
_NOUNS = {
    CommitKind.PICK: "pick",
    CommitKind.RELEASE_ONLY: "release-only change",
    CommitKind.REVERT: "revert",
    CommitKind.OTHER: "other commit",
}


class CommitRows:
    """Makes rows of one repository's commits, from what the pick queue knows of them."""

    def __init__(self, state: ReleaseState, repository: Repository) -> None:
        self._state = state
        self._web = f"{state.spec.web}/{repository.name}"
        self._picks = picks_by_commit(state) if repository == state.spec.core else {}

    def row(self, commit: Commit) -> Row:
        """One commit."""
        trunk = self.trunk_pull(commit)
        age = Span(ago(self._state.now - commit.committed_at), Tone.DIM)
        return Row(
            key=commit.sha,
            cells=(
                cell(short(commit.sha), Tone.DIM, mark=_MARKS[commit.kind]),
                cell(commit.kind.value, Tone.DIM),
                cell(commit.title),
                cell(f"#{trunk}" if trunk else "–", Tone.DIM),
                Cell((age,), sort=commit.committed_at.timestamp()),
            ),
            url=self.page(commit),
            copy=commit.sha,
            search=f"{commit.author} {' '.join(f'#{n}' for n in commit.pull_numbers)}",
        )

    def pick(self, commit: Commit) -> Pick | None:
        """The pick whose pull request brought the commit."""
        return self._picks.get(commit.sha)

    def trunk_pull(self, commit: Commit) -> int | None:
        """The pull request on the trunk: as it was nominated, else as the commit names it."""
        pick = self.pick(commit)
        if pick is not None and pick.trunk_pull is not None:
            return pick.trunk_pull
        own = pick.release_pull if pick else None
        return next((number for number in commit.pull_numbers if number != own), None)

    def page(self, commit: Commit) -> str:
        """The pull request that brought the commit, else the one it names, else the commit."""
        pick = self.pick(commit)
        if pick is not None and pick.url:
            return pick.url
        if commit.pull_numbers:
            return f"{self._web}/pull/{commit.pull_numbers[-1]}"
        return f"{self._web}/commit/{commit.sha}"

    def tag_page(self, tag: str) -> str:
        """The tree of a tag."""
        return f"{self._web}/tree/{tag}"


def separator(key: str, name: str, text: str, mark: Mark, tone: Tone) -> Row:
    """A row that stands between commits."""
    return Row(key, (cell(name, tone, mark=mark), Cell(), cell(text, tone), Cell(), Cell()))


def tally(commits: Iterable[Commit]) -> str:
    """How many commits there are of each kind: `3 picks · 1 revert`; empty for none."""
    kinds = [commit.kind for commit in commits]
    return " · ".join(
        counted(kinds.count(kind), noun) for kind, noun in _NOUNS.items() if kind in kinds
    )
