"""What a release branch lacks, and what nobody knows where it came from."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from cockpit.release.lineage import Evidence, History, HistoryCommit, Origin, PickKind
from cockpit.release.undoing import CarryForward, MissingRevert


class PickRow(NamedTuple):
    """A commit of the branch with one commit of trunk that it comes from."""

    commit: HistoryCommit
    trunk: HistoryCommit | None
    by: Evidence | None
    kind: PickKind


class Findings(NamedTuple):
    """Everything that was found of one release branch."""

    branch: str
    trunk: str
    cut: str
    """The SHA of the commit that both share last."""
    branch_commits: int
    trunk_commits: int
    """On trunk since the cut."""
    picks: Sequence[PickRow]
    """Oldest first; a squash of several picks has a row for each."""
    missing_reverts: Sequence[MissingRevert]
    carry_forward: Sequence[CarryForward] | None
    """None where older lines cannot be told."""
    nameless: Sequence[HistoryCommit]
    """Reverts on trunk since the cut of something that could not be found."""
    unknown: Sequence[str] = ()
    """In words, what could not be found out."""

    @property
    def never_landed(self) -> list[PickRow]:
        """Commits of the branch that are on trunk in no form, and not said to be release-only."""
        return [row for row in self.picks if row.kind is PickKind.UNKNOWN]

    @property
    def counts(self) -> dict[str, int]:
        """Commits of the branch by kind, and how many there are of everything found."""
        kinds = Counter(kind for _, kind in {(row.commit.sha, row.kind) for row in self.picks})
        return {
            "branch_commits": self.branch_commits,
            "trunk_commits": self.trunk_commits,
            **{kind.value: kinds[kind] for kind in PickKind},
            "missing_reverts": len(self.missing_reverts),
            "carry_forward": len(self.carry_forward or ()),
            "never_landed": kinds[PickKind.UNKNOWN],
        }


def pick_rows(branch: Sequence[Origin], trunk: History) -> list[PickRow]:
    """The rows of a branch whose commits are told newest first."""
    return [
        PickRow(
            origin.commit, None if source is None else trunk.commits[source], origin.by, origin.kind
        )
        for origin in reversed(branch)
        for source in (origin.sources or (None,))
    ]
