"""Runs that no scenario has: of ten thousand jobs, of odd names, of a workflow that is broken."""

from __future__ import annotations

from cockpit.rehearsal.activity import pusher
from cockpit.rehearsal.builds import pushed_sha, start_run
from cockpit.rehearsal.model import Forge, JobTemplate, Repository, Run, Workflow


def run_made_to_order(
    forge: Forge,
    repository: Repository,
    name: str,
    ref: str,
    *,
    jobs: int | tuple[str, ...],
    starts: bool = True,
) -> Run:
    """Start a run on a branch or tag; raises ValueError where that does not exist.

    A workflow that does not `start` has a run without jobs: GitHub could not read its file.
    """
    with forge.lock:
        sha = pushed_sha(forge, repository, ref)
        names = jobs if isinstance(jobs, tuple) else _numbered(jobs)
        workflow = _workflow(forge, repository, name)
        workflow.jobs = tuple(JobTemplate(job, failure_rate=0.01) for job in names)
        run = start_run(
            forge,
            repository,
            workflow,
            event="push",
            ref=ref,
            sha=sha,
            actor=pusher(forge, repository),
        )
        if not starts:
            run.jobs.clear()
        return run


def _numbered(jobs: int) -> tuple[str, ...]:
    return tuple(f"shard ({number}, {jobs})" for number in range(1, jobs + 1))


def _workflow(forge: Forge, repository: Repository, name: str) -> Workflow:
    for known in repository.workflows.values():
        if known.name == name:
            raise ValueError(f"{repository.full_name} has a workflow {name} of its own")
    made = Workflow(forge.next_id(), name, f".github/workflows/made-{forge.next_id()}.yml")
    repository.workflows[made.id] = made
    return made
