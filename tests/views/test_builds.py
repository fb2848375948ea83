"""The builds as a grid, their legend, and the detail of a cell, a group and a job."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from cockpit.release.artifacts import Artifacts
from cockpit.release.build_comparison import Turn
from cockpit.release.build_groups import Grouping
from cockpit.release.job_logs import JobLog
from cockpit.release.jobs import (
    Attempt,
    CandidateBuilds,
    Check,
    Checks,
    EarlierBuilds,
    Job,
    JobState,
    LibraryBuilds,
    Step,
)
from cockpit.release.state import ReleaseState
from cockpit.release.support import Cell, SupportMatrix
from cockpit.views.build_details import job_detail, place_detail
from cockpit.views.build_files import doubted
from cockpit.views.build_grid import (
    CHECKS,
    Grid,
    build_grid,
    foremost,
    jobs_at,
    key_of,
    wheel_key,
    wheel_of,
)
from cockpit.views.build_progress import progress_plot
from cockpit.views.build_subject import build_repositories, build_subject
from cockpit.views.builds import build_summary, builds_pane, legend
from cockpit.views.builds_comparison import builds_comparison_detail, builds_comparison_pane
from cockpit.views.comparison_grid import (
    compared_at,
    comparison_grid,
    comparison_place_detail,
    foremost_compared,
)
from cockpit.views.job_log import log_extent, log_spans
from cockpit.views.job_steps import steps_pane
from cockpit.views.marks import (
    CANCELLED,
    DIFFERS,
    EXPECTED,
    FAILED,
    FLAKY,
    NEEDS_YOU,
    NEVER_STARTED,
    PASSED,
    RUNNING,
    SKIPPED,
    SLOW,
    Mark,
    Tone,
)
from cockpit.views.table import Detail, Line
from cockpit.views.width import cell_width
from tests.release.states import (
    CORE,
    GREEN,
    NOW,
    PICK_2,
    RC1,
    VISION,
    VISION_RC1,
    builds,
    feed,
    green_jobs,
    job,
    job_name,
    listing,
    with_,
)
from tests.release.test_durations import going

FIRST = Cell("linux", "x86_64", "cpu", "3.12")
SECOND = Cell("linux", "x86_64", "cpu", "3.13")
MACOS = Cell("macos", "arm64", "cpu", "3.12")


def state_of(found: CandidateBuilds, **changes: object) -> ReleaseState:
    return msgspec.structs.replace(GREEN, builds=feed(found), **changes)


def grid_of(found: CandidateBuilds, **changes: object) -> Grid:
    return build_grid(state_of(found, **changes))


def marks(grid: Grid, cell: Cell) -> tuple[Mark | None, ...]:
    for row in grid.rows:
        for found in row.cells:
            if found is not None and found.key == wheel_key(cell):
                return found.marks
    raise LookupError(cell)


def text(detail: Detail | None) -> str:
    assert detail is not None
    return "\n".join([detail.title, *words(detail.lines)])


def words(lines: tuple[Line, ...]) -> list[str]:
    return [line.text for line in lines]


def changed(cell: Cell, stage: str, **changes: object) -> CandidateBuilds:
    """Everything green but one job."""
    name = job_name(cell, stage)
    jobs = [
        msgspec.structs.replace(found, **changes) if found.name == name else found
        for found in green_jobs()
    ]
    return builds(*jobs)


FAILED_ONCE = Attempt(1, 7, 10, JobState.FAILED, "failure", None, None, "", "Test")
RED = changed(
    FIRST,
    "test",
    state=JobState.FAILED,
    conclusion="failure",
    attempt=2,
    failed_step="Test",
    superseded=(FAILED_ONCE,),
)
FLAKED = changed(FIRST, "test", attempt=2, superseded=(FAILED_ONCE,))


def test_a_cell_has_a_mark_for_each_stage_and_macos_no_test() -> None:
    grid = grid_of(builds(*green_jobs()))

    assert grid.pythons == ("3.12", "3.13", "3.13t")
    assert grid.stages == ("build", "test", "upload")
    assert [row.target for row in grid.rows][:5] == ["linux x86_64"] * 4 + ["linux aarch64"]
    assert marks(grid, FIRST) == (PASSED, PASSED, PASSED)
    assert marks(grid, MACOS) == (PASSED, None, PASSED)


@pytest.mark.parametrize(
    ("found", "mark"),
    [
        (RED, FAILED),
        (FLAKED, FLAKY),
        (changed(FIRST, "test", state=JobState.SKIPPED, conclusion="cancelled"), CANCELLED),
        (changed(FIRST, "test", state=JobState.SKIPPED, conclusion="skipped"), SKIPPED),
        (changed(FIRST, "test", state=JobState.RUNNING, completed_at=None), RUNNING),
        (builds(*(j for j in green_jobs() if j.name != job_name(FIRST, "test"))), NEVER_STARTED),
        (
            going(builds(*(j for j in green_jobs() if j.name != job_name(FIRST, "test")))),
            EXPECTED,
        ),
    ],
)
def test_every_state_has_a_mark_of_its_own(found: CandidateBuilds, mark: Mark) -> None:
    assert marks(grid_of(found), FIRST)[1] is mark
    assert marks(grid_of(found), SECOND) == (PASSED, PASSED, PASSED)


def test_a_job_that_takes_much_longer_than_in_earlier_candidates_is_marked() -> None:
    long = NOW - timedelta(hours=2)
    now = changed(FIRST, "test", state=JobState.RUNNING, started_at=long, completed_at=None)
    earlier = feed(EarlierBuilds((builds(*green_jobs(), of=RC1),)))

    assert marks(grid_of(now, earlier=earlier), FIRST)[1] is SLOW
    state = state_of(now, earlier=earlier)
    summary = build_summary(build_subject(state), NOW, curve=False)[0].text
    assert "◐ 0   » 1" in summary
    detail = text(place_detail(state, wheel_key(FIRST)))
    assert "2 h 00 min  running, slow  usually 40 min" in detail


def test_a_stale_reading_is_shown_as_of_the_last_thing_it_tells() -> None:
    begun = NOW - timedelta(minutes=30)
    now = changed(FIRST, "test", state=JobState.RUNNING, started_at=begun, completed_at=None)
    earlier = feed(EarlierBuilds((builds(*green_jobs(), of=RC1),)))
    days = {"now": NOW + timedelta(days=2), "wall": NOW + timedelta(days=2)}

    # The last thing that anybody saw is that another job ended ten minutes later.
    assert marks(grid_of(now, earlier=earlier, **days), FIRST)[1] is RUNNING
    detail = text(place_detail(state_of(now, earlier=earlier, **days), wheel_key(FIRST)))
    assert "10 min  usually 40 min" in detail


def test_one_upload_of_an_accelerator_stands_in_every_cell_of_its_row() -> None:
    jobs = [j for j in green_jobs() if not (j.key and j.key.stage == "upload")]
    red = job(1, "upload (cpu)", "linux-binary-manywheel", JobState.FAILED)
    grid = grid_of(builds(*jobs, red))

    assert marks(grid, FIRST)[2] is FAILED
    assert marks(grid, SECOND)[2] is FAILED


def test_what_is_no_wheel_stands_below_and_nothing_is_dropped() -> None:
    others = (
        job(1, "get-label-type"),
        job(2, "libtorch-cpu-shared-with-deps-release-extract"),
        job(3, "docs build / build", "nightly", JobState.FAILED),
        job(4, "build (cpu)", "Build Official Docker Images"),
    )
    found = builds(*green_jobs(), *others)
    red = Check("status/cla", "status", "CLA", JobState.FAILED, None, None)
    checks = Checks(PICK_2.sha, (red,))
    state = state_of(found, checks=feed(checks))
    subject = build_subject(state)
    grid = build_grid(state)

    titles = [row.title for row in grid.others]
    assert titles == [
        "libtorch linux x86_64",
        "nightly",
        "Build Official Docker Images",
        "linux-binary-manywheel",
        CHECKS,
    ]
    keys = [cell.key for row in grid.rows for cell in row.cells if cell]
    keys += [row.key for row in grid.others]
    assert {j.id for key in keys for j in jobs_at(subject, key)} == {j.id for j in found.jobs}
    nightly = next(row for row in grid.others if row.title == "nightly")
    assert "".join(span.text for span in nightly.spans) == "✖ 1   docs build / build"
    assert "✖ docs build / build" in text(place_detail(state, nightly.key))
    assert "✖ CLA" in text(place_detail(state, f"more:{CHECKS}"))


def test_checks_of_another_commit_are_not_shown() -> None:
    red = Check("status/cla", "status", "CLA", JobState.FAILED, None, None)
    assert not build_subject(with_(checks=feed(Checks("other", (red,))))).checks.found


def test_a_workflow_that_was_never_started_has_a_row() -> None:
    support = msgspec.structs.replace(GREEN.spec.support, workflows=("Create Release",))
    spec = msgspec.structs.replace(GREEN.spec, support=support)
    state = with_(spec=spec)
    (row,) = build_grid(state).others

    assert row.title == "Create Release"
    assert row.spans[0].text == f"{NEVER_STARTED.shape} {NEVER_STARTED.word}"
    assert NEVER_STARTED.word in text(place_detail(state, row.key))


def test_a_finding_marks_its_cell_and_the_detail_has_the_file() -> None:
    mine = listing(CORE)
    missing = Artifacts((msgspec.structs.replace(mine, test=mine.test[1:]), listing(VISION)))
    state = with_(artifacts=feed(missing))
    grid = build_grid(state)
    first = grid.rows[0].cells[0]

    assert first is not None
    assert (first.note, first.worst) == (NEEDS_YOU, NEEDS_YOU)
    assert doubted(GREEN) == frozenset()
    assert "no file" in text(place_detail(state, wheel_key(FIRST)))
    name = mine.test[0].stored.key.rpartition("/")[2]
    assert name in text(place_detail(GREEN, wheel_key(FIRST)))
    assert name not in text(place_detail(GREEN, wheel_key(FIRST), VISION.name))
    drawn = "".join(span.text for span in legend(grid, 80))
    assert drawn == "build test upload  ▲ wrong file  ✔ passed"


def test_the_legend_says_as_much_as_there_is_room_for() -> None:
    grid = grid_of(FLAKED)
    assert "".join(s.text for s in legend(grid, 99)).endswith("± flaky: green after red  ✔ passed")
    assert "".join(s.text for s in legend(grid, 40)).endswith("± flaky  ✔ passed")
    assert "".join(s.text for s in legend(grid, 28)).endswith("upload  ± flaky")


def test_a_cell_tells_its_stages_and_its_superseded_attempts() -> None:
    detail = text(place_detail(state_of(RED), wheel_key(FIRST)))

    assert detail.splitlines()[0] == "linux x86_64 · cpu · Python 3.12"
    assert "✖ test" in detail
    assert "failed in Test" in detail
    assert "attempt 1 failed in Test — superseded by attempt 2" in detail
    assert "linux-binary-manywheel" in detail
    assert place_detail(state_of(RED), "more:gone") is None


def test_the_time_that_is_left_is_not_cut_off_on_a_narrow_terminal() -> None:
    states = [state for state in JobState for _ in range(120)]
    jobs = [job(n, f"other {n}", "odd", state) for n, state in enumerate(states, 9_000)]
    running = changed(FIRST, "test", state=JobState.RUNNING, completed_at=None).jobs
    state = state_of(going(builds(*running, *jobs)))
    line = build_summary(build_subject(state), NOW, curve=False)[0].text
    assert line.endswith("min")
    assert cell_width(line) <= 76


def test_a_flaky_job_says_so() -> None:
    state = state_of(FLAKED)
    key = f"linux-binary-manywheel / {job_name(FIRST, 'test')}"
    detail = text(job_detail(state, key))

    assert "± flaky: green after red" in detail
    assert "attempt 1 failed in Test — superseded by attempt 2" in detail
    assert "± 1" in build_summary(build_subject(state), NOW, curve=False)[0].text


@pytest.mark.parametrize(
    ("conclusion", "word"),
    [("timed_out", "failed (timed out)"), ("failure", "failed"), ("cancelled", "cancelled")],
)
def test_githubs_own_word_is_told_where_it_says_more(conclusion: str, word: str) -> None:
    state = JobState.SKIPPED if conclusion == "cancelled" else JobState.FAILED
    found = changed(FIRST, "test", state=state, conclusion=conclusion)
    key = f"linux-binary-manywheel / {job_name(FIRST, 'test')}"
    assert f" {word}\n" in text(job_detail(state_of(found), key))


def test_a_queued_job_says_how_long_it_waits_and_will_take() -> None:
    found = changed(FIRST, "test", state=JobState.QUEUED, started_at=None, completed_at=None)
    earlier = feed(EarlierBuilds((builds(*green_jobs(), of=RC1),)))
    key = f"linux-binary-manywheel / {job_name(FIRST, 'test')}"
    detail = text(job_detail(state_of(found, earlier=earlier), key))

    assert "2 h 00 min for a runner so far" in detail
    assert "40 min  median of 1 earlier candidate" in detail
    assert "~40 min once it has a runner" in detail


def test_the_job_to_look_at_is_the_one_that_needs_somebody() -> None:
    subject = build_subject(state_of(RED))
    red = foremost(jobs_at(subject, wheel_key(FIRST)))
    assert red is not None
    assert red.state is JobState.FAILED
    assert key_of(subject, red) == wheel_key(FIRST)
    green = foremost(jobs_at(subject, wheel_key(SECOND)))
    assert green is not None
    assert green.name.startswith(job_name(SECOND, "upload"))
    assert foremost(()) is None
    assert wheel_of(wheel_key(FIRST)) == FIRST
    assert wheel_of("more:nightly") is None


def test_a_library_has_a_grid_of_its_own() -> None:
    jobs = (
        job(1, "pytorch/vision / wheel-py3_12-cpu / build", "Build Linux Wheels"),
        job(2, "pytorch/vision / wheel-py3_12-cpu / upload", "Build Linux Wheels"),
    )
    library = msgspec.structs.replace(builds(*jobs), repository=VISION.name)
    tagged = VISION.naming.candidate_of(VISION_RC1.name)
    assert tagged is not None
    assert library.candidate is not None
    named = msgspec.structs.replace(library.candidate, name=tagged, tag=VISION_RC1)
    library = msgspec.structs.replace(library, candidate=named)
    state = with_(libraries=feed(LibraryBuilds((library,))))
    grid = build_grid(state, VISION.name)

    assert build_repositories(state) == (GREEN.spec.core.name, VISION.name)
    assert (grid.pythons, grid.stages) == (("3.12",), ("build", "upload"))
    assert builds_pane(state, VISION.name).title == "Builds of vision · v0.30.0-rc1"


def test_a_candidate_is_not_compared_with_itself() -> None:
    earlier = EarlierBuilds((builds(*green_jobs()), builds(*green_jobs(), of=RC1)))
    subject = build_subject(with_(earlier=feed(earlier)))
    assert [b.candidate.tag.name for b in subject.earlier if b.candidate] == [RC1.name]


@pytest.mark.parametrize("grouping", Grouping)
def test_rows_stay_the_same_objects_while_the_reading_does(grouping: Grouping) -> None:
    later = with_(now=NOW + timedelta(seconds=1))
    first, second = (builds_pane(s, "", grouping).table.rows for s in (GREEN, later))

    assert len(first) >= len(green_jobs())
    assert all(a is b for a, b in zip(first, second, strict=True))


def test_headings_count_what_needs_somebody() -> None:
    rows = builds_pane(state_of(RED), "", Grouping.PLATFORM).table.rows
    heading = next(row for row in rows if row.heading and row.copy == "linux x86_64")

    assert heading.cells[0].text.split() == ["linux", "x86_64", "36", "✖", "1"]
    below = rows[rows.index(heading) + 1]
    assert (below.group, below.cells[0].mark) == (heading.key, FAILED)


def test_the_plot_has_words_on_its_axis_and_the_earlier_candidate() -> None:
    earlier = feed(EarlierBuilds((builds(*green_jobs(), of=RC1),)))
    subject = build_subject(state_of(RED, earlier=earlier))
    lines = words(progress_plot(subject, NOW, 40))

    assert "✖" in lines[4]
    assert lines[5].startswith("tagged 12:03")
    assert lines[5].endswith("ended 13:43")
    assert lines[6] == "•• v2.15.0-rc1 took 1 h 40 min"
    curve = build_summary(subject, NOW, curve=True)[1].text
    assert curve.startswith("tagged 12:03 ▁")
    assert curve.endswith("✖ ended 13:43")
    open_one = changed(FIRST, "test", state=JobState.RUNNING, completed_at=None)
    assert "now 14:03" in words(progress_plot(build_subject(state_of(open_one)), NOW, 40))[5]
    assert progress_plot(build_subject(with_(builds=feed(CandidateBuilds()))), NOW, 40) == ()


def test_two_candidates_side_by_side() -> None:
    state = state_of(RED, earlier=feed(EarlierBuilds((builds(*green_jobs(), of=RC1),))))
    pane = builds_comparison_pane(state)

    assert pane.title == "Builds of v2.15.0-rc2 against v2.15.0-rc1"
    assert pane.summary[0].text.split("   ")[:2] == ["1 newly red", "0 fixed"]
    heading, red = pane.table.rows
    assert heading.heading
    assert red.cells[1].text == "40 min ✔"
    detail = text(builds_comparison_detail(state, red.key))
    assert "newly red" in detail
    assert "v2.15.0-rc1" in detail
    assert "1 job: failed or cancelled now" in text(builds_comparison_detail(state, heading.key))
    none = builds_comparison_pane(with_(earlier=feed(EarlierBuilds())))
    assert none.table.empty == "there is no earlier candidate to compare with"
    assert builds_comparison_pane(GREEN).table.empty == "not read yet"


def test_two_candidates_cell_by_cell() -> None:
    jobs = green_jobs()
    state = state_of(RED, earlier=feed(EarlierBuilds((builds(*jobs, of=RC1),))))
    grid, newest = comparison_grid(state), build_grid(state)
    assert (grid.pythons, grid.stages) == (newest.pythons, newest.stages)
    assert [row.title for row in grid.rows] == [row.title for row in newest.rows]
    cells = [cell for row in grid.rows for cell in row.cells if cell is not None]
    differing = [cell for cell in cells if cell.note is DIFFERS]
    (cell,) = differing
    assert FAILED in cell.marks
    alike = [mark for each in cells if each is not cell for mark in each.marks if mark]
    assert {mark.tone for mark in alike} == {Tone.DIM}, "what is as it was is dim"
    told = text(comparison_place_detail(state, cell.key))
    assert "newly red" in told
    assert "v2.15.0-rc1" in told
    found = foremost_compared(compared_at(state, cell.key))
    assert found is not None
    assert found.turn is Turn.NEWLY_RED
    assert comparison_place_detail(state, "more:gone") is None
    assert not comparison_grid(with_(earlier=feed(EarlierBuilds())))


def test_a_wheel_that_only_the_older_candidate_had_is_in_the_comparison() -> None:
    jobs = green_jobs()
    gone = jobs[0].key.python if jobs[0].key else None
    kept = tuple(job for job in jobs if job.key is None or job.key.python != gone)
    spec = msgspec.structs.replace(GREEN.spec, support=SupportMatrix())
    earlier = feed(EarlierBuilds((builds(*jobs, of=RC1),)))
    state = with_(spec=spec, builds=feed(builds(*kept)), earlier=earlier)
    grid = comparison_grid(state)
    assert gone not in build_grid(state).pythons
    assert gone in grid.pythons
    marks = {m for row in grid.rows for c in row.cells if c and c.note for m in c.marks}
    assert NEVER_STARTED in marks


def steps() -> tuple[Step, ...]:
    return (
        Step(1, "Set up job", JobState.PASSED, "success", NOW, NOW + timedelta(seconds=5)),
        Step(2, "Test", JobState.FAILED, "failure", NOW, NOW + timedelta(minutes=7)),
        Step(3, "Complete job", JobState.SKIPPED, "skipped"),
    )


def red_job() -> Job:
    return next(found for found in RED.jobs if found.state is JobState.FAILED)


def test_the_failing_step_comes_first() -> None:
    pane = steps_pane(red_job(), steps(), "", NOW)
    assert [row.copy for row in pane.table.rows] == ["Test", "Set up job", "Complete job"]
    assert [cell.text for cell in pane.table.rows[0].cells] == ["Test", "2", "7 min"]


@pytest.mark.parametrize(
    ("found", "trouble", "empty"),
    [
        (None, "", "reading…"),
        (None, "GitHub cannot be reached", "the steps are not known"),
        ((), "", "GitHub lists no step of this job"),
    ],
)
def test_steps_that_are_not_there_say_why(
    found: tuple[Step, ...] | None, trouble: str, empty: str
) -> None:
    pane = steps_pane(red_job(), found, trouble, NOW)
    assert (pane.table.empty, pane.trouble) == (empty, trouble)


@pytest.mark.parametrize(
    ("log", "words"),
    [
        (JobLog(("a", "b"), 4, whole=True), "2 lines"),
        (JobLog(("a",) * 3120, 203_400_000, whole=False), "the last 3\u2009120 lines of 203 MB"),
        (
            JobLog(("a",), 512_000_000, whole=False, cut=True),
            "1 line before the first 512 MB end; the log is longer",
        ),
    ],
)
def test_how_much_of_a_log_there_is(log: JobLog, words: str) -> None:
    assert log_extent(log) == words


def test_a_line_of_a_log_loses_githubs_markers() -> None:
    stamp = "2026-10-09T20:54:37.0000000Z "

    def drawn(line: str) -> str:
        return "".join(span.text for span in log_spans(line))

    assert drawn(f"{stamp}##[group]Test") == "20:54:37  ▸ Test"
    assert drawn(f"{stamp}##[error]boom") == "20:54:37  ✖ boom"
    assert drawn(f"{stamp}##[endgroup]") == "20:54:37  "
    assert drawn("no time") == "no time"
