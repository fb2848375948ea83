"""What is asked of git remotes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from cockpit.backends.ports.answers import Answer
    from cockpit.backends.ports.git_values import (
        BranchHead,
        BranchTree,
        ClosedBy,
        CommitNode,
        CommitRecipe,
        LedgerCommit,
        PickDraft,
        PickRecipe,
        Resolution,
        ScriptRun,
        TrunkQuestions,
    )
    from cockpit.release.branches import BranchState
    from cockpit.release.candidates import Tag
    from cockpit.release.changes import EndState
    from cockpit.release.commits import Commit
    from cockpit.release.pickorder import QueueSimulation
    from cockpit.release.prediction import PickOf, Prediction
    from cockpit.release.releasechanges import FileChange, Script
    from cockpit.release.repos import Repository
    from cockpit.release.submodules import Submodule
    from cockpit.release.trunk import TrunkReading


class GitPort(Protocol):
    """Git remotes, read and written through bare clones of the cockpit's own."""

    def read_branch(self, repository: Repository) -> Answer[BranchState]:
        """Fetch a repository and describe its release branch."""
        ...

    def remote_tags(self, remote: str, names: Sequence[str]) -> dict[str, Tag]:
        """Ask a remote for tags by exact name; absent ones are left out."""
        ...

    def remote_refs(self, remote: str, patterns: Sequence[str] = ()) -> dict[str, str]:
        """Ask a remote for its refs, all or those matching the patterns: full name → SHA."""
        ...

    def create_ref(self, repository: Repository, ref: str, sha: str) -> None:
        """Push a ref that must not exist yet; raises Conflict when it does."""
        ...

    def fetched(self, repository: Repository, ref: str) -> str | None:
        """Fetch the commit that a branch or tag is at; None where there is neither."""
        ...

    def log(self, repository: Repository, spec: str) -> tuple[Commit, ...]:
        """The commits of a range of the bare clone, newest first; reads only."""
        ...

    def read_file(self, repository: Repository, sha: str, path: str) -> str | None:
        """A file of a commit that was fetched; None when the commit has no such file."""
        ...

    def tree_id(self, repository: Repository, sha: str, path: str) -> str | None:
        """The tree of a folder of a commit that was fetched; None when there is none."""
        ...

    def branches(self, remote: str, patterns: Sequence[str]) -> dict[str, str]:
        """Ask a remote for branches by name or pattern: name → SHA; absent ones are left out."""
        ...

    def commit_node(self, repository: Repository, sha: str) -> CommitNode:
        """What a commit that was fetched is made of."""
        ...

    def contains(self, repository: Repository, tip: str, sha: str) -> bool:
        """Whether a commit is part of a history that was fetched."""
        ...

    def merge_base(self, repository: Repository, one: str, other: str) -> str | None:
        """Where two histories that were fetched parted; None when they have nothing in common."""
        ...

    def files(self, repository: Repository, sha: str, folder: str) -> dict[str, bytes]:
        """The regular files below a folder of a commit that was fetched, by path."""
        ...

    def draft_commit(self, repository: Repository, recipe: CommitRecipe) -> CommitNode:
        """What a recipe comes to; leaves nothing behind."""
        ...

    def create_branches(
        self, repository: Repository, branches: Mapping[str, str], recipe: CommitRecipe | None
    ) -> None:
        """Push branches that must not exist yet, all or none, with the commit of the recipe.

        Raises Conflict when one exists or the recipe comes to another commit.
        """
        ...

    def branch_head(self, repository: Repository, branch: str, base: str) -> BranchHead | None:
        """Fetch the head of a branch and what it has that `base` has not; None when absent."""
        ...

    def run_script(
        self, repository: Repository, sha: str, changes: Sequence[FileChange], script: Script
    ) -> ScriptRun:
        """Run a script in a throw-away tree of a commit with these changes; writes nowhere else.

        It gets no credential, and is ended when its time is over.
        """
        ...

    def draft_pick(
        self, repository: Repository, onto: str, pick: PickOf, resolution: Resolution | None = None
    ) -> PickDraft:
        """What a pick onto a commit comes to, or its resolution; leaves nothing behind."""
        ...

    def resolution(self, repository: Repository, name: str) -> Resolution | None:
        """How far the resolution of a conflict has come; None where nobody has begun one."""
        ...

    def begin_resolution(
        self, repository: Repository, name: str, onto: str, pick: PickOf
    ) -> Resolution:
        """Prepare a throw-away work tree with a conflict in it; the one that is there is kept."""
        ...

    def abandon_resolution(self, repository: Repository, name: str) -> None:
        """Remove a work tree and all that was done in it."""
        ...

    def push_branch(
        self,
        repository: Repository,
        branch: str,
        recipe: CommitRecipe | PickRecipe,
        sha: str,
        found: str | None,
    ) -> None:
        """Point a branch at the commit of a recipe, which must come to `sha`.

        Raises Conflict when the branch is no longer where it was found; None stands for absent.
        """
        ...

    def last_change(self, repository: Repository, sha: str, path: str) -> Commit | None:
        """The newest commit of a history that was fetched to change a file; None without one."""
        ...

    def branches_with(self, remote: str, sha: str) -> tuple[str, ...]:
        """The branches of a remote that contain a commit; asks the remote."""
        ...

    def submodules(
        self, repository: Repository, sha: str, base: str | None, allowed: Sequence[str]
    ) -> tuple[Submodule, ...]:
        """The submodules of a commit that was fetched, compared with those of `base`.

        Their remotes are asked where they are `allowed`; one that cannot be asked is unknown.
        """
        ...

    def branch_tree(self, remote: str, branch: str, file: str, folder: str) -> BranchTree | None:
        """What the head of a branch holds at two paths; None when there is no such branch.

        Only what is asked for is transferred, where the remote allows that.
        """
        ...

    def read_trunk(
        self, repository: Repository, asked: TrunkQuestions, closed_by: ClosedBy
    ) -> Answer[TrunkReading]:
        """What trunk and the release branch have of each other's changes, and what is missing.

        Nothing is walked again while branch, trunk and older lines stay.
        """
        ...

    def predict(
        self,
        repository: Repository,
        onto: str,
        picks: Sequence[PickOf],
        *,
        chain: bool = False,
        regions: bool = True,
    ) -> tuple[Prediction, ...]:
        """What picks onto a commit would come to, in the order given; nothing is written.

        With `chain` each is put onto what the clean ones before it have made of the branch.
        Without `regions` the text that collides is left out, which is quicker for many.
        """
        ...

    def simulate(
        self, repository: Repository, onto: str, picks: Sequence[PickOf]
    ) -> QueueSimulation:
        """Land a queue in its order, and look for an order in which fewer picks conflict."""
        ...

    def squashes(
        self, repository: Repository, onto: str, heads: Sequence[str]
    ) -> dict[str, PickOf]:
        """All that pull requests of these heads bring to a branch, by head, each as a pick.

        Heads that the clone lacks are fetched; those that the remote does not have, and those of
        another history, are left out.
        """
        ...

    def end_state(self, repository: Repository, onto: str, picks: Sequence[PickOf]) -> EndState:
        """What a branch would be once those of a queue that are clean have landed in order."""
        ...

    def change(self, repository: Repository, tip: str, onto: str | None = None) -> tuple[str, ...]:
        """A diff's lines: from where `tip` parted from `onto`, else from its first parent.

        Commits that the clone lacks are fetched; raises Unreachable where the remote has none.
        """
        ...

    def ledger_tip(self, remote: str, ref: str) -> str | None:
        """The tip of a ledger on its remote; None when the ledger does not exist yet."""
        ...

    def bring_ledger(self, remote: str, ref: str) -> str | None:
        """Fetch a ledger without reading it; gives its tip, None where there is none yet."""
        ...

    def read_ledger(
        self, remote: str, ref: str, since: str | None = None
    ) -> tuple[LedgerCommit, ...]:
        """Fetch a ledger and read its chain, oldest first, after `since` when given."""
        ...

    def append_ledger(
        self, remote: str, ref: str, messages: Sequence[str], parent: str | None
    ) -> tuple[str, ...]:
        """Commit on `parent`, one on the other, and push them all or none, fast-forward only.

        Raises Conflict when the tip has moved.
        """
        ...

    def identity(self) -> tuple[str, str]:
        """Name and e-mail that commits of this person carry."""
        ...
