"""Gates of the cherry-pick queue and of what the branch lacks of trunk."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from cockpit.release.commits import short
from cockpit.release.lookups import branch_of, known, pick_label, undecided
from cockpit.release.pick_next import PANE, next_of
from cockpit.release.picks import Pick, PickState
from cockpit.release.state import ReleaseState
from cockpit.release.trunk import Finding, FindingKind
from cockpit.release.verdicts import (
    Evidence,
    Gate,
    NextStep,
    Verdict,
    failed,
    not_applicable,
    passed,
    unknown,
)


def _queue_gate(state: ReleaseState, rows: tuple[Pick, ...], held: str) -> Verdict:
    core = state.spec.core
    if branch_of(state, core) is None:
        return not_applicable(f"picks begin with the cut of {core.release_branch}")
    tracker = known(state.picks).tracker
    if tracker is None:
        return unknown(f"no release tracker of {state.spec.version} was found")
    if rows:
        found = [Evidence(f"{pick_label(p)} {p.state.value}: {p.title}", p.url) for p in rows]
        return msgspec.structs.replace(failed(*found), next_action=_first_step(state, rows))
    return passed(Evidence(held, tracker.url))


def _picks_decided(state: ReleaseState) -> Verdict:
    return _queue_gate(state, undecided(state), "every nomination is decided")


def _picks_merged(state: ReleaseState) -> Verdict:
    rows = tuple(p for p in state.queue if p.state in (PickState.APPROVED, PickState.READY))
    return _queue_gate(state, rows, "everything approved is merged")


def _fixes_picked(state: ReleaseState) -> Verdict:
    """Section 13: no fix of the milestone is on trunk alone, but for what was decided against."""
    unknown_why = known(state.trunk).fixes_unknown
    if verdict := _lacking(state, FindingKind.MISSING_FIX):
        return verdict
    if unknown_why:
        return unknown(unknown_why, then="look at the milestone again", action="refresh")
    return passed(f"nothing of the milestone is fixed on {state.spec.core.trunk} alone")


def _reverts_picked(state: ReleaseState) -> Verdict:
    """Section 13.11: what trunk took back, the branch took back as well."""
    trunk = known(state.trunk)
    if verdict := _lacking(state, FindingKind.MISSING_REVERT):
        return verdict
    if trunk.unknown:
        return unknown(*trunk.unknown, then="look into what git could not tell")
    if trunk.nameless:
        return unknown(
            *(
                f"{short(one.sha)} reverts what was not found: {one.title}"
                for one in trunk.nameless
            ),
            then=f"find out what {short(trunk.nameless[0].sha)} reverts",
        )
    return passed(f"nothing that {state.spec.core.trunk} took back is left on the branch")


def _lacking(state: ReleaseState, kind: FindingKind) -> Verdict | None:
    """The verdict where there is no branch, or it lacks something of this kind."""
    if branch_of(state, state.spec.core) is None:
        return not_applicable(f"{state.spec.core.release_branch} has not been cut")
    found = open_findings(state, kind)
    if not found:
        return None
    shas = {finding.commit for finding in found}
    rows = [pick for pick in state.queue if pick.finding and pick.finding.commit in shas]
    told = failed(*(Evidence(f"{f.title}: {f.why}", f.url) for f in found))
    return msgspec.structs.replace(told, next_action=_first_step(state, rows))


def _first_step(state: ReleaseState, rows: Sequence[Pick]) -> NextStep | None:
    """What is next about the first of some rows that an action brings on; else about the first."""
    steps = [next_of(state, pick) for pick in rows]
    acting = (step for step in steps if step.action != PANE)
    return next(acting, steps[0] if steps else None)


def open_findings(state: ReleaseState, kind: FindingKind) -> tuple[Finding, ...]:
    """What of one kind was found, without what the release team has decided against."""
    denied = {
        sha
        for pick in state.queue
        if pick.state is PickState.DENIED
        for sha in (*pick.commits, pick.finding.commit if pick.finding else "")
    }
    found = state.trunk.value.found(kind) if state.trunk.value else ()
    return tuple(finding for finding in found if finding.commit not in denied)


_QUEUE = ("picks", "branches", "ledger")
_TRUNK = ("branches", "trunk", "picks", "ledger")
PICK_GATES = (
    Gate("picks-decided", "every nomination is decided", "nominations", _QUEUE, _picks_decided),
    Gate("picks-merged", "every approved pick is merged", "approved picks", _QUEUE, _picks_merged),
    Gate("fixes-picked", "every fix is on the branch", "missing fixes", _TRUNK, _fixes_picked),
    Gate(
        "reverts-picked",
        "every revert is on the branch",
        "missing reverts",
        _TRUNK,
        _reverts_picked,
    ),
)
