"""Workflow runs: what starts them, and how their jobs will go.

A run's whole future is decided when it starts, from the forge's seed alone. Jobs then seem to
queue, run and finish because the clock moves past their planned times.
"""

from __future__ import annotations

import os
import random
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from cockpit.rehearsal.activity import note_activity, pusher
from cockpit.rehearsal.fastimport import read_refs
from cockpit.rehearsal.model import (
    Conclusion,
    Forge,
    Job,
    JobTemplate,
    Repository,
    Run,
    RunStatus,
    Workflow,
)
from cockpit.rehearsal.steps import planned_steps

Event = Literal["push", "workflow_dispatch", "pull_request", "schedule"]
Outcome = Conclusion | Literal["stuck"]
"""How a job is to end; one that is stuck finds no runner and is cancelled a day later."""

_CANDIDATE_TAG = re.compile(r"v\d+\.\d+\.\d+-rc\d+")
_FINAL_TAG = re.compile(r"v\d+\.\d+\.\d+")

_RERUN_FAILURE_SHARE = 0.15
"""Part of the failures that are real, and fail again when re-run."""

_STUCK_FOR = timedelta(hours=24)
"""How long GitHub lets a job wait for a runner."""
_REVIEWED_WITHIN = timedelta(days=30)
"""How long GitHub lets a job wait for reviewers, before it fails."""

_LARGE_BUILD = 12
"""Jobs from which on a candidate's workflow never passes whole: there has to be something to do."""

_RACY_SECONDS = 0.1
"""A ref written this recently may be followed by another write with the same time stamp."""


class RunStillGoing(Exception):
    """Only a completed run can be re-run."""


def start_run(
    forge: Forge,
    repository: Repository,
    workflow: Workflow,
    *,
    event: Event,
    ref: str,
    sha: str,
    actor: str,
    at: datetime | None = None,
    outcomes: Mapping[str, Outcome] | None = None,
    inputs: Mapping[str, str] | None = None,
) -> Run:
    """Start a workflow now, or at another time; `ref` is a branch or tag name.

    `outcomes` fixes how jobs end, by their names; all others are left to chance. A fixed
    outcome for any job means that chance makes no other fail. `inputs` are those it was
    dispatched with; those left out have their defaults.
    """
    with forge.lock:
        created_at = at or forge.clock.now()
        run = Run(
            id=forge.next_id(),
            number=1 + _last_number(repository, workflow),
            workflow=workflow.id,
            name=workflow.name,
            event=event,
            head_branch=ref,
            head_sha=sha,
            actor=actor,
            created_at=created_at,
            inputs={one.name: one.default for one in workflow.inputs} | dict(inputs or {}),
        )
        rng = _chance(forge, repository, workflow, run)
        drawn = _drawn_outcomes(workflow, rng) if outcomes is None else outcomes
        ends = {**drawn, **dict.fromkeys(_left_out(workflow, run), "skipped")}
        run.jobs = _plan(forge, _templates(workflow), ends, attempt=1, at=created_at, rng=rng)
        repository.runs[run.id] = run
        return run


def notice_pushes(forge: Forge, repository: Repository) -> list[Run]:
    """Start what pushes since the last look have triggered; cheap when there were none."""
    with forge.lock:
        stamp = _refs_stamp(repository.git_dir)
        if stamp == repository.refs_stamp:
            return []
        refs = read_refs(repository.git_dir)
        note_activity(forge, repository, refs)
        pushed = {name: sha for name, sha in refs.items() if repository.seen_refs.get(name) != sha}
        repository.seen_refs = refs
        settled = time.time_ns() - stamp > _RACY_SECONDS * 1e9
        repository.refs_stamp = stamp if settled else 0
        started = [
            (workflow, name, sha)
            for name, sha in pushed.items()
            for workflow in repository.workflows.values()
            if _triggers(workflow, name)
        ]
        now = forge.clock.now()
        return [
            start_run(
                forge,
                repository,
                workflow,
                event="push",
                ref=name.removeprefix("refs/heads/").removeprefix("refs/tags/"),
                sha=sha,
                actor=pusher(forge, repository),
                at=now + forge.runs_appear_after * number / len(started),
            )
            for number, (workflow, name, sha) in enumerate(started, 1)
        ]


def known_runs(repository: Repository, now: datetime) -> list[Run]:
    """The runs that GitHub lists at a time: a push's appear one after the other."""
    return [run for run in repository.runs.values() if run.created_at <= now]


