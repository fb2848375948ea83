"""The workflow runs that lie behind the world when it starts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from cockpit.rehearsal import candidateruns
from cockpit.rehearsal.builds import start_run
from cockpit.rehearsal.candidateruns import build_candidate
from cockpit.rehearsal.history import BranchPull, CoreHistory
from cockpit.rehearsal.libraries import VISION_CANDIDATE_1, LibraryHistory
from cockpit.rehearsal.model import Conclusion, Forge, Repository, Run, Workflow
from cockpit.rehearsal.people import ADA, MERGE_BOT
from cockpit.rehearsal.story import BRANCH, CANDIDATE_1, EPOCH, NIGHTLY
from cockpit.rehearsal.workflows import HEAD_WORKFLOWS, wheel_builds

_PULL_WORKFLOWS = ("pull", "lint")


def seed_core_runs(forge: Forge, repository: Repository, history: CoreHistory) -> None:
    """The runs of rc1, of the branch's head, of trunk and of the open picks."""
    by_name = {workflow.name: workflow for workflow in repository.workflows.values()}
    mishaps = candidateruns.CANDIDATE_1
    build_candidate(forge, repository, "v2.15.0-rc1", history.candidate_1, CANDIDATE_1, mishaps)
    landed = max(pull.landed_at for pull in history.pulls if pull.landed_at and pull.base == BRANCH)
    heads = (
        (BRANCH, history.candidate_1, CANDIDATE_1 - timedelta(hours=3)),
        (BRANCH, history.head, landed),
        ("main", history.viable_strict, EPOCH - timedelta(hours=7)),
    )
    for branch, sha, at in heads:
        for name in HEAD_WORKFLOWS:
            _pushed(forge, repository, by_name[name], branch, sha, at, {})
    head = history.plan.trunk[-1]
    for name in HEAD_WORKFLOWS:
        _pushed(forge, repository, by_name[name], "main", head.sha, head.at, None)
    for workflow in repository.workflows.values():
        if wheel_builds(workflow):
            _pushed(forge, repository, workflow, "nightly", history.nightly, NIGHTLY, {})
    for pull in history.pulls:
        if pull.landed_at is None and pull.state != "denied":
            _check_pull(forge, repository, by_name, pull)


def seed_vision_runs(forge: Forge, repository: Repository, history: LibraryHistory) -> None:
    """The runs of vision's rc1 and of its head, all green."""
    for workflow in repository.workflows.values():
        if workflow.on_candidate_tag and history.candidate_1 is not None:
            ref, sha, at = "v0.30.0-rc1", history.candidate_1, VISION_CANDIDATE_1
        else:
            ref, sha, at = "release/0.30", history.head, VISION_CANDIDATE_1 + timedelta(hours=20)
        _pushed(forge, repository, workflow, ref, sha, at, {})
    for workflow in repository.workflows.values():
        if workflow.on_candidate_tag and history.nightly is not None:
            _pushed(forge, repository, workflow, "nightly", history.nightly, NIGHTLY, {})


def seed_infra_runs(forge: Forge, repository: Repository, history: LibraryHistory) -> None:
    """The run of test-infra's head."""
    for workflow in repository.workflows.values():
        if workflow.on_branch_push:
            _pushed(forge, repository, workflow, "release/2.15", history.head, CANDIDATE_1, {})


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
