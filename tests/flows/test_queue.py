"""The cherry-pick queue on a rehearsal: every nomination a true row, and one pick's whole life."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from cockpit.backends import git_trunk_reader
from cockpit.backends.git_findings import Read, read_findings
from cockpit.cli import main
from cockpit.errors import CockpitError, ExitCode
from cockpit.rehearsal import people
from cockpit.rehearsal.faults import Fault
from cockpit.rehearsal.messages import issue_url, pull_url
from cockpit.rehearsal.queue_truth import NominationTruth, nominations
from cockpit.rehearsal.scenario import CORE, token_of
from cockpit.rehearsal.tracker import nomination
from cockpit.rehearsal.world import World
from cockpit.release.gates import GATES
from cockpit.release.pick_life import life_of
from cockpit.release.picks import Pick, PickState
from cockpit.release.prediction import Origin, Outcome
from cockpit.release.state import ReleaseState
from cockpit.release.trunk import FindingKind
from cockpit.release.verdicts import Outcome as Verdict
from cockpit.runtime import Cockpit
from cockpit.views.picks import standing
from tests.flows.releases import cockpit_on

FEEDS = ("branches", "ledger", "picks", "trunk", "predictions")


@pytest.fixture(scope="module")
def default_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with World.start(tmp_path_factory.mktemp("queue") / "world", scenario="default") as world:
        yield world


@pytest.fixture(scope="module")
def queue(default_world: World) -> tuple[Pick, ...]:
    cockpit = cockpit_on(default_world)
    asyncio.run(cockpit.refresh(*FEEDS))
    return cockpit.state.queue


def test_sixty_nominations_of_every_shape_are_sixty_true_rows(
    default_world: World, queue: tuple[Pick, ...]
) -> None:
    truths = nominations(default_world.history)
    assert len(truths) == 60
    rows = {(row.release_pull, frozenset(row.trunk_pulls)): row for row in queue if row.nominated}
    found = {
        key: (row.state.value, row.criterion.value, row.candidate) for key, row in rows.items()
    }
    assert found == {_key(truth): _facts(default_world, truth) for truth in truths}
    for truth in truths:
        row = rows[_key(truth)]
        linked = f"{CORE}#{truth.issue}" if truth.issue else ""
        found_issue = row.finding.issue if row.finding else ""
        assert row.issue == (linked or found_issue), truth
        assert not re.search(r"[\x00-\x1f\u202e]", row.title), truth
        assert row.landed, truth


def _key(truth: NominationTruth) -> tuple[int | None, frozenset[int]]:
    return truth.release_pull, frozenset(truth.trunk_pulls)


def _facts(world: World, truth: NominationTruth) -> tuple[str, str, str | None]:
    state = truth.state
    if state == "approved" and truth.release_pull is not None and _is_green(world, truth):
        state = "approved and green"
    return state, truth.criterion, truth.candidate


def _is_green(world: World, truth: NominationTruth) -> bool:
    pull = world.forge.repositories[CORE].issues[truth.release_pull or 0].pull
    assert pull is not None
    url = f"{world.github_url}/repos/{CORE}/actions/runs"
    wanted = {"head_sha": pull.head_sha, "event": "pull_request", "per_page": "100"}
    runs = requests.get(url, params=wanted, timeout=30).json()["workflow_runs"]
    return bool(runs) and all(run["conclusion"] == "success" for run in runs)


def test_a_conflicted_pick_names_the_commit_that_the_branch_lacks(
    default_world: World, queue: tuple[Pick, ...]
) -> None:
    conflicted = [truth for truth in nominations(default_world.history) if truth.missing]
    assert len(conflicted) == 2
    rows = {row.trunk_pulls: row for row in queue}
    for truth in conflicted:
        (prediction,) = rows[truth.trunk_pulls].predictions
        assert prediction.outcome is Outcome.CONFLICT
        assert prediction.caused_by[-1].commit == truth.missing


def test_an_open_pull_request_is_what_is_predicted(queue: tuple[Pick, ...]) -> None:
    rows = [row for row in queue if row.pull and row.pull.is_open_into("release/2.15")]
    told = [row.proposed for row in rows if row.state is not PickState.DENIED]
    assert len(told) > 20
    assert {one.of if one else None for one in told} == {Origin.PULL}
    assert Outcome.CONFLICT in {one.outcome for one in told if one}, "another one landed before"


def test_pulls_that_are_not_what_they_seem_say_so(
    default_world: World, queue: tuple[Pick, ...]
) -> None:
    shapes = {truth.shape: truth for truth in nominations(default_world.history)}
    rows = {row.release_pull: row for row in queue}
    for shape, words in (
        ("retargeted", "targets main, not release/2.15"),
        ("closed", "was closed without being merged"),
        ("draft", "is a draft"),
    ):
        assert any(words in problem for problem in rows[shapes[shape].release_pull].problems)


def test_what_was_found_is_that_of_the_story(default_world: World, queue: tuple[Pick, ...]) -> None:
    plan = default_world.history.plan
    found = {row.finding.commit: row for row in queue if row.finding}
    missing = {commit.sha for commit in plan.missing_reverts}
    kinds = {sha for sha, row in found.items() if row.finding and _is_revert(row)}
    assert kinds == missing
    assert {commit.sha for commit in plan.missing_fixes} <= found.keys()


def _is_revert(row: Pick) -> bool:
    return row.finding is not None and row.finding.kind is FindingKind.MISSING_REVERT


async def test_what_is_read_when_somebody_looks(default_world: World) -> None:
    cockpit = cockpit_on(default_world)
    await cockpit.refresh(*FEEDS)
    state = cockpit.state
    opened = next(
        row for row in state.queue if row.pull and row.pull.state == "open" and row.commits
    )
    there = next(row for row in state.queue if row.state is PickState.IN_CANDIDATE and row.commits)
    bare = next(row for row in state.queue if row.predictions and not row.pull)
    for row, title in (
        (opened, f"#{opened.release_pull} at "),
        (there, "as merged, "),
        (bare, "as it "),
    ):
        change = await cockpit.pick_diff(row.key)
        assert change.title.startswith(title)
        assert change.lines[0].startswith("diff --git a/")
    said = await cockpit.pick_comments(opened.key)
    assert said.complete
    assert opened.nomination_url in [comment.url for comment in said.value]
    assert state.predictions.value is not None
    simulation = state.predictions.value.simulation
    assert simulation is not None
    ended = await cockpit.end_state(simulation.as_given.order)
    assert ended.tree == simulation.as_given.tree
    assert {f"diff --git a/{file.path} b/{file.path}" for file in ended.files} == {
        line for line in ended.diff if line.startswith("diff --git ")
    }
    with pytest.raises(CockpitError, match="The pick is gone"):
        await cockpit.pick_diff("gone")


def test_the_queue_is_printed_whole(
    default_world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--config", str(default_world.config_path), "picks"]
    assert main([*words, "--json"]) == ExitCode.BLOCKED
    printed = capsys.readouterr()
    assert printed.err == ""
    document = json.loads(printed.out)
    assert sum(row["nominated"] for row in document["picks"]) == 60
    assert document["unknown"] == []
    assert document["simulation"]["as_given"]["predictions"]
    main([*words, "--state", "merged"])
    text = capsys.readouterr().out
    assert text.startswith("merged (")
    assert "\x1b" not in text
    main([*words, "--findings"])
    assert "missing revert (4)" in capsys.readouterr().out
    assert main([*words, "--state", "lost"]) == ExitCode.USAGE
    capsys.readouterr()
    lost = default_world.faults.add(Fault(kind="server-error", path="/comments", times=0))
    assert main([*words, "--state", "merged"]) == ExitCode.UNREACHABLE
    default_world.faults.remove(lost)
    printed = capsys.readouterr()
    assert printed.out.startswith("merged (")
    assert "what is shown is from " in printed.err


def test_nothing_is_walked_or_predicted_twice_and_what_github_hides_is_unknown(
    default_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    walks: list[object] = []

    def counted(*asked: Any) -> Read:
        walks.append(asked)
        return read_findings(*asked)

    monkeypatch.setattr(git_trunk_reader, "read_findings", counted)
    cockpit = cockpit_on(default_world)
    asyncio.run(cockpit.refresh(*FEEDS))
    first = cockpit.state
    asyncio.run(cockpit.refresh("trunk", "predictions"))
    assert len(walks) == 1
    assert cockpit.state.predictions.value is first.predictions.value
    assert cockpit.state.trunk.value == first.trunk.value

    hidden = default_world.faults.add(Fault(kind="server-error", path="/milestones", times=0))
    asyncio.run(cockpit.refresh("trunk"))
    default_world.faults.remove(hidden)
    state = cockpit.state
    assert state.trunk.value is not None
    assert "the milestone could not be read" in state.trunk.value.fixes_unknown
    assert GATES["fixes-picked"].judge(state).outcome is Verdict.UNKNOWN
    assert GATES["reverts-picked"].judge(state).outcome is Verdict.FAILED


class Walk:
    """What people do to one change of the small world, and the row that comes of it."""

    def __init__(self, world: World, tmp_path: Path) -> None:
        self.world = world
        self.cockpit: Cockpit = cockpit_on(world)
        self.change = world.history.plan.missing_fixes[0]
        core = world.forge.repositories[CORE]
        self.git_dir = core.git_dir
        self.work = tmp_path / "work"
        self.tracker = next(
            issue.number for issue in core.issues.values() if "[v.2.15.0]" in issue.title
        )

    def state(self) -> ReleaseState:
        asyncio.run(self.cockpit.refresh(*FEEDS))
        return self.cockpit.state

    def row(self) -> Pick:
        (row,) = (row for row in self.state().queue if self.change.sha in row.commits)
        return row

    def send(self, verb: str, path: str, by: people.Person, **body: object) -> dict[str, object]:
        answer = requests.request(
            verb,
            f"{self.world.github_url}/repos/{CORE}/{path}",
            json=body,
            headers={"Authorization": f"token {token_of(by)}"},
            timeout=30,
        )
        answer.raise_for_status()
        found: dict[str, object] = answer.json()
        return found

    def say(self, by: people.Person, text: str) -> None:
        self.send("POST", f"issues/{self.tracker}/comments", by, body=text)

    def git(self, *words: str) -> str:
        identity = ("-c", "user.name=Robin", "-c", "user.email=robin@example.org")
        command = ["git", *identity, "-C", str(self.work), *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def open_pull(self) -> int:
        branch = f"cherry-pick-{self.change.number}-by-captain"
        clone = ["git", "clone", "--quiet", "--branch", "release/2.15"]
        subprocess.run([*clone, str(self.git_dir), str(self.work)], check=True)
        self.git("checkout", "--quiet", "-b", branch)
        self.git("cherry-pick", "-x", self.change.sha)
        self.git("push", "--quiet", "origin", branch)
        made = self.send(
            "POST",
            "pulls",
            people.CAPTAIN,
            title=self.change.title,
            head=branch,
            base="release/2.15",
            body="",
        )
        return int(str(made["number"]))


def test_one_pick_walks_through_its_whole_life(world: World, tmp_path: Path) -> None:
    walk = Walk(world, tmp_path)
    number = walk.change.number
    assert walk.row().state is PickState.FOUND

    form = nomination([pull_url(number)], "", f"Regression, {issue_url(walk.change.fixes or 0)}")
    walk.say(people.CAPTAIN, form)
    row = walk.row()
    assert (row.state, row.release_pull) == (PickState.NOMINATED, None)
    assert [each.outcome for each in row.predictions] == [Outcome.CLEAN]
    tree = row.predictions[0].tree

    walk.say(people.MIKA, f"Could you say which release had it? #{number}")
    assert walk.row().state is PickState.NEEDS_INFO
    walk.say(people.REVIEWER, f"approved #{number}")
    assert walk.row().state is PickState.NEEDS_INFO
    walk.say(people.MIKA, f"approved #{number}")
    assert walk.row().state is PickState.APPROVED

    pull = walk.open_pull()
    row = walk.row()
    assert (row.release_pull, row.trunk_pulls) == (pull, (number,))
    assert row.state is PickState.APPROVED
    world.clock.advance(timedelta(hours=6))
    assert walk.row().state is PickState.READY
    assert walk.git("rev-parse", "HEAD^{tree}") == tree

    merged = walk.send("PUT", f"pulls/{pull}/merge", people.MIKA, merge_method="squash")
    row = walk.row()
    assert (row.state, row.merged_sha) == (PickState.MERGED, merged["sha"])
    assert row.predictions == ()

    walk.git("fetch", "--quiet", "origin")
    walk.git("push", "--quiet", "origin", "origin/release/2.15:refs/tags/v2.15.0-rc2")
    row = walk.row()
    assert (row.state, row.candidate) == (PickState.IN_CANDIDATE, "v2.15.0-rc2")

    undone = f'Revert "{walk.change.subject}"\n\nThis reverts commit {walk.change.sha}.\n'
    revert = world.push_commit(CORE, "main", message=undone)
    row = walk.row()
    assert row.state is PickState.IN_CANDIDATE
    assert [change.undone_by for change in row.reverted_on_trunk] == [revert]
    assert "was reverted on trunk" in row.problems[0]
    assert standing(row) == "in rc2, reverted on trunk"
    told = [event.text for event in life_of(walk.cockpit.state, row)]
    assert told[-4:] == [
        f"merged as {str(row.merged_sha)[:7]}",
        "first in v2.15.0-rc2",
        f"reverted on main since by {revert[:7]}",
        "still on the branch",
    ]
    verdict = GATES["reverts-picked"].judge(walk.cockpit.state)
    assert any(revert[:7] in evidence.text for evidence in verdict.evidence)

    back = f'Revert "{walk.change.title} (#{pull})"\n\nThis reverts commit {row.merged_sha}.\n'
    own = world.push_commit(CORE, "release/2.15", message=back)
    row = walk.row()
    assert (row.state, row.undone_by) == (PickState.REVERTED, own)
    verdict = GATES["reverts-picked"].judge(walk.cockpit.state)
    assert not any(revert[:7] in evidence.text for evidence in verdict.evidence)


def test_nominations_that_come_late_or_are_pushed_over_say_so(world: World, tmp_path: Path) -> None:
    walk = Walk(world, tmp_path)
    world.clock.advance(timedelta(days=6))
    number = walk.change.number
    walk.say(people.CAPTAIN, nomination([pull_url(number)], "", "Docs"))
    walk.say(people.MIKA, f"approved #{number}")
    pull = walk.open_pull()
    row = walk.row()
    assert (row.late, row.rule.value) == (True, "needs special dispensation")
    walk.git("commit", "--quiet", "--amend", "-m", "Another thing")
    world.clock.advance(timedelta(hours=1))
    walk.git("push", "--quiet", "--force", "origin", "HEAD")
    assert f"#{pull} was force-pushed after its approval" in walk.row().problems
