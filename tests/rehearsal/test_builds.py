"""Runs and jobs: what starts them, how they move with the clock, re-runs and cancelling."""

from __future__ import annotations

import os
import time
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from cockpit.rehearsal import builds
from cockpit.rehearsal.clock import WorldClock
from cockpit.rehearsal.fastimport import git
from cockpit.rehearsal.libraries import INFRA
from cockpit.rehearsal.model import (
    Conclusion,
    Forge,
    Job,
    JobTemplate,
    Repository,
    Run,
    Workflow,
)
from cockpit.rehearsal.planning import Outcome
from cockpit.rehearsal.scenario import CORE, SCENARIOS, build_world

RC2 = "v2.15.0-rc2"


@dataclass(slots=True)
class Site:
    """Core of a small world, and the means to push to it."""

    forge: Forge
    clock: WorldClock
    core: Repository

    def push(self, sha: str, ref: str, *, force: bool = False) -> None:
        """Push as anybody would, over git's own protocol."""
        refspec = f"{'+' if force else ''}{sha}:{ref}"
        git(self.core.git_dir, "push", "--quiet", str(self.core.git_dir), refspec)

    def head(self, ref: str = "refs/heads/release/2.15") -> str:
        return git(self.core.git_dir, "rev-parse", ref).strip()

    def tag(self, name: str) -> list[Run]:
        """Tag the head of the release branch and look for what that starts."""
        self.push(self.head(), f"refs/tags/{name}")
        return builds.notice_pushes(self.forge, self.core)

    def workflow(self, name: str) -> Workflow:
        return next(w for w in self.core.workflows.values() if w.name == name)

    def started(self, name: str, *red: str) -> Run:
        """A run of one workflow, started now, all green but for these jobs."""
        outcomes: dict[str, Conclusion] = dict.fromkeys(red, "failure")
        return builds.start_run(
            self.forge,
            self.core,
            self.workflow(name),
            event="workflow_dispatch",
            ref="main",
            sha=self.head("refs/heads/main"),
            actor="captain",
            outcomes=outcomes,
        )

    def finish(self, run: Run) -> None:
        """Move the clock to the end of a run."""
        left = builds.ends_at(run) - self.clock.now()
        self.clock.advance(max(timedelta(), left) + timedelta(seconds=1))


def _build_site(remotes: Path, seed: int = 0, scenario: str = "small") -> Site:
    clock = WorldClock(SCENARIOS[scenario].epoch)
    forge = build_world(SCENARIOS[scenario], seed=seed, remotes=remotes, clock=clock)
    return Site(forge, clock, forge.repositories[CORE])


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return _build_site(tmp_path)


def _job(run: Run, name: str) -> Job:
    return next(j for j in builds.attempt_jobs(run, run.attempt) if j.name == name)


def test_a_new_world_has_no_push_to_notice(site: Site) -> None:
    assert builds.notice_pushes(site.forge, site.core) == []


def test_a_candidate_tag_starts_every_build(site: Site) -> None:
    runs = site.tag(RC2)
    expected = {w.name for w in site.core.workflows.values() if w.on_candidate_tag}
    assert {run.name for run in runs} == expected
    assert sum(len(run.jobs) for run in runs) == SCENARIOS["small"].jobs_target
    assert {(run.head_branch, run.head_sha, run.event) for run in runs} == {
        (RC2, site.head(), "push")
    }
    assert builds.notice_pushes(site.forge, site.core) == []


def test_job_names_follow_the_grammar_of_the_release(tmp_path: Path) -> None:
    runs = _build_site(tmp_path, scenario="default").tag(RC2)
    names = {f"{run.name} / {job.name}" for run in runs for job in run.jobs}
    assert len(names) == 508
    assert {
        "linux-binary-manywheel / manywheel-py3_12-cuda13_0-test / test",
        "linux-binary-manywheel / manywheel-py3_14t-rocm7_14-test",
        "linux-binary-manywheel / manywheel-py3_10-xpu-build / build",
        "linux-binary-manywheel / libtorch-cuda13_2-shared-with-deps-release-extract",
        "linux-aarch64-binary-manywheel / manywheel-py3_13-cuda-aarch64-12_6-upload / upload",
        "linux-s390x-binary-manywheel / manywheel-py3_15t-cpu-s390x-build / build",
        "windows-binary-wheel / wheel-py3_11-cuda12_6-test",
        "macos-arm64-binary-wheel / wheel-py3_15-cpu-upload / upload",
        "Create Release / Upload source code to S3 for release tags",
    } <= names
    failing = [job for run in runs for job in run.jobs if job.conclusion == "failure"]
    assert 4 <= len(failing) <= 14


