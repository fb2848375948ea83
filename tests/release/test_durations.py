"""What jobs usually take, which are slow, and when a candidate will be done."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from cockpit.release.coverage import never_started
from cockpit.release.durations import (
    Forecast,
    coming,
    durations,
    forecast,
    slow_after,
    slow_jobs,
)
from cockpit.release.jobs import CandidateBuilds, Job, JobState
from cockpit.release.progress import progress
from cockpit.release.remembered import remembered
from cockpit.release.support import SupportMatrix, Target
from tests.release.states import NOW, RC1, builds, job

BUILD = "manywheel-py3_12-cpu-build / build"
TEST = "manywheel-py3_12-cpu-test / test"
UPLOAD = "manywheel-py3_12-cpu-upload / upload"
ONE_WHEEL = SupportMatrix(("3.12",), (Target("linux", "x86_64", ("cpu",)),))
NONE = SupportMatrix()


def took(minutes: int, name: str = BUILD, number: int = 1) -> Job:
    ended = NOW - timedelta(minutes=5)
    started = ended - timedelta(minutes=minutes)
    return msgspec.structs.replace(job(number, name), started_at=started, completed_at=ended)


def running(minutes: int, name: str = BUILD, number: int = 1) -> Job:
    started = NOW - timedelta(minutes=minutes)
    return msgspec.structs.replace(job(number, name, state=JobState.RUNNING), started_at=started)


def going(found: CandidateBuilds) -> CandidateBuilds:
    runs = tuple(msgspec.structs.replace(run, ended=False) for run in found.runs)
    return msgspec.structs.replace(found, runs=runs)


def left(found: CandidateBuilds, *earlier: CandidateBuilds, support: SupportMatrix = NONE) -> int:
    ahead = forecast(found, durations(found, earlier), support, NOW)
    assert ahead is not None
    return int(ahead.left.total_seconds() // 60)


def test_the_usual_duration_is_the_median_of_the_same_job_in_earlier_candidates() -> None:
    now = builds(running(10))
    earlier = tuple(builds(took(minutes), of=RC1) for minutes in (30, 38, 90))
    usual = durations(now, earlier).of(now.jobs[0])

    assert usual is not None
    assert (usual.span, usual.candidates) == (timedelta(minutes=38), 3)


def test_without_an_earlier_one_its_kind_tells() -> None:
    now = builds(took(40), running(10, BUILD.replace("3_12", "3_13"), 2))
    usual = durations(now, ()).of(now.jobs[1])

    assert usual is not None
    assert (usual.span, usual.candidates) == (timedelta(minutes=40), 0)
    other = job(3, "wheel-py3_13-cpu-test", "windows-binary-wheel", JobState.RUNNING)
    assert durations(now, ()).of(other) is None


@pytest.mark.parametrize(
    ("spent", "usual", "slow"),
    [(61, 40, True), (59, 40, False), (18, 10, False), (21, 10, True), (40, 40, False)],
)
def test_slow_is_half_as_long_again_and_ten_minutes_more(
    spent: int, usual: int, slow: bool
) -> None:
    assert (timedelta(minutes=spent) > slow_after(timedelta(minutes=usual))) is slow


def test_only_the_same_job_in_earlier_candidates_makes_a_job_slow() -> None:
    now = builds(running(90), took(20, BUILD.replace("3_12", "3_13"), 2))

    assert slow_jobs(now, durations(now, ()), NOW) == frozenset()
    earlier = (builds(took(38), of=RC1),)
    assert slow_jobs(now, durations(now, earlier), NOW) == {1}


def test_what_is_left_adds_up_along_a_chain() -> None:
    earlier = builds(took(40), took(20, TEST, 2), took(2, UPLOAD, 3), of=RC1)
    now = going(builds(running(10)))

    assert left(now, earlier) == 30
    assert left(now, earlier, support=ONE_WHEEL) == 30 + 20 + 2
    queued = going(builds(took(40), job(2, TEST, state=JobState.QUEUED)))
    assert left(queued, earlier, support=ONE_WHEEL) == 22


def test_before_a_wheel_is_listed_nothing_tells_the_end() -> None:
    label, before = "get-label-type", "another grammar"
    first = going(builds(running(0, label)))
    wheels = builds(took(40), took(1, label, 2), of=RC1)
    assert forecast(first, durations(first, (wheels,)), ONE_WHEEL, NOW) is None
    unread = builds(took(40, before), took(1, label, 2), of=RC1)
    assert left(first, unread, support=ONE_WHEEL) == 1, "names tell of no wheel here at all"


def test_a_job_that_takes_longer_than_usual_has_nothing_left() -> None:
    assert left(builds(running(90)), builds(took(40), of=RC1)) == 0


def test_what_follows_a_red_job_is_not_waited_for() -> None:
    red = builds(job(1, BUILD, state=JobState.FAILED))
    going_red = going(builds(*red.jobs, running(10, "another grammar", 2)))

    assert coming(going_red, ONE_WHEEL) == ()
    assert {slot.stage for slot in coming(going(builds(running(1))), ONE_WHEEL)} == {
        "test",
        "upload",
    }


def test_the_upload_of_cuda_on_aarch64_waits_for_the_build_alone() -> None:
    name = "manywheel-py3_12-cuda-aarch64-13_0-{0} / {0}"
    workflow = "linux-aarch64-binary-manywheel"
    support = SupportMatrix(("3.12",), (Target("linux", "aarch64", ("cu130",)),))

    def at(stage: str, minutes: int, number: int) -> Job:
        return msgspec.structs.replace(took(minutes, name.format(stage), number), workflow=workflow)

    earlier = builds(at("build", 60, 1), at("test", 20, 2), at("upload", 5, 3), of=RC1)
    begun = msgspec.structs.replace(running(10, name.format("build")), workflow=workflow)
    assert left(going(builds(begun)), earlier, support=support) == 50 + 20


def test_one_upload_of_an_accelerator_comes_after_all_of_its_wheels() -> None:
    earlier = builds(took(40), took(6, "upload (cpu)", 2), of=RC1)
    now = builds(
        running(10),
        running(25, BUILD.replace("3_12", "3_13"), 2),
        job(3, "upload (cpu)", state=JobState.QUEUED),
    )
    assert left(now, earlier) == 30 + 6


def test_open_jobs_that_nothing_tells_about_are_counted() -> None:
    now = builds(running(10), job(2, "wheel-py3_13-cpu-test", "windows", JobState.RUNNING))
    found = forecast(now, durations(now, (builds(took(40), of=RC1),)), NONE, NOW)

    assert found == Forecast(timedelta(minutes=30), unknown=1)
    assert forecast(builds(took(40)), durations(builds(took(40)), ()), NONE, NOW) is None


def test_never_started_is_told_once_the_runs_that_make_it_have_ended() -> None:
    ended = builds(took(40))
    assert {slot.stage for slot in never_started(ended, ONE_WHEEL)} == {"test", "upload"}
    assert never_started(going(ended), ONE_WHEEL) == frozenset()
    short = msgspec.structs.replace(ended, cut_short=True)
    assert never_started(short, ONE_WHEEL) == frozenset(), "a page may lack them"
    # A workflow that was never started has no jobs to be known by: then every run has to end.
    windows = SupportMatrix(("3.12",), (Target("windows", "x86_64", ("cpu",)),))
    assert len(never_started(ended, windows)) == 3
    assert never_started(going(ended), windows) == frozenset()
    assert never_started(CandidateBuilds(jobs=ended.jobs), ONE_WHEEL) == frozenset()


def test_progress_counts_ends_from_the_first_run() -> None:
    red = msgspec.structs.replace(took(50, TEST, 2), state=JobState.FAILED, conclusion="failure")
    found = progress(builds(took(40), red, running(5, UPLOAD, 3)))

    assert found is not None
    assert found.began == NOW - timedelta(hours=2)
    assert (found.total, len(found.ended), len(found.failed)) == (3, 2, 1)
    assert found.share(timedelta(minutes=60)) == 0
    assert found.share(timedelta(hours=2)) == pytest.approx(2 / 3)
    assert not found.whole
    assert found.length == timedelta(minutes=115)
    assert progress(CandidateBuilds()) is None


def test_a_result_is_kept_while_its_reading_is_the_same_object() -> None:
    calls = []

    @remembered
    def counted(value: list[int], name: str) -> int:
        calls.append(name)
        return len(value)

    first, second = [1], [1]
    for value in (first, second, first):
        assert counted(value, "a") == 1
    assert calls == ["a", "a"]
    assert counted(first, "b") == 1
    assert counted(first, "".join(("b",))) == 1
    assert calls == ["a", "a", "b"]
