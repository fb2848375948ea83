"""The queue as it would end: what lands in which order, and the branch that comes of it."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.release.changes import ChangedFile, EndState
from cockpit.release.commits import short
from cockpit.release.lookups import pick_label
from cockpit.release.pickorder import Simulation
from cockpit.release.picks import Pick
from cockpit.release.prediction import Outcome, Prediction
from cockpit.release.remembered import remembered
from cockpit.release.state import ReleaseState
from cockpit.release.words import counted
from cockpit.views.framing import framed, line
from cockpit.views.marks import FAILED, PASSED, Tone
from cockpit.views.picks import standing
from cockpit.views.predictions import OUTCOME_MARKS, prediction_lines
from cockpit.views.table import Align, Cell, Column, Detail, Line, Pane, Row, Span, Table, cell

COLUMNS = (
    Column("at", "", Align.RIGHT),
    Column("outcome", "comes to"),
    Column("commit", "commit"),
    Column("of", "of", rank=4),
    Column("pick", "pick", rank=1),
    Column("title", "title or file", weight=3),
    Column("state", "state", rank=2),
    Column("why", "in the way", weight=2, rank=3),
)
_FILE = "file:"
_ORDER, _FILES = "order", "files"
_HEADINGS = {
    _ORDER: "What is approved lands first, then what is nominated, in the order trunk has it; "
    "of an open pull request its squash, else trunk's commit",
    _FILES: "What the branch would change in all; u shows it",
}


def simulations(state: ReleaseState) -> tuple[Simulation, ...]:
    """The queue in its order, and in one that has fewer conflicts where there is such."""
    reading = state.predictions.value
    found = reading.simulation if reading else None
    if found is None:
        return ()
    return (found.as_given, *((found.better,) if found.better else ()))


@remembered
def end_state_pane(
    state: ReleaseState, which: int, ended: EndState | None, trouble: str = ""
) -> Pane:
    """The commits in one of the orders, and below them the files that change."""
    orders = simulations(state)
    chosen = orders[which % len(orders)] if orders else None
    rows = tuple(_rows(state, chosen, ended)) if chosen else ()
    table = Table(COLUMNS, rows, "nothing of the queue waits to land")
    title = f"{state.spec.core.release_branch} once the queue has landed"
    summary = tuple(_summary(orders, chosen, ended, trouble)) if chosen else ()
    return framed(state, "end-state", title, ("predictions", "picks"), table, summary)


def order_words(state: ReleaseState, which: int) -> str:
    """Which order is shown."""
    orders = simulations(state)
    if len(orders) < 2:
        return "in the order of the queue"
    better = which % len(orders) == 1
    return "in the order with fewer conflicts" if better else "in the order of the queue"


def end_state_detail(state: ReleaseState, which: int, key: str) -> Detail | None:
    """What one commit comes to where it stands in the order."""
    orders = simulations(state)
    found = orders[which % len(orders)].predictions if orders else ()
    prediction = next((each for each in found if each.commit == key), None)
    if prediction is not None:
        lines = list(prediction_lines((prediction,), details=True))[:-1]
        return Detail(prediction.title, tuple(lines))
    if key in _HEADINGS:
        return Detail(_HEADINGS[key], (line("Enter folds what stands below it"),))
    if key.startswith(_FILE):
        return Detail(key.removeprefix(_FILE), (line("u shows what changes in it"),))
    return None


def _summary(
    orders: tuple[Simulation, ...],
    chosen: Simulation,
    ended: EndState | None,
    trouble: str,
) -> Iterator[Line]:
    lands = sum(each.lands for each in chosen.predictions)
    stuck = len(chosen.in_the_way)
    needs = Span(f"   {FAILED.shape} {stuck} in the way" if stuck else "", Tone.BAD)
    would = counted(lands, "commit lands", "commits land")
    yield line(Span(f"{PASSED.shape} {would}", Tone.GOOD), needs)
    if chosen.tree:
        yield line(f"the branch would have the tree {chosen.tree}")
    if len(orders) > 1:
        other = next(order for order in orders if order is not chosen)
        left = len(other.in_the_way)
        yield line(Span(f"in the other order {left} would be in the way: . shows it", Tone.DIM))
    if trouble:
        yield line(Span(f"its files could not be read: {trouble}", Tone.WARN))
    elif ended is None:
        yield line(Span("its files are being read…", Tone.DIM))


def _rows(state: ReleaseState, chosen: Simulation, ended: EndState | None) -> Iterator[Row]:
    picks = {sha: pick for pick in state.queue for sha in pick.commits}
    picks |= {pick.proposed.commit: pick for pick in state.queue if pick.proposed}
    yield _heading(_ORDER, f"{counted(len(chosen.predictions), 'commit')}, first to last")
    for at, prediction in enumerate(chosen.predictions, 1):
        yield _commit_row(at, prediction, picks.get(prediction.commit))
    if ended is not None and ended.files:
        added = sum(file.added or 0 for file in ended.files)
        removed = sum(file.removed or 0 for file in ended.files)
        files = counted(len(ended.files), "file changes", "files change")
        yield _heading(_FILES, f"{files}, +{added} −{removed}")
        yield from map(_file_row, ended.files)


def _heading(key: str, text: str) -> Row:
    blank = Cell()
    cells = (blank, blank, blank, blank, blank, cell(text, Tone.ACCENT), blank, blank)
    return Row(key, cells, heading=True)


def _commit_row(at: int, prediction: Prediction, pick: Pick | None) -> Row:
    mark = OUTCOME_MARKS[prediction.outcome]
    return Row(
        key=prediction.commit,
        cells=(
            cell(at, Tone.DIM),
            Cell((Span(prediction.outcome.value, mark.tone),), mark),
            cell(short(prediction.commit), Tone.DIM),
            cell(prediction.of.value, Tone.DIM),
            cell(pick_label(pick) if pick else "–", Tone.DIM),
            cell(prediction.title),
            cell(standing(pick) if pick else "–", Tone.DIM),
            cell(_in_the_way(prediction), Tone.DIM),
        ),
        url=pick.url if pick else "",
        copy=prediction.commit,
        group=_ORDER,
    )


def _in_the_way(prediction: Prediction) -> str:
    if prediction.outcome is Outcome.CONFLICT:
        lacking = ", ".join(short(cause.commit) for cause in prediction.caused_by)
        lacks = f"; lacks {lacking}" if lacking else ""
        return ", ".join(prediction.files) + lacks
    return prediction.why


def _file_row(file: ChangedFile) -> Row:
    counts = "binary" if file.added is None else f"+{file.added} −{file.removed}"
    blank = Cell()
    cells = (blank, cell(counts, Tone.DIM), blank, blank, blank, cell(file.path), blank, blank)
    return Row(f"{_FILE}{file.path}", cells, copy=file.path, group=_FILES)
