"""What a release branch lacks, or has alone: each finding with why, as a row of the queue."""

from __future__ import annotations

from cockpit.release.commits import short
from cockpit.release.lookups import pick_label
from cockpit.release.picks import Pick, PickState
from cockpit.release.remembered import remembered
from cockpit.release.state import ReleaseState
from cockpit.release.trunk import Finding, FindingKind, TrunkReading
from cockpit.views.framing import framed, line
from cockpit.views.marks import FAILED, NEEDS_YOU, NO_DATA, PASSED, Mark, Tone
from cockpit.views.pick_queue import mark_cell, prediction_cell
from cockpit.views.picks import hashed, standing
from cockpit.views.sorting import Order
from cockpit.views.table import Align, Cell, Column, Line, Pane, Row, Span, Table, cell

COLUMNS = (
    Column("mark", ""),
    Column("kind", "found"),
    Column("commit", "commit"),
    Column("trunk", "trunk", Align.RIGHT, rank=2),
    Column("title", "title", weight=3),
    Column("why", "why", weight=3, rank=4),
    Column("prediction", "comes to", rank=5),
    Column("state", "in the queue", rank=3),
)
_KINDS: dict[FindingKind, Mark] = {
    FindingKind.MISSING_REVERT: FAILED,
    FindingKind.MISSING_FIX: FAILED,
    FindingKind.CARRY_FORWARD: NEEDS_YOU,
    FindingKind.NEVER_LANDED: NEEDS_YOU,
}
"""In the order in which they are shown."""
_ORDER = list(_KINDS)
_DECIDED = (PickState.DENIED, PickState.REVERTED)


@remembered
def lacking_pane(state: ReleaseState, order: Order, marked: frozenset[str]) -> Pane:
    """One row a finding, by kind; its key is that of its row in the queue."""
    found = [(pick.finding, pick) for pick in state.queue if pick.finding is not None]
    found.sort(key=lambda each: _ORDER.index(each[0].kind))
    rows = tuple(_row(finding, pick, marked=pick.key in marked) for finding, pick in found)
    core = state.spec.core
    table = order.sorted(Table(COLUMNS, rows, "nothing was found that the branch lacks"))
    title = f"What {core.release_branch} lacks of {core.trunk}"
    return framed(state, "picks", title, ("trunk", "picks"), table, _summary(state, found))


def _row(finding: Finding, pick: Pick, *, marked: bool) -> Row:
    mark = PASSED if pick.state in _DECIDED else _KINDS[finding.kind]
    queued = standing(pick)
    if pick.state is PickState.FOUND:
        queued = f"#{pick.pull.number}, not nominated" if pick.pull else "not yet"
    number = finding.pull or pick.trunk_pull
    return Row(
        key=pick.key,
        cells=(
            mark_cell(marked=marked),
            Cell((Span(finding.kind.value, mark.tone),), mark, _ORDER.index(finding.kind)),
            cell(short(finding.commit), Tone.DIM),
            Cell((Span(hashed(number), Tone.DIM),), sort=number),
            cell(finding.title),
            cell(finding.why, Tone.DIM),
            prediction_cell(pick),
            cell(queued, Tone.DIM if queued == "not yet" else Tone.PLAIN),
        ),
        url=finding.url or pick.url,
        copy=pick_label(pick),
        search=f"{pick.author} {finding.issue}",
    )


def _summary(state: ReleaseState, found: list[tuple[Finding, Pick]]) -> tuple[Line, ...]:
    kinds = [finding.kind for finding, _ in found]
    spans = tuple(
        Span(f"{mark.shape} {kinds.count(kind)} {kind.value}   ", mark.tone)
        for kind, mark in _KINDS.items()
        if kind in kinds
    )
    reading = state.trunk.value or TrunkReading()
    unknown = [*reading.unknown, *filter(None, [reading.fixes_unknown])]
    unknown += [
        f"{short(one.sha)} on trunk reverts what was not found: {one.title}"
        for one in reading.nameless
    ]
    told = (line(Span(f"{NO_DATA.shape} {text}", NO_DATA.tone)) for text in unknown)
    return (*((Line(spans),) if spans else ()), *told)
