"""One world for the tests of a module, put back to its beginning before each of them."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cockpit.rehearsal.world import World


@dataclass(frozen=True, slots=True)
class Beginning:
    """How a world began."""

    world: World
    config: str
    refs: Mapping[Path, Mapping[str, str]]
    issues: Mapping[str, frozenset[int]]

    @classmethod
    def of(cls, world: World) -> Beginning:
        """Remember a world as it is now."""
        return cls(
            world,
            world.config_path.read_text(encoding="utf-8"),
            {git_dir: _refs(git_dir) for git_dir in world.remotes.rglob("*.git")},
            {name: frozenset(r.issues) for name, r in world.forge.repositories.items()},
        )

    def rewind(self) -> World:
        """Put back refs, config and faults; forget issues and what cockpits kept."""
        world = self.world
        world.faults.clear()
        world.config_path.write_text(self.config, encoding="utf-8")
        shutil.rmtree(world.directory / "cockpit", ignore_errors=True)
        for git_dir, began in self.refs.items():
            now = _refs(git_dir)
            lines = [f"delete {ref}" for ref in now if ref not in began]
            lines += [f"update {ref} {sha}" for ref, sha in began.items() if now.get(ref) != sha]
            git(git_dir, "update-ref", "--stdin", stdin="\n".join([*lines, ""]))
        with world.forge.lock:
            for name, numbers in self.issues.items():
                issues = world.forge.repositories[name].issues
                for number in set(issues) - numbers:
                    del issues[number]
        return world


def git(git_dir: Path, *arguments: str, stdin: str = "") -> str:
    """What a git command on a remote prints."""
    command = ["git", "--git-dir", str(git_dir), *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True, input=stdin)
    return done.stdout


def _refs(git_dir: Path) -> dict[str, str]:
    listed = git(git_dir, "for-each-ref", "--format=%(refname) %(objectname)")
    return {name: sha for name, _, sha in (line.partition(" ") for line in listed.splitlines())}
