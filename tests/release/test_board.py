"""The board: what blocks, what is risky, what is ready and what comes next."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec
import pytest

from cockpit.release.artifacts import Artifacts, Contents
from cockpit.release.board import Board, board
from cockpit.release.board_lines import BoardLine
from cockpit.release.jobs import Attempt, Check, Checks, JobState, LibraryBuilds
from cockpit.release.milestones import Milestone
from cockpit.release.mirror import Mirror, MirrorIssue
from cockpit.release.pullrequests import with_own_part
from cockpit.release.record import LeaseTaken, Override, Recorded
from cockpit.release.signoffs import Problem, Signed, Withdrawn, Word
from cockpit.release.state import FeedState, ReleaseState
from cockpit.release.verdicts import NextStep
from tests.release.health import with_first
from tests.release.states import (
    CORE,
    GREEN,
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
    VISION_BUILDS,
    branch,
    builds,
    checks,
    commit,
    failure,
    feed,
    green_jobs,
    item,
    job,
    ledger,
    listing,
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

GITHUB = ("ci", "builds", "picks", "milestone")
NEW = commit("new", "Fix (#9)")
UNTAGGED = with_(
    with_branches(branch(CORE, NEW, PICK_2, PICK_1, tags=(RC1, RC2))),
    ci=feed(checks(head=NEW.sha)),
)


def texts(lines: tuple[BoardLine, ...]) -> str:
    return "\n".join(line.text for line in lines)


def jobs_in(
    *states: JobState, attempt: int = 1, superseded: tuple[Attempt, ...] = ()
) -> ReleaseState:
    jobs = list(green_jobs())
    for position, state in enumerate(states):
        old = jobs[position]
        jobs[position] = job(
            old.id, old.name, old.workflow, state, attempt=attempt, superseded=superseded
        )
    return with_(builds=feed(builds(*jobs)))


def unreachable(state: ReleaseState = GREEN) -> ReleaseState:
    feeds = {name: feed(getattr(state, name).value, failure=failure()) for name in GITHUB}
    return msgspec.structs.replace(state, **feeds)


def test_a_green_release_has_nothing_in_its_way() -> None:
    found = board(GREEN)

    assert found.blocked == ()
    assert found.risky == ()
    assert "candidate builds are green" in texts(found.ready)
    assert "2 picks are in a candidate" in texts(found.ready)
    assert (found.next.text, found.next.action) == ("work through the checklist", "pane-4")


def test_commits_since_the_candidate_are_tagged_next() -> None:
    found = board(UNTAGGED)

    assert (found.next.text, found.next.action) == (
        "tag v2.15.0-rc3: 1 commit since rc2",
        "tag-candidate",
    )
    assert "1 commit since v2.15.0-rc2 in no candidate" in texts(found.risky)


def test_the_first_candidate_counts_from_the_cut() -> None:
    state = with_(with_branches(branch(CORE, PICK_2, PICK_1)), ledger=feed(ledger()))

    assert board(state).next.text == "tag v2.15.0-rc1: 2 commits since the cut"


def test_a_candidate_that_was_tagged_elsewhere_is_pinned_first() -> None:
    found = board(with_(UNTAGGED, ledger=feed(ledger(PINNED[0]))))

    assert texts(found.blocked) == "candidate: v2.15.0-rc2 is not pinned in the ledger"
    assert (found.next.text, found.next.action) == (
        "pin v2.15.0-rc2 in the ledger",
        "pin-candidates",
    )


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"ci": feed(checks(JobState.FAILED, NEW.sha))}, "look into pytorch trunk: failed"),
        ({"ci": feed(checks(JobState.RUNNING, NEW.sha))}, "wait for the branch checks"),
    ],
)
def test_what_stands_in_the_way_of_the_tag_comes_before_it(
    changes: dict[str, object], text: str
) -> None:
    found = board(msgspec.structs.replace(UNTAGGED, **changes)).next

    assert found.text.startswith(text)
    assert found.action is None


@pytest.mark.parametrize(
    ("day", "text"),
    [
        (date(2026, 10, 1), "cut release/2.15 of pytorch from viable/strict on 05 Oct"),
        (date(2026, 10, 5), "cut release/2.15 of pytorch from viable/strict"),
    ],
)
def test_before_the_cut_the_cut_comes_next(day: date, text: str) -> None:
    state = with_(with_branches(uncut(CORE)), ledger=feed(ledger()))

    assert board(on(day, state)).next.text == text


def test_failed_builds_are_one_line_that_names_them() -> None:
    found = board(jobs_in(*[JobState.FAILED] * 5))

    assert texts(found.blocked) == (
        "5 builds failed: linux x86_64 py3.12 cpu build, linux x86_64 py3.12 cpu test,"
        " linux x86_64 py3.12 cpu upload and 2 more"
    )
    assert found.blocked[0].url == "https://github.example/jobs/1000"
    assert found.next.text == "look into linux x86_64 py3.12 cpu build"


def test_running_builds_block_nothing_and_are_waited_for() -> None:
    found = board(jobs_in(JobState.RUNNING))

    assert found.blocked == ()
    assert found.next.text == "wait for 1 job of v2.15.0-rc2"


def test_jobs_that_are_green_after_red_are_a_risk_and_not_those_that_had_not_run() -> None:
    red, skipped = (
        Attempt(1, 99, 9, state, None, NOW, NOW, "")
        for state in (JobState.FAILED, JobState.SKIPPED)
    )
    flaky = jobs_in(JobState.PASSED, attempt=2, superseded=(red,))
    assert "1 job flaky, green after red: " in texts(board(flaky).risky)
    held_up = jobs_in(JobState.PASSED, attempt=2, superseded=(skipped,))
    assert "flaky" not in texts(board(held_up).risky)


def test_a_moved_tag_comes_before_everything() -> None:
    moved = tag(RC1.name, sha("elsewhere"))
    state = unreachable(with_branches(branch(CORE, PICK_2, PICK_1, tags=(moved, RC2))))
    found = board(state)

    assert found.blocked[0].text.startswith("v2.15.0-rc1 was moved from")
    assert found.next.text == "find out who moved v2.15.0-rc1, or declare it a dud"
    assert sum("v2.15.0-rc1" in line.text for line in found.blocked) == 1


def test_an_unreachable_backend_is_one_line_and_nothing_is_ready() -> None:
    found = board(unreachable())

    assert texts(found.blocked) == (
        "GitHub cannot be reached: connection refused (ci, builds, picks, milestone)"
    )
    assert found.ready == ()
    assert found.next.action == "refresh"
    assert "GitHub cannot be reached" in found.next.text


@pytest.mark.parametrize(
    "name", ["branches", "ledger", "ci", "builds", "picks", "milestone", "artifacts"]
)
def test_nothing_is_ready_while_any_backend_is_unreachable(name: str) -> None:
    value = getattr(GREEN, name).value
    broken = feed(value, failure=failure())
    found = board(msgspec.structs.replace(GREEN, **{name: broken}))

    assert found.ready == ()
    assert "GitHub cannot be reached" in texts(found.blocked)
    assert found.next.action == "refresh"


def test_before_the_first_look_nothing_is_claimed() -> None:
    found = board(ReleaseState(spec=SPEC, now=NOW, wall=NOW))

    assert found.blocked[0].text.startswith("not read yet (branches, ledger")
    assert (found.risky, found.ready) == ((), ())
    assert found.next.action == "refresh"


def test_an_incomplete_reading_blocks_where_a_gate_needs_it_and_is_a_risk_elsewhere() -> None:
    short = with_(builds=feed(builds(*green_jobs()), missing="300 of 512 jobs were listed"))
    absent = with_(artifacts=feed(Artifacts(), missing="no [objectstore] is configured"))

    assert "300 of 512 jobs were listed (builds)" in texts(board(short).blocked)
    assert "candidate builds are green" not in texts(board(short).ready)
    assert board(absent).blocked == ()
    assert "the channels: no [objectstore] is configured" in texts(board(absent).risky)


def test_a_stale_reading_is_a_risk() -> None:
    old = feed(Milestone("2.15.0", 62), age=timedelta(minutes=10))

    assert "the milestone: stale" in texts(board(with_(milestone=old)).risky)


def lease(*, minutes: float = 5) -> Recorded:
    ends = NOW + timedelta(minutes=minutes)
    return recorded(LeaseTaken("1-a", "tag-candidate", ends), hours=0.1)


def test_a_lease_of_somebody_else_blocks_until_it_expires() -> None:
    held = with_(ledger=feed(ledger(*PINNED, lease())), me="mika@example.org")
    expired = with_(held, ledger=feed(ledger(*PINNED, lease(minutes=-1))))

    assert texts(board(held).blocked) == "Ada holds the lease for tag-candidate until 14:08 UTC"
    assert board(held).next.text.startswith("wait: Ada holds the lease")
    assert board(msgspec.structs.replace(held, me="ada@example.org")).blocked == ()
    assert board(expired).blocked == ()


def test_undecided_and_stray_pulls_are_risks() -> None:
    state = with_(
        picks=feed(
            tracked(
                (*MERGED_PULLS, pull(14, "Third"), pull(15, "Stray")),
                (*NOMINATIONS, nomination(3, 14)),
            )
        )
    )
    found = board(state)

    assert "1 nomination undecided: #14" in texts(found.risky)
    assert "1 pull request was never nominated: #15" in texts(found.risky)
    assert found.next == NextStep("approve #14, or decide otherwise", "approve", "pull-14")


@pytest.mark.parametrize(
    ("day", "text"),
    [
        (date(2026, 10, 16), "picks close in 3 d"),
        (date(2026, 10, 18), "picks close tomorrow"),
        (date(2026, 10, 19), "picks close today"),
        (date(2026, 10, 25), "release day in 3 d"),
    ],
)
def test_near_deadlines_are_risks(day: date, text: str) -> None:
    assert text in texts(board(on(day)).risky)


def test_a_deadline_far_away_is_not_mentioned() -> None:
    assert "release day" not in texts(board(on(date(2026, 10, 24))).risky)


def test_entries_that_do_not_count_are_a_risk() -> None:
    forged = Recorded(sha("x"), "Eve", "eve@example.org", NOW, "", None, "the author is another")
    state = with_(ledger=feed(ledger(*PINNED, forged)))

    assert "1 ledger entry does not count: the author is another" in texts(board(state).risky)


def test_an_open_milestone_blocks_the_final_candidate_alone() -> None:
    state = with_(milestone=feed(Milestone("2.15.0", 62, (item(3), item(4)))))

    assert board(state).blocked == ()
    found = board(on(date(2026, 10, 20), state))
    assert texts(found.blocked) == "milestone: #3 Issue 3 and 1 more"
    assert found.blocked[0].url == "https://github.example/issues/3"
    assert found.next.text == "close or move #3 and 1 more"


def test_promotion_is_what_comes_after_the_last_gate() -> None:
    found: Board = board(on(date(2026, 10, 20)))

    assert found.blocked == ()
    assert found.next.text == "promote the wheels to the stable channel"


def test_a_candidate_at_the_head_is_not_tagged_again() -> None:
    assert board(GREEN).next.action != "tag-candidate"


def test_after_promotion_the_final_tag_comes_next() -> None:
    promoted = Artifacts((listing(CORE, promoted=True), listing(VISION, promoted=True)))

    assert board(with_(artifacts=feed(promoted))).next.text == "push v2.15.0"


def test_a_feed_that_was_never_read_is_not_ready_either() -> None:
    assert board(with_(artifacts=FeedState())).ready == ()


def test_doubtful_files_and_checks_nobody_required_are_a_risk() -> None:
    bare, wrong = (
        with_first(listing(CORE), **changes)
        for changes in ({"sha256": ""}, {"contents": Contents(sha("other"), ("filelock",))})
    )
    assert "1 file of the test channel in doubt: torch linux" in texts(board(bare).risky)
    assert "1 file of the test channel in doubt: torch linux" in texts(board(wrong).risky)
    late = on(date(2026, 10, 20), wrong)
    assert "test channel: 27 of 27 wheels" in texts(board(late).blocked)
    assert "in doubt" not in texts(board(late).risky)
    red = Check("check/1", "Bot", "lint", JobState.FAILED, "failure", NOW)
    found = board(with_(checks=feed(Checks(RC2.commit_sha, (red,))))).risky
    assert "1 check of others failed on the candidate: Bot lint" in texts(found)


def test_a_wrong_file_of_a_library_is_told_in_the_phase_whose_gate_judges_the_core_alone() -> None:
    listed = listing(VISION)
    stored = msgspec.structs.replace(
        listed.test[0].stored, contents=Contents(sha("other"), ("filelock",)), last_modified=NOW
    )
    first = msgspec.structs.replace(listed.test[0], stored=stored)
    vision = msgspec.structs.replace(listed, test=(first, *listed.test[1:]))
    wrong = with_(artifacts=feed(Artifacts((listing(CORE), vision))))
    found = board(on(date(2026, 10, 20), wrong)).risky

    (line,) = [line for line in found if "in doubt" in line.text]
    assert "torchvision" in line.text
    assert "not from v0.30.0-rc1" in line.text
    assert line.then == "run its upload job again"


def test_a_file_of_a_library_that_its_green_builds_did_not_bring_is_told_once_they_ended() -> None:
    vision = msgspec.structs.replace(listing(VISION), test=listing(VISION).test[1:])
    lost = with_(artifacts=feed(Artifacts((listing(CORE), vision))))

    def told(state: ReleaseState) -> list[BoardLine]:
        return [line for line in board(state).risky if "missing from the test" in line.text]

    (line,) = told(lost)
    assert line.text.startswith("1 file missing from the test channel: torchvision linux")
    assert "the upload job of v0.30.0-rc1 is green, but no file is in the channel" in line.text
    assert line.then == "read the log of the upload job, and run it again"
    assert told(GREEN) == []

    found = VISION_BUILDS
    last = msgspec.structs.replace(found.jobs[-1], state=JobState.RUNNING)
    going = msgspec.structs.replace(found, jobs=(*found.jobs[:-1], last))
    starting = msgspec.structs.replace(found.runs[0], state=JobState.RUNNING, ended=False)
    started = msgspec.structs.replace(found, runs=(starting, *found.runs[1:]))
    for builds_ in (going, started):
        assert told(with_(lost, libraries=feed(LibraryBuilds((builds_,))))) == []
    partly = with_(artifacts=feed(Artifacts((listing(CORE), vision)), missing="a folder"))
    assert told(partly) == []


def test_every_line_that_needs_somebody_says_what_to_do_and_by_which_action() -> None:
    red = with_(ci=feed(checks(JobState.FAILED)), milestone=feed(Milestone("2.15.0", 62)))
    for state in (red, with_(ci=FeedState(failure=failure())), on(date(2026, 10, 26))):
        found = board(state)
        assert found.blocked or found.risky
        for line in (*found.blocked, *found.risky):
            assert line.then, line
            assert line.action, line


def test_an_overridden_gate_is_a_risk_and_lets_the_release_go_on() -> None:
    red = with_(ci=feed(checks(JobState.FAILED)))
    override = recorded(Override("ci-green", RC2.commit_sha, "the runners are down"))
    found = board(with_(red, ledger=feed(ledger(*PINNED, override))))

    assert [line.subject for line in board(red).blocked] == ["ci-green"]
    assert found.blocked == ()
    assert texts(found.risky[:1]) == (
        "branch checks: pytorch trunk: failed on "
        f"{PICK_2.sha[:7]}; overridden by Ada: the runners are down"
    )
    assert found.next == board(GREEN).next


def test_a_sync_meeting_of_today_is_on_the_board() -> None:
    tuesday = with_(on(date(2026, 10, 20)))

    assert "sync meeting today at 16:00 UTC" in texts(board(tuesday).risky)
    assert "sync meeting" not in texts(board(on(date(2026, 10, 21))).risky)


def test_a_reported_problem_blocks_until_it_is_withdrawn_or_signed_after() -> None:
    def blocked(*words: Word) -> list[str]:
        entries = [recorded(word, hours=3 - at) for at, word in enumerate(words)]  # type: ignore[arg-type]
        state = with_(ledger=feed(ledger(*PINNED, *entries)))
        return [line.text for line in board(state).blocked]

    problem = Problem("docs", RC2.commit_sha, note="the index is empty")
    assert "problem with docs: the index is empty (Ada)" in blocked(problem)
    for ending in (Withdrawn("docs", "", note="cache"), Signed("docs", RC2.commit_sha)):
        assert not any("the index is empty" in text for text in blocked(problem, ending))
        assert any("the index is empty" in text for text in blocked(ending, problem))


def test_a_box_that_was_ticked_on_github_is_offered_until_something_is_said_of_its_item() -> None:
    body = with_own_part("", "- [x] Docs <!-- item docs open -->")
    issue = MirrorIssue(7, "checklist", body, "https://x/7", "open")
    state = with_(mirror=feed(Mirror(issue)))
    (line,) = [found for found in board(state).risky if "1 box to adopt" in found.text]
    assert "docs ticked on GitHub" in line.text
    assert line.then == "adopt the box of docs in your own name (%), or have it unticked"
    signed = recorded(Signed("docs", RC2.commit_sha))
    told = board(with_(state, ledger=feed(ledger(*PINNED, signed))))
    assert not any("to adopt" in line.text for line in told.risky)
