"""A throw-away work tree in which a repository's own script runs, and what came out of it."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

import msgspec

from cockpit.backends import scripts
from cockpit.backends.git_clones import borrow
from cockpit.backends.git_runner import Clone, GitRunner
from cockpit.backends.git_trees import Quarantine, Trees
from cockpit.backends.ports import ScriptRun
from cockpit.backends.text import clean
from cockpit.release.releasechanges import FileChange, FileState, Script

_LINK = "120000"
_EXECUTABLE = "100755"
_REPOSITORY = "160000"
_NOTHING = "000000"
_EXACT = {
    "core.autocrlf": "false",
    "core.attributesFile": os.devnull,
    "core.excludesFile": os.devnull,
    "core.fileMode": "true",
    "core.symlinks": "true",
}
"""Bytes go into the tree and back as they are, whatever the person's own configuration says."""
_RAW = re.compile(
    rb":(?P<old_mode>\d+) (?P<mode>\d+) (?P<old>[0-9a-f]+) (?P<new>[0-9a-f]+) \w+\0"
    rb"(?P<path>[^\0]+)\0"
)


class _Place(msgspec.Struct, frozen=True):
    """The folders of one run; all of them go with the quarantine."""

    quarantine: Quarantine

    @property
    def tree(self) -> Path:
        """The work tree."""
        return self.quarantine.folder / "tree"

    @property
    def index(self) -> Path:
        """git's index of the work tree, which the script does not get to see."""
        return self.quarantine.folder / "index"

    @property
    def variables(self) -> dict[str, str]:
        """What makes git work on the tree, by no configuration but the clone's and ours."""
        return self.quarantine.variables | {
            "GIT_INDEX_FILE": str(self.index),
            "GIT_WORK_TREE": str(self.tree),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
        }


class WorkTrees:
    """Runs scripts in throw-away work trees of a clone's commits."""

    def __init__(self, git: GitRunner, trees: Trees) -> None:
        self._git = git
        self._trees = trees

    def run(
        self, clone: Clone, sha: str, changes: Sequence[FileChange], script: Script
    ) -> ScriptRun:
        """Run a script in the tree of a commit with these changes.

        Every file of the commit has to be in the clone, which stays as it is.
        """
        with self._trees.quarantine(clone) as quarantine:
            place = _Place(quarantine)
            self._check_out(clone, sha, place)
            for change in changes:
                _write(place.tree / change.path, change.after)
            file = place.tree / script.file
            if not file.is_file() or not file.resolve().is_relative_to(place.tree.resolve()):
                return ScriptRun(f"there is no {script.file}", ())
            ended = _run(file, script, place)
            if ended.problem:
                return ScriptRun(ended.problem, ended.said)
            return self._result(clone, sha, place, ended.said)

    def _check_out(self, clone: Clone, sha: str, place: _Place) -> None:
        """Put the files there, and a repository around them in which the script may ask git."""
        place.tree.mkdir()
        self._on(clone, place, "read-tree", sha)
        self._on(clone, place, "checkout-index", "--all", "--quiet")
        inner = borrow(self._git, clone, place.tree / ".git", sha)
        shutil.copy(place.index, inner.git_dir / "index")

    def _result(self, clone: Clone, sha: str, place: _Place, said: tuple[str, ...]) -> ScriptRun:
        """What differs from the commit now; what the repository ignores is left out."""
        self._on(clone, place, "add", "--all")
        raw = self._on(
            clone,
            place,
            "diff-index",
            "--cached",
            "--raw",
            "-z",
            "--no-renames",
            "--no-abbrev",
            sha,
        )
        found = [match.groupdict() for match in _RAW.finditer(raw)]
        blobs = {
            row[side].decode()
            for row in found
            for side, mode in (("old", "old_mode"), ("new", "mode"))
            if row[mode].decode() not in (_NOTHING, _REPOSITORY)
        }
        contents = Trees(self._git, place.variables).contents(clone, sorted(blobs))
        changes = []
        for row in found:
            path = row["path"].decode("utf-8", "surrogateescape")
            if _REPOSITORY.encode() in (row["old_mode"], row["mode"]):
                return ScriptRun(f"it changed the repository within {clean(path)}", said)
            before = _state(row["old_mode"].decode(), contents.get(row["old"].decode()))
            after = _state(row["mode"].decode(), contents.get(row["new"].decode()))
            changes.append(FileChange(path, before, after))
        return ScriptRun("", said, tuple(changes))

    def _on(self, clone: Clone, place: _Place, *arguments: str) -> bytes:
        settings = [word for key, value in _EXACT.items() for word in ("-c", f"{key}={value}")]
        return self._git.run(clone, *settings, *arguments, variables=place.variables)


def _run(file: Path, script: Script, place: _Place) -> scripts.Ended:
    home, temporary = place.quarantine.folder / "home", place.quarantine.folder / "tmp"
    home.mkdir()
    temporary.mkdir()
    return scripts.run(
        scripts.words_for(file, script.arguments),
        place.tree,
        scripts.environment(home, temporary, script.environment),
        log=place.quarantine.folder / "said",
        timeout_s=script.timeout_s,
    )


def _state(mode: str, content: bytes | None) -> FileState | None:
    return None if mode == _NOTHING or content is None else FileState(content, mode)


def _write(path: Path, state: FileState | None) -> None:
    if state is not None and not state.mode:
        path.write_bytes(state.content)
        return
    path.unlink(missing_ok=True)
    if state is None:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    if state.mode == _LINK:
        path.symlink_to(os.fsdecode(state.content))
        return
    path.write_bytes(state.content)
    if state.mode == _EXECUTABLE:
        path.chmod(0o755)
