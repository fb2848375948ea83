"""Release-only changes as pull requests, from the plan to GitHub, on a whole world."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping

import pytest

from cockpit.errors import ConfigError, Refused, Unreachable
from cockpit.operations import awaiting
from cockpit.operations.plan import Plan, StepState
from cockpit.operations.runner import Ending, Outcome
from cockpit.rehearsal.faults import Fault
from cockpit.rehearsal.model import Issue
from cockpit.rehearsal.releasefiles import STATE_READERS
from cockpit.rehearsal.world import World
from cockpit.release.pullrequests import own_part
from cockpit.runtime import Cockpit
from tests.flows.releases import Reports, cockpit_on, files, refs
from tests.flows.rewinding import Beginning
from tests.flows.rewinding import git as git_on

CORE = "pytorch/pytorch"
BRANCH = "automated/changes-2.15"
REF = f"{CORE}.git:refs/heads/{BRANCH}"
TITLE = "[RELEASE-ONLY CHANGES] Branch Cut for Release 2.15"
PULLS = f"/repos/{CORE}/pulls"


@pytest.fixture(scope="module")
def beginning(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Beginning]:
    directory = tmp_path_factory.mktemp("changes") / "world"
    with World.start(directory, scenario="small") as started:
        yield Beginning.of(started)


@pytest.fixture
def world(beginning: Beginning) -> World:
    """The module's world, as it began."""
    return beginning.rewind()


def git(world: World, *arguments: str, repository: str = CORE) -> str:
    """What a git command on a remote prints, by default on the core's."""
    return git_on(world.remotes / f"{repository}.git", *arguments)


def uncut(world: World) -> World:
    """A world whose release branch has just been cut, with nothing of its own yet."""
    git(world, "update-ref", "refs/heads/release/2.15", "refs/heads/orig/release/2.15")
    return world


def opened(world: World, head: str = BRANCH) -> list[Issue]:
    """The open pull requests of a branch."""
    issues = world.forge.repositories[CORE].issues.values()
    return [i for i in issues if i.pull and i.state == "open" and i.pull.head_ref == head]


async def planned(cockpit: Cockpit, **arguments: str) -> Plan:
    return await cockpit.plan("release-changes", {"repository": CORE, **arguments})


async def carried_out(cockpit: Cockpit, plan: Plan) -> Outcome:
    return await cockpit.carry_out(plan, Reports())


def section(plan: Plan, words: str) -> tuple[str, ...]:
    """The lines of the section whose title has these words."""
    return next(each.lines for each in plan.sections if words in each.title)


async def test_a_fresh_branch_gets_all_its_changes_as_one_pull_request(world: World) -> None:
    uncut(world)
    cockpit, before = cockpit_on(world), refs(world)
    plan = await planned(cockpit)
    assert refs(world) == before, "a plan writes nothing"
    assert not plan.blockers
    assert any("+      - release/2.15" in line for line in section(plan, "what changes"))
    outcome = await carried_out(cockpit, plan)
    assert outcome.ending is Ending.DONE, outcome.problem
    after = refs(world)
    assert set(after) - set(before) == {
        REF,
        "ledger.git:refs/cockpit/2.15.0",
        f"{CORE}.git:refs/pull/{opened(world)[0].number}/head",
    }
    assert {name for name in before if before[name] != after[name]} == set()
    (issue,) = opened(world)
    assert issue.title == TITLE
    assert issue.pull is not None
    assert (issue.pull.base_ref, issue.pull.head_sha) == ("release/2.15", after[REF])
    assert "version.txt says 2.15.0" in (own_part(issue.body) or "")

    def shown(path: str) -> str:
        return git(world, "show", f"{BRANCH}:{path}")

    assert shown("version.txt") == "2.15.0\n"
    assert shown(".github/ci_commit_pins/xla.txt") == "r2.15\n"
    assert "clone --recursive -b r2.15 https" in shown(".ci/pytorch/common_utils.sh")
    assert (
        shown(".github/templates/windows_binary_build_workflow.yml.j2").count(
            ", checkout_pr_head=False)"
        )
        == 2
    )
    tree = git(world, "rev-parse", f"{BRANCH}:.ci/docker").strip()
    assert f'= "{tree}"' in shown(".github/scripts/generate_binary_build_matrix.py")
    assert "@main" not in shown(".github/workflows/pull.yml")
    store = cockpit.backends.store
    for path, keys in STATE_READERS.items():
        for key in keys:
            newest = store.newest_version("ossci-metrics", key)
            assert f'.com/{key}?versionId={newest}"' in shown(path)
    message = git(world, "show", "-s", "--format=%s", BRANCH).strip()
    assert message == TITLE


