"""Workflow runs: what starts them, and how their jobs will go.

A run's whole future is decided when it starts, from the forge's seed alone. Jobs then seem to
queue, run and finish because the clock moves past their planned times.
"""

from __future__ import annotations

import os
import random
import re
import time
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Literal

from cockpit.rehearsal.activity import note_activity, pusher
from cockpit.rehearsal.fastimport import read_refs
from cockpit.rehearsal.model import (
    Conclusion,
    Forge,
    Job,
    Pull,
    Repository,
    Run,
    RunStatus,
    Workflow,
)
from cockpit.rehearsal.planning import (
    Outcome,
    chance_of,
    drawn_outcomes,
    jobs_of,
    plan_jobs,
    with_dependents,
)
from cockpit.rehearsal.reporters import report_on

Event = Literal["push", "workflow_dispatch", "pull_request", "schedule"]
_CANDIDATE_TAG = re.compile(r"v\d+\.\d+\.\d+-rc\d+")
_FINAL_TAG = re.compile(r"v\d+\.\d+\.\d+")

_RERUN_FAILURE_SHARE = 0.15
"""Part of the failures that are real, and fail again when re-run."""

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
        rng = chance_of(forge, repository, workflow, run)
        drawn = drawn_outcomes(workflow, rng) if outcomes is None else outcomes
        jobs, left_out = jobs_of(workflow, run)
        ends: dict[str, Outcome] = {**drawn, **dict.fromkeys(left_out, "skipped")}
        run.jobs = plan_jobs(forge, jobs, ends, attempt=1, at=created_at, rng=rng)
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
        for _, name, sha in started if repository.reported else ():
            report_on(forge, repository, sha, name.split("/", 2)[2], now)
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


def check_pull(forge: Forge, repository: Repository, pull: Pull, actor: str) -> list[Run]:
    """Start what checks a pull request that was opened or pushed to.

    They pass, so that whoever rehearses can go on and merge.
    """
    with forge.lock:
        return [
            start_run(
                forge,
                repository,
                workflow,
                event="pull_request",
                ref=pull.head_ref,
                sha=pull.head_sha,
                actor=actor,
                outcomes={},
            )
            for workflow in repository.workflows.values()
            if workflow.on_pull and _triggers(workflow, f"refs/heads/{pull.base_ref}")
        ]


def pushed_sha(forge: Forge, repository: Repository, ref: str) -> str:
    """What a branch or tag stands at, as far as pushes go; raises ValueError where it is none."""
    with forge.lock:
        notice_pushes(forge, repository)
        seen = repository.seen_refs
        sha = seen.get(f"refs/tags/{ref}") or seen.get(f"refs/heads/{ref}")
    if sha is None:
        raise ValueError(f"{repository.full_name} has no branch or tag {ref}")
    return sha


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
        templates, left_out = jobs_of(workflow, run)
        previous = {job.name: job for job in attempt_jobs(run, run.attempt)}
        again = with_dependents(
            templates, _chosen_again(run, failed_only=failed_only, job_id=job_id)
        )
        run.attempt += 1
        rng = chance_of(forge, repository, workflow, run)
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
        ends: dict[str, Outcome] = {**outcomes, **dict.fromkeys(left_out, "skipped")}
        run.jobs += plan_jobs(forge, chosen, ends, attempt=run.attempt, at=now, rng=rng)


def cancel(forge: Forge, repository: Repository, run: Run) -> None:
    """Cancel every job of the newest attempt that has not finished."""
    with forge.lock:
        now = forge.clock.now()
        for job in attempt_jobs(run, run.attempt):
            if job.status(now) != "completed":
                job.cancelled_at = now
                job.created_at = min(job.created_at, now)


def review(
    forge: Forge,
    repository: Repository,
    run: Run,
    environments: Collection[str],
    *,
    approved: bool,
    at: datetime | None = None,
) -> list[Job]:
    """Let the jobs start that wait for the reviewers of these environments, or fail; gives them."""
    with forge.lock:
        now = at or forge.clock.now()
        waiting = {
            job.name: job
            for job in attempt_jobs(run, run.attempt)
            if job.environment in environments and job.created_at <= now < job.starts_at
        }
        workflow = repository.workflows[run.workflow]
        templates, _ = jobs_of(workflow, run)
        affected = with_dependents(templates, set(waiting))
        rng = chance_of(forge, repository, workflow, run)
        free = [replace(one, environment="") for one in templates if one.name in affected]
        rejected: dict[str, Outcome] = {} if approved else dict.fromkeys(waiting, "rejected")
        planned = plan_jobs(forge, free, rejected, attempt=run.attempt, at=now, rng=rng)
        for job in planned:
            if job.name in waiting:
                job.id, job.created_at = waiting[job.name].id, waiting[job.name].created_at
        kept = [j for j in run.jobs if j.attempt != run.attempt or j.name not in affected]
        run.jobs = [*kept, *planned]
        return list(waiting.values())


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


def _second_outcome(job: Job, rng: random.Random) -> Conclusion:
    failed = job_conclusion(job) in ("failure", "timed_out")
    return "failure" if failed and rng.random() < _RERUN_FAILURE_SHARE else "success"


def _chosen_again(run: Run, *, failed_only: bool, job_id: int | None) -> set[str]:
    if job_id is not None:
        return {{job.id: job.name for job in run.jobs}[job_id]}
    return {
        job.name
        for job in attempt_jobs(run, run.attempt)
        if not failed_only or job_conclusion(job) != "success"
    }


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
