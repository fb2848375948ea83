"""Somebody's own clone, read without a network and without touching a byte of it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from cockpit.backends.git_errors import no_repository, no_revision
from cockpit.backends.git_names import HEADS, SHA
from cockpit.backends.git_output import read_refs
from cockpit.backends.git_predictions import Predictor
from cockpit.backends.git_runner import Clone, GitRunner
from cockpit.backends.git_trees import Trees
from cockpit.backends.ports import CommitNode, CommitRecipe
from cockpit.backends.text import clean
from cockpit.release.pickorder import QueueSimulation
from cockpit.release.prediction import PickOf, Prediction

_ORIGIN = "refs/remotes/origin/"
_VARIABLES = {"GIT_ALLOW_PROTOCOL": "none", "GIT_NO_REPLACE_OBJECTS": "1"}
"""No protocol at all: a partial clone would otherwise fetch what it lacks."""


class BorrowedClone:
    """A clone or bare repository on this machine; whatever is made from it stays outside."""

    def __init__(self, path: Path, git: GitRunner) -> None:
        """Raises ConfigError when there is no repository at `path`."""
        self._path = path
        self._git = git
        self._trees = Trees(git, _VARIABLES)
        self._predictor = Predictor(git, _VARIABLES)
        inner = path / ".git"
        git_dir = inner if inner.exists() else path
        self._head = Clone(git_dir.absolute(), "", clean(str(path)))
        self._whole = Clone(self._common_dir(), "", clean(str(path)))

    @property
    def is_shallow(self) -> bool:
        """Whether its history ends before the beginning."""
        return bool(self._whole.shallow_edges)

    def commit(self, revision: str) -> str:
        """The commit a revision names, here or as a branch of origin; raises ConfigError."""
        variables = self._seeing(self._whole.git_dir / "objects")
        for name in (revision, _ORIGIN + revision):
            found = self._git.attempt(
                self._head,
                *("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}"),
                variables=variables,
            )
            if found.status == 0:
                return found.output.decode().strip()
        raise no_revision(self._path, revision, shallow=self.is_shallow)

    def commits(self, revisions: Sequence[str]) -> tuple[str, ...]:
        """The commits that revisions name, like `commit`, in one process for all that are here."""
        asked = "".join(f"{revision}^{{commit}}\n" for revision in revisions)
        if asked.count("\n") != len(revisions):
            return tuple(map(self.commit, revisions))
        listed = self._git.attempt(
            self._head,
            *("cat-file", "--batch-check=%(objectname)"),
            stdin=asked.encode("utf-8", "surrogateescape"),
            variables=self._seeing(self._whole.git_dir / "objects"),
        )
        names = listed.output.decode("utf-8", "replace").splitlines()
        if listed.status != 0 or len(names) != len(revisions):
            return tuple(map(self.commit, revisions))
        return tuple(
            name if SHA.fullmatch(name) else self.commit(revision)
            for name, revision in zip(names, revisions, strict=True)
        )

    def predict(
        self,
        onto: str,
        picks: Sequence[PickOf],
        *,
        chain: bool = False,
        regions: bool = True,
    ) -> tuple[Prediction, ...]:
        """What each pick would come to; see `Predictor.predict`."""
        return self._predictor.predict(self._whole, onto, picks, chain=chain, regions=regions)

    def simulate(self, onto: str, picks: Sequence[PickOf]) -> QueueSimulation:
        """Land a queue in its order, and look for an order in which fewer picks conflict."""
        return self._predictor.simulate(self._whole, onto, picks)

    def obstacles(self, picks: Sequence[PickOf]) -> dict[PickOf, str]:
        """Why git would refuse some picks without trying, whatever they are picked onto."""
        return self._predictor.obstacles(self._whole, picks)

    def branches(self) -> dict[str, str]:
        """Branches by name, those of origin where it has no such branch of its own."""
        listed = self._git.attempt(self._whole, "show-ref", variables=_VARIABLES)
        refs = read_refs(listed.output)
        found: dict[str, str] = {}
        for prefix in (_ORIGIN, HEADS):
            found |= {r.removeprefix(prefix): s for r, s in refs.items() if r.startswith(prefix)}
        return found

    def contains(self, tip: str, sha: str) -> bool:
        """Whether a commit is part of a history."""
        arguments = ("merge-base", "--is-ancestor", "--", sha, tip)
        return self._git.attempt(self._whole, *arguments, variables=_VARIABLES).status == 0

    def node(self, sha: str) -> CommitNode:
        """What a commit is made of."""
        return self._trees.node(self._whole, sha)

    def files(self, sha: str, folder: str) -> dict[str, bytes]:
        """The regular files below a folder of a commit, by path."""
        return self._trees.files(self._whole, sha, folder)

    def file(self, sha: str, path: str) -> bytes | None:
        """A file of a commit; None when the commit has no such file."""
        return self._trees.files(self._whole, sha, path).get(path)

    def draft(self, recipe: CommitRecipe) -> CommitNode:
        """What a recipe comes to; leaves nothing behind."""
        return self._trees.draft(self._whole, recipe)

    def _common_dir(self) -> Path:
        """Where objects and branches are: elsewhere for a linked work tree."""
        arguments = ("rev-parse", "--path-format=absolute", "--git-common-dir")
        variables = self._seeing(self._path)  # any folder will do, but it must exist
        found = self._git.attempt(self._head, *arguments, variables=variables)
        if found.status != 0:
            raise no_repository(self._path)
        return Path(os.fsdecode(found.output.removesuffix(b"\n")))

    @staticmethod
    def _seeing(objects: Path) -> dict[str, str]:
        return {**_VARIABLES, "GIT_OBJECT_DIRECTORY": str(objects.absolute())}
