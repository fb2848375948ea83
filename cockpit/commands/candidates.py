"""Which candidate a command is about, and its jobs as data."""

from __future__ import annotations

import msgspec

from cockpit.config import Config
from cockpit.errors import ConfigError
from cockpit.release.candidates import Candidate
from cockpit.release.coverage import elapsed
from cockpit.release.jobs import Job
from cockpit.release.picture import Picture
from cockpit.release.repos import Repository
from cockpit.release.state import ReleaseState


def wanted_repository(config: Config, name: str | None) -> Repository:
    """The repository that was named, else the core; raises ConfigError for an unknown one."""
    if name is None:
        return config.core
    repository = config.repository(name)
    if repository is None or not repository.candidates:
        known = ", ".join(repo.short_name for repo in config.repositories if repo.candidates)
        raise ConfigError(
            f"{name!r} is no repository with candidates", f"there is {known}", "name one of these"
        )
    return repository


def wanted_candidate(
    state: ReleaseState, repository: Repository, tag: str | None
) -> Candidate | None:
    """The candidate of this tag or `rcN`, else the newest that is no dud; None while there is none.

    Raises ConfigError for a tag that the repository does not have.
    """
    if tag is None:
        return state.candidate_of(repository)
    branch = state.branches.value.of(repository) if state.branches.value else None
    if branch is None:
        return None
    known = branch.candidates(repository)
    for candidate in known:
        if candidate.is_called(tag):
            return candidate
    there = ", ".join(candidate.tag.name for candidate in known) or "none"
    raise ConfigError(
        f"{repository.name} has no candidate {tag}",
        f"of {repository.version} there is {there}",
        "name one of these, or leave --candidate out for the newest",
    )


def job_data(job: Job, picture: Picture) -> dict[str, object]:
    """One job with what its name says; what follows no known grammar has nulls there."""
    key = job.key
    spent = elapsed(job, picture.now)
    return {
        "workflow": job.workflow,
        "name": job.name,
        "package": key.package if key else None,
        "os": key.os if key else None,
        "arch": key.arch if key else None,
        "accelerator": (key.accelerator or None) if key else None,
        "python": key.python if key else None,
        "stage": key.stage if key else None,
        "state": job.state.value,
        "conclusion": job.conclusion,
        "flaky": job.flaky,
        "attempt": job.attempt,
        "superseded": [msgspec.to_builtins(attempt) for attempt in job.superseded],
        "created_at": job.created_at,
        "started_at": job.started_at,
        "completed_at": job.completed_at,
        "elapsed_s": round(spent.total_seconds()) if spent is not None else None,
        "failed_step": job.failed_step,
        "id": job.id,
        "run_id": job.run_id,
        "url": job.url,
    }


def counts_data(picture: Picture) -> dict[str, int]:
    """Jobs per state; every state is present."""
    return {state.value: count for state, count in picture.counts.items()}


def candidate_data(candidate: Candidate | None) -> dict[str, object] | None:
    """A candidate as data."""
    if candidate is None:
        return None
    return {
        "tag": candidate.tag.name,
        "number": candidate.number,
        "commit_sha": candidate.commit_sha,
        "object_sha": candidate.tag.object_sha,
    }
