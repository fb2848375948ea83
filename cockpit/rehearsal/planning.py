"""How the jobs of a run's attempt will go: decided at its start, from the forge's seed alone."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Literal, get_args

from cockpit.rehearsal.model import (
    Conclusion,
    Forge,
    Job,
    JobTemplate,
    Repository,
    Run,
    Workflow,
)
from cockpit.rehearsal.steps import planned_steps

Outcome = Conclusion | Literal["stuck", "rejected"]
"""How a job is to end: one that is stuck finds no runner and is cancelled a day later, and one that
its reviewers reject fails without having begun."""

_CONCLUSIONS: Mapping[Outcome, Conclusion] = {
    "stuck": "cancelled",
    "rejected": "failure",
    **{one: one for one in get_args(Conclusion)},
}
_STUCK_FOR = timedelta(hours=24)
"""How long GitHub lets a job wait for a runner."""
_REVIEWED_WITHIN = timedelta(days=30)
"""How long GitHub lets a job wait for reviewers, before it fails."""

_LARGE_BUILD = 12
"""Jobs from which on a candidate's workflow never passes whole: there has to be something to do."""


def drawn_outcomes(workflow: Workflow, rng: random.Random) -> dict[str, Outcome]:
    """Which jobs fail by chance; of a candidate's large builds at least one test does."""
    templates = _templates(workflow)
    failing = [job.name for job in templates if rng.random() < job.failure_rate]
    tests = [job.name for job in templates if job.stage == "test" and job.failure_rate]
    if not failing and tests and workflow.on_candidate_tag and len(templates) >= _LARGE_BUILD:
        failing = [rng.choice(tests)]
    return dict.fromkeys(failing, "failure")


def _templates(workflow: Workflow) -> tuple[JobTemplate, ...]:
    return workflow.jobs or (JobTemplate(workflow.name),)


def jobs_of(workflow: Workflow, run: Run) -> tuple[list[JobTemplate], set[str]]:
    """The jobs of a run, and the names of those that its inputs leave out.

    Of a reusable workflow that is left out only the job that calls it is listed.
    """
    jobs: dict[str, JobTemplate] = {}
    left_out: set[str] = set()
    for job in _templates(workflow):
        if job.when and run.inputs.get(job.when[0], "") not in job.when[1:]:
            job = JobTemplate(job.name.partition(" / ")[0])
            left_out.add(job.name)
        jobs[job.name] = job
    return list(jobs.values()), left_out


def chance_of(forge: Forge, repository: Repository, workflow: Workflow, run: Run) -> random.Random:
    """The chance that decides one attempt; it depends on nothing else in the world."""
    return random.Random(
        f"{forge.seed} {repository.full_name} {workflow.path} {run.head_branch} {run.head_sha} "
        f"{run.number} {run.attempt}"
    )


def plan_jobs(
    forge: Forge,
    templates: Iterable[JobTemplate],
    outcomes: Mapping[str, Outcome],
    *,
    attempt: int,
    at: datetime,
    rng: random.Random,
) -> list[Job]:
    """Plan the jobs of an attempt; what they need stands before them in their definition.

    GitHub gives a job its id when it lists it first, so ids grow with the time of that.
    """
    planned: dict[str, Job] = {}
    for template in templates:
        needed = [planned[name] for name in template.needs if name in planned]
        created_at = max((job.ends_at for job in needed), default=at)
        end = outcomes.get(template.name, "success")
        if any(job.conclusion != "success" for job in needed):
            end = "skipped"
        planned[template.name] = _planned_job(
            template, end, attempt=attempt, at=created_at, rng=rng
        )
    jobs = sorted(planned.values(), key=lambda job: job.created_at)
    for job in jobs:
        job.id = forge.next_id()
    return jobs


def _planned_job(
    template: JobTemplate, end: Outcome, *, attempt: int, at: datetime, rng: random.Random
) -> Job:
    starts_at = at + timedelta(minutes=rng.uniform(*template.queue))
    ends_at = starts_at + timedelta(minutes=rng.uniform(*template.minutes))
    conclusion = _CONCLUSIONS[end]
    if end in ("skipped", "rejected"):
        starts_at = ends_at = at
    elif end == "stuck":
        starts_at = ends_at = at + _STUCK_FOR
    elif template.environment:
        starts_at = ends_at = at + _REVIEWED_WITHIN
        conclusion = "failure"
    elif end != "success":
        ends_at = starts_at + (ends_at - starts_at) * rng.uniform(0.3, 0.9)
    return Job(
        id=0,
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


def with_dependents(templates: Iterable[JobTemplate], names: set[str]) -> set[str]:
    """These jobs, and those that need one of them."""
    reached = set(names)
    for template in templates:
        if reached.intersection(template.needs):
            reached.add(template.name)
    return reached
