"""The GitHub adapter: what it reads out of answers, and what it refuses to call whole."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest

from cockpit.backends.github import Github
from cockpit.backends.keyring import Credentials
from cockpit.backends.ports import Credential
from cockpit.config import Config, load
from cockpit.errors import AccessDenied, Throttled
from cockpit.rehearsal.world import World
from cockpit.release.candidates import Candidate, Tag
from cockpit.release.job_logs import failing_lines, line_of_step
from cockpit.release.jobs import JobState
from cockpit.release.nominations import Verdict
from cockpit.release.people import Duty, Person, Team
from cockpit.release.picks import PullChecks
from cockpit.release.repos import Repository, Role
from cockpit.release.versions import Naming, Version
from tests.backends.scripted import Asked, Reply, Scripted, scripted

SHA, OTHER_SHA = "a" * 40, "b" * 40
NOW = "2026-10-14T14:00:00Z"
VERSION = Version(2, 15, 0)
CORE = Repository(
    name="pytorch/pytorch",
    role=Role.CORE,
    package="torch",
    remote="unused",
    version=VERSION,
    naming=Naming(),
    trunk="main",
    cut_from="viable/strict",
    version_file="version.txt",
    candidates=True,
    blocking_workflows=("pull", "trunk"),
)
TAG = "v2.15.0-rc1"
CANDIDATE_NAME = Naming().candidate_of(TAG)
assert CANDIDATE_NAME is not None
RC1 = Candidate(CANDIDATE_NAME, Tag(TAG, "c" * 40, SHA))
TEAM = Team((Person("Ada", "ada", duties=(Duty.APPROVER,)), Person("Rob", "rob")))


def run(number: int, **changes: object) -> dict[str, object]:
    return {
        "id": number,
        "workflow_id": 1,
        "name": "pull",
        "head_branch": TAG,
        "head_sha": SHA,
        "event": "push",
        "status": "completed",
        "conclusion": "success",
        "html_url": f"https://x/runs/{number}",
        "created_at": NOW,
    } | changes


def job(number: int, **changes: object) -> dict[str, object]:
    return {
        "id": number,
        "run_id": 1,
        "name": "build",
        "workflow_name": "pull",
        "status": "completed",
        "conclusion": "success",
        "run_attempt": 1,
        "created_at": NOW,
        "started_at": NOW,
        "completed_at": NOW,
        "html_url": f"https://x/jobs/{number}",
        "steps": [],
    } | changes


def issue(number: int, title: str, **changes: object) -> dict[str, object]:
    return {
        "id": number,
        "number": number,
        "title": title,
        "state": "open",
        "html_url": f"https://x/issues/{number}",
        "created_at": NOW,
        "comments": 0,
        "labels": [],
        "assignees": [],
    } | changes


def comment(number: int, login: str | None, body: str) -> dict[str, object]:
    return {
        "id": number,
        "html_url": f"https://x/comments/{number}",
        "created_at": NOW,
        "body": body,
        "user": {"login": login} if login else None,
    }


def pull(number: int, **changes: object) -> dict[str, object]:
    return {
        "id": number,
        "number": number,
        "title": "Fix",
        "state": "open",
        "html_url": f"https://x/pull/{number}",
        "updated_at": NOW,
        "head": {"ref": "fix", "sha": SHA},
        "base": {"ref": "release/2.15", "sha": OTHER_SHA},
        "user": {"login": "eve"},
        "merged_at": None,
        "merge_commit_sha": OTHER_SHA,
    } | changes


def milestone(number: int, title: str, **changes: object) -> dict[str, object]:
    return {
        "id": number,
        "number": number,
        "title": title,
        "html_url": f"https://x/milestone/{number}",
        "open_issues": 0,
        "closed_issues": 0,
    } | changes


class Forge:
    """Answers by path below the repository; lists are served as one page."""

    def __init__(self) -> None:
        self.answers: dict[str, object] = {}

    def runs(self, *runs: dict[str, object], total: int | None = None) -> None:
        total = len(runs) if total is None else total
        self.answers["actions/runs"] = {"total_count": total, "workflow_runs": list(runs)}

    def jobs(self, run_id: int, *jobs: dict[str, object], total: int | None = None) -> None:
        total = len(jobs) if total is None else total
        path = f"actions/runs/{run_id}/jobs"
        self.answers[path] = {"total_count": total, "jobs": list(jobs)}

    def __call__(self, asked: Asked) -> Reply:
        found = self.answers.get(asked.path.removeprefix("/repos/pytorch/pytorch/"))
        if isinstance(found, Reply):
            return found
        return Reply(404, {"message": "Not Found"}) if found is None else Reply(body=found)


@pytest.fixture
def forge() -> Forge:
    return Forge()


@pytest.fixture
def server(forge: Forge) -> Iterator[Scripted]:
    with scripted(forge) as running:
        yield running


@pytest.fixture
def github(server: Scripted) -> Github:
    return Github(server.url, Credential("test", "ghp_0123456789abcdefghij"))


def test_importing_the_adapter_and_making_it_loads_no_sdk() -> None:
    script = (
        "import sys; from cockpit.backends.github import Github;"
        "Github('https://api.github.com', None);"
        "assert not {'github', 'requests', 'urllib3'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


class TestCandidateBuilds:
    def test_only_the_tags_own_runs_on_its_sha_count(self, forge: Forge, github: Github) -> None:
        forge.runs(
            run(1),
            run(2, workflow_id=2, head_branch="release/2.15"),
            run(3, workflow_id=3, head_branch="v2.15.0-rc10"),
            run(4, workflow_id=4, head_sha=OTHER_SHA),
        )
        forge.jobs(1, job(11))
        answer = github.candidate_builds(CORE, RC1)
        assert [found.id for found in answer.value.jobs] == [11]
        assert ([found.id for found in answer.value.runs], answer.complete) == ([1], True)

    def test_several_runs_of_a_workflow_are_merged(self, forge: Forge, github: Github) -> None:
        forge.runs(run(2), run(9, event="workflow_dispatch"), run(10, event="pull_request"))
        red = job(21, conclusion="failure", run_id=2)
        forge.jobs(2, red, job(22, name="only there", run_id=2))
        forge.jobs(9, job(91, run_id=9))
        merged, alone = github.candidate_builds(CORE, RC1).value.jobs
        assert (merged.id, merged.flaky, [other.id for other in merged.superseded]) == (
            91,
            True,
            [21],
        )
        assert (alone.id, alone.superseded) == (22, ())

    def test_a_job_carries_its_attempt_times_and_failing_step(
        self, forge: Forge, github: Github
    ) -> None:
        steps = [
            {"name": "Checkout", "conclusion": "success"},
            {"name": "Te\x1b[31mst", "conclusion": "failure"},
            {"name": "Upload", "conclusion": "skipped"},
        ]
        forge.runs(run(1))
        failing = job(11, conclusion="failure", run_attempt=3, steps=steps, name="a\u202e / b\n")
        forge.jobs(1, failing, job(12, status="queued", conclusion=None, completed_at=None))
        jobs = github.candidate_builds(CORE, RC1).value.jobs
        failed, queued = sorted(jobs, key=lambda found: found.id)
        assert (failed.state, failed.attempt, failed.failed_step) == (JobState.FAILED, 3, "Test")
        assert failed.name == "a / b "
        assert failed.completed_at == datetime(2026, 10, 14, 14, 0, tzinfo=UTC)
        assert (queued.state, queued.started_at) == (JobState.QUEUED, None)

    def test_a_state_nobody_knows_is_not_green(self, forge: Forge, github: Github) -> None:
        forge.runs(run(1))
        forge.jobs(1, job(11, conclusion="splendid"), job(12, status="musing", conclusion=None))
        states = {found.state for found in github.candidate_builds(CORE, RC1).value.jobs}
        assert states == {JobState.UNKNOWN}

    def test_nothing_started_yet_is_incomplete(self, forge: Forge, github: Github) -> None:
        forge.runs()
        answer = github.candidate_builds(CORE, RC1)
        assert answer.missing == f"GitHub has not started any workflow for {TAG} yet"

    def test_a_run_without_jobs_is_incomplete(self, forge: Forge, github: Github) -> None:
        forge.runs(run(1, conclusion="startup_failure"))
        forge.jobs(1)
        assert github.candidate_builds(CORE, RC1).missing == "pull has no jobs: startup_failure"

    def test_short_lists_are_incomplete(self, forge: Forge, github: Github) -> None:
        forge.runs(run(1), total=7)
        forge.jobs(1, job(11), total=250)
        assert github.candidate_builds(CORE, RC1).missing == (
            "GitHub listed 1 of 7 workflow runs; GitHub listed 1 of 250 jobs of pull"
        )


class TestBranchHealth:
    def test_each_blocking_workflow_has_the_state_of_its_newest_run(
        self, forge: Forge, github: Github
    ) -> None:
        branch = "release/2.15"
        forge.runs(
            run(1, head_branch=branch, conclusion="failure"),
            run(2, head_branch=branch),
            run(3, head_branch=branch, event="pull_request", conclusion="failure"),
            run(4, head_branch=branch, name="unrelated", conclusion="failure"),
        )
        health = github.branch_health(CORE, SHA).value
        assert health.workflows == {"pull": JobState.PASSED, "trunk": JobState.UNKNOWN}
        assert health.urls == {"pull": "https://x/runs/2"}
        assert health.state is JobState.UNKNOWN

    def test_every_workflow_of_a_branch_is_told_with_its_newest_run(
        self, forge: Forge, github: Github
    ) -> None:
        forge.runs(
            run(1, head_branch="nightly", conclusion="failure"),
            run(2, head_branch="nightly"),
            run(3, head_branch="nightly", name="wheels\x1b[31m", status="in_progress"),
            run(4, head_branch="main", name="elsewhere"),
            run(5, head_branch="nightly", head_sha=OTHER_SHA, name="another commit"),
            run(6, head_branch="nightly", name="a check", event="pull_request"),
            total=9,
        )
        answer = github.pushed_runs(CORE, "nightly", SHA)
        assert {found.workflow: found.state for found in answer.value} == {
            "pull": JobState.PASSED,
            "wheels": JobState.RUNNING,
        }
        assert answer.value[0].url == "https://x/runs/2"
        assert answer.value[0].started_at == datetime(2026, 10, 14, 14, tzinfo=UTC)
        assert answer.missing == "GitHub listed 6 of 9 workflow runs"

    def test_the_branch_is_asked_for(self, server: Scripted, forge: Forge, github: Github) -> None:
        forge.runs()
        github.branch_health(CORE, SHA)
        assert server.asked[0].query == {
            "head_sha": SHA,
            "branch": "release/2.15",
            "per_page": "100",
        }


TRACKER = "[v.2.15.0] Release Tracker"
NOMINATION = """\
Link to landed trunk PR (if applicable):
* https://github.com/pytorch/pytorch/pull/101

