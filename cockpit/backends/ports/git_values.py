"""What is read from git and made in it: commits, recipes, drafts, questions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import msgspec

from cockpit.backends.ports.answers import Answer
from cockpit.release.commits import Commit
from cockpit.release.milestones import MilestoneItem
from cockpit.release.prediction import Prediction
from cockpit.release.releasechanges import FileChange, FileState


class LedgerCommit(msgspec.Struct, frozen=True):
    """One commit of a ledger's chain."""

    sha: str
    author: str
    email: str
    committed_at: datetime
    message: str
    signature: str
    """git's `%G?`: `N` unsigned, `G` good, `B` bad …"""


class CommitNode(msgspec.Struct, frozen=True):
    """What a commit is made of."""

    sha: str
    tree: str
    parents: tuple[str, ...]
    committed: str
    """The committer's date as git keeps it: seconds and zone."""


class CommitRecipe(msgspec.Struct, frozen=True):
    """A commit told so that it comes out the same whenever and wherever it is made.

    It is dated like its parent, and keeps the modes of the files whose contents it replaces.
    """

    parent: str
    message: str
    author: tuple[str, str]
    """Name and e-mail; the committer is the same."""
    files: dict[str, bytes]
    """The new contents of files of the parent, by path."""
    made: dict[str, FileState | None] = {}
    """Files that appear or change their mode; None for those that go."""


class PickRecipe(msgspec.Struct, frozen=True):
    """A pick told so that it comes out the same whenever and wherever it is made.

    Author and author's date are those of what is picked; it is committed by whoever picks, and
    dated like its parent.
    """

    parent: str
    source: str
    """The commit that is picked."""
    tree: str
    """What it must come to."""
    message: str
    committer: tuple[str, str]
    """Name and e-mail."""
    mainline: int | None = None
    resolution: str = ""
    """The work tree in which a person resolved its conflict; empty where git merges it."""


class PickDraft(msgspec.Struct, frozen=True):
    """What a pick comes to, before anything is pushed."""

    prediction: Prediction
    recipe: PickRecipe | None = None
    """None where it cannot be made."""
    node: CommitNode | None = None
    diff: tuple[str, ...] = ()
    """What it changes on the branch, cleaned."""


class Resolution(msgspec.Struct, frozen=True):
    """A throw-away work tree with a conflict in it that a person resolves."""

    name: str
    path: str
    onto: str
    """The commit of the branch that the pick was put onto."""
    source: str
    mainline: int | None = None
    unresolved: tuple[str, ...] = ()
    """In words, files that are still in conflict."""
    files: tuple[str, ...] = ()
    """Those files, below `path`."""
    tree: str = ""
    """What it comes to; empty while something is unresolved."""
    diff: tuple[str, ...] = ()


class BranchHead(msgspec.Struct, frozen=True):
    """A branch as its remote has it, seen from another one that it is to be merged into."""

    node: CommitNode
    own: tuple[Commit, ...]
    """The commits that the other branch does not have, newest first."""
    dated_like_parent: bool
    """Whether it is dated as a `CommitRecipe` dates, which nobody does by chance."""


class ScriptRun(msgspec.Struct, frozen=True):
    """How a repository's own script ended, and what it made of the tree."""

    problem: str
    """Why it failed; empty when it did not."""
    said: tuple[str, ...]
    """The last lines of its output, cleaned."""
    changes: tuple[FileChange, ...] = ()


class BranchTree(msgspec.Struct, frozen=True):
    """A file and a folder of the head of a branch."""

    sha: str
    text: str | None
    """Of the file; None when there is none."""
    entries: tuple[str, ...]
    """Names in the folder; none when there is no such folder."""


class TrunkQuestions(msgspec.Struct, frozen=True):
    """What is asked of a trunk, as seen from a release branch; both were fetched before."""

    branch_sha: str
    trunk_sha: str
    cut_at: datetime | None = None
    """When the branch was cut: older lines that ended before it have nothing to carry forward."""
    pulls: tuple[int, ...] = ()
    """Pull requests whose landings are wanted."""
    commits: tuple[str, ...] = ()
    """Commits that are wanted, perhaps abbreviated."""
    items: tuple[MilestoneItem, ...] | None = None
    """The whole milestone; None where it could not be read."""
    items_unknown: str = ""
    """Why the milestone is not known, or not whole."""
    ignored: tuple[str, ...] = ()
    """Labels of items that are never picked."""


ClosedBy = Callable[[Sequence[int]], Answer[dict[int, tuple[str, ...]]]]
"""Tells by which commits issues were closed; asked only of those that no commit tells of."""