def rerun(
    forge: Forge,
    repository: Repository,
    run: Run,
    *,
    failed_only: bool,
    job_id: int | None = None,
    at: datetime | None = None,
    outcomes: Mapping[str, Outcome] | None = None,
) -> None:
    """Start a new attempt of everything, of what did not succeed, or of one job.

    What depends on a re-run job runs again too; the other jobs are carried over with new ids,
    as GitHub does. `at` and `outcomes` are as for `start_run`. Raises RunStillGoing, and
    KeyError for a job of no attempt of this run.
    """
    with forge.lock:
        now = at or forge.clock.now()
        if run_status(run, now)[0] != "completed":
            raise RunStillGoing(f"run {run.id} is not completed")
        workflow = repository.workflows[run.workflow]
        templates = _templates(workflow)
        previous = {job.name: job for job in attempt_jobs(run, run.attempt)}
        again = _with_dependents(
            templates, _chosen_again(run, failed_only=failed_only, job_id=job_id)
        )
        run.attempt += 1
        rng = _chance(forge, repository, workflow, run)
        run.jobs += [
            replace(job, id=forge.next_id(), attempt=run.attempt, carried_over=True)
            for job in previous.values()
            if job.name not in again
        ]
        chosen = [template for template in templates if template.name in again]
        if outcomes is None:
            outcomes = {
                name: _second_outcome(job, rng) for name, job in previous.items() if name in again
            }
        ends = {**outcomes, **dict.fromkeys(_left_out(workflow, run), "skipped")}
        run.jobs += _plan(forge, chosen, ends, attempt=run.attempt, at=now, rng=rng)


def cancel(forge: Forge, repository: Repository, run: Run) -> None:
    """Cancel every job of the newest attempt that has not finished."""
    with forge.lock:
        now = forge.clock.now()
        for job in attempt_jobs(run, run.attempt):
            if job.status(now) != "completed":
                job.cancelled_at = now
                job.created_at = min(job.created_at, now)


def attempt_jobs(run: Run, attempt: int) -> list[Job]:
    """The jobs of one attempt."""
    return [job for job in run.jobs if job.attempt == attempt]


def visible_jobs(run: Run, attempt: int, now: datetime) -> list[Job]:
    """The jobs GitHub would list: those that wait for others are not there yet."""
    return [job for job in attempt_jobs(run, attempt) if job.created_at <= now]


def job_conclusion(job: Job) -> Conclusion:
    """How a completed job ended."""
    return "cancelled" if job.cancelled_at is not None else job.conclusion


def run_status(
    run: Run, now: datetime, attempt: int | None = None
) -> tuple[RunStatus, Conclusion | None]:
    """The state of a run's newest attempt, or of an older one."""
    jobs = attempt_jobs(run, attempt or run.attempt)
    if not jobs:
        return "completed", "startup_failure"
    states = {job.status(now) for job in jobs}
    if states - {"completed"}:
        shown = {job.status(now) for job in jobs if job.created_at <= now}
        if "waiting" in shown and not shown & {"queued", "in_progress"}:
            return "waiting", None
        return ("in_progress" if states - {"queued", "waiting"} else "queued"), None
    conclusions = {job_conclusion(job) for job in jobs}
    for worst in ("failure", "timed_out", "cancelled", "action_required"):
        if worst in conclusions:
            return "completed", "failure" if worst == "timed_out" else worst
    return "completed", "skipped" if conclusions == {"skipped"} else "success"


def ends_at(run: Run) -> datetime:
    """When the last job of the newest attempt ends or has ended."""
    ends = [job.cancelled_at or job.ends_at for job in attempt_jobs(run, run.attempt)]
    return max(ends, default=run.created_at)


def delete_run(forge: Forge, repository: Repository, run_id: int) -> None:
    """Take a run away with all that is known of it; raises ValueError where there is none."""
    with forge.lock:
        if repository.runs.pop(run_id, None) is None:
            raise ValueError(f"{repository.full_name} has no run {run_id}")


def _last_number(repository: Repository, workflow: Workflow) -> int:
    numbers = (run.number for run in repository.runs.values() if run.workflow == workflow.id)
    return max(numbers, default=0)


def _templates(workflow: Workflow) -> tuple[JobTemplate, ...]:
    return workflow.jobs or (JobTemplate(workflow.name),)


def _chance(forge: Forge, repository: Repository, workflow: Workflow, run: Run) -> random.Random:
    """The chance that decides one attempt; it depends on nothing else in the world."""
    return random.Random(
        f"{forge.seed} {repository.full_name} {workflow.path} {run.head_branch} {run.head_sha} "
        f"{run.number} {run.attempt}"
    )


def _drawn_outcomes(workflow: Workflow, rng: random.Random) -> dict[str, Conclusion]:
    """Which jobs fail; of a candidate's large builds at least one test does."""
    templates = _templates(workflow)
    failing = [job.name for job in templates if rng.random() < job.failure_rate]
    tests = [job.name for job in templates if job.stage == "test" and job.failure_rate]
    if not failing and tests and workflow.on_candidate_tag and len(templates) >= _LARGE_BUILD:
        failing = [rng.choice(tests)]
    return dict.fromkeys(failing, "failure")