async def test_a_state_file_whose_version_is_not_known_blocks(world: World) -> None:
    uncut(world)
    world.faults.add("unreachable@s3")
    plan = await planned(cockpit_on(world))
    assert any("filter_test_configs.py" in b and "cannot be reached" in b for b in plan.blockers)
    world.faults.clear()
    text = world.config_path.read_text(encoding="utf-8")
    world.config_path.write_text(text.replace('"ossci-metrics"', '"pytorch"'), encoding="utf-8")
    plan = await planned(cockpit_on(world))
    assert any("the bucket has no version of slow-tests.json" in b for b in plan.blockers)


async def test_a_second_run_finds_it_done_and_so_does_a_second_captain(world: World) -> None:
    first = cockpit_on(world)
    plan = await planned(first)
    assert (await carried_out(first, plan)).ending is Ending.DONE
    before = files(world.remotes)
    again = await planned(cockpit_on(world))
    assert again.digest == plan.digest
    assert (await carried_out(cockpit_on(world), again)).ending is Ending.NOTHING_TO_DO
    (world.config_path.parent / "cockpit").rename(world.config_path.parent / "first")
    other = await planned(second_captain(world))
    assert all(step.probe().state is StepState.DONE for step in other.steps)
    assert files(world.remotes) == before
    assert len(opened(world)) == 1


def second_captain(world: World) -> Cockpit:
    """Somebody else, whose commits carry another name."""
    theirs = '[identity]\nname = "Rob Reviewer"\nemail = "rob@example.org"'
    text = world.config_path.read_text(encoding="utf-8")
    text = re.sub(r"\[identity\]\nname = .*\nemail = .*", theirs, text)
    world.config_path.write_text(text, encoding="utf-8")
    cockpit = cockpit_on(world)
    assert cockpit.backends.git.identity() == ("Rob Reviewer", "rob@example.org")
    return cockpit


@pytest.mark.parametrize("steps_before_the_crash", [0, 1, 2])
async def test_a_crash_between_steps_is_taken_to_its_end(
    world: World, steps_before_the_crash: int
) -> None:
    plan = await planned(cockpit_on(world))
    for step in plan.steps[:steps_before_the_crash]:
        step.apply(lambda _: None, threading.Event())
    again = cockpit_on(world)
    resumed = await planned(again)
    assert resumed.digest == plan.digest
    assert (await carried_out(again, resumed)).succeeded
    assert len(opened(world)) == 1


async def test_a_lost_answer_is_looked_up_and_not_asked_again(world: World) -> None:
    world.faults.add(Fault(kind="response-lost", methods=("POST",), path=f"{PULLS}$", times=1))
    cockpit, seen = cockpit_on(world), len(world.requests("github").recent)
    outcome = await carried_out(cockpit, await planned(cockpit))
    assert outcome.ending is Ending.DONE, outcome.problem
    assert len(opened(world)) == 1
    asked = [(r.method, r.target) for r in world.requests("github").recent]
    assert asked[seen:].count(("POST", PULLS)) == 1


async def test_a_request_that_never_arrived_fails_and_the_next_run_makes_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(awaiting, "LISTED_WITHIN_S", (0.0, 0.01))
    fault = world.faults.add(Fault(kind="reset", methods=("POST",), path=f"{PULLS}$", times=0))
    cockpit = cockpit_on(world)
    plan = await planned(cockpit)
    outcome = await carried_out(cockpit, plan)
    assert outcome.ending is Ending.FAILED
    assert isinstance(outcome.problem, Unreachable)
    assert opened(world) == []
    world.faults.remove(fault)
    assert (await carried_out(cockpit, await planned(cockpit))).done == (
        plan.steps[1].facts.summary,
    )
    assert len(opened(world)) == 1


