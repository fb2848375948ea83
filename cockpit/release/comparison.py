"""Two candidates of one release branch compared, and the branch as a timeline between its tags."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from cockpit.release.branches import BranchState
from cockpit.release.candidates import Candidate
from cockpit.release.commits import Commit, CommitKind


class Comparison(msgspec.Struct, frozen=True):
    """What the newer of two candidates has and the older one has not."""

    older: Candidate
    newer: Candidate
    commits: tuple[Commit, ...]
    """Newest first."""

    def of_kind(self, kind: CommitKind) -> tuple[Commit, ...]:
        """The commits of one kind, newest first."""
        return tuple(commit for commit in self.commits if commit.kind is kind)


class Stretch(msgspec.Struct, frozen=True):
    """The commits that one candidate added, newest first; those that none has when it is None."""

    candidate: Candidate | None
    commits: tuple[Commit, ...]


def compare(branch: BranchState, older: Candidate, newer: Candidate) -> Comparison | None:
    """What `newer` adds to `older`; None when one is not on the branch or they are turned round.

    The commits of a release branch are one line, so what `older` has is all that follows it.
    """
    before, after = branch.since(older.commit_sha), branch.since(newer.commit_sha)
    if before is None or after is None or len(before) < len(after):
        return None
    return Comparison(older, newer, before[len(after) :])


def stretches(branch: BranchState, candidates: Sequence[Candidate]) -> tuple[Stretch, ...]:
    """The branch from its head back to the cut, in pieces that end at a candidate.

    Candidates that are not on the branch are left out; of several on one commit each has a piece,
    and the first of them has the commits.
    """
    placed = ((candidate, branch.since(candidate.commit_sha)) for candidate in candidates)
    oldest_first = sorted(
        ((-len(since), c.number, c) for c, since in placed if since is not None),
        key=lambda entry: entry[:2],
    )
    found: list[Stretch] = []
    end = len(branch.commits)
    for from_the_end, _, candidate in oldest_first:
        found.append(Stretch(candidate, branch.commits[-from_the_end:end]))
        end = -from_the_end
    found.append(Stretch(None, branch.commits[:end]))
    return tuple(reversed(found))
