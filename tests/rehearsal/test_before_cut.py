"""The world on the day of the cut, and the colleagues who do their part in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import pytest
import requests

from cockpit.rehearsal.builds import run_status
from cockpit.rehearsal.colleagues import (
    BLOCKER_FIXED_AFTER,
    FEATURE_MOVED_AFTER,
    MERGED_AFTER,
    REVIEWED_AFTER,
    TRACKER_OPENED_AFTER,
)
from cockpit.rehearsal.fastimport import git, read_refs
from cockpit.rehearsal.model import Issue
from cockpit.rehearsal.people import ADA, CAPTAIN, MIKA, REVIEWER
from cockpit.rehearsal.records import MILESTONE
from cockpit.rehearsal.scenario import CORE, INFRA, VISION, token_of
from cockpit.rehearsal.world import World

BRANCH = "release/2.15"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    directory = tmp_path_factory.mktemp("before-cut") / "world"
    with World.start(directory, scenario="before-cut") as started:
        yield started


def ask(world: World, method: str, path: str, body: Mapping[str, object] | None = None) -> int:
    """What the captain asks of GitHub; gives the number of what was made, if anything."""
    answered = requests.request(
        method,
        f"{world.github_url}/repos/{CORE}{path}",
        json=body,
        headers={"Authorization": f"token {token_of(CAPTAIN)}"},
        timeout=10,
    )
    answered.raise_for_status()
    told = answered.json()
    return int(told["number"]) if isinstance(told, dict) and "number" in told else 0


def go_on(world: World, by: timedelta) -> None:
    world.clock.advance(by)
    world.settle()


def issues(world: World) -> list[Issue]:
    return list(world.forge.repositories[CORE].issues.values())


def blockers(world: World) -> list[Issue]:
    labels = {"high priority", "release-feature-request"}
    return [
        issue
        for issue in issues(world)
        if issue.milestone == MILESTONE and issue.state == "open" and labels & set(issue.labels)
    ]


def propose(world: World, head: str, base: str) -> int:
    """A pull request of the captain's that changes one file."""
    git_dir = world.forge.repositories[CORE].git_dir
    git(git_dir, "update-ref", f"refs/heads/{head}", f"refs/heads/{base}")
    world.push_commit(CORE, head, path=f"docs/{head.replace('/', '-')}.md")
    return ask(world, "POST", "/pulls", {"title": head, "head": head, "base": base, "body": ""})


def test_nothing_of_the_release_is_there_yet(world: World) -> None:
    for name in (CORE, INFRA, VISION):
        repository = world.forge.repositories[name]
        assert [
            ref for ref in read_refs(repository.git_dir) if "2.15" in ref or "0.30" in ref
        ] == []
        newest = int(git(repository.git_dir, "log", "-1", "--all", "--format=%ct"))
        assert newest <= world.scenario.epoch.timestamp()
        assert all(run.created_at <= world.scenario.epoch for run in repository.runs.values())
    moments = [issue.updated_at for issue in issues(world)]
    assert max(moments) <= world.scenario.epoch
    assert not [i for i in issues(world) if i.title.startswith("[v.2.15.0]")]
    assert git(world.remotes / f"{CORE}.git", "show", "viable/strict:version.txt") == "2.15.0a0\n"
    assert git(world.remotes / f"{VISION}.git", "show", "main:version.txt") == "0.30.0a0\n"


def test_what_the_cut_is_made_from_is_green(world: World) -> None:
    core = world.forge.repositories[CORE]
    strict = git(core.git_dir, "rev-parse", "viable/strict").strip()
    runs = [
        run for run in core.runs.values() if (run.head_branch, run.head_sha) == ("main", strict)
    ]
    assert {run_status(run, world.scenario.epoch) for run in runs} == {("completed", "success")}
    for name in (CORE, VISION):
        nightly = [
            run
            for run in world.forge.repositories[name].runs.values()
            if run.head_branch == "nightly"
        ]
        assert nightly
        assert {run_status(run, world.scenario.epoch)[1] for run in nightly} == {"success"}


def test_colleagues_settle_what_is_open_in_the_milestone(world: World) -> None:
    assert len(blockers(world)) == 2
    go_on(world, BLOCKER_FIXED_AFTER)
    [feature] = blockers(world)
    go_on(world, FEATURE_MOVED_AFTER - BLOCKER_FIXED_AFTER)
    assert blockers(world) == []
    assert feature.state == "open"
    assert feature.comments[-1].user == MIKA.login


def test_the_tracker_is_opened_some_time_after_the_cut(world: World) -> None:
    core = world.forge.repositories[CORE]
    git(core.git_dir, "update-ref", f"refs/heads/{BRANCH}", "refs/heads/viable/strict")
    world.settle()
    go_on(world, TRACKER_OPENED_AFTER - timedelta(minutes=1))
    assert not [i for i in issues(world) if "Release Tracker" in i.title and "2.15" in i.title]
    go_on(world, timedelta(minutes=1))
    [tracker] = [i for i in issues(world) if i.title == "[v.2.15.0] Release Tracker"]
    assert (tracker.user, set(tracker.labels)) == (ADA.login, {"release tracker", "triaged"})


def test_pull_requests_of_the_automation_are_reviewed_and_merged(world: World) -> None:
    automated = propose(world, "automated/changes-2.15", BRANCH)
    somebodys = propose(world, "captain/idea", "main")
    core = world.forge.repositories[CORE]
    go_on(world, REVIEWED_AFTER)
    pull = core.issues[automated].pull
    assert pull is not None
    assert [(r.user, r.state) for r in pull.reviews] == [(REVIEWER.login, "APPROVED")]
    assert pull.merged_at is None
    go_on(world, MERGED_AFTER - REVIEWED_AFTER)
    assert (pull.merged_by, core.issues[automated].state) == (MIKA.login, "closed")
    head = git(core.git_dir, "rev-parse", BRANCH).strip()
    assert pull.merge_commit_sha == head
    assert core.issues[somebodys].state == "open"


def test_what_cannot_be_merged_is_said(world: World) -> None:
    number = propose(world, "automated/version-bump-2.15", "main")
    ask(world, "PATCH", f"/pulls/{number}", {"state": "closed"})
    go_on(world, MERGED_AFTER)
    comment = world.forge.repositories[CORE].issues[number].comments[-1]
    assert (comment.user, comment.body) == (
        MIKA.login,
        "I could not do this: Pull Request is not mergeable",
    )


@pytest.mark.parametrize("seed", [1, 2])
def test_any_seed_makes_a_world_before_the_cut(tmp_path: Path, seed: int) -> None:
    with World.start(tmp_path / "world", scenario="before-cut", seed=seed) as world:
        assert len(blockers(world)) == 2
