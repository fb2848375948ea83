"""The checklist pane: every step of the release, the current phase first."""

from __future__ import annotations

from itertools import groupby

from cockpit.release.checklist import (
    ItemState,
    Kind,
    Phase,
    Process,
    Progress,
    current_phase,
    item_states,
)
from cockpit.release.commits import short
from cockpit.release.phases import PhaseId
from cockpit.release.state import ReleaseState
from cockpit.release.verdicts import Outcome, Verdict
from cockpit.views.ages import ago, timestamp
from cockpit.views.framing import detail, field, framed, heading, line
from cockpit.views.marks import (
    FAILED,
    NEEDS_YOU,
    NO_DATA,
    NOT_APPLICABLE,
    OPEN,
    PASSED,
    QUEUED,
    RUNNING,
    Mark,
    Tone,
)
from cockpit.views.table import Align, Cell, Column, Detail, Line, Pane, Row, Span, Table, cell

COLUMNS = (
    Column("item", "item", weight=3),
    Column("kind", "kind", rank=2),
    Column("state", "state", weight=2),
    Column("owner", "owner", Align.LEFT, rank=3),
)
FEEDS = (
    *("branches", "ledger", "ci", "builds", "libraries", "checks", "picks", "milestone"),
    *("artifacts", "publishing", "validations", "docs", "preparation"),
)
MARKS: dict[Progress, Mark] = {
    Progress.PASSED: PASSED,
    Progress.SIGNED: PASSED,
    Progress.NOT_APPLICABLE: NOT_APPLICABLE,
    Progress.FAILED: FAILED,
    Progress.UNKNOWN: NO_DATA,
    Progress.VOID: NEEDS_YOU,
    Progress.WAITING: QUEUED,
    Progress.UNDER_WAY: RUNNING,
    Progress.TO_DO: OPEN,
}
_OUTCOMES = {
    Outcome.PASSED: PASSED,
    Outcome.FAILED: FAILED,
    Outcome.UNKNOWN: NO_DATA,
    Outcome.NOT_APPLICABLE: NOT_APPLICABLE,
}
PHASE_PREFIX = "phase "
"""What the keys of phase rows begin with."""


def checklist_pane(state: ReleaseState, process: Process, *, every: bool = False) -> Pane:
    """The items of the current phase under its heading, then the other phases.

    With `every`, the items of all phases are listed in order, each under its heading.
    """
    present = current_phase(process, state)
    current = present.phase
    by_phase = _grouped(item_states(process, state))
    phases = list(process.phases)
    if not every:
        phases.sort(key=lambda phase: (phase.id is not current.id, phase.id.order))
    rows: list[Row] = []
    for phase in phases:
        states = by_phase.get(phase.id, [])
        rows.append(_phase_row(phase, states, current))
        if every or phase.id is current.id:
            rows += map(_item_row, states)
    table = Table(COLUMNS, tuple(rows), "the process has no items")
    title = f"Checklist · {current.number} {current.title}"
    return framed(state, "checklist", title, FEEDS, table, (line(Span(present.reason, Tone.DIM)),))


def _grouped(states: tuple[ItemState, ...]) -> dict[PhaseId, list[ItemState]]:
    in_order = sorted(states, key=lambda found: found.item.phase.order)
    return {phase: list(found) for phase, found in groupby(in_order, lambda s: s.item.phase)}


def _phase_row(phase: Phase, states: list[ItemState], current: Phase) -> Row:
    counted = [found for found in states if found.progress is not Progress.NOT_APPLICABLE]
    done = sum(found.progress.settled for found in counted)
    red = sum(found.progress is Progress.FAILED for found in counted)
    share = f"{done}/{len(counted)}" + (f" · {red} failed" if red else "")
    tone = Tone.ACCENT if phase.id is current.id else Tone.DIM
    return Row(
        key=f"{PHASE_PREFIX}{phase.id.value}",
        cells=(cell(f"{phase.number} {phase.title}", tone), Cell(), cell(share, tone), Cell()),
        search=" ".join(found.item.title for found in states),
    )