Link to release branch PR:
* #201

Criteria Category:
* Critical fix
"""


class TestPicks:
    def test_the_tracker_of_exactly_this_version_is_read(
        self, forge: Forge, github: Github
    ) -> None:
        forge.answers["issues"] = [
            issue(
                1, "[v.2.15.0] Release Tracker", state="closed", created_at="2026-10-15T00:00:00Z"
            ),
            issue(2, TRACKER, comments=5),
            issue(3, "[v.2.15.1] Release Tracker"),
            issue(4, "[v.2.1.0] Release Tracker"),
            issue(5, TRACKER, pull_request={"url": "x"}, comments=9),
        ]
        forge.answers["pulls"] = []
        forge.answers["issues/2/comments"] = [
            comment(1, "eve", NOMINATION),
            comment(2, "eve", "Approved #201"),
            comment(3, "Ada", "Approved, thanks. #201"),
            comment(4, None, "Denied #201"),
            comment(5, "rob", "Denied #201"),
        ]
        answer = github.picks(CORE, VERSION, "release tracker", TEAM)
        assert answer.complete
        tracker = answer.value.tracker
        assert tracker is not None
        assert tracker.number == 2
        (nomination,) = tracker.nominations
        assert (nomination.trunk_pull, nomination.release_pull) == (101, 201)
        (said,) = tracker.answers
        assert (said.author, said.verdict, said.pull) == ("Ada", Verdict.APPROVED, 201)

    def test_without_a_tracker_the_answer_is_incomplete(self, forge: Forge, github: Github) -> None:
        forge.answers["issues"] = [issue(3, "[v.2.14.0] Release Tracker")]
        forge.answers["pulls"] = [pull(201)]
        forge.answers["issues/201/events"] = []
        forge.runs()
        answer = github.picks(CORE, VERSION, "release tracker", TEAM)
        assert answer.missing == "no issue labelled 'release tracker' is the tracker of 2.15.0"
        assert len(answer.value.pulls) == 1

    def test_missing_comments_are_incomplete(self, forge: Forge, github: Github) -> None:
        forge.answers["issues"] = [issue(2, TRACKER, comments=40)]
        forge.answers["issues/2/comments"] = [comment(1, "eve", NOMINATION)]
        forge.answers["pulls"] = []
        answer = github.picks(CORE, VERSION, "release tracker", TEAM)
        assert answer.missing == "GitHub listed 1 of 40 comments"

    def test_only_merged_pulls_have_a_merge_commit(self, forge: Forge, github: Github) -> None:
        forge.answers["issues"] = []
        forge.answers["pulls"] = [
            pull(1, title="Evil \x1b]0;owned\x07[b]title[/b]", user=None),
            pull(2, state="closed", merged_at=NOW),
            pull(3, base={"ref": "release/2.1", "sha": SHA}),
        ]
        forge.answers["issues/1/events"] = [
            {"id": 1, "event": "head_ref_force_pushed", "created_at": NOW},
            {"id": 2, "event": "labeled", "created_at": NOW},
        ]
        forge.runs(run(1, event="pull_request"), run(2, name="lint", conclusion="failure"))
        opened, merged = github.picks(CORE, VERSION, "release tracker", TEAM).value.pulls
        assert (opened.merged_sha, opened.title, opened.author) == (None, "Evil [b]title[/b]", "")
        assert merged.merged_sha == OTHER_SHA
        assert merged.checks is None
        assert opened.checks == PullChecks(JobState.FAILED, passed=1, failed=("lint",))
        assert opened.forced_at is not None

    def test_a_nominated_pull_that_targets_another_branch_is_read_singly(
        self, forge: Forge, github: Github
    ) -> None:
        forge.answers["issues"] = [issue(2, TRACKER, comments=2)]
        forge.answers["issues/2/comments"] = [
            comment(1, "eve", NOMINATION),
            comment(2, "eve", NOMINATION.replace("201", "202")),
        ]
        forge.answers["pulls"] = []
        forge.answers["pulls/201"] = pull(201, base={"ref": "main", "sha": SHA})
        answer = github.picks(CORE, VERSION, "release tracker", TEAM)
        assert answer.complete
        assert [(found.number, found.base) for found in answer.value.pulls] == [(201, "main")]


class TestMilestone:
    def test_the_title_is_matched_exactly(self, forge: Forge, github: Github) -> None:
        forge.answers["milestones"] = [
            milestone(1, "2.15.01"),
            milestone(2, "2.15.0", open_issues=2, closed_issues=7),
        ]
        forge.answers["issues"] = [
            issue(8, "Bug", labels=[{"name": "high\x1b[0m priority"}]),
            issue(9, "Fix", pull_request={"url": "x"}, assignees=[{"login": "ada"}]),
        ]
        answer = github.milestone(CORE, "2.15.0")
        assert answer.complete
        found = answer.value
        assert (found.number, found.closed_count) == (2, 7)
        bug, fix = found.open_items
        assert (bug.is_pull, bug.labels) == (False, ("high priority",))
        assert (fix.is_pull, fix.assignees) == (True, ("ada",))

    def test_fewer_items_than_counted_are_incomplete(self, forge: Forge, github: Github) -> None:
        forge.answers["milestones"] = [milestone(2, "2.15.0", open_issues=3)]
        forge.answers["issues"] = [issue(8, "Bug")]
        assert github.milestone(CORE, "2.15.0").missing == "GitHub listed 1 of 3 issues"

    def test_a_milestone_that_does_not_exist_has_no_number(
        self, forge: Forge, github: Github
    ) -> None:
        forge.answers["milestones"] = [milestone(1, "2.15")]
        answer = github.milestone(CORE, "2.15.0")
        assert (answer.value.number, answer.complete) == (None, True)


class TestAccount:
    def test_login_scopes_and_time(self, server: Scripted, github: Github) -> None:
        headers = {"X-OAuth-Scopes": "repo, workflow", "Date": "Mon, 02 Mar 2026 10:00:00 GMT"}
        server.answer = lambda _: Reply(body={"login": "ada"}, headers=headers)
        account = github.account()
        assert (account.login, account.scopes) == ("ada", ("repo", "workflow"))
        assert account.server_time == datetime(2026, 3, 2, 10, tzinfo=UTC)

    def test_without_a_token_nobody_is_asked(self, server: Scripted) -> None:
        with pytest.raises(AccessDenied, match="No GitHub token") as caught:
            Github(server.url, None).account()
        assert caught.value.hint == "release-cockpit login"
        assert server.asked == []

    @pytest.mark.parametrize(
        ("permissions", "highest"),
        [
            ({"admin": True, "push": True}, "admin"),
            ({"maintain": True}, "write"),
            ({"push": True, "pull": True}, "write"),
            ({"triage": True, "pull": True}, "triage"),
            ({"pull": True}, "read"),
            ({}, "none"),
            (None, "read"),
        ],
    )
    def test_the_highest_permission_counts(
        self, server: Scripted, github: Github, permissions: dict[str, bool] | None, highest: str
    ) -> None:
        server.answer = lambda _: Reply(body={"permissions": permissions})
        assert github.permission(CORE) == highest

    def test_a_repository_that_is_not_shown_allows_nothing(
        self, server: Scripted, github: Github
    ) -> None:
        server.answer = lambda _: Reply(404, {"message": "Not Found"})
        assert github.permission(CORE) == "none"


class Flight(NamedTuple):
    """A world and the adapter that reads it."""

    world: World
    config: Config
    github: Github
    candidate: Candidate
    told: list[str]
    """What the adapter told the command log."""


@pytest.fixture(scope="module")
def flight(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flight]:
    with World.start(tmp_path_factory.mktemp("rehearsal") / "world", scenario="small") as world:
        config = load(world.config_path)
        token = Credentials(config, {}).github_token()
        told: list[str] = []
        github = Github(config.settings.github.api, token, log=told.append)
        yield Flight(world, config, github, _first_candidate(Path(config.core.remote)), told)


def _first_candidate(remote: Path) -> Candidate:
    def sha_of(revision: str) -> str:
        command = ["git", "-C", str(remote), "rev-parse", "--verify", revision]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    assert CANDIDATE_NAME is not None
    return Candidate(CANDIDATE_NAME, Tag(TAG, sha_of(TAG), sha_of(f"{TAG}^{{commit}}")))


class TestRehearsal:
    """The whole way: real sockets, real library, a world with a history."""

    def test_a_candidates_jobs_are_all_there(self, flight: Flight) -> None:
        answer = flight.github.candidate_builds(flight.config.core, flight.candidate)
        assert answer.missing == ""
        assert len(answer.value.jobs) == flight.world.scenario.jobs_target
        assert any(found.key for found in answer.value.jobs)

    def test_looking_again_costs_no_quota(self, flight: Flight) -> None:
        flight.github.candidate_builds(flight.config.core, flight.candidate)
        flight.told.clear()
        flight.github.candidate_builds(flight.config.core, flight.candidate)
        assert len(flight.told) > 1
        assert all(line.endswith("# 304") for line in flight.told)

    def test_picks_and_milestone_are_read_whole(self, flight: Flight) -> None:
        core, label = flight.config.core, flight.config.settings.github.tracker_label
        picks = flight.github.picks(core, flight.config.version, label, flight.config.team)
        assert picks.missing == ""
        assert picks.value.tracker is not None
        assert picks.value.tracker.nominations
        assert picks.value.tracker.answers
        assert picks.value.pulls
        milestone = flight.github.milestone(core, flight.config.milestone)
        assert milestone.missing == ""
        assert milestone.value.open_items

    def test_a_failed_job_tells_its_steps_and_its_log(self, flight: Flight) -> None:
        core = flight.config.core
        jobs = flight.github.candidate_builds(core, flight.candidate).value.jobs
        red = next(found for found in jobs if found.failed_step)
        steps = flight.github.job_steps(core, red.id)
        assert [step.number for step in steps] == sorted(step.number for step in steps)
        failed = [step for step in steps if step.state is JobState.FAILED]
        assert [step.name for step in failed] == [red.failed_step]
        log = flight.github.job_log(core, red.id)
        assert log.whole
        assert log.size >= sum(map(len, log.lines))
        assert failing_lines(log.lines)
        at = line_of_step(log.lines, failed[0].name, failed[0].started_at)
        assert at is not None

    def test_account_and_permission_are_the_captains(self, flight: Flight) -> None:
        assert {"repo", "workflow"} <= set(flight.github.account().scopes)
        assert flight.github.permission(flight.config.core) in ("admin", "write")

    @pytest.mark.parametrize(
        "kind", ["throttle-primary", "throttle-secondary", "throttle-forbidden"]
    )
    def test_a_throttled_world_asks_to_wait(self, flight: Flight, kind: str) -> None:
        with striking(flight.world, kind), pytest.raises(Throttled) as caught:
            flight.github.account()
        assert caught.value.retry_after_s > 0

    def test_a_truncated_page_is_never_whole(self, flight: Flight) -> None:
        fresh = Github(flight.world.github_url, Credentials(flight.config, {}).github_token())
        with striking(flight.world, "truncated-page"):
            answer = fresh.candidate_builds(flight.config.core, flight.candidate)
        assert not answer.complete
        assert answer.value.cut_short

    @pytest.mark.parametrize("kind", ["server-error", "reset", "truncated-body"])
    def test_a_short_fault_goes_unnoticed(self, flight: Flight, kind: str) -> None:
        with striking(flight.world, kind):
            assert flight.github.account().login


@contextmanager
def striking(world: World, kind: str) -> Iterator[None]:
    """A fault for the time of a block."""
    fault = world.faults.add(kind)
    try:
        yield
    finally:
        world.faults.remove(fault)
