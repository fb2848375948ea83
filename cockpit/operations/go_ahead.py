"""Whether the release team has decided that the present candidate ships, read anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.operations.alarms import moved_blockers
from cockpit.process.loader import load_process
from cockpit.release.branches import Branches
from cockpit.release.checklist import item_states
from cockpit.release.record import Ledger
from cockpit.release.state import FeedState, Reading, ReleaseState

if TYPE_CHECKING:
    from cockpit.backends.provider import Backends

GO = "go-decision"
"""The item of the process whose signature lets bytes go out."""


def go_blockers(backends: Backends, record: Ledger) -> list[str]:
    """Why the bytes of the present candidate must not go out yet, told from git and the ledger."""
    config, core = backends.config, backends.config.core
    branch = backends.git.read_branch(core)
    now = backends.clock.now()
    state = ReleaseState(
        spec=config.spec,
        now=now,
        wall=now,
        branches=FeedState(Reading(Branches((branch.value,)), now, branch.source, branch.missing)),
        ledger=FeedState(Reading(record, now, config.ledger_ref)),
    )
    blockers = moved_blockers(backends, core, branch.value, record)
    if branch.missing:
        blockers.append(f"the branch could not be read whole: {branch.missing}")
    if state.candidate is None:
        return [*blockers, "no candidate has been tagged"]
    process = load_process(config.settings.release.process, config.path.parent)
    found = next((one for one in item_states(process, state) if one.item.id == GO), None)
    if found is None:
        blockers.append(f"the process has no item {GO}, so nobody can have decided it")
    elif not found.progress.settled:
        tag = state.candidate.tag.name
        blockers.append(f"{GO} is not signed for {tag}: {found.words}")
    return blockers


def day_blockers(backends: Backends) -> list[str]:
    """Why it is too early by the calendar."""
    left = backends.config.settings.schedule.days_until_release(backends.clock.now().date())
    if left is None:
        return ["release day is not set: edit [schedule] in the config"]
    return [f"release day is in {left} d"] if left > 0 else []
