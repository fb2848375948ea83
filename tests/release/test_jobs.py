"""Job names: the whole generator rule of the release workflows, and what follows from the jobs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import msgspec
import pytest

from cockpit.release.coverage import (
    SEVERITY,
    configuration,
    elapsed,
    unstarted,
    unstarted_workflows,
    worst,
)
from cockpit.release.job_names import JobKey, parse_job_name
from cockpit.release.jobs import JobState, state_of
from tests.release.states import NOW, SUPPORT, builds, green_jobs, job

PYTHONS = ("3_10", "3_11", "3_12", "3_13", "3_14", "3_14t", "3_15", "3_15t")
CUDA = {"cuda12_6": "cu126", "cuda13_0": "cu130", "cuda13_2": "cu132"}
X86 = {"cpu": "cpu", **CUDA, "rocm7_2": "rocm7.2", "rocm7_14": "rocm7.14", "xpu": "xpu"}
AARCH64 = {"cpu-aarch64": "cpu"} | {
    f"cuda-aarch64-{spelled.removeprefix('cuda')}": folder for spelled, folder in CUDA.items()
}
WORKFLOWS = {
    "linux-binary-manywheel": ("manywheel", "linux", "x86_64", X86),
    "linux-aarch64-binary-manywheel": ("manywheel", "linux", "aarch64", AARCH64),
    "linux-s390x-binary-manywheel": ("manywheel", "linux", "s390x", {"cpu-s390x": "cpu"}),
    "windows-binary-wheel": ("wheel", "windows", "x86_64", {"cpu": "cpu", **CUDA, "xpu": "xpu"}),
    "macos-arm64-binary-wheel": ("wheel", "macos", "arm64", {"cpu": "cpu"}),
}
LIBTORCH = {
    "linux-binary-manywheel": tuple(name for name in X86 if name != "xpu"),
    "windows-binary-wheel": ("cpu", *CUDA),
    "macos-arm64-binary-wheel": ("cpu",),
}


def direct(workflow: str, accelerator: str, stage: str) -> bool:
    """Whether a job stands in the workflow itself, without a third segment in its name."""
    if stage == "upload":
        return False
    if stage == "build":
        return workflow.startswith(("windows", "macos"))
    return workflow.startswith("windows") or accelerator.startswith(("rocm", "xpu"))


def wheel_jobs() -> Iterator[tuple[str, str, JobKey]]:
    """Workflow, name and meaning of every job of a wheel."""
    for workflow, (package, os, arch, accelerators) in WORKFLOWS.items():
        stages = ("build", "upload") if os == "macos" else ("build", "test", "upload")
        for python in PYTHONS:
            for spelled, folder in accelerators.items():
                for stage in stages:
                    suffix = "" if direct(workflow, spelled, stage) else f" / {stage}"
                    name = f"{package}-py{python}-{spelled}-{stage}{suffix}"
                    key = JobKey(package, os, arch, folder, python.replace("_", "."), stage)
                    yield workflow, name, key


def libtorch_jobs() -> Iterator[tuple[str, str, JobKey]]:
    """Workflow, name and meaning of every job of a libtorch archive."""
    for workflow, spellings in LIBTORCH.items():
        _, os, arch, accelerators = WORKFLOWS[workflow]
        for spelled in spellings:
            for stage, suffix in (("extract", ""), ("upload", " / upload")):
                name = f"libtorch-{spelled}-shared-with-deps-release-{stage}{suffix}"
                yield (
                    workflow,
                    name,
                    JobKey("libtorch", os, arch, accelerators[spelled], None, stage),
                )


EVERY = (*wheel_jobs(), *libtorch_jobs())


def test_the_rule_gives_as_many_jobs_as_a_candidate_of_eight_pythons_has() -> None:
    label_jobs = 4
    assert len(EVERY) + label_jobs == 450


def test_every_name_says_what_it_is() -> None:
    read = [(name, parse_job_name(workflow, name)) for workflow, name, _ in EVERY]

    assert read == [(name, key) for _, name, key in EVERY]


@pytest.mark.parametrize(
    "name",
    [
        "get-label-type / runner-determinator",
        "Build Triton Wheel (3.12, cuda, linux.4xlarge)",
        "upload-wheel",
        "build (13.0, runtime)",
        "docs build / build",
        "Create Release",
        "manywheel-py3_12",
        "",
    ],
)
def test_a_name_of_another_grammar_is_shown_as_it_is(name: str) -> None:
    found = job(1, name, "nightly")

    assert found.key is None
    assert configuration(found) == name


def test_an_image_and_a_wheel_of_one_platform_say_it_alike() -> None:
    image = parse_job_name("Build Official Docker Images", "build (cpu, runtime, linux/arm64)")
    wheel = parse_job_name("linux-aarch64-binary-manywheel", "manywheel-py3_12-cpu-aarch64-build")
    assert image is not None
    assert wheel is not None
    assert (image.os, image.arch) == (wheel.os, wheel.arch) == ("linux", "aarch64")
    windows = parse_job_name("windows-arm64-binary-wheel", "wheel-py3_12-cpu-build")
    assert windows is not None
    assert windows.arch == "arm64"


@pytest.mark.parametrize(
    ("workflow", "name", "words"),
    [
        (
            "windows-binary-wheel",
            "wheel-py3_13t-cuda12_6-test",
            "windows x86_64 py3.13t cu126 test",
        ),
        (
            "linux-binary-manywheel",
            "libtorch-cuda13_0-shared-with-deps-release-extract",
            "libtorch linux x86_64 cu130 extract",
        ),
    ],
)
def test_a_configuration_in_words(workflow: str, name: str, words: str) -> None:
    assert configuration(job(1, name, workflow)) == words


@pytest.mark.parametrize(
    ("status", "conclusion", "state"),
    [
        ("completed", "success", JobState.PASSED),
        ("completed", "failure", JobState.FAILED),
        ("completed", "timed_out", JobState.FAILED),
        ("completed", "cancelled", JobState.SKIPPED),
        ("completed", "stale", JobState.UNKNOWN),
        ("completed", None, JobState.UNKNOWN),
        ("in_progress", None, JobState.RUNNING),
        ("waiting", None, JobState.QUEUED),
        ("a new word", None, JobState.UNKNOWN),
        (None, None, JobState.UNKNOWN),
    ],
)
def test_what_github_says_is_a_state_and_nothing_new_is_green(
    status: str | None, conclusion: str | None, state: JobState
) -> None:
    assert state_of(status, conclusion) is state


def test_the_worst_state_speaks_for_a_group() -> None:
    for position, state in enumerate(SEVERITY):
        assert worst(SEVERITY[position:]) is state
    assert worst(()) is JobState.UNKNOWN
    assert set(SEVERITY) == set(JobState)


def test_jobs_that_never_started_are_told_only_where_names_can_be_read() -> None:
    jobs = green_jobs()
    absent = SUPPORT.slots()[0]

    assert unstarted(builds(*jobs), SUPPORT) == ()
    assert unstarted(builds(*jobs[1:]), SUPPORT) == (absent,)
    assert str(absent) == "linux x86_64 py3.12 cpu build"
    assert unstarted(builds(job(1, "another grammar")), SUPPORT) == ()


def test_one_upload_of_an_accelerator_serves_every_python() -> None:
    jobs = tuple(j for j in green_jobs() if not (j.key and j.key.stage == "upload"))
    left = unstarted(builds(*jobs), SUPPORT)
    assert {slot.stage for slot in left} == {"upload"}

    served = builds(*jobs, job(1, "upload (cu130)", "linux-binary-manywheel"))
    linux = [slot for slot in left if (slot.os, slot.arch) == ("linux", "x86_64")]
    covered = set(left) - set(unstarted(served, SUPPORT))
    assert covered == {slot for slot in linux if slot.accelerator == "cu130"}


def test_a_workflow_that_the_tag_did_not_start_is_told() -> None:
    support = msgspec.structs.replace(SUPPORT, workflows=("linux-binary-*", "Create Release"))
    assert unstarted_workflows(builds(*green_jobs()), support) == ("Create Release",)


def test_a_running_job_has_run_until_now_and_never_less_than_nothing() -> None:
    running = job(1, "x", state=JobState.RUNNING)
    early = msgspec.structs.replace(running, started_at=NOW + timedelta(minutes=1))

    assert elapsed(running, NOW) == timedelta(minutes=10)
    assert elapsed(early, NOW) == timedelta()
    assert elapsed(job(1, "x"), NOW) == timedelta(minutes=40)
    assert elapsed(job(1, "x", state=JobState.QUEUED), NOW) is None
