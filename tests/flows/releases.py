"""Helpers of the flow tests: the cockpit on a world, and what the world's repositories hold."""

from __future__ import annotations

import subprocess
from pathlib import Path

from cockpit.config import load
from cockpit.operations.runner import StepReport
from cockpit.rehearsal.world import World
from cockpit.runtime import Cockpit


def cockpit_on(world: World, *, read_only: bool = False) -> Cockpit:
    """A cockpit of its own on a world."""
    return Cockpit(load(world.config_path), read_only=read_only)


def refs(world: World) -> dict[str, str]:
    """Every ref of every repository of the world."""
    found = {}
    for git_dir in sorted(world.remotes.rglob("*.git")):
        listed = subprocess.run(
            ["git", "--git-dir", git_dir, "for-each-ref", "--format=%(refname) %(objectname)"],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for line in listed.splitlines():
            name, sha = line.split()
            found[f"{git_dir.relative_to(world.remotes)}:{name}"] = sha
    return found


def files(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, byte for byte."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


class Reports(list[StepReport]):
    """An observer that keeps what it was told."""

    def __call__(self, report: StepReport) -> None:
        self.append(report)
