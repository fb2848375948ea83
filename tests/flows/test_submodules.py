"""The submodules of the rehearsal's core, by the command line and in the branch's detail."""

from __future__ import annotations

import json
from pathlib import Path

from cockpit.rehearsal.world import World
from cockpit.release.state import FeedState
from cockpit.release.submodules import BranchSubmodules, Reach, Submodule, Submodules
from cockpit.views.branches import branch_detail
from cockpit.views.submodules import submodule_lines
from tests.flows.releases import cockpit_on, files
from tests.flows.test_cli import call
from tests.flows.upcoming import upcoming_config
from tests.release.states import CORE, GREEN, VISION, feed, with_


def test_the_command_tells_what_moved_and_what_is_on_no_branch(shared_world: World) -> None:
    before = files(shared_world.remotes)
    done = call("submodules", config=shared_world.config_path)

    assert done.returncode == 1, done.stderr
    assert "Submodules of release/2.15: 2 · 1 moved since the cut · 1 on no branch" in done.stdout
    ideep, kineto = done.stdout.index("third_party/ideep"), done.stdout.index("third_party/kineto")
    assert "on no branch of its remote" in done.stdout[ideep:kineto]
    assert "on release/2.15\n" in done.stdout[kineto:]
    assert "moved since the cut, from" in done.stdout[kineto:]
    assert files(shared_world.remotes) == before


def test_the_command_as_data(shared_world: World) -> None:
    done = call("submodules", "--repository", "pytorch", "--json", config=shared_world.config_path)
    (core,) = json.loads(done.stdout)["repositories"]
    pins = {entry["path"]: entry for entry in core["submodules"]}

    assert core["repository"] == "pytorch/pytorch"
    assert pins["third_party/ideep"]["reach"] == "on no branch"
    assert not pins["third_party/ideep"]["moved"]
    assert pins["third_party/kineto"]["reach"] == "on a branch"
    assert pins["third_party/kineto"]["holders"] == ["release/2.15"]
    assert pins["third_party/kineto"]["moved"]


def test_a_repository_without_submodules_is_fine(shared_world: World) -> None:
    done = call("submodules", "--repository", "vision", config=shared_world.config_path)

    assert done.returncode == 0
    assert done.stdout == "pytorch/vision\n  Submodules of release/0.30: none\n"


def test_a_repository_that_is_not_there_is_named(shared_world: World) -> None:
    done = call("submodules", "--repository", "audio", config=shared_world.config_path)

    assert done.returncode == 2
    assert "'audio' is no repository" in done.stderr


def test_before_the_cut_it_tells_of_what_is_cut_from(shared_world: World, tmp_path: Path) -> None:
    config = upcoming_config(shared_world, tmp_path)
    done = call("submodules", "--repository", "pytorch", config=config)

    assert "Submodules of viable/strict: 2 · 1 on no branch" in done.stdout
    assert "the branch is not cut" in done.stdout


def test_a_remote_that_is_gone_is_unknown_and_said(world: World) -> None:
    (world.remotes / "pytorch" / "kineto.git").rename(world.directory / "elsewhere.git")
    done = call("submodules", config=world.config_path)

    assert done.returncode == 1
    assert "third_party/kineto" in done.stdout
    assert "unknown: " in done.stdout
    assert "kineto.git cannot be reached" in done.stdout
    (world.remotes / "pytorch" / "pytorch.git").rename(world.directory / "core.git")
    gone = call("submodules", "--json", config=world.config_path)
    assert gone.returncode == 3
    assert json.loads(gone.stdout)["problems"].keys() == {"pytorch/pytorch"}


async def test_the_detail_of_the_branch_shows_them(shared_world: World) -> None:
    cockpit = cockpit_on(shared_world)
    await cockpit.refresh("branches", "submodules")
    found = branch_detail(cockpit.state, "pytorch/pytorch")

    assert found is not None
    text = "\n".join(entry.text for entry in found.lines)
    assert "Submodules of release/2.15: 2 · 1 moved since the cut · 1 on no branch" in text


def test_the_detail_says_why_there_are_none_to_show() -> None:
    problem = feed(Submodules(problems={CORE.name: "pytorch/pytorch cannot be reached"}))
    unread = branch_detail(with_(GREEN, submodules=problem), CORE.name)
    never = branch_detail(with_(GREEN, submodules=FeedState()), CORE.name)
    without = branch_detail(GREEN, VISION.name)

    assert unread is not None
    assert "? pytorch/pytorch cannot be reached" in [line.text for line in unread.lines]
    for found in (never, without):
        assert found is not None
        assert not any("Submodules" in line.text for line in found.lines)


def test_holders_are_named_briefly() -> None:
    holders = ("main", "release/1.0", "release/1.1", "release/1.2")
    one = Submodule("third_party/x", "", "b" * 40, None, Reach.ON_BRANCH, holders)
    many = BranchSubmodules(CORE.name, "release/2.15", "a" * 40, None, (one,))
    lines = [line.text for line in submodule_lines(many)]

    assert any(line.endswith("on main, release/1.0 and 2 others") for line in lines)
