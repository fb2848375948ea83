"""Git remotes, read and written through bare clones of the cockpit's own."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import BinaryIO, cast

from cockpit.backends.git_borrowed import BorrowedClone
from cockpit.backends.git_branches import NEWEST_SHOWN, BranchReader
from cockpit.backends.git_changes import ChangeReader
from cockpit.backends.git_clones import Clones, refused
from cockpit.backends.git_identity import Identity
from cockpit.backends.git_ledgers import Ledgers
from cockpit.backends.git_names import (
    HEADS,
    checked_ref,
    checked_sha,
    tag_patterns,
)
from cockpit.backends.git_output import read_tags
from cockpit.backends.git_picks import PickMaker
from cockpit.backends.git_predictions import Predictor
from cockpit.backends.git_published import PublishedReader
from cockpit.backends.git_resolving import Resolutions
from cockpit.backends.git_runner import Clone, GitRunner
from cockpit.backends.git_scripts import WorkTrees
from cockpit.backends.git_spawn import not_installed
from cockpit.backends.git_submodules import SubmoduleReader
from cockpit.backends.git_trees import Trees
from cockpit.backends.git_trunk_reader import TrunkReader
from cockpit.backends.ports import (
    Answer,
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
from cockpit.backends.text import clean
from cockpit.errors import Conflict
from cockpit.release.branches import BranchState
from cockpit.release.candidates import Tag
from cockpit.release.changes import EndState
from cockpit.release.commits import Commit, short
from cockpit.release.pickorder import QueueSimulation
from cockpit.release.prediction import PickOf, Prediction
from cockpit.release.releasechanges import FileChange, Script
from cockpit.release.repos import Repository
from cockpit.release.submodules import Submodule
from cockpit.release.trunk import TrunkReading


class GitClones:
    """The git adapter: one bare clone a remote, in a folder of the cockpit's own."""

    def __init__(
        self,
        folder: Path,
        *,
        identity: tuple[str, str] | None = None,
        stand_in: tuple[str, str] | None = None,
        sign: bool = False,
        timeout_s: float = 120,
        log: Callable[[str], None] | None = None,
    ) -> None:
        """`identity` is used instead of git's own, `stand_in` only where git has none.

        With `sign`, the ledger's commits are signed as the person's own git is set up to.
        `timeout_s` is how long a git process may be silent; `log` is told every command.
        """
        self._folder = folder
        self._git = GitRunner(self._spawn, silence_s=timeout_s, log=log)
        nowhere = Clone(folder / "none", "", "git")
        self._identity = Identity(self._git, nowhere, given=identity, stand_in=stand_in)
        self._clones = Clones(folder, self._git)
        self._branches = BranchReader(self._git, self._clones)
        self._ledgers = Ledgers(self._clones, self.identity, sign=sign)
        self._trees = Trees(self._git)
        self._trunk = TrunkReader(self._git, self._clones, self._trees)
        self._changes = ChangeReader(self._git, self._clones, self._trees)
        self._work_trees = WorkTrees(self._git, self._trees)
        # What was not brought beforehand, such as old versions that tell a cause, git may fetch.
        self._predictor = Predictor(self._git, {"GIT_NO_LAZY_FETCH": "0"})
        self._resolutions = Resolutions(folder.parent / "resolving", self._git)
        self._picks = PickMaker(self._git, self._predictor, self._resolutions)
        self._submodules = SubmoduleReader(self._git, self._clones)
        self._published = PublishedReader(self._git, self._clones, self._trees)

    def read_branch(self, repository: Repository) -> Answer[BranchState]:
        """Fetch a repository and describe its release branch."""
        return self._branches.read(self._clone_of(repository), repository)

    def remote_tags(self, remote: str, names: Sequence[str]) -> dict[str, Tag]:
        """Ask a remote for tags by exact name; absent ones are left out."""
        patterns = [pattern for name in names for pattern in tag_patterns(name)]
        if not patterns:
            return {}
        listed = self._clones.listed(self._clones.of(remote), "--tags", patterns)
        return {tag.name: tag for tag in read_tags(listed) if tag.name in names}

    def remote_refs(self, remote: str, patterns: Sequence[str] = ()) -> dict[str, str]:
        """Ask a remote for its refs, all or those matching the patterns: full name → SHA."""
        return self._clones.listed(self._clones.of(remote), "--refs", patterns)

    def create_ref(self, repository: Repository, ref: str, sha: str) -> None:
        """Push a ref that must not exist yet; raises Conflict when it does.

        A push whose answer is lost counts as done when the remote then has the ref as pushed.
        """
        checked_ref(ref)
        checked_sha(sha)
        clone = self._clone_of(repository)
        with self._clones.lock(clone):
            self._clones.need(clone, sha)
            pushed, failure = self._clones.push(clone, ref, sha, expected="")
        if pushed is not None and pushed.flag == "*":
            return
        there = self._clones.listed(clone, "--refs", [ref]).get(ref)
        if there == sha and pushed is None:
            return
        if there is not None or (pushed is not None and pushed.lost_a_race):
            raise Conflict(
                f"{clean(ref)} is on {repository.name} already",
                f"at {short(there)}" if there else "somebody else pushed it at the same time",
                "r reads the branches again",
            )
        raise failure or refused(clone, pushed)

    def fetched(self, repository: Repository, ref: str) -> str | None:
        """Fetch the commit that a branch or tag is at; None where there is neither."""
        checked_ref(HEADS + ref)
        clone = self._filled_clone_of(repository)
        sha = self.branches(repository.remote, (ref,)).get(ref)
        if sha is None:
            tag = self.remote_tags(repository.remote, (ref,)).get(ref)
            sha = tag.commit_sha if tag else None
        if sha is not None:
            with self._clones.lock(clone):
                self._clones.need(clone, sha)
        return sha

    def log(self, repository: Repository, spec: str) -> tuple[Commit, ...]:
        """The commits of a range of the bare clone, newest first; reads only."""
        return self._clones.commits(self._filled_clone_of(repository), spec)

    def read_file(self, repository: Repository, sha: str, path: str) -> str | None:
        """A file of a commit that was fetched; None when the commit has no such file."""
        return self._clones.file_text(self._filled_clone_of(repository), checked_sha(sha), path)

    def tree_id(self, repository: Repository, sha: str, path: str) -> str | None:
        """The tree of a folder of a commit that was fetched; None when there is none."""
        clone = self._filled_clone_of(repository)
        return self._clones.entry(clone, checked_sha(sha), path, "tree")

    def branches(self, remote: str, patterns: Sequence[str]) -> dict[str, str]:
        """Ask a remote for branches by name or pattern: name → SHA; absent ones are left out."""
        heads = [f"{HEADS}{pattern}" for pattern in patterns]
        listed = self._clones.listed(self._clones.of(remote), "--heads", heads)
        return {ref.removeprefix(HEADS): sha for ref, sha in listed.items()}

    def commit_node(self, repository: Repository, sha: str) -> CommitNode:
        """What a commit that was fetched is made of."""
        return self._trees.node(self._filled_clone_of(repository), checked_sha(sha))

    def contains(self, repository: Repository, tip: str, sha: str) -> bool:
        """Whether a commit is part of a history that was fetched."""
        clone = self._filled_clone_of(repository)
        return self._clones.contains(clone, checked_sha(tip), checked_sha(sha))

    def merge_base(self, repository: Repository, one: str, other: str) -> str | None:
        """Where two histories that were fetched parted; None when they have nothing in common."""
        clone = self._filled_clone_of(repository)
        return self._clones.merge_base(clone, checked_sha(one), checked_sha(other))

    def files(self, repository: Repository, sha: str, folder: str) -> dict[str, bytes]:
        """The regular files below a folder of a commit that was fetched, by path."""
        clone = self._filled_clone_of(repository)
        with self._clones.lock(clone):
            return self._trees.files(clone, checked_sha(sha), folder)

    def draft_commit(self, repository: Repository, recipe: CommitRecipe) -> CommitNode:
        """What a recipe comes to; leaves nothing behind."""
        return self._trees.draft(self._filled_clone_of(repository), recipe)

    def create_branches(
        self, repository: Repository, branches: Mapping[str, str], recipe: CommitRecipe | None
    ) -> None:
        """Push branches that must not exist yet, all or none, with the commit of the recipe."""
        clone = self._filled_clone_of(repository)
        refs = {checked_ref(HEADS + name): checked_sha(sha) for name, sha in branches.items()}
        with self._clones.lock(clone):
            for sha in {recipe.parent} if recipe else set(refs.values()):
                self._clones.need(clone, sha)
            self._trees.push_new(self._clones, clone, refs, recipe)

    def last_change(self, repository: Repository, sha: str, path: str) -> Commit | None:
        """The newest commit of a history that was fetched to change a file; None without one."""
        clone = self._filled_clone_of(repository)
        return self._clones.last_change(clone, checked_sha(sha), path)

    def branches_with(self, remote: str, sha: str) -> tuple[str, ...]:
        """The branches of a remote that contain a commit; asks the remote."""
        return self._submodules.holders(remote, checked_sha(sha))

    def submodules(
        self, repository: Repository, sha: str, base: str | None, allowed: Sequence[str]
    ) -> tuple[Submodule, ...]:
        """The submodules of a commit that was fetched, compared with those of `base`."""
        return self._submodules.read(self._filled_clone_of(repository), sha, base, allowed)

    def branch_tree(self, remote: str, branch: str, file: str, folder: str) -> BranchTree | None:
        """What the head of a branch holds at two paths; None when there is no such branch."""
        return self._published.read(remote, branch, file, folder)

    def branch_head(self, repository: Repository, branch: str, base: str) -> BranchHead | None:
        """Fetch the head of a branch and what it has that `base` has not; None when absent."""
        clone = self._filled_clone_of(repository)
        head = self.branches(repository.remote, (branch,)).get(branch)
        if head is None:
            return None
        with self._clones.lock(clone):
            self._clones.need(clone, head)
        own = self._clones.commits(
            clone, f"{checked_sha(base)}..{head}", f"--max-count={NEWEST_SHOWN}"
        )
        node = self._trees.node(clone, head)
        parents = [self._trees.node(clone, parent) for parent in node.parents]
        like_parent = len(parents) == 1 and parents[0].committed == node.committed
        return BranchHead(node, own, like_parent)

    def run_script(
        self, repository: Repository, sha: str, changes: Sequence[FileChange], script: Script
    ) -> ScriptRun:
        """Run a script in a throw-away tree of a commit with these changes."""
        clone = self._filled_clone_of(repository)
        with self._clones.lock(clone):
            self._trees.bring(clone, checked_sha(sha))
        return self._work_trees.run(clone, sha, changes, script)

    def push_branch(
        self,
        repository: Repository,
        branch: str,
        recipe: CommitRecipe | PickRecipe,
        sha: str,
        found: str | None,
    ) -> None:
        """Point a branch at the commit of a recipe, from where it was found."""
        clone, ref = self._filled_clone_of(repository), checked_ref(HEADS + branch)
        if isinstance(recipe, PickRecipe):
            self._with_files_of(repository, recipe.parent, [PickOf(recipe.source, recipe.mainline)])
            make = partial(self._picks.make, clone, recipe)
        else:
            make = partial(self._trees.make, clone, recipe)
        with self._clones.lock(clone):
            self._clones.need(clone, recipe.parent)
            self._trees.push_moved(self._clones, clone, ref, make, checked_sha(sha), found or "")

    def draft_pick(
        self, repository: Repository, onto: str, pick: PickOf, resolution: Resolution | None = None
    ) -> PickDraft:
        """What a pick onto a commit comes to, or its resolution."""
        clone = self._with_files_of(repository, onto, [pick])
        return self._picks.draft(clone, onto, pick, self.identity(), resolution)

    def resolution(self, repository: Repository, name: str) -> Resolution | None:
        """How far the resolution of a conflict has come; None where nobody has begun one."""
        return self._resolutions.look(self._filled_clone_of(repository), name)

    def begin_resolution(
        self, repository: Repository, name: str, onto: str, pick: PickOf
    ) -> Resolution:
        """Prepare a throw-away work tree with a conflict in it; the one that is there is kept."""
        clone = self._with_files_of(repository, onto, [pick])
        with self._clones.lock(clone):
            self._trees.bring(clone, onto)
            return self._resolutions.begin(clone, name, onto, pick)

    def abandon_resolution(self, repository: Repository, name: str) -> None:
        """Remove a work tree and all that was done in it."""
        self._resolutions.abandon(self._filled_clone_of(repository), name)

    def read_trunk(
        self, repository: Repository, asked: TrunkQuestions, closed_by: ClosedBy
    ) -> Answer[TrunkReading]:
        """What trunk and the release branch have of each other's changes, and what is missing."""
        clone = self._filled_clone_of(repository)
        return self._trunk.read(clone, repository, asked, closed_by)

    def predict(
        self,
        repository: Repository,
        onto: str,
        picks: Sequence[PickOf],
        *,
        chain: bool = False,
        regions: bool = True,
    ) -> tuple[Prediction, ...]:
        """What picks onto a commit would come to, in the order given; nothing is written."""
        clone = self._with_files_of(repository, onto, picks)
        return self._predictor.predict(clone, onto, picks, chain=chain, regions=regions)

    def simulate(
        self, repository: Repository, onto: str, picks: Sequence[PickOf]
    ) -> QueueSimulation:
        """Land a queue in its order, and look for an order in which fewer picks conflict."""
        clone = self._with_files_of(repository, onto, picks)
        return self._predictor.simulate(clone, onto, picks)

    def squashes(
        self, repository: Repository, onto: str, heads: Sequence[str]
    ) -> dict[str, PickOf]:
        """All that pull requests of these heads bring to a branch, by head, each as a pick."""
        return self._changes.squashes(self._filled_clone_of(repository), onto, heads)

    def end_state(self, repository: Repository, onto: str, picks: Sequence[PickOf]) -> EndState:
        """What a branch would be once those of a queue that are clean have landed in order."""
        clone = self._with_files_of(repository, onto, picks)
        return self._predictor.end_state(clone, onto, picks)

    def change(self, repository: Repository, tip: str, onto: str | None = None) -> tuple[str, ...]:
        """A diff's lines: from where `tip` parted from `onto`, else from its first parent."""
        return self._changes.read(self._filled_clone_of(repository), tip, onto)

    def borrow(self, path: Path) -> BorrowedClone:
        """Somebody's clone on this machine, to read from without touching it."""
        return BorrowedClone(path, self._git)

    def ledger_tip(self, remote: str, ref: str) -> str | None:
        """The tip of a ledger on its remote; None when the ledger does not exist yet."""
        return self._ledgers.tip(remote, ref)

    def bring_ledger(self, remote: str, ref: str) -> str | None:
        """Fetch a ledger without reading it; gives its tip, None where there is none yet."""
        return self._ledgers.bring(remote, ref)

    def read_ledger(
        self, remote: str, ref: str, since: str | None = None
    ) -> tuple[LedgerCommit, ...]:
        """Fetch a ledger and read its chain, oldest first, after `since` when given."""
        return self._ledgers.read(remote, ref, since)

    def append_ledger(
        self, remote: str, ref: str, messages: Sequence[str], parent: str | None
    ) -> tuple[str, ...]:
        """Commit on `parent`, one on the other, and push them all or none, fast-forward only.

        Raises Conflict when the tip has moved.
        """
        return self._ledgers.append(remote, ref, messages, parent)

    def identity(self) -> tuple[str, str]:
        """Name and e-mail that commits of this person carry."""
        return self._identity.known

    def _spawn(
        self, command: Sequence[str], *, env: Mapping[str, str], stdin: BinaryIO | None
    ) -> subprocess.Popen[bytes]:
        try:
            from git.cmd import Git
            from git.exc import GitCommandNotFound
        except ImportError as err:
            raise not_installed() from err
        try:
            guarded = Git(self._folder).execute(
                list(command), as_process=True, istream=stdin, env=env, start_new_session=True
            )
        except (GitCommandNotFound, NotADirectoryError, PermissionError) as err:
            raise not_installed() from err
        process, guarded.proc = guarded.proc, None  # the runner ends it, not the guard
        return cast("subprocess.Popen[bytes]", process)

    def _clone_of(self, repository: Repository) -> Clone:
        return self._clones.of(repository.remote, repository.name)

    def _filled_clone_of(self, repository: Repository) -> Clone:
        clone = self._clone_of(repository)
        if not clone.exists:
            self.read_branch(repository)
        return clone

    def _with_files_of(self, repository: Repository, onto: str, picks: Sequence[PickOf]) -> Clone:
        """The clone with all that these merges need in it."""
        clone = self._filled_clone_of(repository)
        named = [sha for pick in picks for sha in (pick.commit, pick.since) if sha]
        commits = [checked_sha(sha) for sha in (onto, *named)]
        with self._clones.lock(clone):
            for sha in dict.fromkeys(commits):
                self._clones.need(clone, sha)
            if clone.far:
                self._trees.bring_for_merges(clone, commits)
        return clone
