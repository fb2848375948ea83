"""Who moved a tag: what the host of its repository tells, and words where it does not."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from cockpit.backends.ports import GithubPort
from cockpit.errors import CockpitError
from cockpit.release.candidates import MovedTag
from cockpit.release.repos import Repository

_GONE = "0" * 40


def with_changes(
    github: GithubPort, repository: Repository, moved: Iterable[MovedTag]
) -> tuple[MovedTag, ...]:
    """The same alarms with who raised them; a host that cannot be asked never hides an alarm."""
    return tuple(_with_change(github, repository, alarm) for alarm in moved)


def _with_change(github: GithubPort, repository: Repository, alarm: MovedTag) -> MovedTag:
    try:
        changes = github.ref_activity(repository, f"refs/tags/{alarm.pin.tag}").value
    except CockpitError as err:
        untold = f"GitHub could not be asked who did it: {err.title}"
        return msgspec.structs.replace(alarm, untold=untold)
    there = (alarm.now.object_sha, alarm.now.commit_sha) if alarm.now else (_GONE,)
    change = next((change for change in changes if change.after in there), None)
    if change is None:
        return msgspec.structs.replace(alarm, untold="GitHub does not tell who did it")
    return msgspec.structs.replace(alarm, change=change)
