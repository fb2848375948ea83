"""Where a repository is cut: where an earlier run cut it, else at the head of what it is cut from.

An existing pair of branches is taken for the cut when it can be made again from its base, byte
for byte. So a plan does not depend on how far an earlier run came, nor on whose run it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Protocol

import msgspec

from cockpit.backends.ports import Answer, CommitNode, CommitRecipe, GitPort
from cockpit.errors import CockpitError
from cockpit.release.branches import BranchState
from cockpit.release.commits import short
from cockpit.release.cuts import (
    WORKFLOWS,
    CutContent,
    content_of_cut,
    cut_message,
    infra_branch,
    with_branch,
    with_version,
)
from cockpit.release.repos import Repository
from cockpit.release.rewrites import RuleSet

if TYPE_CHECKING:
    from cockpit.provider import Backends


class Cut(msgspec.Struct, frozen=True):
    """One repository's cut: its base, what becomes of the files, and where the branches begin."""

    base: str
    content: CutContent
    version_text: str | None
    """What the version file says at the base; None without such a file."""
    made: CommitNode
    """The cut commit as it comes out here and now; the base where the files stay as they are."""
    recipe: CommitRecipe | None
    branches: dict[str, str]
    """Branch → the commit it begins at."""
    exists: bool = False
    """Whether one of the branches was found on the remote, and right."""
    in_the_way: tuple[str, ...] = ()
    """Branches of these names that are no such cut."""


class CommitSource(Protocol):
    """Where commits are read and drafted: a fetched repository, or a clone on this machine."""

    def node(self, sha: str) -> CommitNode:
        """What a commit is made of."""
        ...

    def files(self, sha: str, folder: str) -> dict[str, bytes]:
        """The regular files below a folder of a commit, by path."""
        ...

    def draft(self, recipe: CommitRecipe) -> CommitNode:
        """What a recipe comes to; leaves nothing behind."""
        ...


class _Fetched:
    """A repository whose branches were fetched."""

    def __init__(self, git: GitPort, repository: Repository) -> None:
        self._git = git
        self._repository = repository

    def node(self, sha: str) -> CommitNode:
        return self._git.commit_node(self._repository, sha)

    def files(self, sha: str, folder: str) -> dict[str, bytes]:
        return self._git.files(self._repository, sha, folder)

    def draft(self, recipe: CommitRecipe) -> CommitNode:
        return self._git.draft_commit(self._repository, recipe)


def grew_from(git: GitPort, repository: Repository, state: BranchState, begins: str) -> bool:
    """Whether a release branch left the trunk at a commit, or goes on from one beside the trunk."""
    if state.head is None:
        return False
    trunk = state.trunk_sha or state.cut_from_sha
    if trunk and git.contains(repository, trunk, begins):
        return git.merge_base(repository, state.head.sha, trunk) == begins
    return git.contains(repository, state.head.sha, begins)


