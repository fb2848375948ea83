"""Two candidates' builds, compared job by job."""

from __future__ import annotations

from cockpit.release.build_comparison import Turn, compare_builds
from cockpit.release.jobs import JobState
from cockpit.release.support import SupportMatrix
from tests.release.states import RC1, SUPPORT, builds, green_jobs, job
from tests.release.test_durations import BUILD, going, took


def test_two_candidates_are_compared_job_by_job() -> None:
    support = SupportMatrix()
    red = job(1, BUILD, state=JobState.FAILED)
    cancelled = job(1, BUILD, state=JobState.SKIPPED, conclusion="cancelled")
    cases = {
        Turn.NEWLY_RED: (builds(took(40), of=RC1), builds(red)),
        Turn.STILL_RED: (builds(cancelled, of=RC1), builds(red)),
        Turn.FIXED: (builds(red, of=RC1), builds(took(40))),
        Turn.SLOWER: (builds(took(40), of=RC1), builds(took(70))),
        Turn.SAME: (builds(took(40), of=RC1), builds(took(45))),
        Turn.ADDED: (builds(of=RC1), builds(took(40))),
        Turn.NEWLY_MISSING: (builds(took(40), took(9, "gone", 2), of=RC1), builds(took(40))),
        Turn.OPEN: (builds(took(40), of=RC1), builds(job(1, BUILD, state=JobState.QUEUED))),
    }
    for turn, (older, newer) in cases.items():
        found = compare_builds(older, newer, support)
        assert [entry.turn for entry in found.jobs][-1] is turn, turn


def test_a_wheel_is_missing_only_once_it_can_come_no_more() -> None:
    older, newer = builds(*green_jobs(), of=RC1), builds(*green_jobs()[:-1])

    (gone,) = compare_builds(older, newer, SUPPORT).of(Turn.NEWLY_MISSING)
    assert gone.newer is None
    assert gone.older == green_jobs()[-1]
    (still,) = compare_builds(older, going(newer), SUPPORT).of(Turn.OPEN)
    assert still.what == gone.what
