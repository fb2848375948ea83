"""Throw-away work trees in which people resolve conflicts, kept until they are done or abandoned.

Each is a repository of its own in the cockpit's folder that borrows a clone's objects: removing it
leaves nothing of it anywhere.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from cockpit.backends.git_clones import borrow
from cockpit.backends.git_runner import Clone, GitRunner
from cockpit.backends.git_trees import Quarantine
from cockpit.backends.ports import Resolution
from cockpit.backends.text import clean, clean_lines
from cockpit.errors import CockpitError, Conflict
from cockpit.release.prediction import PickOf

_NOTE = "release-cockpit.json"
_MARK = re.compile(rb"^(?:<{7}|>{7})(?: |$)", re.MULTILINE)
_UNMERGED = re.compile(rb"\d{6} [0-9a-f]+ [123]\t([^\0]*)\0")
_LONGEST_DIFF = 2_000


class _Note(msgspec.Struct, frozen=True):
    """What a work tree was prepared for."""

    onto: str
    source: str
    mainline: int | None
    marked: tuple[str, ...]
    """Files in which git left its marks: without marks they are resolved."""


class Resolutions:
    """The work trees of a cockpit, one a pick and release line."""

    def __init__(self, folder: Path, git: GitRunner) -> None:
        self._folder = folder
        self._git = git

    def begin(self, clone: Clone, name: str, onto: str, pick: PickOf) -> Resolution:
        """Prepare a work tree with the conflict in it; it appears whole, and one there is kept."""
        found = self.look(clone, name)
        if found is not None:
            return found
        self._folder.mkdir(parents=True, exist_ok=True)
        for left in self._folder.glob(".new-*"):
            shutil.rmtree(left, ignore_errors=True)
        made = Path(tempfile.mkdtemp(dir=self._folder, prefix=".new-"))
        try:
            self._prepare(clone, made, onto, pick)
            made.rename(self._path(clone, name))
        finally:
            shutil.rmtree(made, ignore_errors=True)
        found = self.look(clone, name)
        if found is None:
            raise CockpitError(
                "The work tree could not be prepared",
                str(self._path(clone, name)),
                f"look at {self._folder}",
            )
        return found

    def look(self, clone: Clone, name: str) -> Resolution | None:
        """How far a resolution has come; what is resolved is staged in the work tree's index."""
        path = self._path(clone, name)
        try:
            note = msgspec.json.decode((path / ".git" / _NOTE).read_bytes(), type=_Note)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except msgspec.DecodeError as err:
            raise CockpitError(
                "A work tree cannot be read", f"{path}: {err}", f"abandon it, or look at {path}"
            ) from err
        unresolved = dict(self._unresolved(path, note))
        found = Resolution(
            name,
            str(path),
            note.onto,
            note.source,
            note.mainline,
            unresolved=tuple(f"{clean(file)}: {why}" for file, why in unresolved.items()),
            files=tuple(unresolved),
        )
        if unresolved:
            return found
        self._on(path, "add", "--update", "--", ".")
        tree = self._on(path, "write-tree").decode().strip()
        diff = shown_diff(lambda *words: self._on(path, *words), note.onto, tree)
        return msgspec.structs.replace(found, tree=tree, diff=diff)

    def abandon(self, clone: Clone, name: str) -> None:
        """Remove a work tree and all that was done in it."""
        path = self._path(clone, name)
        if path.exists():
            gone = Path(tempfile.mkdtemp(dir=self._folder, prefix=".new-"))
            path.rename(gone / "tree")
            shutil.rmtree(gone)
        with contextlib.suppress(OSError):
            self._folder.rmdir()

    def give(self, clone: Clone, name: str, tree: str, quarantine: Quarantine) -> None:
        """Copy what a resolution made into a quarantine.

        Raises Conflict when it comes to another tree by now.
        """
        found = self.look(clone, name)
        if found is None or found.tree != tree:
            raise Conflict(
                "The resolution has changed",
                f"{self._path(clone, name)} is gone, or holds something else than was confirmed",
                "plan again: it shows what is there now",
            )
        objects = Path(quarantine.variables["GIT_OBJECT_DIRECTORY"])
        own = self._path(clone, name) / ".git" / "objects"
        shutil.copytree(own, objects, dirs_exist_ok=True, ignore=shutil.ignore_patterns("info"))

    def _prepare(self, clone: Clone, path: Path, onto: str, pick: PickOf) -> None:
        made = borrow(self._git, clone, path / ".git", onto)
        self._git.run(made, "config", "core.bare", "false")
        self._on(path, "reset", "--hard", "--quiet", onto)
        mainline = ("-m", str(pick.mainline)) if pick.mainline else ()
        picked = self._git.attempt(
            made,
            *("-c", "merge.conflictStyle=merge", "-c", "rerere.enabled=false"),
            *("cherry-pick", "-n", "-x", *mainline, "--end-of-options", pick.commit),
            variables=_variables(path),
        )
        if picked.status not in (0, 1):
            raise self._git.failure(clone, picked)
        marked = [name for name in self._unmerged(path) if _has_marks(path / os.fsdecode(name))]
        note = _Note(onto, pick.commit, pick.mainline, tuple(map(_text, marked)))
        (made.git_dir / _NOTE).write_bytes(msgspec.json.encode(note))

    def _unresolved(self, path: Path, note: _Note) -> Iterator[tuple[str, str]]:
        """Files with marks, and files that nobody has decided on, each with what is to be done."""
        unmerged = set(map(_text, self._unmerged(path)))
        for name in sorted(unmerged | set(note.marked)):
            if _has_marks(path / os.fsdecode(name)):
                yield name, "git's conflict marks are still in it"
            elif name in unmerged and name not in note.marked:
                yield name, "decide with `git add` or `git rm`"
            elif name in unmerged:
                self._on(path, "add", "--", name)

    def _unmerged(self, path: Path) -> list[bytes]:
        listed = self._on(path, "ls-files", "--unmerged", "-z")
        return list(dict.fromkeys(_UNMERGED.findall(listed)))

    def _on(self, path: Path, *arguments: str) -> bytes:
        return self._git.run(
            Clone(path / ".git", "", path.name), *arguments, variables=_variables(path)
        )

    def _path(self, clone: Clone, name: str) -> Path:
        short = re.sub(r"[^\w.-]", "-", f"{clone.git_dir.stem}-{name}")
        return self._folder / short


def shown_diff(run: Callable[..., bytes], before: str, after: str) -> tuple[str, ...]:
    """A change as a person reads it, cut where nobody reads on."""
    told = run("diff-tree", "-p", "--no-color", "--no-ext-diff", "-M", before, after)
    lines = clean_lines(told.decode("utf-8", "replace")).splitlines()
    if len(lines) > _LONGEST_DIFF:
        return (*lines[:_LONGEST_DIFF], f"… and {len(lines) - _LONGEST_DIFF} lines more")
    return tuple(lines)


def _variables(path: Path) -> dict[str, str]:
    """Work on a tree, with the objects that it borrows and those that a remote still has."""
    return {
        "GIT_WORK_TREE": str(path),
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_LITERAL_PATHSPECS": "1",
    }


def _has_marks(file: Path) -> bool:
    if file.is_symlink() or not file.is_file():
        return False
    return bool(_MARK.search(file.read_bytes()))


def _text(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")
