"""Logs: that they read like real ones, whatever their length, and say the same every time."""

from __future__ import annotations

import random
import re
import tracemalloc
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cockpit.rehearsal.joblogs import JobLog, log_of
from cockpit.rehearsal.model import Conclusion, Job, Stage
from cockpit.rehearsal.steps import MAIN_STEP, planned_steps

AT = datetime(2026, 10, 9, 16, tzinfo=UTC)
STAMPED = re.compile(r"\ufeff?2026-10-09T1[67]:\d\d:\d\d\.\d{7}Z ")


def job(stage: Stage, conclusion: Conclusion, chance: int = 1) -> Job:
    return Job(
        7,
        f"manywheel-py3_12-cuda13_0-{stage} / {stage}",
        1,
        AT,
        AT + timedelta(minutes=2),
        AT + timedelta(minutes=62),
        conclusion,
        labels=("linux.g4dn.4xlarge.nvidia.gpu",),
        stage=stage,
        steps=planned_steps(stage, conclusion),
        chance=chance,
    )


def text(log: JobLog, start: int = 0, stop: int | None = None) -> str:
    return b"".join(log.read(start, stop)).decode()


@pytest.mark.parametrize("stage", MAIN_STEP)
def test_every_line_has_its_time_and_times_only_grow(stage: Stage) -> None:
    log = log_of(job(stage, "failure"))
    lines = text(log).splitlines()
    assert all(STAMPED.match(line) for line in lines)
    stamps = [line.removeprefix("\ufeff")[:28] for line in lines]
    assert stamps == sorted(stamps)
    assert len(text(log).encode()) == log.size


@pytest.mark.parametrize("stage", ["build", "test"])
@pytest.mark.parametrize("chance", range(6))
def test_what_went_wrong_stands_in_the_middle_of_the_last_lines(stage: Stage, chance: int) -> None:
    lines = text(log_of(job(stage, "failure", chance))).splitlines()[-200:]
    (at,) = (n for n, line in enumerate(lines) if "##[error]Process completed with exit" in line)
    assert 50 < at < 150
    assert any("error" in line.lower() or "FAIL" in line for line in lines[at - 8 : at])
    assert "\x1b[" in "".join(lines)


def test_a_green_log_tells_of_no_error_and_of_a_skipped_job_there_is_none() -> None:
    assert "##[error]" not in text(log_of(job("build", "success")))
    assert log_of(job("upload", "skipped")).size == 0


def test_a_cancelled_jobs_log_ends_where_it_was_stopped() -> None:
    stopped = replace(job("build", "success"), cancelled_at=AT + timedelta(minutes=30))
    lines = text(log_of(stopped)).splitlines()
    assert lines[-1] == "2026-10-09T16:30:00.0000000Z ##[error]The operation was canceled."
    assert lines[-2] < lines[-1]


def test_any_part_of_a_long_log_is_the_same_as_in_the_whole() -> None:
    failed = job("build", "failure")
    long, short = log_of(failed, padding=300_000), log_of(failed)
    whole = b"".join(long.read())
    assert len(whole) == long.size > 300_000 + short.size - 200
    assert whole.startswith(long.head)
    assert whole.endswith(long.tail)
    rng = random.Random(0)
    for _ in range(200):
        start, stop = sorted(rng.randrange(long.size + 1) for _ in range(2))
        assert b"".join(long.read(start, stop)) == whole[start:stop]
    assert all(STAMPED.match(line) for line in whole.decode().splitlines())


def test_a_log_of_200_megabytes_is_never_held() -> None:
    log = log_of(job("build", "failure"), padding=200_000_000)
    assert 199_000_000 < log.size < 201_000_000
    tracemalloc.start()
    read = sum(len(piece) for piece in log.read(log.size - 5_000_000))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert read == 5_000_000
    assert peak < 2_000_000
