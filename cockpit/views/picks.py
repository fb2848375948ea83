"""The picks pane: the cherry-pick queue at a glance, and how every row of it is told."""

from __future__ import annotations

from cockpit.release.lookups import branch_of, pick_label
from cockpit.release.picks import Pick, PickState
from cockpit.release.prediction import Outcome
from cockpit.release.state import ReleaseState
from cockpit.release.trunk import FindingKind
from cockpit.views.framing import framed
from cockpit.views.marks import (
    NEEDS_YOU,
    OPEN,
    PASSED,
    QUEUED,
    SKIPPED,
    WAITING,
    Mark,
    Tone,
)
from cockpit.views.table import Align, Cell, Column, Line, Pane, Row, Span, Table, cell

COLUMNS = (
    Column("pull", "pull"),
    Column("trunk", "trunk", Align.RIGHT, rank=2),
    Column("title", "title", weight=1),
    Column("category", "category", rank=3),
    Column("state", "state"),
)
STATE_MARKS: dict[PickState, Mark] = {
    PickState.NOMINATED: NEEDS_YOU,
    PickState.UNDER_REVIEW: NEEDS_YOU,
    PickState.FOUND: NEEDS_YOU,
    PickState.READY: WAITING,
    PickState.APPROVED: WAITING,
    PickState.NEEDS_INFO: OPEN,
    PickState.MERGED: QUEUED,
    PickState.IN_CANDIDATE: PASSED,
    PickState.REVERTED: SKIPPED,
    PickState.DENIED: SKIPPED,
    PickState.SUPERSEDED: SKIPPED,
}
"""In the order in which they are shown: what waits for a decision first."""
STATE_ORDER = {pick_state: position for position, pick_state in enumerate(STATE_MARKS)}


def picks_pane(state: ReleaseState) -> Pane:
    """One row per nominated change or pull request into the release branch."""
    rows = tuple(_row(pick) for pick in in_order(state))
    return framed_queue(state, Table(COLUMNS, rows, empty_queue(state)), queue_counts(state))


def in_order(state: ReleaseState) -> list[Pick]:
    """The queue with what waits for a decision first."""
    return sorted(state.queue, key=lambda pick: STATE_ORDER[pick.state])


def framed_queue(
    state: ReleaseState, table: Table, summary: tuple[Line, ...], title: str = "Cherry-pick queue"
) -> Pane:
    """A pane over the queue, which names the tracker."""
    reading = state.picks.value
    tracker = reading.tracker if reading else None
    named = f"{title} · tracker #{tracker.number}" if tracker else title
    feeds = ("picks",) if state.branches.value is not None else ("picks", "branches")
    return framed(state, "picks", named, feeds, table, summary)


def empty_queue(state: ReleaseState) -> str:
    """What is said in place of rows."""
    if state.branches.value is not None and branch_of(state, state.spec.core) is None:
        return f"picks begin with the cut of {state.spec.core.release_branch}"
    return "nothing has been nominated"


def queue_counts(state: ReleaseState) -> tuple[Line, ...]:
    """How many rows there are in each state."""
    spans = []
    for pick_state, mark in STATE_MARKS.items():
        count = sum(pick.state is pick_state for pick in state.queue)
        if count:
            spans.append(Span(f"{mark.shape} {count} {pick_state.value}   ", mark.tone))
    return (Line(tuple(spans)),) if spans else ()


def _row(pick: Pick) -> Row:
    mark = mark_of(pick)
    return Row(
        key=pick.key,
        cells=(
            Cell((Span(hashed(pick.release_pull)),), mark, pick.release_pull or 0),
            cell(hashed(pick.trunk_pull), Tone.DIM),
            title_cell(pick),
            cell(pick.category, Tone.DIM),
            cell(standing(pick), mark.tone),
        ),
        url=pick.url,
        copy=pick_label(pick),
        search=f"{pick.author} {pick.state.value}",
    )


def mark_of(pick: Pick) -> Mark:
    """The mark of its state; what trunk took back and the branch has needs somebody."""
    taken_back = pick.reverted_on_trunk and pick.still_there
    return NEEDS_YOU if taken_back else STATE_MARKS[pick.state]


def title_cell(pick: Pick) -> Cell:
    """What it is called."""
    title = pick.title or "no pull request into the release branch yet"
    return cell(title, Tone.PLAIN if pick.title else Tone.DIM)


def hashed(number: int | None) -> str:
    """A pull request as people write it; a dash where there is none."""
    return f"#{number}" if number else "–"


def standing(pick: Pick) -> str:
    """Where it stands, in a few words."""
    words = _state_words(pick)
    kind = pick.finding.kind if pick.finding else None
    if kind is FindingKind.NEVER_LANDED and pick.state is not PickState.REVERTED:
        return f"{words}, {kind.value}"
    if pick.reverted_on_trunk and not pick.undone_by:
        return f"{words}, reverted on trunk"
    if pick.nominated and pick.late and not pick.state.decided:
        return f"{words}, late"
    return words


def _state_words(pick: Pick) -> str:
    if pick.state is PickState.IN_CANDIDATE and pick.candidate is not None:
        return f"in {pick.candidate.rpartition('-')[2]}"
    if pick.state is PickState.MERGED:
        return "merged, untagged"
    if not pick.nominated and not pick.state.decided:
        return pick.finding.kind.value if pick.finding else "never nominated"
    words: str = pick.state.value
    return words


def resolution_of(state: ReleaseState, pick: Pick) -> str:
    """That a conflict is of trunk's commit: an open pull request brings what was made of it."""
    stuck = any(prediction.outcome is Outcome.CONFLICT for prediction in pick.predictions)
    number = _proposing(state, pick)
    if not number or not stuck:
        return ""
    return f"that is trunk's commit: {hashed(number)} brings somebody's resolution of it"


def proposal_of(state: ReleaseState, pick: Pick) -> str:
    """What its open pull request would come to, or that only trunk's commit was predicted."""
    number, proposed = _proposing(state, pick), pick.proposed
    if proposed is None:
        unread = f"of trunk's commit: the head of {hashed(number)} has not been read"
        return unread if number and pick.predictions else ""
    files = f" in {', '.join(proposed.files)}" if proposed.files else ""
    why = f": {proposed.why}" if proposed.why else ""
    return f"{proposed.outcome.value} as {hashed(number)} has it{files}{why}"


def _proposing(state: ReleaseState, pick: Pick) -> int | None:
    """The pull request whose squash would land."""
    pull = pick.pull
    if pull is None or not pull.is_open_into(state.spec.core.release_branch):
        return None
    return pull.number
