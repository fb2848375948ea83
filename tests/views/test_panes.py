"""Panes, details, header and board lines as data."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import msgspec
import pytest

from cockpit.process.loader import load_process
from cockpit.release.board import board
from cockpit.release.branches import Branches
from cockpit.release.jobs import JobState
from cockpit.release.nominations import Comment, Verdict
from cockpit.release.picks import PickReading
from cockpit.release.record import (
    LeaseTaken,
    Note,
    Recorded,
)
from cockpit.release.signoffs import Signed
from cockpit.release.state import FeedState, ReleaseState
from cockpit.views.board import board_lines
from cockpit.views.branches import branch_detail, branches_pane
from cockpit.views.build_details import job_detail
from cockpit.views.build_matrix import build_matrix
from cockpit.views.builds import builds_pane
from cockpit.views.checklist import checklist_pane, item_detail
from cockpit.views.header import Controls, header
from cockpit.views.ledger import entry_detail, ledger_pane
from cockpit.views.marks import (
    FAILED,
    NEEDS_YOU,
    NEVER_STARTED,
    NO_DATA,
    NOT_APPLICABLE,
    PASSED,
    WAITING,
    Mark,
    Tone,
)
from cockpit.views.pick_life import comment_lines, life_lines, pick_named, pick_title
from cockpit.views.picks import picks_pane
from cockpit.views.table import Detail, Pane, Row
from cockpit.views.width import cell_width
from tests.release.states import (
    APPROVALS,
    CORE,
    CORE_BRANCH,
    GREEN,
    INFRA_BRANCH,
    MERGED_PULLS,
    NOMINATIONS,
    NOW,
    PICK_1,
    PICK_2,
    PINNED,
    RC1,
    RC2,
    SPEC,
    VISION,
    answer,
    branch,
    builds,
    checks,
    commit,
    failure,
    feed,
    green_jobs,
    job,
    ledger,
    nomination,
    on,
    pull,
    recorded,
    sha,
    tag,
    tracked,
    uncut,
    with_,
    with_branches,
)

PROCESS = load_process("pytorch", Path())
UNREAD = ReleaseState(spec=SPEC, now=NOW, wall=NOW)
PANES = {
    "branches": branches_pane,
    "builds": builds_pane,
    "picks": picks_pane,
    "checklist": lambda state: checklist_pane(state, PROCESS),
    "ledger": ledger_pane,
}
OWN_FEED = {name: name for name in PANES} | {"checklist": "milestone"}


def row(pane: Pane, key: str) -> Row:
    return next(found for found in pane.table.rows if found.key == key)


def cells(found: Row) -> list[str]:
    return [cell.text for cell in found.cells]


def mark(found: Row) -> Mark | None:
    return found.cells[0].mark


def text(detail: Detail | None) -> str:
    assert detail is not None
    return "\n".join([detail.title, *(line.text for line in detail.lines)])


@pytest.mark.parametrize("name", PANES)
def test_a_pane_says_how_old_it_is(name: str) -> None:
    pane = PANES[name](GREEN)

    assert (pane.name, pane.age, pane.stale, pane.trouble) == (name, "12 s ago", False, "")
    assert pane.table.rows


@pytest.mark.parametrize("name", PANES)
def test_a_pane_past_twice_its_interval_says_stale(name: str) -> None:
    value = getattr(GREEN, OWN_FEED[name]).value
    old = feed(value, age=timedelta(minutes=5))
    pane = PANES[name](msgspec.structs.replace(GREEN, **{OWN_FEED[name]: old}))

    assert (pane.age, pane.stale) == ("stale, 5 min ago", True)


@pytest.mark.parametrize("name", PANES)
def test_a_failed_refresh_keeps_the_rows_and_says_why(name: str) -> None:
    value = getattr(GREEN, OWN_FEED[name]).value
    failed = feed(value, failure=failure())
    pane = PANES[name](msgspec.structs.replace(GREEN, **{OWN_FEED[name]: failed}))

    assert pane.trouble == (
        "GitHub cannot be reached: connection refused · check the network, then press r"
    )
    assert len(pane.table.rows) == len(PANES[name](GREEN).table.rows)


@pytest.mark.parametrize("name", PANES)
def test_an_incomplete_reading_says_what_is_missing(name: str) -> None:
    value = getattr(GREEN, OWN_FEED[name]).value
    short = feed(value, missing="300 of 512 were listed")
    pane = PANES[name](msgspec.structs.replace(GREEN, **{OWN_FEED[name]: short}))

    assert pane.trouble == "Incomplete: 300 of 512 were listed · r looks again"


@pytest.mark.parametrize("name", PANES)
def test_a_pane_that_was_never_read_says_so(name: str) -> None:
    pane = PANES[name](UNREAD)

    assert pane.age == "not read yet"
    assert not pane.stale
    assert name == "checklist" or (pane.table.rows, pane.table.empty) == ((), "not read yet")


@pytest.mark.parametrize("name", PANES)
def test_every_row_has_a_key_of_its_own_and_a_cell_for_each_column(name: str) -> None:
    pane = PANES[name](GREEN)
    keys = [found.key for found in pane.table.rows]

    assert len(set(keys)) == len(keys)
    assert {len(found.cells) for found in pane.table.rows} == {len(pane.table.columns)}


@pytest.mark.parametrize("name", PANES)
def test_time_alone_changes_no_key(name: str) -> None:
    later = with_(now=NOW + timedelta(hours=1), wall=NOW + timedelta(seconds=5))

    assert [r.key for r in PANES[name](later).table.rows] == [
        r.key for r in PANES[name](GREEN).table.rows
    ]


def test_a_throttled_feed_says_when_it_looks_again() -> None:
    throttled = msgspec.structs.replace(failure(), retry_at=NOW + timedelta(seconds=40))
    state = with_(milestone=feed(GREEN.milestone.value, failure=throttled))

    assert checklist_pane(state, PROCESS).trouble.endswith("next look in 40 s")


def test_a_branch_row() -> None:
    state = with_branches(
        branch(CORE, commit("new", "Fix (#9)"), PICK_2, PICK_1, tags=(RC1, RC2)),
    )
    found = row(branches_pane(state), CORE.name)

    assert cells(found) == [
        "pytorch",
        "release/2.15",
        commit("new", "").sha[:7],
        "v2.15.0-rc2",
        "3",
        "3",
        "1",
        "no data",
    ]
    assert found.copy == commit("new", "").sha


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (GREEN, PASSED),
        (with_(ci=feed(checks(JobState.FAILED))), FAILED),
        (with_(ci=feed(checks(), failure=failure())), NO_DATA),
        (with_(branches=feed(GREEN.branches.value, missing="half")), NO_DATA),
        (with_branches(uncut(CORE)), WAITING),
        (
            with_branches(branch(CORE, PICK_2, PICK_1, tags=(tag(RC1.name, sha("x")), RC2))),
            NEEDS_YOU,
        ),
    ],
)
def test_the_mark_of_a_branch(state: ReleaseState, expected: Mark) -> None:
    assert mark(row(branches_pane(state), CORE.name)) is expected


def test_a_domain_library_waits_for_the_first_wheels() -> None:
    waiting = with_branches(uncut(VISION), state=with_(artifacts=FeedState()))

    assert cells(row(branches_pane(waiting), VISION.name))[-1] == "waits for rc2"
    assert cells(row(branches_pane(with_branches(uncut(VISION))), VISION.name))[-1] == "not cut yet"


def test_a_repository_that_could_not_be_read_says_why_and_hides_no_other() -> None:
    partial = Branches((CORE_BRANCH, INFRA_BRANCH), {VISION.name: "vision does not answer"})
    state = with_(branches=feed(partial, missing="vision does not answer"))
    pane = branches_pane(state)

    assert cells(row(pane, VISION.name))[1] == "vision does not answer"
    assert mark(row(pane, VISION.name)) is NO_DATA
    assert cells(row(pane, CORE.name))[1] == "release/2.15"


def test_the_detail_of_a_branch() -> None:
    found = text(branch_detail(GREEN, CORE.name))

    for words in ("release/2.15", "2.15.0 in version.txt", "v2.15.0-rc1", "Nothing since", "pull"):
        assert words in found
    assert branch_detail(GREEN, "nobody/nothing") is None
    assert "not cut" in text(branch_detail(UNREAD, CORE.name))


def changed_jobs(*states: JobState) -> ReleaseState:
    jobs = list(green_jobs())
    for position, state in enumerate(states):
        old = jobs[position]
        jobs[position] = job(old.id, old.name, old.workflow, state, failed_step="Build wheel")
    return with_(builds=feed(builds(*jobs)))


def test_jobs_that_need_somebody_come_first() -> None:
    state = changed_jobs(
        JobState.QUEUED, JobState.RUNNING, JobState.SKIPPED, JobState.FAILED, JobState.UNKNOWN
    )
    marks = [found.cells[0].mark for found in builds_pane(state).table.rows]

    assert [m.word for m in marks[:5] if m] == [
        "failed",
        "no data",
        "running",
        "queued",
        "skipped",
    ]


def test_the_counts_add_up_and_say_what_is_left() -> None:
    summary = builds_pane(changed_jobs(JobState.FAILED, JobState.RUNNING)).summary[0].text

    assert summary.startswith("✔ 76   ◐ 1   ✖ 1   ▕")
    assert summary.endswith("98 %  ~30 min")


def test_jobs_that_did_not_start_are_counted_as_expected() -> None:
    ended = builds(*green_jobs()[:-2])
    going = msgspec.structs.replace(
        ended, runs=tuple(msgspec.structs.replace(run, ended=False) for run in ended.runs)
    )

    assert "· 2" in builds_pane(with_(builds=feed(going))).summary[0].text
    assert "□ 2" in builds_pane(with_(builds=feed(ended))).summary[0].text


def test_a_running_jobs_row_stays_the_same_until_it_says_something_else() -> None:
    state = changed_jobs(JobState.RUNNING)
    first, soon, later = (
        builds_pane(with_(state, now=state.now + timedelta(seconds=after))).table.rows
        for after in (0, 1, 600)
    )
    assert all(row is before for row, before in zip(soon, first, strict=True))
    told = [row.cells[3].text for row in (*first, *later) if row.key == later[0].key]
    assert len(set(told)) == 2


def test_a_re_run_keeps_its_row_and_shows_its_attempt() -> None:
    old = green_jobs()[0]
    again = msgspec.structs.replace(old, id=99_999, attempt=2)
    pane = builds_pane(with_(builds=feed(builds(again))))

    first_try = builds_pane(with_(builds=feed(builds(old))))
    assert pane.table.rows[0].key == first_try.table.rows[0].key
    assert cells(pane.table.rows[0])[2] == "2"


def test_two_jobs_of_one_name_are_two_rows() -> None:
    twins = builds(job(1, "same"), job(2, "same"))

    assert len({r.key for r in builds_pane(with_(builds=feed(twins))).table.rows}) == 2


def test_no_candidate_and_no_job_are_told_apart() -> None:
    none = with_(builds=feed(msgspec.structs.replace(builds(), candidate=None)))

    assert builds_pane(none).table.empty == "no candidate has been tagged"
    started = builds_pane(with_(builds=feed(builds())))
    assert started.table.empty == "GitHub has started no job of v2.15.0-rc2 yet"
    assert started.title == "Candidate builds · v2.15.0-rc2"


def test_the_matrix_shows_the_worst_stage_of_every_wheel() -> None:
    matrix = build_matrix(changed_jobs(JobState.PASSED, JobState.FAILED))
    linux = matrix.rows[0]

    assert matrix.pythons == ("3.12", "3.13", "3.13t")
    assert linux.title == "linux x86_64"
    assert linux.accelerators == ("cpu", "cu126", "cu130", "rocm7.2")
    assert linux.groups[0][0] is FAILED
    assert {m for group in linux.groups for m in group} == {PASSED, FAILED}


def test_the_matrix_shows_what_has_not_started_and_what_does_not_exist() -> None:
    extra = job(1, "manywheel-py3_14-cpu-upload / upload")
    rows = build_matrix(with_(builds=feed(builds(extra)))).rows

    assert rows[0].groups[0] == (NEVER_STARTED,) * 4
    # Its upload is green, and no such file is in the test channel.
    assert rows[0].groups[3] == (NEEDS_YOU, NOT_APPLICABLE, NOT_APPLICABLE, NOT_APPLICABLE)


def test_the_matrix_is_drawn_in_columns() -> None:
    head, first, *_ = build_matrix(GREEN).lines()

    assert head.text.index("3.13 ") == first.text.index("✔✔✔✔  ✔✔✔✔") + 6
    assert first.text.endswith("cpu cu126 cu130 rocm7.2")


def test_a_narrow_matrix_shows_the_worst_of_all_accelerators() -> None:
    matrix = build_matrix(changed_jobs(JobState.PASSED, JobState.FAILED))
    head, first, second, *_ = matrix.lines(30)

    assert head.text == "            3.  12   13   13t  "
    assert first.text.startswith("linux x86_64    ✖    ✔    ✔  ")
    assert second.text.startswith("linux aarch64   ✔    ✔    ✔  ")


def test_the_detail_of_a_job() -> None:
    state = changed_jobs(JobState.FAILED)
    key = builds_pane(state).table.rows[0].key
    found = text(job_detail(state, key))

    for words in ("linux x86_64 py3.12 cpu build", "✖ failed", "✖ Build wheel", "40 min", "UTC"):
        assert words in found
    assert "https://github.example/jobs/1000" in found
    assert job_detail(state, "gone") is None


QUEUE = tracked(
    (*MERGED_PULLS, pull(14, "[bold]Fix[/bold] [/]"), pull(15, "Stray")),
    (*NOMINATIONS, nomination(148603, 14), nomination(148604, None)),
    (*APPROVALS, answer(14, Verdict.NEEDS_INFO)),
)


def test_what_waits_for_a_decision_comes_first_in_the_queue() -> None:
    rows = picks_pane(with_(picks=feed(QUEUE))).table.rows

    assert [cells(found)[4] for found in rows] == [
        "nominated",
        "never nominated",
        "needs info",
        "in rc1",
        "in rc2",
    ]
    assert mark(rows[0]) is NEEDS_YOU
    assert cells(rows[0])[:3] == ["–", "#148604", "no pull request into the release branch yet"]


def test_markup_in_a_title_is_text() -> None:
    found = row(picks_pane(with_(picks=feed(QUEUE))), "pull-14")

    assert cells(found)[2] == "[bold]Fix[/bold] [/]"
    pick = pick_named(with_(picks=feed(QUEUE)), "pull-14")
    assert pick is not None
    assert pick_title(pick) == "#14 [bold]Fix[/bold] [/]"


def test_a_nomination_after_the_deadline_is_called_late() -> None:
    late = tracked((pull(14, "x"),), (nomination(1, 14, hours=-24 * 6),), ())

    assert cells(row(picks_pane(with_(picks=feed(late))), "pull-14"))[4] == "nominated, late"


def test_the_whole_life_of_a_pick() -> None:
    pick = pick_named(GREEN, "pull-12")
    assert pick is not None
    found = "\n".join(line.text for line in life_lines(GREEN, pick))

    for words in (
        "landed on main as",
        "still on the branch",
        "nominated by grace",
        "approved by ada",
        f"merged as {PICK_1.sha[:7]}",
        "first in v2.15.0-rc1",
        "#148601",
        "https://github.example/pull/12",
    ):
        assert words in found
    assert pick_named(GREEN, "gone") is None


def test_a_huge_comment_is_cut_where_nobody_reads_on() -> None:
    bodies = ("x" * 65_536, "\n".join(["y"] * 30_000), "[bold]z[/bold]")
    said = [Comment(n, "mei", body, NOW, None, f"c{n}") for n, body in enumerate(bodies)]
    lines = [line.text for line in comment_lines(GREEN, tuple(said))]

    assert len(lines) < 150
    assert max(map(len, lines)) < 1_010
    assert any(line.startswith("  … 29880 lines more") for line in lines)
    assert "  [bold]z[/bold]" in lines


def test_an_empty_queue_says_so() -> None:
    pane = picks_pane(with_(picks=feed(PickReading())))

    assert (pane.title, pane.table.empty) == ("Cherry-pick queue", "nothing has been nominated")


def test_the_current_phase_is_open_and_first_the_others_are_counted() -> None:
    pane = checklist_pane(on(date(2026, 10, 20)), PROCESS)
    headings = [found for found in pane.table.rows if found.key.startswith("phase ")]

    assert headings[0] is pane.table.rows[0]
    assert cells(headings[0])[0] == "4 Promotion"
    assert [cells(found)[0][0] for found in headings] == ["4", "1", "2", "3", "5", "6"]
    assert pane.title == "Checklist · 4 Promotion"


def test_in_full_every_phase_is_listed_in_order() -> None:
    rows = checklist_pane(GREEN, PROCESS, every=True).table.rows

    assert len(rows) == len(PROCESS.items) + len(PROCESS.phases)
    assert [cells(r)[0][0] for r in rows if r.key.startswith("phase ")] == list("123456")


def test_a_phase_counts_what_is_settled_and_what_failed() -> None:
    heading = checklist_pane(with_(ci=feed(checks(JobState.FAILED))), PROCESS).table.rows[0]

    assert cells(heading)[2] == "7/23 · 1 failed"


def test_the_detail_of_a_gate_shows_evidence_and_next_action() -> None:
    state = with_(ci=feed(checks(JobState.FAILED)))
    found = text(item_detail(state, PROCESS, "branch-checks"))

    for words in (
        "✖ failed",
        "Why",
        "After",
        "Core and test-infra branches are cut",
        "pytorch trunk: failed on",
        "https://github.example/runs/2",
        "look into pytorch trunk",
        "12 s ago",
    ):
        assert words in found
    assert item_detail(state, PROCESS, "gone") is None


def test_the_detail_of_a_signed_item_shows_the_signature_and_whether_it_holds() -> None:
    entries = (
        recorded(Signed("performance", RC1.commit_sha, note="slow"), hours=3),
        recorded(Signed("performance", RC2.commit_sha, note="fine", links=("https://x/1",))),
    )
    found = text(item_detail(with_(ledger=feed(ledger(*PINNED, *entries))), PROCESS, "performance"))

    for words in ("Signatures", "is another commit", "slow", "fine", "https://x/1"):
        assert words in found


FORGED = Recorded(sha("x"), "Eve", "eve@example.org", NOW, "", None, "the author is another", "{?}")


def test_the_ledger_is_shown_newest_first_with_what_cannot_be_read() -> None:
    pane = ledger_pane(with_(ledger=feed(ledger(*PINNED, FORGED))))

    assert pane.table.rows[0].key == FORGED.sha
    assert cells(pane.table.rows[0])[1:] == ["Eve", "the author is another", "unreadable"]
    assert mark(pane.table.rows[0]) is NEEDS_YOU
    assert cells(pane.table.rows[1])[3] == "candidate pinned"


def test_the_ledger_says_who_holds_the_lease() -> None:
    taken = recorded(LeaseTaken("1", "tag-candidate", NOW + timedelta(minutes=5)))

    assert ledger_pane(with_(ledger=feed(ledger(taken)))).summary[0].text == (
        "Ada on bridge holds the lease for tag-candidate since 2026-10-15 12:03 UTC, until 14:08"
    )


def test_the_detail_of_an_entry_shows_every_field() -> None:
    state = with_(ledger=feed(ledger(PINNED[0], FORGED)))
    found = text(entry_detail(state, PINNED[0].sha))

    for words in ("ada@example.org", "bridge", "0.1.0", "v2.15.0-rc1", CORE.name, PICK_1.sha):
        assert words in found
    assert "{?}" in text(entry_detail(state, FORGED.sha))
    assert entry_detail(state, "gone") is None


def test_a_note_with_markup_is_text() -> None:
    entry = recorded(Note("[red]stop[/red]"))

    assert cells(ledger_pane(with_(ledger=feed(ledger(entry)))).table.rows[0])[2] == (
        "[red]stop[/red]"
    )


def test_the_header_says_everything_where_there_is_room() -> None:
    controls = Controls(timedelta(minutes=9), api_left=4812)
    found = header(GREEN, PROCESS, controls, 200).text

    for words in (
        "pytorch 2.15.0",
        "● 2 Branch cut and candidates",
        "▸ 3 Final candidate",
        f"rc2 · {PICK_2.sha[:7]} · 2 h ago",
        "release in 13 d",
        "picks close in 4 d",
        "▲ armed 9 min",
        "api 4\u2009812",
        "14:03:12 UTC",
    ):
        assert words in found


@pytest.mark.parametrize("width", [10, 40, 78, 80, 100, 120, 160, 200])
def test_the_header_fits_and_keeps_release_and_mode(width: int) -> None:
    found = header(GREEN, PROCESS, Controls(), width)

    assert cell_width(found.text) <= width
    assert width < 40 or ("pytorch 2.15.0" in found.text and "disarmed" in found.text)


def test_the_header_tells_modes_apart_in_words() -> None:
    assert "read-only" in header(GREEN, PROCESS, Controls(read_only=True), 120).text
    assert "○ disarmed" in header(GREEN, PROCESS, Controls(), 120).text


def test_a_low_api_budget_is_a_warning() -> None:
    spans = header(GREEN, PROCESS, Controls(api_left=12), 200).spans

    assert next(span.tone for span in spans if span.text == "api 12") is Tone.WARN


@pytest.mark.parametrize("width", [40, 80, 120, 150, 160, 200])
def test_the_board_lines_fit_and_count(width: int) -> None:
    state = changed_jobs(JobState.FAILED, JobState.FAILED)
    lines = board_lines(board(state), width)
    joined = "\n".join(line.text for line in lines)

    assert all(cell_width(line.text) <= width for line in lines)
    for words in ("BLOCKED 1", "RISKY 0", "READY", "NEXT"):
        assert words in joined


def test_the_key_of_what_comes_next_is_named_only_where_it_does_something() -> None:
    look = changed_jobs(JobState.FAILED)

    assert "NEXT  e  work through" in board_lines(board(GREEN), 80)[-1].text
    assert "NEXT  look into" in board_lines(board(look), 80)[-1].text
