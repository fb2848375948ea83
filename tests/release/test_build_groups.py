"""Groups of jobs: the HUD's, and those a person cycles through."""

from __future__ import annotations

import pytest

from cockpit.release.build_groups import (
    NO_GRAMMAR,
    Grouping,
    grouped_jobs,
    natural,
    urgency,
)
from cockpit.release.hud_groups import ORDER, hud_group
from cockpit.release.jobs import Attempt, Job, JobState
from tests.release.states import job
from tests.release.test_durations import BUILD, TEST


@pytest.mark.parametrize(
    ("workflow", "name", "group"),
    [
        ("linux-binary-manywheel", "manywheel-py3_12-cuda13_0-test / test", "Binary Linux"),
        ("linux-binary-manywheel", "manywheel-py3_12-rocm7_2-test", "ROCm"),
        ("linux-binary-manywheel", "libtorch-cpu-shared-with-deps-release-extract", "Binary Linux"),
        ("linux-aarch64-binary-manywheel", "manywheel-py3_12-cpu-aarch64-build / build", "other"),
        ("macos-arm64-binary-wheel", "wheel-py3_12-cpu-build", "other"),
        ("windows-binary-wheel", "wheel-py3_12-cpu-build", "Binary Windows"),
        ("nightly", "docs build / build", "Docs"),
        ("Build Official Docker Images", "build (cpu)", "Docker"),
        ("pull", "linux-jammy-py3.10 / test (default, 1, 5)", "Linux"),
        ("pull", "linux-jammy / test (default, 1, 5, mem_leak_check)", "Memory Leak Check"),
        ("trunk", "win-vs2022 / test", "Windows"),
        ("unstable", "linux-jammy / test", "Unstable"),
        ("inductor-periodic", "x / test", "Inductor Periodic"),
        ("vLLM test", "x", "vLLM"),
    ],
)
def test_the_huds_first_pattern_decides(workflow: str, name: str, group: str) -> None:
    assert hud_group(workflow, name) == group
    assert group in ORDER


def test_the_huds_order_ends_as_it_does_there() -> None:
    assert ORDER[ORDER.index("Android") + 1] == "Binary Linux"
    assert ORDER[-6:] == (
        "Binary Windows",
        "Memory Leak Check",
        "Rerun Disabled Tests",
        "CRCR",
        "other",
        "Unstable",
    )


def flaky(number: int, name: str) -> Job:
    failed = Attempt(1, 90, 1, JobState.FAILED, "failure", None, None, "", "Test")
    return job(number, name, attempt=2, superseded=(failed,))


JOBS = (
    job(1, BUILD),
    flaky(2, TEST),
    job(3, "wheel-py3_9-cpu-test", "windows-binary-wheel", JobState.FAILED),
    job(4, "get-label-type", state=JobState.RUNNING),
    job(
        5,
        "wheel-py3_13t-xpu-upload",
        "windows-binary-wheel",
        JobState.SKIPPED,
        conclusion="cancelled",
    ),
)


@pytest.mark.parametrize(
    ("grouping", "titles"),
    [
        (Grouping.NONE, [""]),
        (Grouping.STATE, ["cancelled", "failed", "running", "passed"]),
        (Grouping.WORKFLOW, ["linux-binary-manywheel", "windows-binary-wheel"]),
        (Grouping.PLATFORM, ["linux x86_64", "windows x86_64", NO_GRAMMAR]),
        (Grouping.ACCELERATOR, ["cpu", "xpu", NO_GRAMMAR]),
        (Grouping.PYTHON, ["Python 3.9", "Python 3.12", "Python 3.13t", NO_GRAMMAR]),
        (Grouping.STAGE, ["build", "test", "upload", NO_GRAMMAR]),
        (Grouping.HUD, ["Binary Linux", "Binary Windows"]),
    ],
)
def test_every_grouping_holds_every_job_once(grouping: Grouping, titles: list[str]) -> None:
    groups = grouped_jobs(JOBS, grouping)

    assert [group.title for group in groups] == titles
    assert sorted(j.id for group in groups for j in group.jobs) == [1, 2, 3, 4, 5]
    for group in groups:
        assert list(group.jobs) == sorted(group.jobs, key=urgency)


def test_what_needs_somebody_comes_first_and_flaky_before_green() -> None:
    (everything,) = grouped_jobs(JOBS, Grouping.NONE)
    assert [j.id for j in everything.jobs] == [3, 5, 4, 2, 1]


def test_the_groupings_go_around_the_circle() -> None:
    grouping, seen = Grouping.NONE, []
    for _ in Grouping:
        seen.append(grouping)
        grouping = grouping.following
    assert (grouping, set(seen)) == (Grouping.NONE, set(Grouping))


def test_versions_sort_as_numbers() -> None:
    versions = ["3.13t", "3.9", "3.13", "3.10"]
    assert sorted(versions, key=natural) == ["3.9", "3.10", "3.13", "3.13t"]