def _second_outcome(job: Job, rng: random.Random) -> Conclusion:
    failed = job_conclusion(job) in ("failure", "timed_out")
    return "failure" if failed and rng.random() < _RERUN_FAILURE_SHARE else "success"


def _plan(
    forge: Forge,
    templates: Iterable[JobTemplate],
    outcomes: Mapping[str, Outcome],
    *,
    attempt: int,
    at: datetime,
    rng: random.Random,
) -> list[Job]:
    """Plan the jobs in the order of their definition; what they need stands before them."""
    planned: dict[str, Job] = {}
    for template in templates:
        needed = [planned[name] for name in template.needs if name in planned]
        created_at = max((job.ends_at for job in needed), default=at)
        end = outcomes.get(template.name, "success")
        if any(job.conclusion != "success" for job in needed):
            end = "skipped"
        planned[template.name] = _planned_job(
            forge.next_id(), template, end, attempt=attempt, at=created_at, rng=rng
        )
    return list(planned.values())


def _planned_job(
    id_: int, template: JobTemplate, end: Outcome, *, attempt: int, at: datetime, rng: random.Random
) -> Job:
    starts_at = at + timedelta(minutes=rng.uniform(*template.queue))
    ends_at = starts_at + timedelta(minutes=rng.uniform(*template.minutes))
    conclusion: Conclusion = "cancelled" if end == "stuck" else end
    if end == "skipped":
        starts_at = ends_at = at
    elif end == "stuck":
        starts_at = ends_at = at + _STUCK_FOR
    elif template.environment:
        starts_at = ends_at = at + _REVIEWED_WITHIN
        conclusion = "failure"
    elif end != "success":
        ends_at = starts_at + (ends_at - starts_at) * rng.uniform(0.3, 0.9)
    return Job(
        id=id_,
        name=template.name,
        attempt=attempt,
        created_at=at,
        starts_at=starts_at,
        ends_at=ends_at,
        conclusion=conclusion,
        labels=(template.runner,),
        stage=template.stage,
        steps=planned_steps(template.stage, conclusion),
        chance=rng.getrandbits(32),
        environment="" if end == "skipped" else template.environment,
    )


def _left_out(workflow: Workflow, run: Run) -> list[str]:
    """The jobs that a run's inputs leave out."""
    return [
        job.name
        for job in workflow.jobs
        if job.when and run.inputs.get(job.when[0], "") not in job.when[1:]
    ]


def _chosen_again(run: Run, *, failed_only: bool, job_id: int | None) -> set[str]:
    if job_id is not None:
        return {{job.id: job.name for job in run.jobs}[job_id]}
    return {
        job.name
        for job in attempt_jobs(run, run.attempt)
        if not failed_only or job_conclusion(job) != "success"
    }


def _with_dependents(templates: Iterable[JobTemplate], names: set[str]) -> set[str]:
    reached = set(names)
    for template in templates:
        if reached.intersection(template.needs):
            reached.add(template.name)
    return reached


def _triggers(workflow: Workflow, ref: str) -> bool:
    if workflow.state != "active":
        return False
    if ref.startswith("refs/tags/"):
        tag = ref.removeprefix("refs/tags/")
        return bool(
            (workflow.on_candidate_tag and _CANDIDATE_TAG.fullmatch(tag))
            or (workflow.on_final_tag and _FINAL_TAG.fullmatch(tag))
        )
    branch = ref.removeprefix("refs/heads/")
    return branch != ref and any(
        _glob(pattern).fullmatch(branch) for pattern in workflow.on_branch_push
    )


def _glob(pattern: str) -> re.Pattern[str]:
    """A branch filter as Actions reads it: `*` stops at a slash, `**` does not."""
    escaped = re.escape(pattern).replace(r"\*\*", ".*").replace(r"\*", "[^/]*")
    return re.compile(escaped)


def _refs_stamp(git_dir: Path) -> int:
    """The newest change of any folder of refs: git renames every ref into place.

    Also covers packed refs, and grows with nothing but time, so equal means unchanged.
    """
    newest = 0
    pending = [git_dir / "refs"]
    while pending:
        folder = pending.pop()
        try:
            newest = max(newest, folder.stat().st_mtime_ns)
            with os.scandir(folder) as entries:
                pending += [Path(entry.path) for entry in entries if entry.is_dir()]
        except FileNotFoundError:
            continue
    packed = git_dir / "packed-refs"
    return max(newest, packed.stat().st_mtime_ns) if packed.exists() else newest
