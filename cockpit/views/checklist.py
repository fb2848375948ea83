"""The checklist pane: every step of the release, the current phase first."""

from __future__ import annotations

from itertools import groupby

from cockpit.release.checklist import ItemState, Progress, current_phase, item_states
from cockpit.release.commits import short
from cockpit.release.overrides import override_of
from cockpit.release.phases import PhaseId
from cockpit.release.process import PHASE_PREFIX, Item, Kind, Phase, Process
from cockpit.release.signatures import Said, who_signs
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
    *(
        "artifacts",
        "publishing",
        "validations",
        "docs",
        "preparation",
        "confirmations",
        "dependencies",
    ),
    "credentials",
)
MARKS: dict[Progress, Mark] = {
    Progress.PASSED: PASSED,
    Progress.SIGNED: PASSED,
    Progress.OVERRIDDEN: NEEDS_YOU,
    Progress.NOT_APPLICABLE: NOT_APPLICABLE,
    Progress.FAILED: FAILED,
    Progress.PROBLEM: FAILED,
    Progress.UNKNOWN: NO_DATA,
    Progress.VOID: NEEDS_YOU,
    Progress.WAITING: QUEUED,
    Progress.UNDER_WAY: RUNNING,
    Progress.TO_DO: OPEN,
}
_WORDS = {
    Said.SIGNED: PASSED,
    Said.NOT_APPLICABLE: NOT_APPLICABLE,
    Said.PROBLEM: FAILED,
    Said.WITHDRAWN: PASSED,
    Said.SKIPPED: QUEUED,
}
_OUTCOMES = {
    Outcome.PASSED: PASSED,
    Outcome.FAILED: FAILED,
    Outcome.UNKNOWN: NO_DATA,
    Outcome.NOT_APPLICABLE: NOT_APPLICABLE,
}


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
    red = sum(found.progress in (Progress.FAILED, Progress.PROBLEM) for found in counted)
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
    return Row(
        key=item.id,
        cells=(
            cell(item.title, tone, mark=mark),
            cell(item.kind.value, Tone.DIM),
            cell(found.words, tone if tone is Tone.DIM else mark.tone),
            cell(item.owner, Tone.DIM),
        ),
        url=item_url(found),
        copy=item.id,
        search=f"{item.id} {found.progress.value}",
    )


def item_url(found: ItemState) -> str:
    """The page that shows most of an item: of its evidence, of its signatures, or its own."""
    evidence = found.verdict.evidence if found.verdict else ()
    signed = [url for word in reversed(found.signatures) if word.holds for url in word.links]
    urls = [*(entry.url for entry in evidence), *signed, *found.item.links]
    return next(filter(None, urls), "")


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
        _hand_tick(state, key),
        field("phase", f"{phase.number} {phase.title}"),
        field("kind", _KINDS[item.kind]),
        field("owner", item.owner),
        field("binds", f"a signature holds for this {item.binds}") if item.gate is None else (),
        field("signed by", _signers(state, process, item)) if item.gate is None else (),
        field("gate", item.gate) if item.gate else (),
        field("done by", item.operation) if item.operation else (),
        (heading("What to do"), line(item.what)) if item.what else (),
        (heading("Why"), line(item.why)) if item.why else (),
        (heading("Evidence"), line(item.evidence)) if item.evidence else (),
        _override(state, item),
        need_lines(process, item.needs, found.waits_for),
        verdict_lines(state, found.verdict),
        signature_lines(found),
        tuple(field("page", Span(url, Tone.DIM)) for url in item.links),
    )


def _signers(state: ReleaseState, process: Process, item: Item) -> str:
    people = f"{item.signers} people: " if item.signers > 1 else ""
    return f"{people}{who_signs(process.role_of(item), state.spec.team)}"


def _override(state: ReleaseState, item: Item) -> tuple[Line, ...]:
    found = override_of(item.gate, state) if item.gate else None
    if found is None:
        return ()
    mark = NEEDS_YOU
    return (
        heading("Override"),
        line(Span(f"{mark.shape} ", mark.tone), found.describe()),
        line(Span(f"  {timestamp(found.at)}", Tone.DIM)),
    )


_KINDS = {
    Kind.AUTO: "done by an operation or a service",
    Kind.GATE: "a condition that must hold",
    Kind.MANUAL: "done by a person, who signs",
}


def _hand_tick(state: ReleaseState, item: str) -> tuple[Line, ...]:
    """A box that somebody ticked on GitHub, which counts once it is adopted."""
    tick = state.mirror.value.hand_tick(item) if state.mirror.value else None
    if tick is None:
        return ()
    return (field("box", Span(f"{tick.describe()}; % adopts it", Tone.WARN)),)


def need_lines(
    process: Process, needs: tuple[str, ...], waits_for: tuple[str, ...]
) -> tuple[Line, ...]:
    """What comes before an item, and what of it is still open."""
    if not needs:
        return ()
    lines = [heading("After")]
    for need in needs:
        mark = QUEUED if need in waits_for else PASSED
        lines.append(line(Span(f"{mark.shape} ", mark.tone), process.by_id[need].title))
    return tuple(lines)


def verdict_mark(verdict: Verdict) -> Mark:
    """The mark of what a gate concluded; what is under way is neither red nor unknown."""
    return RUNNING if verdict.pending else _OUTCOMES[verdict.outcome]


def verdict_lines(state: ReleaseState, verdict: Verdict | None) -> tuple[Line, ...]:
    """What a gate looked at, how old that is, and what it asks for."""
    if verdict is None:
        return ()
    mark = verdict_mark(verdict)
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


def signature_lines(found: ItemState) -> tuple[Line, ...]:
    """Every word about an item with its evidence, and whether it still holds."""
    if not found.signatures:
        return ()
    lines = [heading("Signatures")]
    for word in found.signatures:
        mark = _WORDS[word.said] if word.holds or word in found.said.problems else NEEDS_YOU
        on = f" {short(word.commit_sha)}" if word.said is Said.SIGNED else ""
        void = f", void: {word.void}" if word.void else ""
        doubt = f", does not count: {word.uncounted}" if word.uncounted else ""
        said = f"{word.by} {word.said.value}{on}{void}{doubt}"
        when = Span(f"  {timestamp(word.at)}", Tone.DIM)
        lines.append(line(Span(f"{mark.shape} ", mark.tone), said, when))
        if word.note:
            lines.append(line(f"  {word.note}"))
        lines += [line(Span(f"  {url}", Tone.DIM)) for url in word.links]
        lines += [
            line(Span(f"  {file.name}  sha256 {file.sha256}", Tone.DIM)) for file in word.files
        ]
    return tuple(lines)
