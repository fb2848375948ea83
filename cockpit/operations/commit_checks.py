"""The checks that a commit must have passed before something irreversible rests on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.errors import CockpitError
from cockpit.release.commits import short
from cockpit.release.jobs import JobState
from cockpit.release.repos import Repository

if TYPE_CHECKING:
    from cockpit.provider import Backends


def check_blockers(
    backends: Backends, repository: Repository, sha: str, branch: str | None = None
) -> list[str]:
    """The blocking workflows of a commit that are not green; what cannot be read blocks.

    `branch` is where the commit was pushed to, when that is not the release branch.
    """
    if not repository.blocking_workflows:
        return []
    try:
        answer = backends.github.branch_health(repository, sha, branch)
    except CockpitError as err:
        return [f"the checks of {short(sha)} could not be read: {err.title}"]
    blockers = [
        f"{workflow}: {state.value} on {short(sha)}"
        for workflow, state in sorted(answer.value.workflows.items())
        if state is not JobState.PASSED
    ]
    if answer.missing:
        blockers.append(f"the checks could not be read whole: {answer.missing}")
    return blockers
