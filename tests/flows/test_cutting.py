"""Cutting the release branches, from the plan to the remotes, on a whole world."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Callable

import pytest

from cockpit.cli import main
from cockpit.config import load
from cockpit.errors import AccessDenied, CockpitError, ConfigError, Conflict, Refused
from cockpit.operations.plan import Danger, Plan, StepState
from cockpit.operations.runner import Ending, Outcome
from cockpit.rehearsal.world import World
from cockpit.release.record import StepDone
from cockpit.runtime import Cockpit
from tests.flows.releases import Reports, cockpit_on, files, refs

CORE = "pytorch/pytorch.git"
INFRA = "pytorch/test-infra.git"
VISION = "pytorch/vision.git"
RELEASE, ORIG = "refs/heads/release/2.16", "refs/heads/orig/release/2.16"


def next_line(world: World, line: str = "2.16", vision: str = "0.31") -> Cockpit:
    """A cockpit for a line that this world has not cut."""
    text = world.config_path.read_text(encoding="utf-8")
    text = text.replace('"2.15.0"', f'"{line}.0"').replace('"0.30.0"', f'"{vision}.0"')
    path = world.config_path.with_name(f"{line}.toml")
    path.write_text(text, encoding="utf-8")
    return Cockpit(load(path))


def git(world: World, repository: str, *arguments: str) -> str:
    command = ["git", f"--git-dir={world.remotes / repository}", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def hook(world: World, repository: str, name: str, script: str) -> None:
    path = world.remotes / repository / "hooks" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)


async def cut(cockpit: Cockpit, plan: Plan) -> Outcome:
    return await cockpit.carry_out(plan, Reports())


async def test_a_dry_run_and_then_a_real_run_push_both_branches(world: World) -> None:
    before, bytes_before = refs(world), files(world.remotes)
    dry = await next_line(world).plan("cut-branch", {})
    assert dry.blockers == ()
    assert dry.danger is Danger.IRREVERSIBLE
    assert files(world.remotes) == bytes_before
    cockpit = next_line(world)
    plan = await cockpit.plan("cut-branch", {"line": "2.16"})
    assert plan.digest == dry.digest
    outcome = await cut(cockpit, plan)
    assert outcome.ending is Ending.DONE, outcome.problem
    after = refs(world)
    assert {name for name in set(after) - set(before) if "cockpit" not in name} == {
        f"{repository}:{ref}" for repository in (CORE, INFRA) for ref in (RELEASE, ORIG)
    }
    assert all(after[name] == sha for name, sha in before.items() if "cockpit" not in name)
    strict = before[f"{CORE}:refs/heads/viable/strict"]
    assert {after[f"{CORE}:{RELEASE}"], after[f"{CORE}:{ORIG}"]} == {strict}
    assert len(list(cockpit.backends.ledger.read().events(StepDone))) == 2


async def test_test_infra_gets_one_cut_commit_for_both_branches(world: World) -> None:
    cockpit = next_line(world)
    trunk = refs(world)[f"{INFRA}:refs/heads/main"]
    assert (await cut(cockpit, await cockpit.plan("cut-branch", {}))).succeeded
    after = refs(world)
    commit = after[f"{INFRA}:{RELEASE}"]
    assert after[f"{INFRA}:{ORIG}"] == commit
    form = "%P%n%s%n%an <%ae>%n%cn <%ce>"
    shown = git(world, INFRA, "show", "-s", f"--format={form}", commit)
    captain = "Robin Castellan <captain@users.noreply.github.com>"
    message = "[RELEASE-ONLY CHANGES] Branch Cut for Release 2.16"
    assert shown.split("\n") == [trunk, message, captain, captain]
    dates = {git(world, INFRA, "show", "-s", "--format=%cI", sha) for sha in (commit, trunk)}
    assert len(dates) == 1, "the cut commit is dated like its parent"
    diff = git(world, INFRA, "diff", "--unified=0", trunk, commit)
    added = [line[1:].strip() for line in diff.split("\n") if line[:2] == "+ "]
    assert added
    assert all("release/2.16" in line for line in added)
    assert "@main" not in git(world, INFRA, "grep", "-h", "uses:", commit, "--", ".github")


async def test_the_plan_shows_what_the_cut_changes_and_what_it_leaves(world: World) -> None:
    plan = await next_line(world).plan("cut-branch", {"repository": "test-infra"})
    text = "\n".join(line for section in plan.sections for line in section.lines)
    assert "rules script-2026" in text
    assert "+    uses: pytorch/test-infra/.github/workflows/linux_job_v2.yml@release/2.16" in text
    assert [step.facts.command.count("--force-with-lease=refs/heads/") for step in plan.steps] == [
        2
    ]


async def test_a_plan_leaves_nothing_in_the_cockpits_own_clones(world: World) -> None:
    cockpit = next_line(world)
    for repository in cockpit.config.repositories:
        cockpit.backends.git.read_branch(repository)
    clones = world.config_path.parent / "cockpit" / "data" / "clones"
    before = files(clones)
    assert before
    await cockpit.plan("cut-branch", {})
    changed = {
        name for name, content in files(clones).items() if before.get(name) != content
    } | set(before) - set(files(clones))
    assert changed == set()


async def test_a_second_run_finds_it_done_though_the_world_went_on(world: World) -> None:
    cockpit = next_line(world)
    plan = await cockpit.plan("cut-branch", {})
    assert (await cut(cockpit, plan)).succeeded
    trunk = refs(world)[f"{CORE}:refs/heads/main"]
    git(world, CORE, "update-ref", "refs/heads/viable/strict", trunk)
    for repository in (CORE, INFRA):
        _commit_on(world, repository, RELEASE)
    _commit_on(world, INFRA, "refs/heads/main")
    before = files(world.remotes)
    again = next_line(world)
    replanned = await again.plan("cut-branch", {})
    assert replanned.digest == plan.digest
    assert (await cut(again, replanned)).ending is Ending.NOTHING_TO_DO
    assert files(world.remotes) == before


@pytest.mark.parametrize("lost", [RELEASE, ORIG])
@pytest.mark.parametrize("repository", [CORE, INFRA])
async def test_half_of_a_pair_is_repaired(world: World, repository: str, lost: str) -> None:
    cockpit = next_line(world)
    assert (await cut(cockpit, await cockpit.plan("cut-branch", {}))).succeeded
    whole = refs(world)
    git(world, repository, "update-ref", "-d", lost)
    if lost == ORIG:
        _commit_on(world, repository, RELEASE)
    _commit_on(world, repository, "refs/heads/main")
    again = next_line(world)
    outcome = await cut(again, await again.plan("cut-branch", {}))
    assert outcome.ending is Ending.DONE, outcome.problem
    assert len(outcome.done) == 1
    assert refs(world)[f"{repository}:{lost}"] == whole[f"{repository}:{lost}"]


async def test_branches_that_a_script_cut_with_two_commits_are_right(world: World) -> None:
    before = files(world.remotes)
    cockpit = cockpit_on(world)
    plan = await cockpit.plan("cut-branch", {})
    assert [step.facts.key.split("/")[2] for step in plan.steps] == [
        "pytorch",
        "test-infra",
        "vision",
    ]
    assert plan.blockers == ()
    assert (await cut(cockpit, plan)).ending is Ending.NOTHING_TO_DO
    assert files(world.remotes) == before


async def test_a_domain_is_cut_once_wheels_are_staged(world: World) -> None:
    branches = [f"{VISION}:refs/heads/{name}release/0.30" for name in ("", "orig/")]
    was = refs(world)
    for name in branches:
        git(world, VISION, "update-ref", "-d", name.partition(":")[2])
    base = git(world, VISION, "rev-parse", was[branches[1]] + "^")
    git(world, VISION, "update-ref", "refs/heads/main", base)
    cockpit = cockpit_on(world)
    plan = await cockpit.plan("cut-branch", {})
    assert plan.blockers == ()
    outcome = await cut(cockpit, plan)
    assert outcome.ending is Ending.DONE, outcome.problem
    now = refs(world)
    assert now[branches[0]] == now[branches[1]]
    trees = {git(world, VISION, "rev-parse", f"{sha}^{{tree}}") for sha in (now[branches[0]],)}
    assert trees == {git(world, VISION, "rev-parse", f"{was[branches[1]]}^{{tree}}")}
    assert git(world, VISION, "show", f"{now[branches[0]]}:version.txt") == "0.30.0"


async def test_a_domain_waits_for_the_first_candidates_wheels(world: World) -> None:
    cockpit = next_line(world)
    plan = await cockpit.plan("cut-branch", {})
    assert len(plan.steps) == 2
    [waiting] = [section for section in plan.sections if section.title == "Not due yet"]
    assert "pytorch/vision: cut only once a wheel of torch 2.16.0" in waiting.lines[0]
    alone = await cockpit.plan("cut-branch", {"repository": "vision"})
    assert any("cut only once a wheel of torch 2.16.0" in blocker for blocker in alone.blockers)
    strict = refs(world)[f"{CORE}:refs/heads/viable/strict"]
    git(world, CORE, "update-ref", "refs/tags/v2.16.0-rc1", strict)
    tagged = await cockpit.plan("cut-branch", {"repository": "vision"})
    assert any("none is listed" in blocker for blocker in tagged.blockers)


async def test_an_unreadable_test_channel_blocks_a_domain(world: World) -> None:
    for name in ("release/0.30", "orig/release/0.30"):
        git(world, VISION, "update-ref", "-d", f"refs/heads/{name}")
    world.faults.add("unreachable@s3")
    plan = await cockpit_on(world).plan("cut-branch", {})
    assert any("which could not be read" in blocker for blocker in plan.blockers)


@pytest.mark.parametrize(
    ("name", "script"),
    [
        ("pre-receive", "echo 'protected by order of the release team' >&2; exit 1"),
        ("update", 'case "$1" in refs/heads/orig/*) echo no orig here >&2; exit 1;; esac'),
    ],
)
async def test_a_remote_that_refuses_is_left_without_half_a_pair(
    world: World, name: str, script: str
) -> None:
    hook(world, INFRA, name, script)
    cockpit = next_line(world)
    outcome = await cut(cockpit, await cockpit.plan("cut-branch", {}))
    assert outcome.ending is Ending.FAILED
    assert isinstance(outcome.problem, AccessDenied)
    assert "refused the push" in outcome.problem.title
    assert "order of the release team" in outcome.problem.detail or "no orig" in str(
        outcome.problem
    )
    after = refs(world)
    assert f"{CORE}:{RELEASE}" in after
    assert not {f"{INFRA}:{RELEASE}", f"{INFRA}:{ORIG}"} & set(after)
    (world.remotes / INFRA / "hooks" / name).unlink()
    assert (await cut(cockpit, await cockpit.plan("cut-branch", {}))).succeeded


@pytest.mark.parametrize("appeared", [RELEASE, ORIG])
async def test_a_branch_that_appeared_meanwhile_is_a_conflict(world: World, appeared: str) -> None:
    cockpit = next_line(world)
    plan = await cockpit.plan("cut-branch", {})
    other = refs(world)[f"{INFRA}:refs/heads/release/2.14"]
    git(world, INFRA, "update-ref", appeared, other)
    outcome = await cut(cockpit, plan)
    assert outcome.ending is Ending.CONFLICT
    assert isinstance(outcome.problem, Conflict)
    assert other in outcome.problem.detail
    after = refs(world)
    assert [after.get(f"{INFRA}:{ref}") for ref in (RELEASE, ORIG)].count(None) == 1
    replanned = await cockpit.plan("cut-branch", {})
    assert any("which is no cut of main" in blocker for blocker in replanned.blockers)
    with pytest.raises(Refused, match="which is no cut of main"):
        await cut(cockpit, replanned)
    assert refs(world)[f"{INFRA}:{appeared}"] == other


async def test_a_branch_of_trunk_past_viable_strict_is_no_cut(world: World) -> None:
    trunk = refs(world)[f"{CORE}:refs/heads/main"]
    git(world, CORE, "update-ref", RELEASE, trunk)
    plan = await next_line(world).plan("cut-branch", {"repository": "pytorch"})
    assert any("which is no cut of viable/strict" in blocker for blocker in plan.blockers)
    assert plan.steps[0].probe().state is StepState.CONFLICT
    git(world, CORE, "update-ref", ORIG, f"{RELEASE}~8")
    plan = await next_line(world).plan("cut-branch", {"repository": "pytorch"})
    assert len([b for b in plan.blockers if "which is no cut of viable/strict" in b]) == 2


async def test_versions_that_jump_block(world: World) -> None:
    plan = await next_line(world, "2.17", "0.32").plan("cut-branch", {})
    assert "version.txt of viable/strict of pytorch/pytorch says 2.16.0a0, not 2.17.0a0" in (
        plan.blockers
    )
    jump = "pytorch/test-infra: 2.17 does not follow 2.15, the newest line: 2.16 comes next"
    assert jump in plan.blockers


async def test_a_red_or_unknown_base_blocks(world: World) -> None:
    parent = git(world, CORE, "rev-parse", "refs/heads/viable/strict^")
    git(world, CORE, "update-ref", "refs/heads/viable/strict", parent)
    cockpit = next_line(world)
    plan = await cockpit.plan("cut-branch", {})
    assert any("viable/strict of pytorch/pytorch: pull: no data" in b for b in plan.blockers)
    world.faults.add("unreachable@github")
    unread = await next_line(world).plan("cut-branch", {})
    assert any("could not be read" in blocker for blocker in unread.blockers)
    with pytest.raises(Refused):
        await cut(cockpit, plan)
    assert f"{CORE}:{RELEASE}" not in refs(world)


async def test_a_base_that_does_not_exist_is_an_error(world: World) -> None:
    git(world, CORE, "update-ref", "-d", "refs/heads/viable/strict")
    with pytest.raises(CockpitError, match="has no viable/strict"):
        await next_line(world).plan("cut-branch", {})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"line": "2.15"}, "releases 2.16, not 2.15"),
        ({"line": "2.16.0"}, "is no release line"),
        ({"line": ""}, "is no release line"),
        ({"line": "2.016"}, "is no release line"),
        ({"repository": "audio"}, "is no repository of this release"),
    ],
)
async def test_wrong_words_are_refused(
    world: World, arguments: dict[str, str], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        await next_line(world).plan("cut-branch", arguments)


async def test_the_command_line_gives_the_same_digest(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = await next_line(world).plan("cut-branch", {"repository": "pytorch,test-infra"})
    capsys.readouterr()
    words = ["plan", "cut-branch", "2.16", "--json"]
    words += ["--repository", "pytorch", "--repository", "pytorch/test-infra"]
    config = world.config_path.with_name("2.16.toml")
    code = await _in_thread(lambda: main(["--config", str(config), *words]))
    assert code == 0
    assert json.loads(capsys.readouterr().out)["digest"] == plan.digest


async def _in_thread(call: Callable[[], int]) -> int:
    """The command line runs an event loop of its own."""
    return await asyncio.to_thread(call)


def _commit_on(world: World, repository: str, ref: str) -> str:
    """Somebody's commit on top of a branch."""
    sha = git(
        world, repository, "commit-tree", "-p", ref, "-m", "Somebody's change", f"{ref}^{{tree}}"
    )
    git(world, repository, "update-ref", ref, sha)
    return sha