async def test_a_pull_request_that_people_wrote_into_keeps_their_words(world: World) -> None:
    cockpit = cockpit_on(world)
    await carried_out(cockpit, await planned(cockpit))
    (issue,) = opened(world)
    issue.body = issue.body.replace("* ", "* not ") + "\n\nPlease look at the docker pin."
    issue.title = "wip"
    again = cockpit_on(world)
    outcome = await carried_out(again, await planned(again))
    assert outcome.ending is Ending.DONE, outcome.problem
    assert opened(world) == [issue]
    assert issue.title == TITLE
    assert "* not " not in issue.body
    assert issue.body.endswith("Please look at the docker pin.")


async def test_a_branch_that_went_on_gets_a_new_draft_in_the_same_pull_request(
    world: World,
) -> None:
    cockpit = cockpit_on(world)
    plan = await planned(cockpit)
    await carried_out(cockpit, plan)
    head = world.push_commit(CORE)
    stale = await carried_out(cockpit_on(world), plan)
    assert stale.ending is Ending.NOTHING_TO_DO, "what it planned is there"
    moved = await planned(cockpit_on(world))
    assert moved.digest != plan.digest
    assert (await carried_out(cockpit_on(world), moved)).ending is Ending.DONE
    (issue,) = opened(world)
    assert git(world, "rev-parse", f"{BRANCH}^").strip() == head
    assert issue.pull is not None


async def test_a_base_that_moves_under_the_plan_is_a_conflict(world: World) -> None:
    cockpit = cockpit_on(world)
    plan = await planned(cockpit)
    world.push_commit(CORE)
    outcome = await carried_out(cockpit, plan)
    assert outcome.ending is Ending.CONFLICT
    assert REF not in refs(world)
    assert opened(world) == []


async def test_somebody_elses_work_on_the_branch_is_never_lost(world: World) -> None:
    cockpit = cockpit_on(world)
    await carried_out(cockpit, await planned(cockpit))
    theirs = world.push_commit(CORE, BRANCH, message="Fix lint by hand")
    blocked = await planned(cockpit_on(world))
    (blocker,) = blocked.blockers
    assert "Fix lint by hand" in blocker
    assert f"--replace {theirs}" in blocker
    with pytest.raises(Refused):
        await carried_out(cockpit_on(world), blocked)
    assert refs(world)[REF] == theirs
    named = await planned(cockpit_on(world), replace=theirs)
    assert not named.blockers
    assert (await carried_out(cockpit_on(world), named)).ending is Ending.DONE
    resumed = await planned(cockpit_on(world), replace=theirs)
    assert resumed.digest == named.digest
    assert refs(world)[REF] != theirs


async def test_what_is_merged_is_in_place(world: World) -> None:
    cockpit = cockpit_on(world)
    await carried_out(cockpit, await planned(cockpit))
    git(world, "update-ref", "refs/heads/release/2.15", f"refs/heads/{BRANCH}")
    plan = await cockpit_on(world).plan("release-changes", {})
    assert plan.steps == ()
    assert not plan.blockers
    assert "nothing to propose" in plan.sentence
    assert (await carried_out(cockpit_on(world), plan)).ending is Ending.NOTHING_TO_DO


async def test_rules_that_match_nothing_and_a_silent_github_block(world: World) -> None:
    world.push_commit(CORE, path=".ci/pytorch/common_utils.sh", content="true\n")
    world.push_commit(CORE, path="version.txt", content="2.16.0a0\n")
    world.faults.add("unreachable@github")
    plan = await planned(cockpit_on(world))
    assert any("common_utils.sh" in blocker and "neither" in blocker for blocker in plan.blockers)
    assert any("not of the line 2.15" in blocker for blocker in plan.blockers)
    assert any("could not be read" in blocker for blocker in plan.blockers)
    before = files(world.remotes)
    with pytest.raises(Unreachable):
        await carried_out(cockpit_on(world), plan)
    world.faults.clear()
    with pytest.raises(Refused, match="neither"):
        await carried_out(cockpit_on(world), plan)
    assert files(world.remotes) == before


async def test_a_branch_that_is_not_cut_blocks_and_is_not_called_done(world: World) -> None:
    git(world, "update-ref", "-d", "refs/heads/release/2.15")
    cockpit = cockpit_on(world)
    for operation in ("release-changes", "bump-version"):
        plan = await cockpit.plan(operation, {"repository": CORE})
        assert plan.steps == ()
        assert plan.blockers == (f"{CORE}: release/2.15 has not been cut",)
        with pytest.raises(Refused):
            await carried_out(cockpit, plan)


