"""`missing` as its users call it: on the rehearsal's core, whose story knows what is true."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from cockpit.rehearsal.clock import WorldClock
from cockpit.rehearsal.history import CoreHistory
from cockpit.rehearsal.records import MILESTONE
from cockpit.rehearsal.scenario import CORE, SCENARIOS, build_core_world
from cockpit.rehearsal.story import TrunkCommit
from cockpit.rehearsal.world import World
from tests.flows.test_cli import ROOT, call

Rows = list[dict[str, object]]


class Told:
    """A core repository with the story behind it."""

    def __init__(self, remotes: Path, scenario: str) -> None:
        told = SCENARIOS[scenario]
        forge, history = build_core_world(
            told, seed=0, remotes=remotes, clock=WorldClock(told.epoch)
        )
        self.core = forge.repositories[CORE]
        self.history: CoreHistory = history
        done = call("missing", "--repo", str(self.core.git_dir), *BRANCH, "--json")
        assert done.stderr == ""
        assert done.returncode == 1
        self.found = json.loads(done.stdout)
        self.reverts: Rows = self.found["missing_reverts"]
        self.picks: Rows = self.found["picks"]


BRANCH = ("--branch", "release/2.15")


@pytest.fixture(scope="module", params=["small", "default"])
def told(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Told:
    return Told(tmp_path_factory.mktemp("told"), request.param)


def test_the_missing_reverts_are_those_of_the_story(told: Told) -> None:
    picks = {
        id(source): pull.sha
        for pull in told.history.pulls
        for source in pull.sources
        if pull.base == "release/2.15"
    }
    expected = set()
    for revert in told.history.plan.missing_reverts:
        target = revert.target
        assert target is not None
        on_branch_as = picks.get(id(target), target.sha)
        expected.add((revert.sha, target.sha, on_branch_as, target.number))
    found = {
        (each["revert"], each["reverted"], each["on_branch_as"], each["pr"])
        for each in told.reverts
    }
    assert found == expected


def test_every_commit_of_the_branch_is_known_for_what_it_is(told: Told) -> None:
    rows = {row["branch_commit"]: row for row in told.picks}
    landed = [p for p in told.history.pulls if p.base == "release/2.15" and p.sha]
    assert rows.keys() == {pull.sha for pull in landed}
    for pull in landed:
        row = rows[pull.sha]
        assert row["kind"] == ("pick" if pull.sources else "release-only")
        assert row["trunk_commit"] == (pull.sources[0].sha if pull.sources else None)
    assert {"trailer", "pr"} <= {row["by"] for row in rows.values()}
    assert told.found["never_landed"] == []
    assert told.found["carry_forward"] == []


def test_the_cut_is_the_story_s(told: Told) -> None:
    assert told.found["cut"] == told.history.cut_sha
    assert told.found["missing_fixes"] is None
    assert "GITHUB_TOKEN" in told.found["missing_fixes_why"]


def _lacking(told: Told) -> set[tuple[int, str]]:
    """Issues of the milestone with what fixed each on trunk and is not on the branch."""
    plan = told.history.plan
    landed = {id(p.sources[0]) for p in told.history.pulls if p.sha and p.sources}
    undone = {id(commit.target) for commit in plan.trunk if commit.kind == "revert"}
    fixes: list[TrunkCommit] = [
        commit
        for commit in plan.trunk[plan.cut + 1 :]
        if commit.fixes is not None and not {id(commit)} & (landed | undone)
    ]
    return {
        (commit.fixes, commit.sha)
        for commit in fixes
        if commit.fixes is not None and told.core.issues[commit.fixes].milestone == MILESTONE
    }


def test_the_missing_fixes_are_those_of_the_story(
    shared_world: World, tmp_path_factory: pytest.TempPathFactory
) -> None:
    told = Told(tmp_path_factory.mktemp("small"), "small")
    repo = ("--repo", str(told.core.git_dir))
    done = call("missing", *repo, *BRANCH, "--json", config=shared_world.config_path)
    found = json.loads(done.stdout)
    assert {(each["number"], each["fix"]) for each in found["missing_fixes"]} == _lacking(told)
    assert {commit.fixes for commit in told.history.plan.missing_fixes} <= {
        each["number"] for each in found["missing_fixes"]
    }
    assert found["missing_reverts"] == told.reverts
    words = call("missing", *repo, *BRANCH, config=shared_world.config_path)
    assert f"✖ {len(found['missing_fixes'])} fixes missing" in words.stdout
    assert "\x1b" not in words.stdout


def test_a_milestone_that_is_not_there_is_said_to_be_unknown(shared_world: World) -> None:
    told = ("--repo", str(shared_world.directory / "remotes" / "pytorch" / "pytorch.git"), *BRANCH)
    done = call("missing", *told, "--milestone", "9.9.9", "--json", config=shared_world.config_path)
    found = json.loads(done.stdout)
    assert found["missing_fixes"] is None
    assert "no milestone 9.9.9" in found["missing_fixes_why"]


def test_words_and_wrong_usage(told: Told, tmp_path: Path) -> None:
    done = call("missing", "--repo", str(told.core.git_dir), *BRANCH)
    assert done.returncode == 1
    assert "✖ 4 reverts missing" in done.stdout
    assert "landed before the cut as" in done.stdout
    assert "picked as" in done.stdout
    done = call("missing", "--repo", str(tmp_path), *BRANCH)
    assert (done.returncode, done.stdout) == (2, "")
    assert "is no git repository" in done.stderr
    assert call("missing", "--repo", str(tmp_path)).returncode == 2
    done = call("missing", "--repo", str(told.core.git_dir), "--branch", "release/2.14")
    assert done.returncode in (0, 1)


def test_nothing_heavy_is_imported_without_a_token(told: Told) -> None:
    """What is imported is waited for: it may not take longer than git."""
    script = (
        "import sys; from cockpit.cli import main; main(sys.argv[1:]);"
        "print(*sys.modules, file=sys.stderr)"
    )
    words = ("missing", "--repo", str(told.core.git_dir), *BRANCH, "--json")
    done = subprocess.run(
        [sys.executable, "-c", script, *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = {name.partition(".")[0] for name in done.stderr.split()}
    assert loaded.isdisjoint({"msgspec", "git", "github", "logging", "dataclasses", "inspect"})
