"""The picks pane: the cherry-pick queue."""

from __future__ import annotations

from datetime import datetime

from cockpit.release.lookups import pick_label
from cockpit.release.nominations import Nomination
from cockpit.release.picks import Pick, PickState, PullSummary
from cockpit.release.state import ReleaseState
from cockpit.views.ages import ago, timestamp
from cockpit.views.framing import detail, field, framed, heading, line, link
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
from cockpit.views.table import Align, Cell, Column, Detail, Line, Pane, Row, Span, Table, cell

COLUMNS = (
    Column("pull", "pull"),
    Column("trunk", "trunk", Align.RIGHT, rank=2),
    Column("title", "title", weight=1),
    Column("category", "category", rank=3),
    Column("state", "state"),
)
_MARKS: dict[PickState, Mark] = {
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
_ORDER = {pick_state: position for position, pick_state in enumerate(_MARKS)}


def picks_pane(state: ReleaseState) -> Pane:
    """One row per nominated change or pull request into the release branch."""
    rows = tuple(_row(state, pick) for pick in sorted(state.queue, key=lambda p: _ORDER[p.state]))
    reading = state.picks.value
    tracker = reading.tracker if reading else None
    title = f"Cherry-pick queue · tracker #{tracker.number}" if tracker else "Cherry-pick queue"
    table = Table(COLUMNS, rows, "nothing has been nominated")
    feeds = ("picks",) if state.branches.value is not None else ("picks", "branches")
    return framed(state, "picks", title, feeds, table, _summary(state))


def _summary(state: ReleaseState) -> tuple[Line, ...]:
    spans = []
    for pick_state, mark in _MARKS.items():
        count = sum(pick.state is pick_state for pick in state.queue)
        if count:
            spans.append(Span(f"{mark.shape} {count} {pick_state.value}   ", mark.tone))
    return (Line(tuple(spans)),) if spans else ()


def _row(state: ReleaseState, pick: Pick) -> Row:
    mark = _MARKS[pick.state]
    title = pick.title or "no pull request into the release branch yet"
    return Row(
        key=pick.key,
        cells=(
            Cell((Span(_hash(pick.release_pull)),), mark, _number(pick)),
            cell(_hash(pick.trunk_pull), Tone.DIM),
            cell(title, Tone.PLAIN if pick.title else Tone.DIM),
            cell(pick.category, Tone.DIM),
            cell(_words(state, pick), mark.tone),
        ),
        url=pick.url,
        copy=pick_label(pick),
        search=f"{pick.author} {pick.state.value}",
    )


def _hash(number: int | None) -> str:
    return f"#{number}" if number else "–"


def _number(pick: Pick) -> int:
    return pick.release_pull or pick.trunk_pull or 0


def _words(state: ReleaseState, pick: Pick) -> str:
    if pick.candidate is not None:
        return f"in {pick.candidate.rpartition('-')[2]}"
    if pick.state is PickState.MERGED:
        return "merged, untagged"
    if not pick.nominated and not pick.state.decided:
        return "never nominated"
    nomination = _nomination(state, pick)
    late = nomination is not None and _late(state, nomination.posted_at)
    return f"{pick.state.value}, late" if late and not pick.state.decided else pick.state.value


def _nomination(state: ReleaseState, pick: Pick) -> Nomination | None:
    tracker = state.picks.value.tracker if state.picks.value else None
    wanted = (pick.trunk_pull, pick.release_pull)
    found = tracker.nominations if tracker else ()
    return next((n for n in reversed(found) if _names(n, wanted)), None)


def _names(nomination: Nomination, wanted: tuple[int | None, int | None]) -> bool:
    if nomination.release_pull is not None:
        return nomination.release_pull == wanted[1]
    return nomination.trunk_pull is not None and nomination.trunk_pull == wanted[0]


def _late(state: ReleaseState, posted_at: datetime) -> bool:
    closes = state.spec.schedule.picks_close
    return closes is not None and posted_at.date() > closes


def pick_detail(state: ReleaseState, key: str) -> Detail | None:
    """The whole life of one pick."""
    pick = next((pick for pick in state.queue if pick.key == key), None)
    if pick is None:
        return None
    mark = _MARKS[pick.state]
    pulls = state.picks.value.pulls if state.picks.value else ()
    pull = next((p for p in pulls if p.number == pick.release_pull), None)
    return detail(
        f"{pick_label(pick)} {pick.title}".rstrip(),
        field("state", Span(f"{mark.shape} {_words(state, pick)}", mark.tone)),
        field("author", pick.author or "–"),
        field("category", pick.category or "–"),
        field("trunk", _hash(pick.trunk_pull)),
        field("release", _hash(pick.release_pull)),
        _life(state, pick, pull),
        link(pick.url),
    )


def _life(state: ReleaseState, pick: Pick, pull: PullSummary | None) -> tuple[Line, ...]:
    lines = [heading("Its life")]
    nomination = _nomination(state, pick)
    if nomination is not None:
        late = ", after picks closed" if _late(state, nomination.posted_at) else ""
        lines.append(_event(state, nomination.posted_at, f"nominated by {nomination.author}{late}"))
        lines.append(field("", Span(nomination.url, Tone.DIM)))
    else:
        lines.append(line("never nominated on the tracker"))
    tracker = state.picks.value.tracker if state.picks.value else None
    numbers = {pick.trunk_pull, pick.release_pull} - {None}
    answers = [*(tracker.answers if tracker else ()), *state.record.decisions(state.spec.team)]
    for answer in sorted(answers, key=lambda a: a.posted_at):
        if answer.pull in numbers:
            text = f"{answer.verdict.value} by {answer.author}"
            lines.append(_event(state, answer.posted_at, text))
    if pull is not None:
        where = f"{pull.state}, head {pull.head_sha[:7]} of {pull.head_ref}"
        merged = f"merged as {pull.merged_sha[:7]}" if pull.merged_sha else where
        lines.append(_event(state, pull.updated_at, merged))
    if pick.candidate is not None:
        lines.append(line(Span(f"{PASSED.shape} first in {pick.candidate}", Tone.GOOD)))
    return tuple(lines)


def _event(state: ReleaseState, at: datetime, text: str) -> Line:
    when, age = Span(f"{timestamp(at)}  ", Tone.DIM), Span(f"  {ago(state.now - at)}", Tone.DIM)
    return line(when, text, age)
