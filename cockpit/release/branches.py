"""Release branches: where they were cut, what came since, and what no candidate contains yet."""

from __future__ import annotations

import msgspec

from cockpit.release.candidates import Candidate, MovedTag, Tag, candidates_of
from cockpit.release.commits import Commit, CommitKind
from cockpit.release.repos import Repository


class BranchState(msgspec.Struct, frozen=True):
    """One repository's release branch as its remote has it."""

    repository: str
    branch: str
    head: Commit | None
    """None while the branch has not been cut."""
    cut_point: Commit | None
    """Where the branch left the trunk, or the orig branch when that is its ancestor."""
    orig_sha: str | None
    orig_parent: str | None
    """Where the orig branch's head grew from: the cut point, if the cut gave it its own commit."""
    trunk_sha: str | None
    cut_from_sha: str | None
    commits: tuple[Commit, ...]
    """Everything since the cut point, newest first."""
    tags: tuple[Tag, ...]
    """Tags of this repository's own version."""
    version_text: str | None
    """What the version file says at the head; None without such a file."""

    @property
    def picks(self) -> tuple[Commit, ...]:
        """Commits since the cut that were taken from the trunk."""
        return tuple(commit for commit in self.commits if commit.kind is CommitKind.PICK)

    def tag(self, name: str) -> Tag | None:
        """The tag of this name."""
        return next((tag for tag in self.tags if tag.name == name), None)

    def candidates(self, repository: Repository) -> tuple[Candidate, ...]:
        """The candidates of this release's version, by number."""
        return candidates_of(self.tags, repository.version, repository.naming)

    def since(self, sha: str | None) -> tuple[Commit, ...] | None:
        """Commits after `sha` on the branch, newest first; None when `sha` is not on it."""
        if sha is None or (self.cut_point is not None and sha == self.cut_point.sha):
            return self.commits
        for position, commit in enumerate(self.commits):
            if commit.sha == sha:
                return self.commits[:position]
        return None


class Branches(msgspec.Struct, frozen=True):
    """The release branches of every repository."""

    states: tuple[BranchState, ...] = ()
    problems: dict[str, str] = {}
    """Repository → why its remote could not be read."""
    moved: tuple[MovedTag, ...] = ()
    """Pinned tags that had moved when the branches were read, with who did it if that is told."""

    def of(self, repository: Repository) -> BranchState | None:
        """The state of one repository, or None when it could not be read."""
        return next((s for s in self.states if s.repository == repository.name), None)
