"""The queue in full: everything about each pick that fits on one line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cockpit.release.criteria import Criterion, Rule
from cockpit.release.jobs import JobState
from cockpit.release.lookups import pick_label
from cockpit.release.nominations import Verdict
from cockpit.release.picks import Pick
from cockpit.release.prediction import Outcome
from cockpit.release.remembered import remembered
from cockpit.release.state import ReleaseState
from cockpit.views.ages import ago
from cockpit.views.framing import detail, field, line
from cockpit.views.marks import JOB_MARKS, MARKED, NEEDS_YOU, OPEN, PASSED, SKIPPED, Mark, Tone
from cockpit.views.picks import (
    STATE_ORDER,
    empty_queue,
    framed_queue,
    hashed,
    in_order,
    mark_of,
    proposal_of,
    queue_counts,
    resolution_of,
    standing,
    title_cell,
)
from cockpit.views.predictions import OUTCOME_MARKS, cause_lines
from cockpit.views.sorting import Order
from cockpit.views.table import Align, Cell, Column, Detail, Line, Pane, Row, Span, Table, cell

if TYPE_CHECKING:
    from cockpit.release.prediction import Prediction

COLUMNS = (
    Column("mark", ""),
    Column("state", "state"),
    Column("trunk", "trunk", Align.RIGHT),
    Column("pull", "pull", Align.RIGHT, rank=4),
    Column("title", "title", weight=3),
    Column("category", "category", rank=7),
    Column("rule", "rule", rank=5),
    Column("by", "nominated by", rank=6),
    Column("age", "when", Align.RIGHT, rank=9),
    Column("prediction", "comes to", rank=2),
    Column("word", "last word", rank=8),
    Column("ci", "CI", rank=3),
    Column("candidate", "first in", rank=10),
)
_RULES = {
    Rule.SATISFIED: ("within", Tone.DIM),
    Rule.ASKED: ("asks", Tone.WARN),
    Rule.NEEDED: ("needs", Tone.WARN),
    Rule.UNKNOWN: ("?", Tone.DIM),
}
"""In one word: within the rules, asks for special dispensation, or needs it."""
_CRITERIA = {
    Criterion.REGRESSION: "regression",
    Criterion.CRITICAL: "critical",
    Criterion.NEW_FEATURE: "new feature",
    Criterion.TESTS: "tests",
    Criterion.DOCS: "docs",
    Criterion.COMPILE: "compile",
    Criterion.RELEASE: "release",
    Criterion.REVERT: "revert",
    Criterion.DISPENSATION: "special",
    Criterion.UNKNOWN: "?",
}
"""Where a column is narrow."""
_VERDICTS = {
    Verdict.APPROVED: PASSED,
    Verdict.DENIED: SKIPPED,
    Verdict.NEEDS_INFO: OPEN,
    Verdict.UNDER_REVIEW: NEEDS_YOU,
}
_WORST = (Outcome.UNKNOWN, Outcome.CONFLICT, Outcome.EMPTY, Outcome.ALREADY, Outcome.CLEAN)


@remembered
def pick_queue(state: ReleaseState, order: Order, marked: frozenset[str]) -> Pane:
    """The queue in an order, with marks on some rows."""
    rows = tuple(_row(state, pick, marked=pick.key in marked) for pick in in_order(state))
    table = order.sorted(Table(COLUMNS, rows, empty_queue(state)))
    return framed_queue(state, table, queue_counts(state), "Picks")


def _row(state: ReleaseState, pick: Pick, *, marked: bool) -> Row:
    mark = mark_of(pick)
    word, tone = _RULES[pick.rule] if pick.nominated else ("", Tone.DIM)
    posted = pick.posted_at
    age = Span(ago(state.now - posted) if posted else "", Tone.DIM)
    return Row(
        key=pick.key,
        cells=(
            mark_cell(marked=marked),
            Cell((Span(standing(pick), mark.tone),), mark, STATE_ORDER[pick.state]),
            Cell((Span(hashed(pick.trunk_pull), Tone.DIM),), sort=pick.trunk_pull),
            Cell((Span(hashed(pick.release_pull)),), sort=pick.release_pull),
            title_cell(pick),
            cell(_CRITERIA[pick.criterion] if pick.nominated else "–", Tone.DIM),
            cell(word, tone),
            cell(pick.author if pick.nominated else "–", Tone.DIM),
            Cell((age,), sort=posted.timestamp() if posted else None),
            prediction_cell(pick),
            _word_cell(pick),
            _checks_cell(pick),
            cell(pick.candidate.rpartition("-")[2] if pick.candidate else "–", Tone.DIM),
        ),
        url=pick.url,
        copy=pick_label(pick),
        search=" ".join(_words_to_find(pick)),
    )


def _words_to_find(pick: Pick) -> Iterator[str]:
    yield from (
        pick.author,
        pick.category,
        pick.criterion.value,
        pick.state.value,
        pick.rule.value,
        pick.issue,
    )
    yield from map(hashed, pick.trunk_pulls)


def mark_cell(*, marked: bool) -> Cell:
    """The mark of a row; as wide without one, so that marking leaves every column where it is."""
    return Cell(mark=MARKED) if marked else cell(" ")


def prediction_cell(pick: Pick) -> Cell:
    """What it would come to: its pull request, else the worst of its commits."""
    outcome = worst_outcome(pick.forecast)
    if outcome is None:
        return cell("–", Tone.DIM)
    mark = OUTCOME_MARKS[outcome]
    return Cell((Span(outcome.value, mark.tone),), mark, _WORST.index(outcome))


def worst_outcome(predictions: tuple[Prediction, ...]) -> Outcome | None:
    """Of several commits the one that most needs somebody; None where nothing was predicted."""
    outcomes = {prediction.outcome for prediction in predictions}
    return next((outcome for outcome in _WORST if outcome in outcomes), None)


def _word_cell(pick: Pick) -> Cell:
    """Whose word counts, and how many others have approved."""
    if not pick.answers:
        return cell("–", Tone.DIM)
    last = pick.answers[-1]
    yes = len({a.author for a in pick.answers if a.verdict is Verdict.APPROVED})
    more = f" +{yes - 1}" if yes > 1 and last.verdict is Verdict.APPROVED else ""
    return cell(f"{last.author}{more}", mark=_VERDICTS[last.verdict])


def _checks_cell(pick: Pick) -> Cell:
    checks = pick.pull.checks if pick.pull else None
    if checks is None:
        return cell("–", Tone.DIM)
    mark: Mark = JOB_MARKS[checks.state]
    words = f"{len(checks.failed)} failed" if checks.failed else checks.state.value
    return Cell((Span(words, mark.tone),), mark, list(JobState).index(checks.state))


def pick_in_short(state: ReleaseState, key: str) -> Detail | None:
    """What the line of a pick has no room for; Enter shows the rest."""
    pick = next((pick for pick in state.queue if pick.key == key), None)
    if pick is None:
        return None
    return detail(f"{pick_label(pick)} {pick.title}".rstrip(), *_short_lines(state, pick))


def _short_lines(state: ReleaseState, pick: Pick) -> Iterator[Line]:
    for problem in pick.problems:
        yield line(Span(f"{NEEDS_YOU.shape} {problem}", Tone.WARN))
    if pick.nominated:
        said = f"{pick.category or '–'} ({pick.criterion.value}), {pick.rule.value}"
        yield field("nominated", f"by {pick.author or '?'}: {said}")
    if pick.finding is not None:
        yield field("found", f"{pick.finding.kind.value}: {pick.finding.why}")
    if said := proposal_of(state, pick):
        yield field("comes to", said)
    for prediction in pick.predictions:
        if prediction.outcome is Outcome.CONFLICT:
            yield field("conflict", "in " + ", ".join(prediction.files))
            yield from cause_lines(prediction)
            if made := resolution_of(state, pick):
                yield field("", made)
        elif prediction.why:
            yield field(prediction.outcome.value, prediction.why)
    if pick.issue:
        yield field("issue", pick.issue)
    checks = pick.pull.checks if pick.pull else None
    if checks is not None and checks.failed:
        yield field("CI", Span(f"failed: {', '.join(checks.failed)}", Tone.BAD))