class CutFinder:
    """Finds the cut of one repository; reads only."""

    def __init__(self, backends: Backends, repository: Repository) -> None:
        self._git = backends.git
        self._source = _Fetched(backends.git, repository)
        self._repository = repository
        self._all = backends.config.repositories

    def find(self) -> Answer[Cut]:
        """The cut that is there, else the one to make; raises when the base does not exist."""
        answer = self._git.read_branch(self._repository)
        state = answer.value
        if state.cut_from_sha is None:
            raise CockpitError(
                f"{self._repository.name} has no {self._repository.cut_from}",
                "there is nothing to cut from",
                "edit cut_from of this repository in release.toml",
            )
        for base in self._earlier_bases(state):
            cut = self._cut_at(base)
            begins = self._begins(state, cut)
            if begins is not None:
                found = msgspec.structs.replace(cut, branches=begins, recipe=None, exists=True)
                return Answer(found, answer.source, answer.missing)
        cut = self._cut_at(state.cut_from_sha)
        in_the_way = tuple(_in_the_way(self._repository, state))
        cut = msgspec.structs.replace(cut, in_the_way=in_the_way)
        return Answer(cut, answer.source, answer.missing)

    def _earlier_bases(self, state: BranchState) -> Iterator[str]:
        """Commits that the existing branches may have been cut from."""
        candidates: list[str] = []
        if state.orig_sha:
            candidates += (*self._source.node(state.orig_sha).parents[:1], state.orig_sha)
        elif state.cut_point:
            candidates.append(state.cut_point.sha)
        for base in candidates:
            if self._git.contains(self._repository, state.cut_from_sha or "", base):
                yield base

    def _begins(self, state: BranchState, cut: Cut) -> dict[str, str] | None:
        """Where the existing branches begin, when both are this cut; an absent one joins in."""
        orig, release = state.orig_sha, None
        if orig and not self._is(cut, orig):
            return None
        if state.head:
            release = self._beginning_of_release(state, cut)
            if release is None:
                return None
        either = orig or release
        if either is None:
            return None
        return {
            self._repository.release_branch: release or either,
            self._repository.orig_branch: orig or either,
        }

    def _beginning_of_release(self, state: BranchState, cut: Cut) -> str | None:
        """The cut commit on the release branch: the orig branch's, or one of its own."""
        for begins in dict.fromkeys((state.orig_sha, cut.made.sha)):
            if begins and grew_from(self._git, self._repository, state, begins):
                return begins
        oldest = state.commits[-1].sha if state.commits else None
        return oldest if oldest and self._is(cut, oldest) else None

    def _is(self, cut: Cut, sha: str) -> bool:
        """Whether a commit is this cut, whoever made it and when."""
        if sha == cut.made.sha:
            return True
        node = self._source.node(sha)
        return (node.parents, node.tree) == (cut.made.parents, cut.made.tree) and bool(cut.recipe)

    def _cut_at(self, base: str) -> Cut:
        return cut_at(self._source, self._repository, self._all, base, self._git.identity)


def cut_at(
    source: CommitSource,
    repository: Repository,
    repositories: Iterable[Repository],
    base: str,
    identity: Callable[[], tuple[str, str]],
) -> Cut:
    """The cut of a repository at a commit; `identity` is asked only where a commit is made."""
    content, version_text = _content(source, repository, tuple(repositories), base)
    if content.changes:
        recipe = CommitRecipe(base, cut_message(repository.line), identity(), content.files)
        made = source.draft(recipe)
    else:
        recipe, made = None, source.node(base)
    branches = dict.fromkeys((repository.release_branch, repository.orig_branch), made.sha)
    return Cut(base, content, version_text, made, recipe, branches)


def rewritten(
    source: CommitSource, repository: Repository, repositories: Iterable[Repository], base: str
) -> CutContent:
    """What the rules make of the workflows at a base, and what they leave at main."""
    every = tuple(repositories)
    target = infra_branch(repository, every)
    files = source.files(base, WORKFLOWS)
    return content_of_cut(repository.rules, files, target, with_branch(target, every))


def _content(
    source: CommitSource, repository: Repository, repositories: tuple[Repository, ...], base: str
) -> tuple[CutContent, str | None]:
    """What the cut changes at a base, and what the version file says there."""
    content = CutContent((), ())
    if repository.rules is not RuleSet.NONE:  # core's workflows are many, and large
        content = rewritten(source, repository, repositories, base)
    path = repository.version_file
    version = source.files(base, path).get(path) if path else None
    if path is None or version is None:
        return content, None
    if repository.cut_sets_version:
        content = with_version(content, path, version, repository.version)
    return content, version.decode("utf-8", "replace")


def _in_the_way(repository: Repository, state: BranchState) -> Iterator[str]:
    source = f"which is no cut of {repository.cut_from}"
    if state.head:
        yield f"{repository.release_branch} is at {short(state.head.sha)}, {source}"
    if state.orig_sha:
        yield f"{repository.orig_branch} is at {short(state.orig_sha)}, {source}"