async def test_domains_follow_and_wait_for_their_cut(world: World) -> None:
    branch = "refs/heads/release/0.30"
    git(world, "update-ref", branch, "main~3", repository="pytorch/vision")
    cockpit = cockpit_on(world)
    plan = await cockpit.plan("release-changes", {"repository": "vision"})
    assert not plan.blockers
    assert any("+0.30.0" in line for line in section(plan, "what changes"))
    assert any("@release/2.15" in line for line in section(plan, "what changes"))
    assert "automated/changes-0.30" in plan.steps[0].facts.summary
    git(world, "update-ref", "-d", branch, repository="pytorch/vision")
    waiting = await cockpit_on(world).plan("release-changes", {})
    assert not waiting.blockers
    assert any("pytorch/vision" in line for line in section(waiting, "Not due yet"))


async def test_a_repository_without_changes_is_a_wrong_call(world: World) -> None:
    with pytest.raises(ConfigError, match="no release-only changes"):
        await cockpit_on(world).plan("release-changes", {"repository": "test-infra"})


async def test_the_trunk_is_bumped_once(world: World) -> None:
    world.push_commit(CORE, "main", path="version.txt", content="2.15.0a0\n")
    cockpit = cockpit_on(world)
    arguments: Mapping[str, str] = {"repository": CORE}
    plan = await cockpit.plan("bump-version", arguments)
    assert (await carried_out(cockpit, plan)).ending is Ending.DONE
    (issue,) = opened(world, "automated/version-bump-2.15")
    assert issue.title == "Bump version to 2.16.0a0"
    assert issue.pull is not None
    assert issue.pull.base_ref == "main"
    assert git(world, "show", "automated/version-bump-2.15:version.txt") == "2.16.0a0\n"
    again = await cockpit_on(world).plan("bump-version", arguments)
    assert again.digest == plan.digest
    assert (await carried_out(cockpit_on(world), again)).ending is Ending.NOTHING_TO_DO


def with_script(world: World, extra: str = "") -> None:
    """A config whose core has one change: a script of its own."""
    text = world.config_path.read_text(encoding="utf-8")
    start = text.index("release_changes = [")
    end = text.index("\n", start)
    change = (
        'release_changes = [{ change = "script", file = "scripts/release/apply.sh",'
        f' environment = {{ RELEASE_VERSION = "{{line}}" }}{extra} }}]'
    )
    world.config_path.write_text(text[:start] + change + text[end:], encoding="utf-8")


async def test_a_script_of_the_repository_is_shown_before_anything_is_pushed(world: World) -> None:
    script = (
        "set -e\nsed -i s/2.15.0/$RELEASE_VERSION.0/ version.txt\necho $RELEASE_VERSION > made\n"
    )
    world.push_commit(CORE, path="scripts/release/apply.sh", content=script)
    with_script(world)
    cockpit, before = cockpit_on(world), files(world.remotes)
    plan = await planned(cockpit)
    assert files(world.remotes) == before
    lines = section(plan, "what changes")
    assert "new file made, mode 100644" in lines
    assert "+2.15" in lines
    assert (await planned(cockpit)).digest == plan.digest
    assert (await carried_out(cockpit, plan)).ending is Ending.DONE
    assert git(world, "show", f"{BRANCH}:made") == "2.15\n"


async def test_a_script_that_fails_or_hangs_blocks_with_its_last_words(world: World) -> None:
    with_script(world, ", timeout_s = 0.5")
    for script, words in (("echo no docker here; exit 7", "exit code 7"), ("sleep 60", "0.5 s")):
        world.push_commit(CORE, path="scripts/release/apply.sh", content=script)
        plan = await planned(cockpit_on(world))
        assert words in plan.blockers[0]
        assert plan.steps == ()
    assert REF not in refs(world)


async def test_read_only_refuses(world: World) -> None:
    cockpit = cockpit_on(world, read_only=True)
    plan = await planned(cockpit)
    before = files(world.remotes)
    with pytest.raises(Refused):
        await carried_out(cockpit, plan)
    assert files(world.remotes) == before
    assert opened(world) == []
