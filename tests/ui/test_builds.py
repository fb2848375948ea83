"""The Builds screen by keys: matrix and list, one job, its log, and two candidates compared."""

from __future__ import annotations

import msgspec
import pytest
from textual.widgets import Input

from cockpit.app import CockpitApp
from cockpit.errors import CockpitError
from cockpit.release.job_logs import JobLog
from cockpit.release.jobs import EarlierBuilds, JobState, LibraryBuilds, Step
from cockpit.release.state import ReleaseState
from screens.builds import BuildsScreen
from screens.builds_comparison import BuildsComparisonScreen
from screens.job import JobScreen
from screens.log import LogScreen
from tests.release.states import GREEN, NOW, RC1, VISION, builds, feed, green_jobs, job, with_
from tests.ui.still import Driven, StillCockpit, shown, toasts, until
from tests.ui.test_dashboard import SCROLLBARS
from tests.views.test_builds import FAILED_ONCE, RED

STEPS = (
    Step(1, "Set up job", JobState.PASSED, "success", NOW, NOW),
    Step(2, "Test", JobState.FAILED, "failure", NOW, NOW),
)
LINES = (
    *(f"2026-10-15T13:00:00.0Z quiet {number}" for number in range(200)),
    "2026-10-15T14:03:12.0Z ##[group]Test",
    "2026-10-15T14:03:13.0Z ##[error]AssertionError: 1 != 2",
    *(f"2026-10-15T14:03:14.0Z quiet {number}" for number in range(200, 300)),
    "2026-10-15T14:03:15.0Z fatal: the end",
)
RED_KEY = "linux-binary-manywheel / manywheel-py3_12-cpu-test / test"
EARLIER = feed(EarlierBuilds((builds(*green_jobs(), of=RC1),)))


def red_state() -> ReleaseState:
    """One failed test, an earlier candidate, and other jobs than wheels."""
    found = builds(*RED.jobs, job(1, "docs build / build", "nightly"), job(2, "get-label-type"))
    return with_(builds=feed(found), earlier=EARLIER)


async def open_builds(app: CockpitApp, driven: Driven) -> BuildsScreen:
    await until(driven, lambda: "NEXT" in shown(app))
    await driven.press("2", "enter")
    await until(driven, lambda: isinstance(app.screen, BuildsScreen))
    await until(driven, lambda: "build test upload" in shown(app))
    assert isinstance(app.screen, BuildsScreen)
    return app.screen


async def test_matrix_and_list_show_the_same_job() -> None:
    app = CockpitApp(StillCockpit(red_state()))
    async with app.run_test(size=(120, 40)) as driven:
        screen = await open_builds(app, driven)
        # The dashboard's cursor was on the failed job, which comes first there.
        await until(driven, lambda: "linux x86_64 · cpu · Python 3.12" in shown(app))
        selection = screen.selection
        assert selection is not None
        assert selection.key == RED_KEY
        assert selection.url == "https://github.example/jobs/1001"
        assert len(selection.jobs) == 3
        assert "superseded by attempt 2" in shown(app)
        await driven.press("right", "j")
        await until(driven, lambda: "linux x86_64 · cu126 · Python 3.13" in shown(app))
        await driven.press("n")
        await until(driven, lambda: "linux x86_64 · cpu · Python 3.12" in shown(app))
        await driven.press("M")
        await until(driven, lambda: "what needs somebody first" in shown(app))
        assert screen.selection is not None
        assert screen.selection.key == RED_KEY
        await driven.press("G")
        await until(driven, lambda: screen.cursor_key != RED_KEY)
        await driven.press("M")
        await until(driven, lambda: "build test upload" in shown(app))
        await driven.press("escape")
        await until(driven, lambda: len(app.screen_stack) == 1)


async def test_the_list_is_grouped_folded_and_filtered() -> None:
    app = CockpitApp(StillCockpit(red_state()))
    async with app.run_test(size=(120, 40)) as driven:
        screen = await open_builds(app, driven)
        await driven.press("s", "s")
        await until(driven, lambda: "by workflow" in shown(app))
        table = screen.pane.table
        headings = [row.copy for row in table.rows_shown if row.heading]
        assert headings == sorted({found.workflow for found in RED.jobs} | {"nightly"})
        await driven.press("f")
        await until(driven, lambda: all(row.heading for row in table.rows_shown))
        assert table.select("group:nightly")
        await driven.press("enter")
        await until(driven, lambda: any(not row.heading for row in table.rows_shown))
        assert [row.copy for row in table.rows_shown if not row.heading] == [
            "nightly / docs build / build"
        ]
        await driven.press("slash")
        await until(driven, lambda: isinstance(app.focused, Input))
        await driven.press(*"cu126", "enter")
        await until(driven, lambda: "/ cu126  9 of 80" in shown(app))
        assert [row.copy for row in table.rows_shown if row.heading] == ["linux-binary-manywheel"]
        await driven.press("escape", "f", "f")
        await until(driven, lambda: len(table.rows_shown) == 80 + len(headings))
        assert table.select(table.rows_shown[0].key)
        await driven.click(table, offset=(4, 1))
        await until(driven, lambda: table.rows_shown[1].heading)


