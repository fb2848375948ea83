"""Gates that somebody overrode: for a reason, by name, on one commit, and never out of sight."""

from __future__ import annotations

from datetime import datetime

import msgspec

from cockpit.release.lookups import branch_of
from cockpit.release.people import Duty
from cockpit.release.state import ReleaseState
from cockpit.release.verdicts import Verdict


class Overridden(msgspec.Struct, frozen=True):
    """Who let the release go on in spite of a gate, and why."""

    gate: str
    by: str
    at: datetime
    reason: str

    def describe(self) -> str:
        """Who and why."""
        return f"overridden by {self.by}: {self.reason}"


def override_commit(state: ReleaseState) -> str:
    """What an override given now is bound to: the candidate's commit, and where there is none the
    head of the core's branch, or what it would be cut from; empty while that is not known.
    """
    if state.candidate is not None:
        return state.candidate.commit_sha
    core = state.spec.core
    branch = branch_of(state, core)
    if branch is not None and branch.head is not None:
        return branch.head.sha
    uncut = state.branches.value.of(core) if state.branches.value else None
    return (uncut.cut_from_sha or "") if uncut else ""


def override_of(gate: str, state: ReleaseState) -> Overridden | None:
    """The newest override of a gate that counts: a captain's, on the present commit."""
    sha = override_commit(state)
    found = [
        Overridden(gate, entry.by, entry.at, event.reason)
        for entry, event in state.record.overrides
        if event.gate == gate
        and sha
        and event.commit_sha == sha
        and state.spec.team.carries(entry.email, Duty.CAPTAIN)
    ]
    return found[-1] if found else None


def cleared(gate: str, verdict: Verdict, state: ReleaseState) -> bool:
    """Whether a gate lets the release go on, by itself or because somebody overrode it."""
    return verdict.clear or override_of(gate, state) is not None