def _item_row(found: ItemState) -> Row:
    mark, item = MARKS[found.progress], found.item
    tone = Tone.DIM if found.progress in (Progress.WAITING, Progress.NOT_APPLICABLE) else Tone.PLAIN
    url = (
        next((entry.url for entry in found.verdict.evidence if entry.url), "")
        if (found.verdict)
        else next(iter(item.links), "")
    )
    return Row(
        key=item.id,
        cells=(
            cell(item.title, tone, mark=mark),
            cell(item.kind.value, Tone.DIM),
            cell(found.words, tone if tone is Tone.DIM else mark.tone),
            cell(item.owner, Tone.DIM),
        ),
        url=url,
        copy=item.id,
        search=f"{item.id} {found.progress.value}",
    )


def item_detail(state: ReleaseState, process: Process, key: str) -> Detail | None:
    """Why an item is there, what it needs, and everything that is known about it."""
    found = next((s for s in item_states(process, state) if s.item.id == key), None)
    if found is None:
        return None
    item, mark = found.item, MARKS[found.progress]
    phase = process.phase(item.phase)
    return detail(
        item.title,
        field("state", Span(f"{mark.shape} {found.progress.value}", mark.tone)),
        field("", found.words) if found.words else (),
        field("phase", f"{phase.number} {phase.title}"),
        field("kind", _KINDS[item.kind]),
        field("owner", item.owner),
        field("binds", f"a signature holds for this {item.binds}") if item.gate is None else (),
        (heading("Why"), line(item.why)) if item.why else (),
        _needs(process, item.needs, found.waits_for),
        _verdict(state, found.verdict),
        _signatures(found),
        tuple(field("page", Span(url, Tone.DIM)) for url in item.links),
    )


_KINDS = {
    Kind.AUTO: "done by an operation or a service",
    Kind.GATE: "a condition that must hold",
    Kind.MANUAL: "done by a person, who signs",
}


def _needs(
    process: Process, needs: tuple[str, ...], waits_for: tuple[str, ...]
) -> tuple[Line, ...]:
    if not needs:
        return ()
    lines = [heading("After")]
    for need in needs:
        mark = QUEUED if need in waits_for else PASSED
        lines.append(line(Span(f"{mark.shape} ", mark.tone), process.by_id[need].title))
    return tuple(lines)


def _verdict(state: ReleaseState, verdict: Verdict | None) -> tuple[Line, ...]:
    if verdict is None:
        return ()
    mark = RUNNING if verdict.pending else _OUTCOMES[verdict.outcome]
    lines = [heading("What was looked at")]
    for entry in verdict.evidence:
        lines.append(line(Span(f"{mark.shape} ", mark.tone), entry.text))
        if entry.url:
            lines.append(line(Span(f"  {entry.url}", Tone.DIM)))
    if verdict.taken_at is not None:
        age = ago(state.wall - verdict.taken_at)
        lines.append(field("source", f"{verdict.source}, ", Span(age, Tone.DIM)))
    if verdict.next_action is not None:
        lines.append(field("next", Span(verdict.next_action.text, Tone.ACCENT)))
    return tuple(lines)


def _signatures(found: ItemState) -> tuple[Line, ...]:
    if not found.signatures:
        return ()
    lines = [heading("Signatures")]
    for signature in found.signatures:
        mark = NEEDS_YOU if signature.void else PASSED
        void = ", void: another commit" if signature.void else ""
        said = f"{signature.by} on {short(signature.commit_sha)}{void}"
        lines.append(
            line(
                Span(f"{mark.shape} ", mark.tone),
                said,
                Span(f"  {timestamp(signature.at)}", Tone.DIM),
            )
        )
        if signature.note:
            lines.append(line(f"  {signature.note}"))
        lines += [line(Span(f"  {url}", Tone.DIM)) for url in signature.links]
    return tuple(lines)