async def test_a_group_below_the_matrix_leads_to_its_jobs() -> None:
    app = CockpitApp(StillCockpit(red_state()))
    async with app.run_test(size=(120, 40)) as driven:
        screen = await open_builds(app, driven)
        await driven.press("G")
        await until(driven, lambda: screen.cursor_key == "more:linux-binary-manywheel")
        await driven.press("enter")
        await until(driven, lambda: "by workflow" in shown(app))
        await until(driven, lambda: screen.cursor_key == "linux-binary-manywheel / get-label-type")


async def test_a_refresh_keeps_the_cell_and_moves_its_marks() -> None:
    cockpit = StillCockpit(red_state())
    app = CockpitApp(cockpit)
    async with app.run_test(size=(120, 40)) as driven:
        screen = await open_builds(app, driven)
        await driven.press("down", "right")
        key = screen.cursor_key
        assert "✖" in shown(app)
        cockpit.become(with_(builds=feed(builds(*green_jobs()))))
        await until(driven, lambda: "✖ 0" in shown(app) and "✔✖✔" not in shown(app))
        assert screen.cursor_key == key


async def test_a_large_release_has_pages_on_a_small_terminal() -> None:
    app = CockpitApp(StillCockpit(red_state()))
    async with app.run_test(size=(80, 20)) as driven:
        screen = await open_builds(app, driven)
        await until(driven, lambda: "page 1 of 2" in shown(app))
        await driven.press("pagedown")
        await until(driven, lambda: "page 2 of 2" in shown(app))
        await driven.press("g")
        await until(driven, lambda: "page 1 of 2" in shown(app))
        await driven.press("right_square_bracket", "up")
        await until(driven, lambda: "page 1 of 2" in shown(app), "moving turns the page")
        assert screen.cursor_key


async def test_a_library_has_its_builds_in_the_same_screen() -> None:
    jobs = (job(1, "wheel-py3_12-cpu / build", "Build Linux Wheels"),)
    library = msgspec.structs.replace(builds(*jobs), repository=VISION.name)
    app = CockpitApp(StillCockpit(with_(libraries=feed(LibraryBuilds((library,))))))
    async with app.run_test(size=(120, 40)) as driven:
        await until(driven, lambda: "NEXT" in shown(app))
        await driven.press("1", "down", "i")
        await until(driven, lambda: any("no builds of test-infra" in t for t in toasts(app)))
        await driven.press("down", "i")
        await until(driven, lambda: "Builds of vision" in shown(app))
        await driven.press("i")
        await until(driven, lambda: "Candidate builds · v2.15.0-rc2" in shown(app))


async def test_a_job_is_read_when_it_is_opened_and_its_log_at_the_failing_line() -> None:
    cockpit = StillCockpit(red_state())
    cockpit.steps = STEPS
    cockpit.log = JobLog(LINES, 203_000_000, whole=False)
    cockpit.reads_ready.clear()
    app = CockpitApp(cockpit)
    async with app.run_test(size=(120, 40)) as driven:
        await open_builds(app, driven)
        await driven.press("enter")
        await until(driven, lambda: isinstance(app.screen, JobScreen))
        await until(driven, lambda: "reading…" in shown(app))
        assert "failed in" in shown(app), "what is known already is shown meanwhile"
        cockpit.reads_ready.set()
        await until(driven, lambda: "✖ Test" in shown(app) and "✔ Set up job" in shown(app))
        assert cockpit.asked == [(GREEN.spec.core.name, 1001)]
        await driven.press("enter")
        await until(driven, lambda: isinstance(app.screen, LogScreen))
        await until(driven, lambda: "✖ AssertionError: 1 != 2" in shown(app))
        assert "the last 303 lines of 203 MB" in shown(app)
        assert "1 of 2 failing lines" in shown(app)
        await driven.press("n")
        await until(driven, lambda: "fatal: the end" in shown(app))
        await driven.press("n")
        await until(driven, lambda: "1 of 2 failing lines" in shown(app), "around the circle")
        await driven.press("y")
        await until(driven, lambda: any("lines" in text for text in toasts(app)))
        assert "AssertionError: 1 != 2" in app.clipboard
        assert "2026-10-15T" not in app.clipboard
        await driven.press("slash")
        await until(driven, lambda: isinstance(app.focused, Input))
        await driven.press(*"quiet", "space", *"150", "enter")
        await until(driven, lambda: "/ quiet 150" in shown(app))
        await until(driven, lambda: "quiet 150" in shown(app).replace("/ quiet 150", ""))
        await driven.press("escape")
        await until(driven, lambda: "failing lines" in shown(app))
        await driven.press("escape", "escape", "escape")
        await until(driven, lambda: len(app.screen_stack) == 1)


