"""The head of a branch that others publish to, of which only a few paths are wanted."""

from __future__ import annotations

from cockpit.backends.git_clones import Clones
from cockpit.backends.git_names import HEADS, checked_ref, kept_name
from cockpit.backends.git_runner import REMOTE, Clone, GitRunner
from cockpit.backends.git_trees import Trees
from cockpit.backends.ports import BranchTree
from cockpit.backends.text import clean, clean_lines


class PublishedReader:
    """Keeps one commit deep a branch whose files can be many; asks first whether it moved."""

    def __init__(self, git: GitRunner, clones: Clones, trees: Trees) -> None:
        self._git = git
        self._clones = clones
        self._trees = trees
        self._known: dict[tuple[str, str, str, str], BranchTree] = {}

    def read(self, remote: str, branch: str, file: str, folder: str) -> BranchTree | None:
        """A file and the names in a folder; None when there is no such branch."""
        clone = self._clones.of(remote, purpose="published")
        ref = checked_ref(HEADS + branch)
        head = self._clones.listed(clone, "--heads", [ref]).get(ref)
        if head is None:
            return None
        asked = (remote, branch, file, folder)
        with self._clones.lock(clone):
            known = self._known.get(asked)
            if known is None or known.sha != head:
                known = self._known[asked] = self._tree(clone, ref, head, file, folder)
            return known

    def _tree(self, clone: Clone, ref: str, head: str, file: str, folder: str) -> BranchTree:
        sha = self._brought(clone, ref, head)
        content = self._trees.files(clone, sha, file).get(file)
        text = None if content is None else clean_lines(content.decode("utf-8", "replace"))
        return BranchTree(sha, text, self._names(clone, sha, folder))

    def _brought(self, clone: Clone, ref: str, head: str) -> str:
        """Fetch the head unless it is here; gives the commit, which may be newer by now."""
        self._clones.make(clone)
        if self._clones.fetched(clone).get(ref) == head:
            return head
        finished = self._git.attempt(
            clone,
            *("fetch", "--progress", "--no-tags", "--no-write-fetch-head", "--depth=1"),
            *(("--filter=blob:none",) if clone.far else ()),
            *("--", REMOTE, f"+{ref}:{kept_name(ref)}"),
        )
        if finished.status != 0:
            raise self._git.failure(clone, finished)
        return self._clones.fetched(clone)[ref]

    def _names(self, clone: Clone, sha: str, folder: str) -> tuple[str, ...]:
        tree = self._clones.entry(clone, sha, folder, "tree")
        if tree is None:
            return ()
        listed = self._git.run(clone, "ls-tree", "-z", "--name-only", tree)
        names = listed.decode("utf-8", "replace").split("\0")
        return tuple(clean(name) for name in names if name)
