"""Which changes a branch has already, found by what its commits say and by their patches."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property

import msgspec

from cockpit.backends.git_merges import MergeRoom
from cockpit.backends.git_output import COMMIT_FORMAT, read_commits
from cockpit.backends.git_patches import Change, FileChanges, patch_ids
from cockpit.errors import CockpitError
from cockpit.release.commits import Commit
from cockpit.release.landed import BranchSide
from cockpit.release.prediction import Landed, Landing

_TELLING = re.compile(
    rb"^.*(?:cherry picked from|This reverts commit|Pull Request resolved:).*$", re.MULTILINE
)


class Known(msgspec.Struct, frozen=True):
    """A commit with its message, and the parent its change is seen from."""

    commit: Commit
    base: str | None

    @property
    def change(self) -> Change:
        """It as a difference."""
        return Change(self.commit.sha, self.base)


class Landings:
    """What a branch has to itself since it parted from a history, asked for changes."""

    def __init__(
        self, room: MergeRoom, files: FileChanges, onto: str, parted_at: str | None
    ) -> None:
        """`parted_at` is None for histories that have nothing in common."""
        self._room = room
        self._files = files
        asked = [onto, f"^{parted_at}"] if parted_at else [onto]
        self._commits = read_messages(room, "--no-merges", asked)
        self.trouble = ""
        """Why patches could not be compared; empty when they could."""

    def of(self, changes: Sequence[Known]) -> dict[str, Landed]:
        """Where the branch has each of the changes that it has.

        Patches are compared only where the paths are the same and the messages say nothing.
        """
        if not self._commits:
            return {}
        said = BranchSide(self._commits)
        found = {known.commit.sha: said.landing_of(known.commit) for known in changes}
        open_ones = [known for known in changes if not _settled(found[known.commit.sha])]
        twins = self._twins([known.change for known in open_ones])
        try:
            ids = patch_ids(self._room, twins) if twins else {}
            side = BranchSide(self._commits, self._patch_ids if twins else {})
        except CockpitError as err:
            self.trouble = f"patches could not be compared: {err.detail}"
        else:
            for known in open_ones:
                sha = known.commit.sha
                found[sha] = side.landing_of(known.commit, ids.get(sha))
        return {sha: landed for sha, landed in found.items() if landed is not None}

    def touched(self, path: str) -> bool:
        """Whether a commit that only the branch has changed a file."""
        return any(path in paths for paths in self._paths)

    def _twins(self, changes: Sequence[Change]) -> list[Change]:
        """The changes that touch exactly the paths that a commit of the branch touches."""
        if not changes:
            return []
        ours = set(self._paths) - {frozenset()}
        theirs = map(frozenset, self._files.of(changes))
        return [change for change, paths in zip(changes, theirs, strict=True) if paths in ours]

    @cached_property
    def _paths(self) -> list[frozenset[str]]:
        return list(map(frozenset, self._files.of(self._changes)))

    @cached_property
    def _patch_ids(self) -> dict[str, str]:
        return patch_ids(self._room, self._changes)

    @property
    def _changes(self) -> list[Change]:
        return [Change(commit.sha, None) for commit in self._commits]


def _settled(landed: Landed | None) -> bool:
    return landed is not None and landed.by is Landing.TRAILER


def read_messages(room: MergeRoom, which: str, revisions: Sequence[str]) -> tuple[Commit, ...]:
    """Commits, children before parents, with what in their messages speaks of other commits."""
    listed = room.run(
        *("log", "-z", "--topo-order", which, f"--format={COMMIT_FORMAT}"),
        *("--no-show-signature", "--no-color", "--stdin"),
        stdin="".join(f"{revision}\n" for revision in revisions).encode(),
    )
    words = listed.split(b"\0")
    words[1::5] = [b""] * len(words[1::5])  # nobody asks for authors, and cleaning takes its time
    words[4::5] = [b"\n".join(_TELLING.findall(body)) for body in words[4::5]]
    return read_commits(b"\0".join(words))
