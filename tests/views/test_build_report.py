"""A candidate's builds as text, and notifications as terminals take them."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from cockpit.commands.builds import exit_code
from cockpit.commands.watch_output import Glance, LiveBlock, PlainLines
from cockpit.config_tables import NotificationsTable
from cockpit.errors import ExitCode
from cockpit.release.candidate_checks import candidate_checks
from cockpit.release.jobs import EarlierBuilds, JobState
from cockpit.release.notices import Desktop
from cockpit.release.picture import End, Ending, Picture, picture_of
from cockpit.release.state import Failure, FeedState, ReleaseState
from cockpit.release.support import SupportMatrix
from cockpit.views.build_report import STATES, Selection, counts_text, head, report
from cockpit.views.desktop import desktop_sequence
from cockpit.views.hud import hud_url
from cockpit.views.text import printed
from tests.release.health import reported
from tests.release.states import (
    CORE,
    GREEN,
    NOW,
    RC1,
    RC2,
    builds,
    candidate,
    feed,
    green_jobs,
    job,
    with_,
)

LINUX = "linux-binary-manywheel"


def told(picture: Picture, **asked: str) -> list[str]:
    lines = report(picture, Selection(**asked), "read 4 s ago", "https://hud/{repository}/{ref}")
    return [printed(entry, 200, plain_ascii=False, color=False).rstrip() for entry in lines]


def picture(*changed: tuple[int, JobState], missing: str = "") -> Picture:
    jobs = list(green_jobs()[1:])
    for position, state in changed:
        old = jobs[position]
        step = "Test" if state is JobState.FAILED else None
        jobs[position] = job(old.id, old.name, old.workflow, state, failed_step=step)
    jobs.append(job(7, "\\[bold]odd", "Create Release"))
    found = builds(*jobs)
    if not all(each.state.finished for each in jobs):
        runs = tuple(msgspec.structs.replace(run, ended=False) for run in found.runs)
        found = msgspec.structs.replace(found, runs=runs)
    read = feed(found, missing=missing)
    return picture_of(with_(builds=read), CORE, candidate(), read)


def test_what_failed_comes_first_and_what_is_done_is_counted() -> None:
    lines = told(picture((30, JobState.FAILED), (2, JobState.RUNNING)))
    assert lines[0].startswith("pytorch/pytorch v2.15.0-rc2 · ")
    assert "✖ 1 failed" in lines[1]
    assert "· 1 expected, not started" in lines[1]
    assert lines[2].startswith("HUD https://hud/pytorch/pytorch/")
    red = next(number for number, text in enumerate(lines) if "failed in Test" in text)
    busy = next(number for number, text in enumerate(lines) if text.startswith("  ◐"))
    assert red < busy
    assert lines[red].endswith(tuple("0123456789")), "a red job has its address"
    assert not any(text.startswith("  ✔") for text in lines)
    assert any("not started: py3.12 cpu build" in text for text in lines)
    assert any(text.startswith("Create Release ") for text in lines)


def test_a_state_or_a_workflow_can_be_asked_for() -> None:
    shown = picture((0, JobState.FAILED), (1, JobState.RUNNING))
    jobs = [text for text in told(shown, state="failed")[4:] if text.startswith("  ")]
    assert len(jobs) == 1
    passed = [text for text in told(shown, state="passed") if text.startswith("  ✔")]
    assert len(passed) == shown.counts[JobState.PASSED]
    assert any("odd" in text for text in passed), "a name of no grammar is shown as it is"
    assert not any("odd" in text for text in told(shown, workflow="LINUX-*"))
    assert "no such job" in told(shown, state="no-data")
    assert set(STATES) == {
        "passed",
        "failed",
        "running",
        "queued",
        "expected",
        "skipped",
        "no-data",
    }


def test_what_is_not_whole_is_said_above() -> None:
    assert "▲ not whole: a page was short" in told(picture(missing="a page was short"))
    assert told(msgspec.structs.replace(picture(), candidate=None)) == [
        "pytorch/pytorch: no candidate has been tagged"
    ]


EVIL = "windows \x1b]0;owned\x07 py3.13; failed\x9c\nsecond"


@pytest.mark.parametrize("style", [Desktop.OSC_9, Desktop.OSC_777])
@pytest.mark.parametrize("environment", [{}, {"TMUX": "default,1,0"}])
def test_no_text_gets_out_of_its_notification(style: Desktop, environment: dict[str, str]) -> None:
    sequence = desktop_sequence(style, "release-cockpit", EVIL, environment)
    inside = sequence
    if environment:
        assert sequence.startswith("\x1bPtmux;\x1b\x1b]")
        assert sequence.endswith("\x1b\\")
        inside = sequence.removeprefix("\x1bPtmux;\x1b").removesuffix("\x1b\\")
    assert inside.startswith("\x1b]9;" if style is Desktop.OSC_9 else "\x1b]777;notify;")
    assert (inside.count("\x1b"), inside.count("\x07"), inside.index("\x07")) == (
        1,
        1,
        len(inside) - 1,
    )
    assert inside.count(";") == (1 if style is Desktop.OSC_9 else 3)
    assert "owned" not in inside


@pytest.mark.parametrize(
    ("environment", "begins"),
    [
        ({"TERM_PROGRAM": "WezTerm"}, "\x1b]9;"),
        ({"LC_TERMINAL": "iTerm2", "TERM": "xterm-256color"}, "\x1b]9;"),
        ({"TERM": "foot"}, "\x1b]777;"),
        ({"VTE_VERSION": "7200"}, "\x1b]777;"),
        ({"TERM": "xterm-256color"}, ""),
    ],
)
def test_a_terminal_is_sent_only_what_it_is_known_to_understand(
    environment: dict[str, str], begins: str
) -> None:
    sequence = desktop_sequence(Desktop.AUTO, "t", "text", environment)
    assert sequence.startswith(begins)
    assert bool(sequence) == bool(begins)
    assert desktop_sequence(Desktop.OFF, "t", "text", environment) == ""


def test_green_has_nothing_to_show_but_counts() -> None:
    whole = picture_of(GREEN, CORE, candidate(), GREEN.builds)
    assert all(
        text.startswith(("pytorch", "✔", "HUD", "linux", "windows", "macos")) or not text
        for text in told(whole)
    )


def test_the_end_is_foreseen_by_what_the_same_jobs_took_in_earlier_candidates() -> None:
    took, began = timedelta(hours=3), NOW - timedelta(hours=1)
    name = "manywheel-py3_12-cpu-build / build"
    running = job(1, name, LINUX, JobState.RUNNING)
    done = job(2, name, LINUX)
    running = msgspec.structs.replace(running, started_at=began)
    done = msgspec.structs.replace(done, started_at=began - took, completed_at=began)
    before = EarlierBuilds((builds(done, of=RC1),))
    quick = job(3, "manywheel-py3_12-cuda13_0-build / build", LINUX)
    read = feed(builds(running, quick))
    spec = msgspec.structs.replace(GREEN.spec, support=SupportMatrix())

    state = with_(builds=read, earlier=feed(before), spec=spec)
    assert "~2 h 00 min left" in told(picture_of(state, CORE, candidate(), read))[1]
    for unread in (feed(EarlierBuilds()), FeedState[EarlierBuilds]()):
        alone = with_(builds=read, earlier=unread, spec=spec)
        assert "left" not in told(picture_of(alone, CORE, candidate(), read))[1]


def test_the_block_of_a_terminal_tells_red_jobs_of_two_systems_apart(
    capsys: pytest.CaptureFixture[str],
) -> None:
    arm = "linux-aarch64-binary-manywheel"
    jobs = (
        job(1, "manywheel-py3_12-cpu-test / test", LINUX, JobState.FAILED),
        job(2, "manywheel-py3_12-cpu-aarch64-test / test", arm, JobState.FAILED),
        job(3, "get-label-type", arm, JobState.FAILED),
    )
    read = feed(builds(*jobs))
    seen = picture_of(with_(builds=read), CORE, candidate(), read)
    block = LiveBlock(NotificationsTable(), plain_ascii=False)
    block.tick(Glance(seen, NOW, NOW, None, "", refreshing=False))
    told_ = capsys.readouterr().out
    assert "linux x86_64 py3.12 cpu test" in told_
    assert "linux aarch64 py3.12 cpu test" in told_
    assert f"{arm} / get-label-type" in told_
    reason = "; ".join(["linux x86_64 py3.12 cpu test and 2 more failed"] * 3)
    block.ended(End(Ending.FAILURE, reason), Glance(seen, NOW, NOW, None, "", refreshing=False))
    assert f"failure: {reason}" in capsys.readouterr().out, "what stays is not cut off"


def test_a_reading_of_another_candidate_is_not_when_this_one_was_read(
    capsys: pytest.CaptureFixture[str],
) -> None:
    read = feed(builds(*green_jobs(), of=RC1))
    lines = PlainLines(plain_ascii=False)
    for tagged, expected in ((RC1, True), (RC2, False)):
        seen = picture_of(with_(builds=read), CORE, candidate(tagged), read)
        lines.changed((), Glance(seen, NOW, NOW, None, "", False, timedelta(minutes=5)))
        assert ("last read 5 min ago" in capsys.readouterr().out) is expected


def test_what_needs_somebody_is_not_counted_among_what_does_not() -> None:
    stopped = job(1, "manywheel-py3_12-cpu-test / test", LINUX, JobState.SKIPPED)
    stopped = msgspec.structs.replace(stopped, conclusion="cancelled")
    read = feed(builds(stopped, job(2, "manywheel-py3_12-cpu-build / build", LINUX)))
    ended = picture_of(with_(builds=read), CORE, candidate(), read)
    absent = len(ended.expected)

    assert told(ended)[1] == f"✔ 1 passed   ⊗ 1 cancelled   □ {absent} expected but never started"
    assert counts_text(ended) == f"✔ 1  ⊗ 1  □ {absent}"
    assert any(text.startswith("  ⊗ py3.12 cpu test") for text in told(ended, state="cancelled"))
    assert any(text.startswith("  □ never started: ") for text in told(ended))
    short = msgspec.structs.replace(ended.builds, cut_short=True)
    assert "□" not in counts_text(msgspec.structs.replace(ended, builds=short))


@pytest.mark.parametrize(
    ("state", "conclusion", "support", "expected"),
    [
        (JobState.PASSED, "success", SupportMatrix(), ExitCode.OK),
        (JobState.SKIPPED, "skipped", SupportMatrix(), ExitCode.OK),
        (JobState.RUNNING, None, SupportMatrix(workflows=("nightly",)), ExitCode.OK),
        (JobState.FAILED, "failure", SupportMatrix(), ExitCode.BLOCKED),
        (JobState.SKIPPED, "cancelled", SupportMatrix(), ExitCode.BLOCKED),
        (JobState.UNKNOWN, "odd", SupportMatrix(), ExitCode.BLOCKED),
        (JobState.PASSED, "success", SupportMatrix(workflows=("nightly",)), ExitCode.BLOCKED),
        (JobState.PASSED, "success", GREEN.spec.support, ExitCode.BLOCKED),
    ],
)
def test_what_is_red_unknown_or_never_started_is_no_success(
    state: JobState, conclusion: str | None, support: SupportMatrix, expected: ExitCode
) -> None:
    one = job(1, "manywheel-py3_12-cpu-test / test", LINUX, state, conclusion=conclusion)
    found = builds(one)
    runs = tuple(msgspec.structs.replace(run, ended=state.finished) for run in found.runs)
    read = feed(msgspec.structs.replace(found, runs=runs))
    spec = msgspec.structs.replace(GREEN.spec, support=support)
    assert exit_code(picture_of(with_(builds=read, spec=spec), CORE, candidate(), read)) is expected


def beside_the_jobs(seen: ReleaseState, **asked: str) -> tuple[list[str], ExitCode]:
    """What is told of the checks of others, and how `builds` ends where all jobs are green."""
    whole, checks = picture_of(GREEN, CORE, candidate(), GREEN.builds), candidate_checks(seen)
    lines = report(whole, Selection(**asked), "now", "", checks)
    texts = [printed(entry, 200, plain_ascii=False, color=False).rstrip() for entry in lines]
    return texts[len(report(whole, Selection(**asked), "now", "")) :], exit_code(whole, checks)


def test_checks_of_others_are_told_red_and_required_ones_first() -> None:
    state = reported(lint=JobState.FAILED, docker=JobState.FAILED, cla=JobState.PASSED)
    lines, end = beside_the_jobs(state)
    assert end is ExitCode.BLOCKED
    assert lines[0].split() == ["other", "checks", "✔", "1", "✖", "2"]
    assert [text.split() for text in lines[1:]] == [
        ["✖", "docker", "failed", "Bot", "required"],
        ["✖", "lint", "failed", "Bot"],
    ]
    assert beside_the_jobs(state, state="passed")[0][1].split()[:2] == ["✔", "cla/easy"]
    assert beside_the_jobs(state, workflow="docs*") == ([], ExitCode.BLOCKED)


@pytest.mark.parametrize(
    ("state", "words", "expected"),
    [
        (reported(lint=JobState.FAILED, docker=JobState.PASSED, cla=JobState.PASSED), "", 0),
        (reported(docker=JobState.RUNNING, cla=JobState.PASSED), "◐ docker", 0),
        (reported(docker=JobState.SKIPPED, cla=JobState.PASSED), "⊘ docker", 1),
        (reported(cla=JobState.PASSED), "· required, not reported: docker", 1),
    ],
)
def test_what_is_required_and_not_green_is_no_success(
    state: ReleaseState, words: str, expected: int
) -> None:
    lines, end = beside_the_jobs(state)
    assert end == expected
    assert any(text.strip().startswith(words) for text in lines)


def test_checks_that_could_not_be_read_are_unknown() -> None:
    green = reported(docker=JobState.PASSED, cla=JobState.PASSED)
    failure = Failure("GitHub cannot be reached", "refused", "r", NOW)
    silent = with_(green, checks=FeedState(green.checks.reading, failure))
    told_, end = beside_the_jobs(silent)
    assert end is ExitCode.UNREACHABLE
    assert told_[-1] == "▲ other checks are unknown: GitHub cannot be reached: refused"
    short = with_(green, checks=feed(green.checks.value, missing="1 of 9 check suites"))
    told_, end = beside_the_jobs(short)
    assert end is ExitCode.BLOCKED
    assert "not whole: 1 of 9 check suites" in told_[-1]


def test_counts_that_are_too_wide_in_words_are_told_in_marks() -> None:
    seen = picture((30, JobState.FAILED), (2, JobState.RUNNING))
    seen = msgspec.structs.replace(seen, earlier=())
    wide, narrow = (head(seen, "now", width)[1].text for width in (200, 60))
    assert "✔ 76 passed" in wide
    assert narrow.startswith("✔ 76   ◐ 1   ✖ 1   · 1   ")
    assert narrow.endswith("left"), "nothing is cut off"


def test_two_images_of_one_accelerator_are_told_apart() -> None:
    images = ("build (cuda13.0, devel)", "build (cuda13.0, runtime)")
    jobs = [
        job(number, name, "Build Official Docker Images", JobState.FAILED)
        for number, name in enumerate(images, 1)
    ]
    read = feed(builds(*jobs))
    lines = told(picture_of(with_(builds=read), CORE, candidate(), read), state="failed")
    assert [name for name in images for text in lines if f"✖ {name} " in text] == list(images)


def test_the_hud_is_a_link_with_the_ref_in_one_segment() -> None:
    template = "https://hud.example/hud/{repository}/{ref}/1?per_page=50"
    assert hud_url(template, "pytorch/pytorch", "release/2.15") == (
        "https://hud.example/hud/pytorch/pytorch/release%2F2.15/1?per_page=50"
    )
    assert hud_url("", "pytorch/pytorch", "x") == ""
    assert hud_url(template, "pytorch/pytorch", "") == ""
