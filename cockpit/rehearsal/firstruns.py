"""The workflow runs that lie behind the world when it starts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from cockpit.rehearsal import candidateruns
from cockpit.rehearsal.builds import start_run
from cockpit.rehearsal.candidateruns import build_candidate, build_later
from cockpit.rehearsal.history import BranchPull, CoreHistory
from cockpit.rehearsal.libraries import VISION_CANDIDATE_1, LibraryHistory
from cockpit.rehearsal.matrix import BINARY_WORKFLOWS
from cockpit.rehearsal.model import Conclusion, Forge, Repository, Run, Workflow
from cockpit.rehearsal.people import ADA, MERGE_BOT
from cockpit.rehearsal.reporters import report_on
from cockpit.rehearsal.story import BRANCH, CANDIDATE_1, CUT, Plan
from cockpit.rehearsal.workflows import HEAD_WORKFLOWS, PULL_WORKFLOWS

_BENCHMARKS = 120
"""Statuses of the newest of several candidates: more than one page of them."""


def seed_core_runs(forge: Forge, repository: Repository, history: CoreHistory) -> None:
    """The runs of rc1, of the branch's head, of trunk and of the open picks."""
    repository.reported = True
    by_name = {workflow.name: workflow for workflow in repository.workflows.values()}
    heads = [("main", history.viable_strict, history.plan.now - timedelta(hours=7))]
    if history.plan.is_cut:
        candidate = "v2.15.0-rc1", history.candidate_1, CANDIDATE_1
        build_candidate(forge, repository, *candidate, candidateruns.CANDIDATE_1)
        build_later(forge, repository, history)
        _report(forge, repository, history)
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
        if workflow.name in BINARY_WORKFLOWS.values():
            _pushed(
                forge, repository, workflow, "nightly", history.nightly, history.plan.nightly, {}
            )
    for pull in history.pulls:
        if pull.landed_at is None and pull.state != "denied":
            _check_pull(forge, repository, by_name, pull)


def seed_vision_runs(
    forge: Forge, repository: Repository, history: LibraryHistory, plan: Plan
) -> None:
    """The runs of vision's candidates, of its head and of its nightly, all green."""
    branch = "release/0.30" if plan.is_cut else "main"
    pushed = VISION_CANDIDATE_1 + timedelta(hours=20) if plan.is_cut else CUT - timedelta(hours=2)
    for workflow in repository.workflows.values():
        if not workflow.on_candidate_tag:
            _pushed(forge, repository, workflow, branch, history.head, pushed, {})
        else:
            for tag, (sha, at) in history.candidates.items():
                _pushed(forge, repository, workflow, tag, sha, at, {})
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


def _report(forge: Forge, repository: Repository, history: CoreHistory) -> None:
    """What applications say of every candidate and of the branch's head."""
    tagged = {"v2.15.0-rc1": history.candidate_1, **history.later}
    for (tag, sha), at in zip(tagged.items(), history.plan.candidates, strict=True):
        newest = not history.plan.is_final and sha in list(history.later.values())[-1:]
        report_on(
            forge,
            repository,
            sha,
            tag,
            at,
            preview="failure" if newest else "success",
            benchmarks=_BENCHMARKS if newest else 0,
        )
    landed = max(pull.landed_at for pull in history.pulls if pull.landed_at and pull.base == BRANCH)
    report_on(forge, repository, history.head, BRANCH, landed)


def _check_pull(
    forge: Forge, repository: Repository, workflows: Mapping[str, Workflow], pull: BranchPull
) -> None:
    """The checks of an open pull request; those of one that waits for its author are red."""
    for name in PULL_WORKFLOWS:
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