def test_a_push_is_noticed_at_once_and_later_looks_are_cheap(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert site.tag(RC2)
    past = time.time_ns() - 10**9
    _settle(site.core.git_dir / "refs", past)
    builds.notice_pushes(site.forge, site.core)
    monkeypatch.setattr(builds, "read_refs", _refuse)
    assert builds.notice_pushes(site.forge, site.core) == []
    monkeypatch.undo()
    assert site.tag("v2.15.0-rc3")


def _settle(folder: Path, moment: int) -> None:
    """Pretend that the refs were written a while ago."""
    for path in (folder, *folder.rglob("*")):
        if path.is_dir():
            os.utime(path, ns=(moment, moment))
    os.utime(folder.parent / "packed-refs", ns=(moment, moment))


def _refuse(git_dir: Path) -> dict[str, str]:
    raise AssertionError("git was asked although nothing has changed")


def test_a_final_tag_builds_no_wheels(site: Site) -> None:
    runs = site.tag("v2.15.0")
    assert {run.name for run in runs} == {"Create Release", "Build Official Docker Images"}


def test_a_moved_tag_is_built_again(site: Site) -> None:
    first = site.tag(RC2)
    site.push(site.head("refs/heads/release/2.15~1"), f"refs/tags/{RC2}", force=True)
    second = builds.notice_pushes(site.forge, site.core)
    assert {run.name for run in second} == {run.name for run in first}
    assert {run.head_sha for run in second} != {run.head_sha for run in first}


@pytest.mark.parametrize(
    ("ref", "starts"),
    [
        ("refs/heads/release/2.15", True),
        ("refs/heads/main", True),
        ("refs/heads/orig/release/2.15", False),
        ("refs/heads/release/2.15/nested", False),
        ("refs/heads/somebody/work", False),
        ("refs/tags/v2.15.0-rc", False),
        ("refs/tags/ciflow/trunk/1", False),
    ],
)
def test_what_a_push_to_a_ref_starts(site: Site, ref: str, starts: bool) -> None:
    if ref.endswith("nested"):
        git(site.core.git_dir, "update-ref", "-d", "refs/heads/release/2.15")
        sha = site.head("refs/tags/v2.15.0-rc1")
    else:
        sha = site.head("refs/heads/main~3")
    site.push(sha, ref, force=True)
    names = {run.name for run in builds.notice_pushes(site.forge, site.core)}
    assert names == ({"pull", "trunk", "lint", "linux-aarch64", "docs-build"} if starts else set())


def test_a_deleted_ref_starts_nothing_and_may_come_back(site: Site) -> None:
    site.tag(RC2)
    git(site.core.git_dir, "update-ref", "-d", f"refs/tags/{RC2}")
    assert builds.notice_pushes(site.forge, site.core) == []
    assert site.tag(RC2)


def test_a_disabled_workflow_is_not_started(site: Site) -> None:
    site.workflow("Create Release").state = "disabled_manually"
    assert "Create Release" not in {run.name for run in site.tag(RC2)}


def test_jobs_wait_run_and_end_as_the_clock_moves(site: Site) -> None:
    run = site.started("linux-binary-manywheel")
    build = _job(run, "manywheel-py3_14-cpu-build / build")
    assert builds.run_status(run, run.created_at) == ("queued", None)
    assert [j.name for j in builds.visible_jobs(run, 1, run.created_at)] == ["get-label-type"]
    assert build.status(build.created_at) == "queued"
    assert build.status(build.starts_at) == "in_progress"
    assert builds.run_status(run, build.starts_at) == ("in_progress", None)
    assert build.status(build.ends_at) == "completed"
    assert builds.run_status(run, builds.ends_at(run)) == ("completed", "success")
    assert len(builds.visible_jobs(run, 1, builds.ends_at(run))) == len(run.jobs)


def test_a_job_starts_after_what_it_needs(site: Site) -> None:
    run = site.started("linux-binary-manywheel")
    jobs = {job.name: job for job in run.jobs}
    for template in site.workflow(run.name).jobs:
        for needed in template.needs:
            assert jobs[template.name].created_at >= jobs[needed].ends_at
        took = (jobs[template.name].ends_at - jobs[template.name].starts_at).total_seconds() / 60
        assert template.minutes[0] <= took <= template.minutes[1]


def test_a_red_test_keeps_the_wheel_from_the_channel(site: Site) -> None:
    name = "manywheel-py3_14-cuda13_0"
    run = site.started("linux-binary-manywheel", f"{name}-test / test")
    upload = _job(run, f"{name}-upload / upload")
    assert upload.conclusion == "skipped"
    assert upload.starts_at == upload.ends_at
    assert builds.run_status(run, builds.ends_at(run)) == ("completed", "failure")
    steps = {s.name: s.conclusion for s in _job(run, f"{name}-test / test").steps}
    assert steps["Test"] == "failure"
    assert steps["Download build artifacts"] == steps["Post Checkout PyTorch"] == "success"


def test_a_red_cuda_test_on_arm_does_not(tmp_path: Path) -> None:
    site = _build_site(tmp_path, scenario="default")
    name = "manywheel-py3_12-cuda-aarch64-13_0"
    run = site.started("linux-aarch64-binary-manywheel", f"{name}-test / test")
    assert _job(run, f"{name}-upload / upload").conclusion == "success"


def test_a_rerun_of_the_failed_jobs_carries_the_others_over(site: Site) -> None:
    red = "manywheel-py3_10-cpu-test / test"
    run = site.started("linux-binary-manywheel", red)
    site.finish(run)
    before = {job.name: job for job in run.jobs}
    builds.rerun(site.forge, site.core, run, failed_only=True)
    after = {job.name: job for job in builds.attempt_jobs(run, 2)}
    assert run.attempt == 2
    assert after.keys() == before.keys()
    again = {name for name in after if after[name].starts_at != before[name].starts_at}
    assert again == {red, "manywheel-py3_10-cpu-upload / upload"}
    assert {job.id for job in after.values()}.isdisjoint(job.id for job in before.values())
    assert builds.run_status(run, site.clock.now())[0] != "completed"
    assert builds.run_status(run, site.clock.now(), attempt=1) == ("completed", "failure")
    site.finish(run)
    assert builds.run_status(run, site.clock.now())[0] == "completed"


def test_most_failures_pass_when_run_again(tmp_path: Path) -> None:
    site = _build_site(tmp_path, scenario="default")
    runs = site.tag(RC2)
    failed = Counter[str]()
    for run in runs:
        site.finish(run)
        failed["first"] += sum(job.conclusion == "failure" for job in run.jobs)
        builds.rerun(site.forge, site.core, run, failed_only=True)
        jobs = builds.attempt_jobs(run, 2)
        failed["second"] += sum(job.conclusion == "failure" for job in jobs)
    assert failed["first"] > 2 * failed["second"]


def test_one_job_is_run_again_with_what_depends_on_it(site: Site) -> None:
    run = site.started("linux-binary-manywheel")
    site.finish(run)
    build = _job(run, "manywheel-py3_14-cpu-build / build")
    builds.rerun(site.forge, site.core, run, failed_only=False, job_id=build.id)
    now = site.clock.now()
    waiting = {j.name for j in builds.attempt_jobs(run, 2) if j.status(now) != "completed"}
    stem = "manywheel-py3_14-cpu"
    assert waiting == {f"{stem}-build / build", f"{stem}-test / test", f"{stem}-upload / upload"}


def test_everything_can_be_run_again(site: Site) -> None:
    run = site.started("lint")
    site.finish(run)
    builds.rerun(site.forge, site.core, run, failed_only=False)
    now = site.clock.now()
    assert {job.status(now) for job in builds.attempt_jobs(run, 2)} == {"queued"}


def test_a_run_that_goes_on_cannot_be_run_again(site: Site) -> None:
    run = site.started("lint")
    with pytest.raises(builds.RunStillGoing):
        builds.rerun(site.forge, site.core, run, failed_only=False)
    assert run.attempt == 1


def test_an_unknown_job_changes_nothing(site: Site) -> None:
    run = site.started("lint")
    site.finish(run)
    with pytest.raises(KeyError):
        builds.rerun(site.forge, site.core, run, failed_only=False, job_id=-1)
    assert run.attempt == 1


def test_cancelling_ends_what_has_not_finished(site: Site) -> None:
    run = site.started("linux-binary-manywheel")
    label = _job(run, "get-label-type")
    site.clock.advance(label.ends_at - site.clock.now() + timedelta(minutes=30))
    builds.cancel(site.forge, site.core, run)
    now = site.clock.now()
    assert builds.run_status(run, now) == ("completed", "cancelled")
    assert builds.job_conclusion(label) == "success"
    assert builds.job_conclusion(_job(run, "manywheel-py3_10-cpu-upload / upload")) == "cancelled"
    assert len(builds.visible_jobs(run, 1, now)) == len(run.jobs)
    assert builds.ends_at(run) <= now


@pytest.mark.parametrize("approved", [True, False])
def test_a_job_waits_for_the_reviewers_of_its_environment(site: Site, approved: bool) -> None:
    site.workflow("lint").jobs = (
        JobTemplate("collect"),
        JobTemplate("sign", needs=("collect",), environment="signing"),
        JobTemplate("publish", needs=("sign",)),
    )
    run = site.started("lint")
    site.clock.advance(timedelta(hours=1))
    assert builds.run_status(run, site.clock.now()) == ("waiting", None)
    asked = _job(run, "sign").id
    builds.review(site.forge, site.core, run, ["signing"], approved=approved)
    assert _job(run, "sign").id == asked
    site.finish(run)
    ended = {job.name: job.conclusion for job in run.jobs}
    assert ended == {
        "collect": "success",
        "sign": "success" if approved else "failure",
        "publish": "success" if approved else "skipped",
    }
    assert builds.run_status(run, site.clock.now())[0] == "completed"


def test_a_job_that_finds_no_runner_is_cancelled_after_a_day(site: Site) -> None:
    outcomes: dict[str, Outcome] = {"toc": "stuck"}
    workflow = site.workflow("lint")
    run = builds.start_run(
        site.forge,
        site.core,
        workflow,
        event="push",
        ref="main",
        sha=site.head("refs/heads/main"),
        actor="captain",
        outcomes=outcomes,
    )
    site.clock.advance(timedelta(hours=23))
    assert _job(run, "toc").status(site.clock.now()) == "queued"
    site.finish(run)
    assert builds.run_status(run, site.clock.now()) == ("completed", "cancelled")


@pytest.fixture
def twins(tmp_path: Path) -> tuple[Site, Site]:
    return _build_site(tmp_path / "one", seed=5), _build_site(tmp_path / "two", seed=5)


def test_the_seed_decides_the_future(twins: tuple[Site, Site], tmp_path: Path) -> None:
    def future(site: Site) -> list[tuple[str, str, timedelta, timedelta]]:
        return [
            (job.name, job.conclusion, job.starts_at - run.created_at, job.ends_at - run.created_at)
            for run in site.tag(RC2)
            for job in run.jobs
        ]

    first, second = (future(site) for site in twins)
    assert first == second
    assert first != future(_build_site(tmp_path / "other", seed=6))


def test_run_numbers_count_within_a_workflow(site: Site) -> None:
    numbers = [site.started("Create Release").number for _ in range(2)]
    assert numbers == [2, 3]


def test_a_workflow_of_test_infra_can_be_dispatched(site: Site) -> None:
    infra = site.forge.repositories[INFRA]
    workflow = next(w for w in infra.workflows.values() if w.name == "Validate binaries")
    assert {i.name: i.default for i in workflow.inputs}["channel"] == "test"
    run = builds.start_run(
        site.forge,
        infra,
        workflow,
        event="workflow_dispatch",
        ref="release/2.15",
        sha=git(infra.git_dir, "rev-parse", "release/2.15").strip(),
        actor="captain",
    )
    assert run.jobs
