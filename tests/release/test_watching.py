"""Watching a candidate: how it ends, what changed, and what somebody is disturbed for."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from cockpit.release.build_changes import Change, ChangeKind, changes, following
from cockpit.release.endings import (
    GRACE,
    end_at_timeout,
    end_of,
    final_failures,
)
from cockpit.release.jobs import Job, JobState
from cockpit.release.notices import Quiet, Threshold, tell
from cockpit.release.picture import Ending, Picture, picture_of, pictures
from cockpit.release.record import Dud
from cockpit.release.state import FeedState
from cockpit.release.support import SupportMatrix
from tests.release.states import (
    CORE,
    CORE_BRANCH,
    GREEN,
    NOW,
    PINNED,
    RC1,
    RC2,
    SUPPORT,
    builds,
    candidate,
    failure,
    feed,
    green_jobs,
    job,
    ledger,
    recorded,
    sha,
    tag,
    with_,
    with_branches,
)

ONE, TWO, THREE = (
    job(100, "build one", "a"),
    job(101, "test one", "a"),
    job(200, "build two", "b"),
)
LONG_AGO = NOW + timedelta(hours=3)
"""When everything in these builds happened long ago."""


def picture(*jobs: Job, ended: bool = True, **changes_: object) -> Picture:
    """A picture of these jobs, whole and long over unless a test says otherwise."""
    found = builds(*jobs)
    if not ended:
        runs = tuple(
            msgspec.structs.replace(run, ended=False, state=JobState.RUNNING, conclusion=None)
            for run in found.runs
        )
        found = msgspec.structs.replace(found, runs=runs)
    return msgspec.structs.replace(Picture(CORE.name, candidate(), found, LONG_AGO), **changes_)


def in_state(which: Job, state: JobState, **changes_: object) -> Job:
    """The same job in another state."""
    found = job(which.id, which.name, which.workflow, state)
    return msgspec.structs.replace(found, run_id=which.run_id, **changes_)


RED = in_state(TWO, JobState.FAILED, failed_step="Test")
CANCELLED = in_state(TWO, JobState.SKIPPED, conclusion="cancelled")


def ending(of: Picture, *, waited: timedelta = timedelta()) -> Ending | None:
    found = end_of(of, waited=waited)
    return found.ending if found else None


class TestEnding:
    def test_whole_and_green_is_success(self) -> None:
        assert ending(picture(ONE, TWO)) is Ending.SUCCESS
        whole = msgspec.structs.replace(picture(*green_jobs()), support=SUPPORT)
        assert ending(whole) is Ending.SUCCESS

    @pytest.mark.parametrize(
        "reserved",
        [
            picture(ONE, missing="GitHub listed 1 of 2 jobs of a"),
            picture(ONE, trouble="GitHub cannot be reached"),
            picture(ONE, candidate=candidate(RC1)),
            picture(ONE, ended=False),
            picture(ONE, in_state(TWO, JobState.RUNNING)),
            picture(ONE, in_state(TWO, JobState.QUEUED)),
            picture(ONE, RED, missing="a page was short", now=NOW - GRACE * 4),
            picture(
                in_state(ONE, JobState.SKIPPED), carried_jobs=(in_state(TWO, JobState.RUNNING),)
            ),
        ],
    )
    def test_what_may_still_change_or_was_not_read_whole_has_not_ended(
        self, reserved: Picture
    ) -> None:
        assert end_of(reserved) is None

    @pytest.mark.parametrize(
        ("ended", "as_"),
        [
            (picture(ONE, RED), Ending.FAILURE),
            (picture(ONE, CANCELLED), Ending.CANCELLED),
            (picture(RED, in_state(ONE, JobState.SKIPPED, conclusion="cancelled")), Ending.FAILURE),
            (picture(ONE, in_state(TWO, JobState.UNKNOWN)), Ending.FAILURE),
            (picture(in_state(ONE, JobState.SKIPPED)), Ending.FAILURE),
            (picture(ONE, RED, missing="b has no jobs: startup_failure"), Ending.FAILURE),
            (picture(ONE, moved="rc2 was moved"), Ending.FAILURE),
            (picture(ONE, dud=True), Ending.SUPERSEDED),
            (picture(ONE, ended=False, newer=candidate(RC2)), Ending.SUPERSEDED),
        ],
    )
    def test_it_ends_as_its_jobs_did(self, ended: Picture, as_: Ending) -> None:
        assert ending(ended) is as_

    def test_a_run_that_failed_without_a_job_is_a_failure(self) -> None:
        broken = msgspec.structs.replace(
            builds(ONE).runs[0], id=9, workflow="broken", state=JobState.FAILED
        )
        found = msgspec.structs.replace(builds(ONE), runs=(*builds(ONE).runs, broken))
        whole = picture(ONE, builds=found, missing="broken has no jobs: startup_failure")
        end = end_of(whole)
        assert end is not None
        assert (end.ending, "broken failed" in end.reason) == (Ending.FAILURE, True)

    def test_what_never_started_is_held_against_it_only_once_github_is_quiet(self) -> None:
        short = msgspec.structs.replace(picture(*green_jobs()[1:]), support=SUPPORT)
        last = max(j.completed_at for j in short.builds.jobs if j.completed_at)
        soon = msgspec.structs.replace(short, now=last + GRACE / 2)
        assert end_of(soon) is None
        assert ending(msgspec.structs.replace(short, now=last + GRACE)) is Ending.FAILURE
        silent = SupportMatrix(workflows=("Create Release",))
        assert end_of(picture(ONE, support=silent, now=last)) is None
        assert ending(picture(ONE, support=silent)) is Ending.FAILURE

    def test_nothing_started_is_waiting_first_and_no_run_after_the_grace_time(self) -> None:
        empty = picture(missing="GitHub has not started any workflow for v2.15.0-rc2 yet")
        assert end_of(empty) is None
        assert end_of(empty, waited=GRACE / 2) is None
        assert ending(empty, waited=GRACE) is Ending.NO_RUN
        soon = end_of(empty, waited=timedelta(seconds=8), grace=timedelta(seconds=8))
        assert soon is not None
        assert soon.reason.endswith("started within 8 s")
        assert ending(picture(ONE, ended=False), waited=GRACE) is None

    def test_fail_fast_does_not_take_a_red_job_that_is_tried_again_for_final(self) -> None:
        red = picture(ONE, RED, in_state(THREE, JobState.RUNNING), ended=False)
        assert end_of(red) is None
        assert end_of(red, fail_fast=True) is not None

        def run(**new: object) -> Picture:
            other = msgspec.structs.replace(red.builds.runs[0], **new)
            found = msgspec.structs.replace(red.builds, runs=(*red.builds.runs[1:], other))
            return msgspec.structs.replace(red, builds=found)

        again = run(id=RED.run_id, attempt=2)
        assert final_failures(again.builds) == ()
        assert end_of(again, fail_fast=True) is None
        by_hand = run(id=RED.run_id + 99, event="workflow_dispatch")
        assert end_of(by_hand, fail_fast=True) is None

    def test_a_timeout_says_what_was_left(self) -> None:
        busy = picture(ONE, in_state(TWO, JobState.RUNNING))
        assert end_at_timeout(busy).reason == "1 job of v2.15.0-rc2 had not finished"
        assert "no workflow" in end_at_timeout(picture()).reason
        assert end_at_timeout(picture(ONE, trouble="GitHub cannot be reached")).reason == (
            "GitHub cannot be reached"
        )


def told(before: Picture, after: Picture) -> list[tuple[ChangeKind, str]]:
    """What is told of two looks, the first of which nothing is known before."""
    first = following(None, before)
    return [(change.kind, change.text) for change in changes(first, following(first, after))]


class TestChanges:
    def test_the_first_picture_and_the_same_picture_change_nothing(self) -> None:
        assert changes(None, picture(RED)) == ()
        assert changes(picture(RED), picture(RED)) == ()

    def test_a_job_that_turns_red_is_told_by_its_step_and_the_rest_is_counted(self) -> None:
        running = picture(
            in_state(ONE, JobState.QUEUED), in_state(TWO, JobState.RUNNING), ended=False
        )
        after = picture(in_state(ONE, JobState.RUNNING), RED, THREE, ended=False)
        assert told(running, after) == [
            (ChangeKind.JOB_FAILED, "a / test one failed in Test"),
            (ChangeKind.PROGRESS, "1 started, 1 passed"),
        ]

    def test_red_again_after_a_re_run_is_told_again(self) -> None:
        again = in_state(TWO, JobState.RUNNING)
        second = msgspec.structs.replace(RED, id=999, attempt=2, superseded=(attempt_of(RED),))
        assert told(picture(RED), picture(again)) == [
            (ChangeKind.JOB_RERUN, "a / test one is run again"),
            (ChangeKind.PROGRESS, "1 started"),
        ]
        assert (ChangeKind.JOB_FAILED, "a / test one failed again in Test") in told(
            picture(RED), picture(second)
        )

    def test_green_after_red_is_flaky_and_everything_green_is_told(self) -> None:
        green = msgspec.structs.replace(TWO, superseded=(attempt_of(RED),))
        found = told(picture(ONE, RED), picture(ONE, green))
        assert found[0][0] is ChangeKind.ALL_GREEN
        assert (ChangeKind.FLAKY, "a / test one passed after it had failed: flaky") in found

    def test_a_run_that_ended_is_told_once(self) -> None:
        found = told(picture(ONE, ended=False), picture(ONE))
        assert [kind for kind, _ in found] == [ChangeKind.ALL_GREEN, ChangeKind.RUN_ENDED]
        assert found[1][1] == "a ended: success"

    def test_jobs_of_a_deleted_run_are_missed(self) -> None:
        assert (ChangeKind.JOBS_GONE, "1 job of b is no longer listed") in told(
            picture(ONE, THREE), picture(ONE)
        )

    def test_a_short_page_is_no_change_of_what_it_left_out(self) -> None:
        short = picture(ONE, missing="GitHub listed 1 of 2 jobs of a")
        whole = following(None, picture(ONE, RED))
        kept = following(whole, short)
        assert [kind for kind, _ in told(whole, short)] == [ChangeKind.INCOMPLETE]
        assert [change.kind for change in changes(kept, following(kept, whole))] == [
            ChangeKind.WHOLE
        ]

    def test_a_silence_is_told_once_however_its_numbers_change(self) -> None:
        wait = "GitHub asks to wait: too many requests; {} s left"
        looks = [picture(ONE)]
        looks += [picture(ONE, trouble=wait.format(left)) for left in (90, 30)]
        seen, found = None, list[ChangeKind]()
        for look in (*looks, picture(ONE)):
            after = following(seen, look)
            found += [change.kind for change in changes(seen, after)]
            seen = after
        assert found == [ChangeKind.UNREADABLE, ChangeKind.READABLE]

    def test_a_newer_candidate_supersedes_and_its_red_jobs_are_new(self) -> None:
        older = msgspec.structs.replace(
            picture(RED), candidate=candidate(RC1), builds=builds(RED, of=RC1)
        )
        unread = msgspec.structs.replace(older, candidate=candidate(RC2))
        assert told(older, unread) == [
            (ChangeKind.SUPERSEDED, "v2.15.0-rc1 is superseded by v2.15.0-rc2")
        ]
        assert (ChangeKind.JOB_FAILED, "a / test one failed in Test") in told(unread, picture(RED))

    def test_a_tag_on_another_commit_is_told(self) -> None:
        elsewhere = candidate(tag(RC2.name, sha("elsewhere")))
        moved = msgspec.structs.replace(picture(ONE), candidate=elsewhere)
        assert told(picture(ONE), moved) == [
            (ChangeKind.TAG_MOVED, "v2.15.0-rc2 was moved to another commit")
        ]


def attempt_of(of: Job) -> object:
    from cockpit.release.attempts import merge_attempts

    later = msgspec.structs.replace(of, id=of.id + 5, attempt=2, state=JobState.PASSED)
    later = msgspec.structs.replace(later, conclusion="success", completed_at=NOW)
    (merged,) = merge_attempts((of, later))
    return merged.superseded[0]


class TestPicture:
    def test_it_says_what_became_of_the_tag(self) -> None:
        def seen(*tags: object) -> Picture:
            branch = msgspec.structs.replace(CORE_BRANCH, tags=tags)
            return picture_of(with_branches(branch), CORE, candidate(RC2), GREEN.builds)

        assert seen(RC1, RC2).moved == ""
        assert seen(RC1).moved.startswith("v2.15.0-rc2 was deleted")
        assert "was moved from" in seen(RC1, tag(RC2.name, sha("elsewhere"))).moved
        rc3 = tag("v2.15.0-rc3", sha("third"))
        newer = seen(RC1, RC2, rc3).newer
        assert newer is not None
        assert newer.tag == rc3

    def test_a_branch_that_could_not_be_read_says_nothing_of_the_tag(self) -> None:
        state = with_(branches=feed(GREEN.branches.value, failure=failure()))
        assert picture_of(state, CORE, candidate(RC1), GREEN.builds).moved == ""

    def test_a_dud_is_known(self) -> None:
        dud = recorded(Dud(CORE.name, RC2.name, "broken"))
        state = with_(ledger=feed(ledger(*PINNED, dud)))
        assert picture_of(state, CORE, candidate(RC2), GREEN.builds).dud

    def test_expected_jobs_are_counted_beside_those_that_started(self) -> None:
        short = picture(*green_jobs()[1:], support=SUPPORT)
        assert short.counts[JobState.EXPECTED] == 1
        assert sum(short.counts.values()) == len(green_jobs())

    def test_the_release_has_one_for_each_candidate(self) -> None:
        assert [found.tag for found in pictures(GREEN)] == ["v2.15.0-rc2", "v0.30.0-rc1"]

    def test_times_of_the_future_make_nothing_negative(self) -> None:
        late = in_state(ONE, JobState.PASSED, completed_at=NOW + timedelta(hours=9))
        ahead = picture(late, now=NOW, support=SupportMatrix(workflows=("never",)))
        assert end_of(ahead) is None
        state = FeedState(feed(builds()).reading, interval=timedelta(seconds=30))
        earlier = NOW - timedelta(hours=1)
        assert state.age(earlier) == timedelta()
        assert state.stale(earlier), "nobody knows the age of a reading from the future"


BEARABLE = Threshold(3, timedelta(minutes=5))


def failures(count: int) -> tuple[Change, ...]:
    return tuple(Change(ChangeKind.JOB_FAILED, f"job {number} failed") for number in range(count))


class TestNotices:
    def test_few_are_told_one_by_one_and_many_in_one(self) -> None:
        _, few = tell(Quiet(), failures(3), NOW, BEARABLE)
        assert [notice.text for notice in few] == ["job 0 failed", "job 1 failed", "job 2 failed"]
        _, many = tell(Quiet(), failures(14), NOW, BEARABLE)
        assert [(notice.text, notice.bad) for notice in many] == [("14 jobs failed", True)]

    def test_what_is_too_much_waits_for_the_end_of_the_window(self) -> None:
        quiet, first = tell(Quiet(), failures(2), NOW, BEARABLE)
        quiet, second = tell(quiet, failures(4), NOW + timedelta(minutes=1), BEARABLE)
        quiet, third = tell(quiet, (), NOW + timedelta(minutes=5), BEARABLE)
        assert (len(first), second) == (2, ())
        assert [notice.text for notice in third] == ["4 jobs failed"]
        assert tell(quiet, (), NOW + timedelta(minutes=6), BEARABLE)[1] == ()

    def test_the_fate_of_the_candidate_never_waits(self) -> None:
        quiet, _ = tell(Quiet(), failures(3), NOW, BEARABLE)
        moved = Change(ChangeKind.TAG_MOVED, "rc2 was moved")
        quiet, notices = tell(quiet, (moved, *failures(9)), NOW, BEARABLE)
        assert [notice.text for notice in notices] == ["rc2 was moved"]
        assert len(quiet.held) == 9

    def test_progress_disturbs_nobody(self) -> None:
        started = Change(ChangeKind.PROGRESS, "90 started")
        assert tell(Quiet(), (started,), NOW, BEARABLE) == (Quiet(), ())
