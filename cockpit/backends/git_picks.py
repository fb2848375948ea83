"""Picks as commits: made by git's own merge in a quarantine, exactly as they were predicted."""

from __future__ import annotations

from typing import NamedTuple

from cockpit.backends.git_merges import MergeRoom
from cockpit.backends.git_predictions import Predictor
from cockpit.backends.git_resolving import Resolutions, shown_diff
from cockpit.backends.git_runner import Clone, GitRunner
from cockpit.backends.git_trees import Quarantine, Trees
from cockpit.backends.ports import CommitNode, PickDraft, PickRecipe, Resolution
from cockpit.errors import Conflict
from cockpit.release.commits import short
from cockpit.release.pickwords import picked_message
from cockpit.release.prediction import Outcome, PickOf, Prediction

# What was not brought beforehand git may fetch, as for predictions.
_VARIABLES = {"GIT_NO_REPLACE_OBJECTS": "1", "GIT_NO_LAZY_FETCH": "0"}


class _Said(NamedTuple):
    """Who wrote a commit, and what it says; in UTF-8 whatever it was written in."""

    author: str
    message: str


class PickMaker:
    """Makes the commit of a pick, or of a conflict's resolution; nothing is written to a clone."""

    def __init__(self, git: GitRunner, predictor: Predictor, resolutions: Resolutions) -> None:
        self._git = git
        self._trees = Trees(git, _VARIABLES)
        self._predictor = predictor
        self._resolutions = resolutions

    def draft(
        self,
        clone: Clone,
        onto: str,
        pick: PickOf,
        committer: tuple[str, str],
        resolution: Resolution | None,
    ) -> PickDraft:
        """What a pick comes to; without a commit where git cannot merge it and nobody has."""
        with self._trees.quarantine(clone) as quarantine:
            room = MergeRoom(self._git, clone, quarantine, _VARIABLES)
            prediction = self._predictor.predict_in(room, clone, onto, pick)
            tree = resolution.tree if resolution else prediction.tree
            able = bool(resolution) or prediction.outcome is Outcome.CLEAN
            if not able or not tree:
                return PickDraft(prediction)
            recipe = PickRecipe(
                parent=onto,
                source=pick.commit,
                tree=tree,
                message=picked_message(self._said(clone, pick.commit).message, pick.commit),
                committer=committer,
                mainline=pick.mainline,
                resolution=resolution.name if resolution else "",
            )
            node = self._committed(clone, recipe, quarantine)
            if resolution:
                return PickDraft(prediction, recipe, node, resolution.diff)
            return PickDraft(prediction, recipe, node, shown_diff(room.run, onto, node.sha))

    def make(self, clone: Clone, recipe: PickRecipe, quarantine: Quarantine) -> CommitNode:
        """Write the commit of a recipe, with all that it needs, into a quarantine.

        Raises Conflict when the pick comes to another tree than the recipe's.
        """
        if recipe.resolution:
            self._resolutions.give(clone, recipe.resolution, recipe.tree, quarantine)
            return self._committed(clone, recipe, quarantine)
        room = MergeRoom(self._git, clone, quarantine, _VARIABLES)
        pick = PickOf(recipe.source, recipe.mainline)
        prediction = self._predictor.predict_in(room, clone, recipe.parent, pick)
        if prediction.outcome is not Outcome.CLEAN or prediction.tree != recipe.tree:
            raise _otherwise(recipe, prediction)
        return self._committed(clone, recipe, quarantine)

    def _committed(self, clone: Clone, recipe: PickRecipe, quarantine: Quarantine) -> CommitNode:
        parent = self._trees.node(clone, recipe.parent)
        name, email = recipe.committer
        headers = (
            f"tree {recipe.tree}\nparent {recipe.parent}\n"
            f"author {self._said(clone, recipe.source).author}\n"
            f"committer {name} <{email}> {parent.committed}\n"
        )
        made = self._git.run(
            clone,
            *("hash-object", "-t", "commit", "-w", "--stdin"),
            stdin=f"{headers}\n{recipe.message}".encode("utf-8", "replace"),
            variables=_VARIABLES | quarantine.writing,
        )
        sha = made.decode().strip()
        return CommitNode(sha, recipe.tree, (recipe.parent,), parent.committed)

    def _said(self, clone: Clone, sha: str) -> _Said:
        told = self._git.run(
            clone,
            *("log", "-1", "--no-mailmap", "--date=raw", "--format=%an <%ae> %ad%n%B"),
            *("--end-of-options", sha, "--"),
            variables=_VARIABLES,
        )
        author, _, message = told.decode("utf-8", "replace").partition("\n")
        # `log` ends what it prints with a line break of its own.
        return _Said(author, message.removesuffix("\n").lstrip("\n"))


def _otherwise(recipe: PickRecipe, prediction: Prediction) -> Conflict:
    return Conflict(
        f"{short(recipe.source)} comes out differently",
        f"it was clean with the tree {short(recipe.tree)}, and is {prediction.outcome.value} now",
        "plan again: git or its settings may have changed since",
    )
