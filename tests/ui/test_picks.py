"""The Picks screens by keys: sorted and marked queue, one pick, its diff, findings, end state."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest
from textual.widgets import Input

from cockpit.app import CockpitApp
from cockpit.errors import CockpitError
from cockpit.release.forecast import PredictionReading
from cockpit.release.nominations import Comment, Verdict
from cockpit.release.pickorder import QueueSimulation, Simulation
from cockpit.release.prediction import (
    NO_PARENT_NAMED,
    Cause,
    Evidence,
    FileConflict,
    Origin,
    Outcome,
    Prediction,
    Region,
)
from cockpit.release.state import ReleaseState
from cockpit.release.trunk import Finding, FindingKind
from cockpit.views.end_state import end_state_pane
from cockpit.views.lacking import COLUMNS, lacking_pane
from cockpit.views.pick_life import forecast_lines
from cockpit.views.queue import queue_lines
from cockpit.views.sorting import Order
from screens.diff import DiffScreen
from screens.end_state import EndStateScreen
from screens.pick import PickScreen
from screens.picks import LackingScreen, PicksScreen
from tests.release.states import (
    MERGED_PULLS,
    NOMINATIONS,
    NOW,
    PICK_2,
    answer,
    feed,
    landing,
    nomination,
    pull,
    sha,
    tracked,
    trunk,
    with_,
)
from tests.ui.still import Driven, StillCockpit, shown, toasts, until
from widgets.columns import Fitted, fit_columns, natural_widths, row_widths

REGION = Region(3, "<<<<<<< ours\nold\n=======\nnew\n>>>>>>> theirs")
LACKED = Cause(sha("lacked"), "Rename the kernel", Evidence.LINES, ("torch/a.py",))
CLEAN = Prediction(sha("trunk 8"), "Change 8", Outcome.CLEAN, "1" * 40)
STUCK = Prediction(
    sha("trunk 7"),
    "Change 7",
    Outcome.CONFLICT,
    None,
    (FileConflict("torch/a.py", ("contents",), regions=(REGION,)),),
    (LACKED,),
)
FOUND = Finding(
    FindingKind.MISSING_FIX, sha("trunk 9"), 9, "Change 9", "#5 of the milestone: fixed on trunk"
)


def busy() -> ReleaseState:
    """Two nominations, one of which conflicts, a finding, and what was merged."""
    pulls = (*MERGED_PULLS, pull(20, "Fix seven"), pull(21, "Fix eight"))
    nominations = (*NOMINATIONS, nomination(7, 20), nomination(8, 21, hours=30))
    queue = tracked(pulls, nominations, (answer(21, Verdict.APPROVED),))
    better = Simulation(
        (CLEAN, msgspec.structs.replace(STUCK, outcome=Outcome.CLEAN, tree="2" * 40))
    )
    simulation = QueueSimulation(Simulation((STUCK, CLEAN)), better)
    return with_(
        picks=feed(queue),
        trunk=feed(trunk(landing(7), landing(8), landing(9), findings=(FOUND,)), "git"),
        predictions=feed(PredictionReading(PICK_2.sha, (STUCK, CLEAN), simulation), "git"),
    )


async def open_queue(app: CockpitApp, driven: Driven) -> PicksScreen:
    await until(driven, lambda: "NEXT" in shown(app))
    await driven.press("3", "enter")
    await until(driven, lambda: isinstance(app.screen, PicksScreen) and "Fix seven" in shown(app))
    screen = app.screen
    assert isinstance(screen, PicksScreen)
    return screen


async def test_a_click_on_the_row_under_the_cursor_does_what_enter_does() -> None:
    app = CockpitApp(StillCockpit(busy()))
    async with app.run_test(size=(120, 40)) as driven:
        screen = await open_queue(app, driven)
        table = screen.pane.table
        await driven.click(table, offset=(4, 1 + table.cursor_row))
        await until(driven, lambda: isinstance(app.screen, PickScreen))


@pytest.mark.parametrize("size", [(80, 24), (160, 48)])
async def test_order_marks_and_filter_survive_a_refresh(size: tuple[int, int]) -> None:
    cockpit = StillCockpit(busy())
    app = CockpitApp(cockpit)
    async with app.run_test(size=size) as driven:
        screen = await open_queue(app, driven)
        keys = [row.key for row in screen.pane.table.rows_shown]
        assert keys[:2] == ["pull-20", f"commit-{FOUND.commit}"]
        await driven.press("space", "j", "space")
        await until(driven, lambda: "2 marked" in shown(app))
        assert screen.selection is not None
        assert screen.selection.marked == ("pull-20", "pull-21")
        await driven.press("full_stop", "full_stop", "comma")
        await until(driven, lambda: "2 marked · by trunk ↓" in shown(app))
        await driven.press("slash")
        await until(driven, lambda: isinstance(app.focused, Input))
        await driven.press(*"eight", "enter")
        await until(driven, lambda: "1 hidden" in shown(app))
        cockpit.become(msgspec.structs.replace(busy(), now=NOW + timedelta(minutes=1)))
        await until(driven, lambda: "2 marked, 1 hidden · by" in shown(app))
        assert screen.pane.row_filter.text == "eight"
        await driven.press("escape")
        await until(driven, lambda: "Fix seven" in shown(app))
        order = [row.key for row in screen.pane.table.rows_shown]
        assert order == ["pull-13", "pull-12", f"commit-{FOUND.commit}", "pull-21", "pull-20"]
        await driven.press("V")
        await until(driven, lambda: "Deny" in shown(app) and "reason" in shown(app))
        await driven.press(*"late", "enter")
        await until(driven, lambda: cockpit.planned)
        assert cockpit.planned == [("deny", {"pull": "21,20", "reason": "late"})]


async def test_marks_count_where_a_filter_hides_every_row() -> None:
    cockpit = StillCockpit(busy())
    app = CockpitApp(cockpit)
    async with app.run_test(size=(120, 40)) as driven:
        await open_queue(app, driven)
        await driven.press("space", "slash")
        await until(driven, lambda: isinstance(app.focused, Input))
        await driven.press(*"nobody", "enter")
        await until(driven, lambda: "1 marked, 1 hidden" in shown(app))
        await driven.press("space")
        await until(driven, lambda: any("no row is selected" in text for text in toasts(app)))
        await driven.press("a")
        await until(driven, lambda: cockpit.planned)
        assert cockpit.planned == [("approve", {"pull": "20"})]


@pytest.mark.parametrize("size", [(80, 24), (160, 48)])
async def test_one_pick_tells_its_life_its_conflict_and_what_is_said(size: tuple[int, int]) -> None:
    cockpit = StillCockpit(busy())
    said = "Could you [bold]rebase[/bold]?\n\n<!-- release-cockpit ask-pick -->"
    cockpit.comments = (Comment(1, "ada", said, NOW, None, "https://github.example/c1"),)
    app = CockpitApp(cockpit)
    async with app.run_test(size=size) as driven:
        await open_queue(app, driven)
        await driven.press("enter")
        await until(driven, lambda: isinstance(app.screen, PickScreen))
        await until(driven, lambda: "nominated by grace" in shown(app))
        if size[0] < 100:
            await driven.press("tab", "end")
        await until(driven, lambda: "Could you [bold]rebase[/bold]?" in shown(app))
        assert "<!--" not in shown(app)
        if size[0] >= 100:
            told = ("<<<<<<< ours", LACKED.commit[:7], "Rename the kernel", "#20 brings somebody")
            for words in told:
                assert words in shown(app)
        cockpit.comments = CockpitError("GitHub is away", "no answer", "")
        await driven.press("r")
        await until(driven, lambda: "GitHub is away: no answer · r reads again" in shown(app))
        await driven.press("slash")
        await until(driven, lambda: any("p opens it" in text for text in toasts(app)))
        await driven.press("u")
        await until(driven, lambda: isinstance(app.screen, DiffScreen))
        await until(driven, lambda: "diff --git a/pull-20" in shown(app))
        await driven.press("n")
        await until(driven, lambda: "1 of 1 files" in shown(app))
        await driven.press("escape", "escape", "escape")
        await until(driven, lambda: len(app.screen_stack) == 1)


async def test_next_acts_on_the_pick_that_it_names() -> None:
    cockpit = StillCockpit(busy())
    app = CockpitApp(cockpit)
    async with app.run_test(size=(160, 48)) as driven:
        await until(driven, lambda: "approve #20, or decide otherwise" in shown(app))
        await driven.press("e")
        await until(driven, lambda: cockpit.planned)
        assert cockpit.planned == [("approve", {"pull": "20"})]


async def test_of_a_merge_the_parent_is_asked_for_before_the_plan() -> None:
    merge = msgspec.structs.replace(STUCK, outcome=Outcome.UNKNOWN, why=NO_PARENT_NAMED)
    predicted = feed(PredictionReading(PICK_2.sha, (merge, CLEAN)), "git")
    pulls = (*MERGED_PULLS, pull(21, "Fix eight"))
    queue = tracked(pulls, (*NOMINATIONS, nomination(7, None)), ())
    state = msgspec.structs.replace(busy(), predictions=predicted, picks=feed(queue))
    cockpit = StillCockpit(state)
    app = CockpitApp(cockpit)
    async with app.run_test(size=(160, 48)) as driven:
        await until(driven, lambda: "NEXT" in shown(app))
        await driven.press("3", "C")
        await until(driven, lambda: "Mainline: the parent that a merge is seen from" in shown(app))
        await driven.press("1", "enter")
        await until(driven, lambda: cockpit.planned)
        words = {"change": "7", "mainline": "1", "category": "Critical"}
        assert cockpit.planned == [("pick", words)]


async def test_findings_say_why_and_become_picks() -> None:
    cockpit = StillCockpit(busy())
    app = CockpitApp(cockpit)
    async with app.run_test(size=(160, 48)) as driven:
        await open_queue(app, driven)
        await driven.press("underscore")
        await until(driven, lambda: isinstance(app.screen, LackingScreen))
        await until(driven, lambda: "missing fix" in shown(app) and "not yet" in shown(app))
        assert "#5 of the milestone: fixed on trunk" in shown(app)
        await driven.press("U")
        await until(driven, lambda: "Category" in shown(app))
        await driven.press(*"docs", "enter")
        await until(driven, lambda: cockpit.planned)
        assert cockpit.planned == [("nominate", {"pull": "9", "category": "docs"})]


def test_it_is_said_whether_trunks_commit_or_the_pull_request_would_land() -> None:
    proposed = Prediction(sha("head20"), "Fix", Outcome.CLEAN, "3" * 40, of=Origin.PULL)
    state = busy()
    reading = state.predictions.value
    assert reading is not None
    simulation = QueueSimulation(Simulation((proposed, CLEAN)), None)
    replaced = msgspec.structs.replace(reading, pulls=(proposed,), simulation=simulation)
    state = msgspec.structs.replace(state, predictions=feed(replaced, "git"))
    told = "\n".join(line.text for line in queue_lines(state, state.queue))
    assert "clean as #20 has it" in told
    assert "conflict in torch/a.py" in told, "trunk's own stays"
    assert "of trunk's commit: the head of #21 has not been read" in told
    (pick,) = (pick for pick in state.queue if pick.proposed)
    life = "\n".join(line.text for line in forecast_lines(state, pick))
    assert "(a pull request, squashed)" in life
    assert f"{STUCK.commit[:7]}  Change 7" in life
    rows = {row.key: row for row in end_state_pane(state, 0, None).table.rows}
    keys = (proposed.commit, CLEAN.commit)
    cells = [[cell.text for cell in rows[key].cells[3:5]] for key in keys]
    assert cells == [["pull request", "#20"], ["trunk commit", "#21"]]


def test_marking_leaves_every_column_of_the_findings_where_it_is() -> None:
    wordy = msgspec.structs.replace(FOUND, title="Fix the kernel " * 5, why="fixed on trunk " * 5)
    found = feed(trunk(landing(7), landing(8), landing(9), findings=(wordy,)), "git")
    state = msgspec.structs.replace(busy(), trunk=found)

    def fitted(width: int, *marked: str) -> tuple[Fitted, ...]:
        table = lacking_pane(state, Order(), frozenset(marked)).table
        return fit_columns(
            table.columns, natural_widths(table.columns, map(row_widths, table.rows)), width
        )

    for width in range(60, 200):
        columns = fitted(width)
        assert columns == fitted(width, f"commit-{FOUND.commit}")
        shown_keys = {COLUMNS[column.index].key for column in columns}
        assert "why" in shown_keys or "prediction" not in shown_keys


async def test_the_end_state_is_shown_in_both_orders_with_its_files() -> None:
    app = CockpitApp(StillCockpit(busy()))
    async with app.run_test(size=(160, 48)) as driven:
        await open_queue(app, driven)
        await driven.press("equals_sign")
        await until(driven, lambda: isinstance(app.screen, EndStateScreen))
        await until(driven, lambda: "2 files change, +4 −2" in shown(app))
        assert f"torch/a.py; lacks {LACKED.commit[:7]}" in shown(app)
        assert "1" * 40 in shown(app)
        await driven.press("full_stop")
        await until(driven, lambda: "in the order with fewer conflicts" in shown(app))
        assert "2" * 40 in shown(app)
        await driven.press("u")
        await until(driven, lambda: "diff --git a/x b/x" in shown(app))
