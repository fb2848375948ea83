"""The alarm of a moved or deleted tag, as a blocker of whatever rests on the tags."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.backends.tag_changes import with_changes
from cockpit.release.branches import BranchState
from cockpit.release.candidates import moved_tags
from cockpit.release.record import Ledger
from cockpit.release.repos import Repository

if TYPE_CHECKING:
    from cockpit.provider import Backends


def moved_blockers(
    backends: Backends, repository: Repository, branch: BranchState, ledger: Ledger
) -> list[str]:
    """Pinned tags that are not where they were, with who moved them; GitHub is asked only then."""
    moved = moved_tags(ledger.watched_pins, {repository.name: branch.tags})
    if not moved:
        return []
    told = with_changes(backends.github, repository, moved)
    return [alarm.describe() for alarm in told]
