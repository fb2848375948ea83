"""Whether an account may do what a plan is about, asked before anything is tried: trap R22."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.errors import CockpitError
from cockpit.release.repos import Repository

if TYPE_CHECKING:
    from cockpit.backends.ports import GithubPort

_WRITING = ("admin", "write")


def write_blockers(github: GithubPort, repository: Repository, what: str) -> list[str]:
    """Why the account may not write to a repository; what cannot be read blocks as well.

    `what` is what it takes write access for, such as “re-running jobs”.
    """
    try:
        github.account()
        permission = github.permission(repository)
    except CockpitError as err:
        return [f"the rights on {repository.name} could not be read: {err}"]
    if permission in _WRITING:
        return []
    return [f"{what} takes write access to {repository.name}; this account has {permission}"]
