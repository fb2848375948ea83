"""The workflow runs that lie behind the world when it starts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from cockpit.rehearsal.builds import ends_at, rerun, start_run
from cockpit.rehearsal.history import BranchPull, CoreHistory
from cockpit.rehearsal.libraries import VISION_CANDIDATE_1, LibraryHistory
from cockpit.rehearsal.model import Conclusion, Forge, Repository, Run, Workflow
from cockpit.rehearsal.people import ADA, MERGE_BOT
from cockpit.rehearsal.story import BRANCH, CANDIDATE_1, CUT, Plan
from cockpit.rehearsal.workflows import HEAD_WORKFLOWS, wheel_builds

_PULL_WORKFLOWS = ("pull", "lint")

_CANDIDATE_FAILURES: tuple[tuple[str, str, str], ...] = (
    ("linux-binary-manywheel", "rocm", "-test"),
    ("windows-binary-wheel", "cuda13_0", "-upload / upload"),
    ("linux-aarch64-binary-manywheel", "cuda-aarch64-13_0", "-test / test"),
)
"""Jobs of rc1 that stayed red: workflow, and how the job's name goes on and ends.

The last one does not stop its upload.
"""


def seed_core_runs(forge: Forge, repository: Repository, history: CoreHistory) -> None:
    """The runs of rc1, of the branch's head, of trunk and of the open picks."""
    by_name = {workflow.name: workflow for workflow in repository.workflows.values()}
    heads = [("main", history.viable_strict, history.plan.now - timedelta(hours=7))]
    if history.plan.is_cut:
        _build_candidate(forge, repository, by_name, history.candidate_1)
        landed = [p.landed_at for p in history.pulls if p.landed_at and p.base == BRANCH]
        before = (BRANCH, history.candidate_1, CANDIDATE_1 - timedelta(hours=3))
        heads = [before, (BRANCH, history.head, max(landed)), *heads]
    for branch, sha, at in heads:
        for name in HEAD_WORKFLOWS:
            _pushed(forge, repository, by_name[name], branch, sha, at, {})
    head = history.plan.trunk[-1]
    for name in HEAD_WORKFLOWS:
        _pushed(forge, repository, by_name[name], "main", head.sha, head.at, None)
    for workflow in repository.workflows.values():
        if wheel_builds(workflow):
            _pushed(
                forge, repository, workflow, "nightly", history.nightly, history.plan.nightly, {}
            )
    for pull in history.pulls:
        if pull.landed_at is None and pull.state != "denied":
            _check_pull(forge, repository, by_name, pull)


def seed_vision_runs(
    forge: Forge, repository: Repository, history: LibraryHistory, plan: Plan
) -> None:
    """The runs of vision's rc1, of its head and of its nightly, all green."""
    branch = "release/0.30" if plan.is_cut else "main"
    pushed = VISION_CANDIDATE_1 + timedelta(hours=20) if plan.is_cut else CUT - timedelta(hours=2)
    for workflow in repository.workflows.values():
        if not workflow.on_candidate_tag:
            _pushed(forge, repository, workflow, branch, history.head, pushed, {})
        elif history.candidate_1 is not None:
            at = VISION_CANDIDATE_1
            _pushed(forge, repository, workflow, "v0.30.0-rc1", history.candidate_1, at, {})
    for workflow in repository.workflows.values():
        if workflow.on_candidate_tag and history.nightly is not None:
            _pushed(forge, repository, workflow, "nightly", history.nightly, plan.nightly, {})


def seed_infra_runs(
    forge: Forge, repository: Repository, history: LibraryHistory, plan: Plan
) -> None:
    """The run of test-infra's head."""
    branch = "release/2.15" if plan.is_cut else "main"
    at = CANDIDATE_1 if plan.is_cut else CUT - timedelta(hours=2)
    for workflow in repository.workflows.values():
        if workflow.on_branch_push:
            _pushed(forge, repository, workflow, branch, history.head, at, {})


def _pushed(
    forge: Forge,
    repository: Repository,
    workflow: Workflow,
    ref: str,
    sha: str,
    at: datetime,
    outcomes: Mapping[str, Conclusion] | None,
) -> Run:
    actor = MERGE_BOT.login if ref == "main" else ADA.login
    return start_run(
        forge,
        repository,
        workflow,
        event="push",
        ref=ref,
        sha=sha,
        actor=actor,
        at=at,
        outcomes=outcomes,
    )


def _build_candidate(
    forge: Forge, repository: Repository, workflows: Mapping[str, Workflow], sha: str
) -> None:
    """rc1: three jobs red for good, one flaky, one cancelled and then green."""
    for workflow in workflows.values():
        if not workflow.on_candidate_tag:
            continue
        red = {
            name
            for owner, part, ending in _CANDIDATE_FAILURES
            if owner == workflow.name
            for name in _first_job(workflow, part, ending)
        }
        flaky = set()
        if workflow.name == "linux-binary-manywheel":
            flaky = {*_first_job(workflow, "cuda13_0", "-test / test")}
            flaky |= {*_first_job(workflow, "xpu", "-test")}
        outcomes: dict[str, Conclusion] = dict.fromkeys(red | flaky, "failure")
        outcomes |= {name: "cancelled" for name in flaky if "xpu" in name}
        run = _pushed(forge, repository, workflow, "v2.15.0-rc1", sha, CANDIDATE_1, outcomes)
        if flaky:
            again: dict[str, Conclusion] = dict.fromkeys(red, "failure")
            at = ends_at(run) + timedelta(minutes=20)
            rerun(forge, repository, run, failed_only=True, at=at, outcomes=again)


def _first_job(workflow: Workflow, part: str, ending: str) -> list[str]:
    """The job of the second Python version, or of the only one, with this kind of name."""
    ending_so = [job.name for job in workflow.jobs if job.name.endswith(ending)]
    names = [name for name in ending_so if part in name] or ending_so
    return names[1:2] or names


def _check_pull(
    forge: Forge, repository: Repository, workflows: Mapping[str, Workflow], pull: BranchPull
) -> None:
    """The checks of an open pull request; those of one that waits for its author are red."""
    for name in _PULL_WORKFLOWS:
        workflow = workflows[name]
        red = workflow.jobs[-1].name if pull.state == "human" and name == "lint" else None
        outcomes: dict[str, Conclusion] = {red: "failure"} if red else {}
        start_run(
            forge,
            repository,
            workflow,
            event="pull_request",
            ref=pull.head_ref,
            sha=pull.head_sha,
            actor=pull.author.login,
            at=pull.opened_at + timedelta(minutes=1),
            outcomes=outcomes,
        )
