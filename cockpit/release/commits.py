"""Commits as the release sees them, and what their messages say."""

from __future__ import annotations

import re
from datetime import datetime
from enum import Enum

import msgspec

from cockpit.release.claims import TRAILER, is_release_only
from cockpit.release.words import short as short

_PULL_NUMBER = re.compile(r"\(#(\d+)\)")
_RESOLVED = re.compile(r"^Pull Request resolved: \S+/pull/(\d+)\s*$", re.MULTILINE)
_REVERTS = re.compile(r"This reverts commit ([0-9a-f]{7,40})")


class CommitKind(Enum):
    """Why a commit is on a release branch."""

    PICK = "pick"
    RELEASE_ONLY = "release-only"
    REVERT = "revert"
    OTHER = "other"


class Commit(msgspec.Struct, frozen=True):
    """One commit, with its message cleaned of control characters."""

    sha: str
    title: str
    author: str
    committed_at: datetime
    body: str = ""

    @property
    def picked_from(self) -> tuple[str, ...]:
        """SHAs named by `git cherry-pick -x` trailers."""
        return tuple(TRAILER.re.findall(self.body))

    @property
    def pull_numbers(self) -> tuple[int, ...]:
        """Pull requests this commit names, the squashing one last in a title of several."""
        numbers = [*_PULL_NUMBER.findall(self.title), *_RESOLVED.findall(self.body)]
        return tuple(dict.fromkeys(map(int, numbers)))

    @property
    def reverts(self) -> str | None:
        """The SHA this commit says it reverts."""
        found = _REVERTS.search(self.body)
        return found[1] if found else None

    @property
    def kind(self) -> CommitKind:
        """What the message says the commit is; a pick is recognised by trailer, PR or prefix."""
        if self.picked_from or self.title.lower().startswith("[cherry-pick"):
            return CommitKind.PICK
        if self.reverts or self.title.startswith('Revert "'):
            return CommitKind.REVERT
        if is_release_only(self.title):
            return CommitKind.RELEASE_ONLY
        return CommitKind.PICK if self.pull_numbers else CommitKind.OTHER
