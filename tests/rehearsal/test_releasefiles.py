"""The files of the rehearsal's core that a release branch has to itself."""

from __future__ import annotations

from cockpit.rehearsal.fastimport import git
from cockpit.rehearsal.releasefiles import DOCKER_FOLDER, PIN_FILE, tree_id
from cockpit.rehearsal.world import World


def test_the_pin_is_the_tree_as_git_names_it(shared_world: World) -> None:
    core = shared_world.remotes / "pytorch" / "pytorch.git"
    for branch in ("release/2.14", "release/2.15"):
        tree = git(core, "rev-parse", f"{branch}:{DOCKER_FOLDER}").strip()
        assert f'"{tree}"' in git(core, "show", f"{branch}:{PIN_FILE}")
    assert "= None" in git(core, "show", f"main:{PIN_FILE}")


def test_a_folder_sorts_as_git_sorts_it(shared_world: World) -> None:
    core = shared_world.remotes / "pytorch" / "pytorch.git"
    listed = git(core, "ls-tree", "-r", "--name-only", "main", ".ci", ".github").split()
    files = {path: git(core, "show", f"main:{path}") for path in listed}
    for folder in (".ci", ".github"):
        assert tree_id(files, folder) == git(core, "rev-parse", f"main:{folder}").strip()
