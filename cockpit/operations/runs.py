"""What operations on workflow runs have in common: which run, which candidate, which jobs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cockpit.errors import CockpitError, ConfigError, Conflict
from cockpit.release.candidates import Candidate
from cockpit.release.jobs import CandidateBuilds, Run
from cockpit.release.repos import Repository

if TYPE_CHECKING:
    from cockpit.backends.ports import Answer, GithubPort
    from cockpit.provider import Backends

_RUN = re.compile(
    r"(?:https?://[^/]+/(?P<repository>[\w.-]+/[\w.-]+)/actions/runs/)?(?P<id>\d+)\S*"
)
_JOB = re.compile(r"(?:https?://\S+/job/)?(?P<id>\d+)(?:[?#]\S*)?")


def run_number(text: str, repository: str) -> int:
    """The number of a run, from itself or from its page; raises ConfigError for another's run."""
    found = _RUN.fullmatch(text)
    if found is None or (text.isdigit() is False and found["repository"] is None):
        raise ConfigError(
            f"{text!r} names no run",
            f"expected a number, or an address such as …/{repository}/actions/runs/123",
            "copy the run's address from its page",
        )
    if found["repository"] not in (None, repository):
        raise ConfigError(
            f"That run is one of {found['repository']}",
            f"expected one of {repository}",
            "name the repository it belongs to",
        )
    return int(found["id"])


def job_number(text: str) -> int | None:
    """The number of a job, from itself or from its page; None for a name."""
    found = _JOB.fullmatch(text)
    return int(found["id"]) if found else None


def existing_run(backends: Backends, repository: Repository, number: int) -> Run:
    """A run by its number; raises CockpitError where GitHub has none."""
    run = backends.github.run(repository, number)
    if run is None:
        raise CockpitError(
            f"{repository.name} has no run {number}",
            "it was deleted, or never was",
            "copy the run's address from its page",
        )
    return run


def run_now(github: GithubPort, repository: Repository, number: int) -> Run:
    """A run that a plan was made for, as it is now; raises Conflict where it is gone."""
    run = github.run(repository, number)
    if run is None:
        raise Conflict(f"Run {number} is gone", f"{repository.name} has no such run", "plan again")
    return run


def newest_candidate(backends: Backends, repository: Repository) -> Candidate | None:
    """The newest candidate that is no dud; None before the first."""
    branch = backends.git.read_branch(repository).value
    alive = backends.ledger.read().living(repository, branch.candidates(repository))
    return alive[-1] if alive else None


def meant_candidate(backends: Backends, repository: Repository, tag: str | None) -> Candidate:
    """The candidate of this tag or `rcN`, dud or not, else the newest.

    Raises CockpitError without one.
    """
    if tag is None:
        newest = newest_candidate(backends, repository)
        if newest is None:
            raise CockpitError(
                f"{repository.name} has no candidate of {repository.version}",
                "none has been tagged, or every one was declared a dud",
                "release-cockpit plan tag-candidate",
            )
        return newest
    known = backends.git.read_branch(repository).value.candidates(repository)
    found = next((candidate for candidate in known if candidate.is_called(tag)), None)
    if found is None:
        names = ", ".join(candidate.tag.name for candidate in known) or "none"
        raise ConfigError(
            f"{repository.name} has no candidate {tag!r}",
            f"there is {names}",
            "leave --candidate out for the newest one",
        )
    return found


def builds_of(
    backends: Backends, repository: Repository, tag: str | None
) -> tuple[Candidate, Answer[CandidateBuilds]]:
    """A candidate with everything that ran for it."""
    candidate = meant_candidate(backends, repository, tag)
    return candidate, backends.github.candidate_builds(repository, candidate)
