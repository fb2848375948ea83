"""What commits change, as a person reads it, and what a whole queue of picks would."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from cockpit.backends.git_clones import Clones
from cockpit.backends.git_names import checked_sha
from cockpit.backends.git_resolving import shown_diff
from cockpit.backends.git_runner import Clone, GitRunner
from cockpit.backends.git_trees import Trees
from cockpit.backends.text import clean
from cockpit.release.changes import ChangedFile
from cockpit.release.prediction import PickOf

# A partial clone may fetch the versions that are shown.
_VARIABLES = {"GIT_NO_LAZY_FETCH": "0", "GIT_NO_REPLACE_OBJECTS": "1"}


class ChangeReader:
    """Shows changes of a clone; what it lacks is fetched, and nothing else is written."""

    def __init__(self, git: GitRunner, clones: Clones, trees: Trees) -> None:
        self._git = git
        self._clones = clones
        self._trees = trees

    def read(self, clone: Clone, tip: str, onto: str | None) -> tuple[str, ...]:
        """The lines of a diff: from where `tip` parted from `onto`, else from its first parent."""
        with self._clones.lock(clone):
            for sha in filter(None, (tip, onto)):
                self._clones.need(clone, checked_sha(sha))
            base = self._clones.merge_base(clone, onto, tip) if onto else None
            if base is None:
                parents = self._trees.node(clone, tip).parents
                base = parents[0] if parents else self._nothing(clone)
        return shown_diff(partial(self._git.run, clone, variables=_VARIABLES), base, tip)

    def squashes(self, clone: Clone, onto: str, heads: Sequence[str]) -> dict[str, PickOf]:
        """All that each of these heads brings to a branch, as a pick; what cannot be had is not."""
        with self._clones.lock(clone):
            self._clones.need(clone, checked_sha(onto))
            absent = self._clones.bring(clone, [checked_sha(head) for head in heads])
            there = [head for head in heads if head not in absent]
            bases = [self._clones.merge_base(clone, onto, head) for head in there]
        found = zip(there, bases, strict=True)
        return {head: PickOf(head, since=base) for head, base in found if base is not None}

    def _nothing(self, clone: Clone) -> str:
        """The tree that a root commit changes."""
        return self._git.run(clone, "hash-object", "-t", "tree", "--stdin").decode().strip()


def changed_files(numstat: bytes) -> Iterator[ChangedFile]:
    """What `diff-tree -r -M --numstat -z` printed; a renamed file is called by its new name."""
    fields = iter(numstat.decode("utf-8", "replace").split("\0"))
    for field in fields:
        if not field:
            continue
        added, removed, path = field.split("\t", 2)
        if not path:
            next(fields)
            path = next(fields)
        yield ChangedFile(clean(path), _count(added), _count(removed))


def _count(text: str) -> int | None:
    return int(text) if text.isdigit() else None