async def test_a_log_and_steps_that_cannot_be_read_say_why_and_are_asked_for_again() -> None:
    cockpit = StillCockpit(red_state())
    cockpit.steps = cockpit.log = CockpitError("The log has expired", "it is gone", "re-run it")
    app = CockpitApp(cockpit)
    async with app.run_test(size=(120, 40)) as driven:
        await open_builds(app, driven)
        await driven.press("enter")
        await until(driven, lambda: "The log has expired: it is gone · re-run it" in shown(app))
        await driven.press("L")
        await until(driven, lambda: isinstance(app.screen, LogScreen))
        await until(driven, lambda: "The log has expired: it is gone · re-run it" in shown(app))
        cockpit.log = JobLog((), 0, whole=True)
        await driven.press("r")
        await until(driven, lambda: "the log is empty" in shown(app))
        await driven.press("n")
        await until(driven, lambda: any("no failing line" in text for text in toasts(app)))
        await driven.press("p")
        await until(driven, lambda: any("pager" in text for text in toasts(app)))


async def test_a_job_that_went_on_is_read_again() -> None:
    cockpit = StillCockpit(red_state())
    cockpit.steps = STEPS
    app = CockpitApp(cockpit)
    async with app.run_test(size=(120, 40)) as driven:
        await open_builds(app, driven)
        await driven.press("enter")
        await until(driven, lambda: len(cockpit.asked) == 1)
        again = [
            msgspec.structs.replace(
                found,
                id=9001,
                attempt=3,
                state=JobState.RUNNING,
                conclusion=None,
                completed_at=None,
                superseded=(FAILED_ONCE,),
            )
            if found.state is JobState.FAILED
            else found
            for found in RED.jobs
        ]
        cockpit.become(with_(builds=feed(builds(*again))))
        await until(driven, lambda: len(cockpit.asked) == 2)
        assert cockpit.asked[1] == (GREEN.spec.core.name, 9001)
        await driven.press("tab")
        await until(driven, lambda: len(cockpit.asked) == 3, "the upload of the same wheel")
        cockpit.become(with_(builds=feed(builds())))
        await until(driven, lambda: "does not list this job any more" in shown(app))


async def test_a_running_job_has_no_log_yet() -> None:
    running = [
        msgspec.structs.replace(found, state=JobState.RUNNING, conclusion=None, completed_at=None)
        for found in green_jobs()
    ]
    app = CockpitApp(StillCockpit(with_(builds=feed(builds(*running)))))
    async with app.run_test(size=(120, 40)) as driven:
        await open_builds(app, driven)
        await driven.press("L")
        await until(driven, lambda: any("when it has ended" in text for text in toasts(app)))


async def test_candidates_are_compared_with_one_key() -> None:
    app = CockpitApp(StillCockpit(red_state()))
    async with app.run_test(size=(120, 40)) as driven:
        await open_builds(app, driven)
        await driven.press("m")
        await until(driven, lambda: isinstance(app.screen, BuildsComparisonScreen))
        await until(driven, lambda: "Builds of v2.15.0-rc2 against v2.15.0-rc1" in shown(app))
        assert "1 newly red" in shown(app)
        assert isinstance(app.screen, BuildsComparisonScreen)
        await driven.press("M")
        await until(driven, lambda: "≠ differs" in shown(app) and "✔✖✔≠" in shown(app))
        await driven.press("g", "M")
        await until(driven, lambda: "≠ differs" not in shown(app))
        rows = app.screen.pane.table.rows_shown
        await driven.press("g", "enter")
        await until(driven, lambda: len(app.screen.pane.table.rows_shown) < len(rows))  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("size", "plain"), [((80, 24), True), ((120, 40), False), ((160, 48), True)]
)
async def test_every_size_shows_red_in_words_and_shape(size: tuple[int, int], plain: bool) -> None:
    app = CockpitApp(StillCockpit(red_state()), plain_ascii=plain)
    async with app.run_test(size=size) as driven:
        await open_builds(app, driven)
        mark, text = ("+x+" if plain else "✔✖✔"), "failed in Test"
        await until(driven, lambda: mark in shown(app) and text in shown(app))
        strange = {character for character in shown(app) if not character.isascii()}
        assert not plain or strange <= set(SCROLLBARS)
