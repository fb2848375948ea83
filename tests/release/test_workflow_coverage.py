"""Workflows against the support matrix: generated files, and those that make theirs at run time."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import pytest

from cockpit.release.job_names import parse_job_name
from cockpit.release.support import SupportMatrix, WheelWorkflow
from cockpit.release.workflow_coverage import FOLDER, TargetCoverage, coverage_of
from tests.release.states import CORE, SUPPORT, VISION, WORKFLOWS, job_name

GENERATED = {key: f"generated-{name}-nightly.yml" for key, name in WORKFLOWS.items()}


def generated(support: SupportMatrix = SUPPORT, *, without: str = "\0") -> dict[str, str]:
    """Core's generated workflows for a matrix; jobs whose name holds `without` are left out."""
    texts: dict[str, str] = {}
    for cell in support.cells():
        name = job_name(cell, "build").partition(" / ")[0]
        path = f"{FOLDER}/{GENERATED[cell.os, cell.arch]}"
        texts.setdefault(path, "name: wheels\n\njobs:\n  get-label-type:\n    uses: ./x.yml\n")
        if without not in name:
            texts[path] += f"  {name}:\n    uses: ./.github/workflows/_binary-build.yml\n"
    return texts


def covered(
    files: Mapping[str, str], generator: str | None = None, support: SupportMatrix = SUPPORT
) -> dict[tuple[str, str], TargetCoverage]:
    found = coverage_of(CORE, support, files, generator)
    return {(entry.os, entry.arch): entry for entry in found}


def test_every_configuration_of_the_generated_files_is_found() -> None:
    found = covered(generated())

    assert set(found) == set(GENERATED)
    for key, entry in found.items():
        assert entry.files == (GENERATED[key],)
        assert entry.absent == ()
        assert not entry.generated


def test_the_names_are_those_that_jobs_have_later() -> None:
    """What counts as built here is what a candidate's jobs are counted as."""
    for cell in SUPPORT.cells():
        name = job_name(cell, "build").partition(" / ")[0]
        key = parse_job_name(WORKFLOWS[cell.os, cell.arch], name)
        assert key is not None
        assert (key.accelerator, key.python) == (cell.accelerator, cell.python)


@pytest.mark.parametrize(
    ("without", "target", "absent"),
    [
        ("py3_13t", ("macos", "arm64"), ("Python 3.13t",)),
        ("rocm7_2", ("linux", "x86_64"), ("rocm7.2",)),
        ("py3_13-cuda12_6", ("linux", "x86_64"), ("cu126 on Python 3.13",)),
        ("cuda-aarch64", ("linux", "aarch64"), ("cu130",)),
    ],
)
def test_what_is_absent_is_said_by_its_dimension(
    without: str, target: tuple[str, str], absent: tuple[str, ...]
) -> None:
    assert covered(generated(without=without))[target].absent == absent


def test_a_target_without_any_file_has_none() -> None:
    files = {path: text for path, text in generated().items() if "windows" not in path}

    assert covered(files)["windows", "x86_64"].files == ()
    assert covered(files)["linux", "x86_64"].files


def test_a_library_is_looked_at_by_its_files_alone() -> None:
    named = (
        WheelWorkflow("linux", "x86_64", "build-wheels-linux.yml"),
        WheelWorkflow("windows", "x86_64", "build-wheels-windows.yml"),
    )
    vision = msgspec.structs.replace(VISION, wheel_workflows=named)
    files = {f"{FOLDER}/build-wheels-linux.yml": "jobs:\n  generate-matrix:\n"}
    linux, windows = coverage_of(vision, SUPPORT, files, None)

    assert (linux.files, linux.absent) == (("build-wheels-linux.yml",), ())
    assert windows.files == ()
    assert coverage_of(VISION, SUPPORT, files, None) == ()


AT_RUN_TIME = {f"{FOLDER}/linux-binary-manywheel.yml": "jobs:\n  generate-matrix:\n  build:\n"}
GENERATOR = """
CUDA_ARCHES = ["12.6", "13.0"]
ROCM_ARCHES = ["7.2"]
FULL_PYTHON_VERSIONS = ["3.12", "3.13", "3.13t"]
"""


def test_a_matrix_made_at_run_time_is_asked_of_the_generator() -> None:
    found = covered(AT_RUN_TIME, GENERATOR)["linux", "x86_64"]

    assert (found.absent, found.generated, found.unread) == ((), True, "")


@pytest.mark.parametrize(
    ("constant", "absent"),
    [('"3.13t"', "Python 3.13t"), ('"12.6", ', "cu126"), ('"7.2"', "rocm7.2")],
)
def test_what_the_generator_does_not_name_is_absent(constant: str, absent: str) -> None:
    found = covered(AT_RUN_TIME, GENERATOR.replace(constant, ""))["linux", "x86_64"]

    assert found.absent == (absent,)


def test_without_a_generator_it_cannot_be_told() -> None:
    found = covered(AT_RUN_TIME)["linux", "x86_64"]

    assert found.absent == ()
    assert "linux-binary-manywheel.yml: the matrix is made at run time" in found.unread


def test_files_that_build_no_wheel_do_not_count() -> None:
    """Reusable ones and those of libtorch have names like those that do."""
    others = {
        f"{FOLDER}/_linux-binary-build.yml": "jobs:\n  build:\n    matrix: ${{ fromJSON(x) }}\n",
        f"{FOLDER}/generated-linux-binary-libtorch-nightly.yml": "jobs:\n  libtorch-cpu-build:\n",
    }
    found = covered(generated(without="py3_13t") | others, GENERATOR)["linux", "x86_64"]
    alone = covered(others, GENERATOR)["linux", "x86_64"]

    assert found.files == (GENERATED["linux", "x86_64"],)
    assert found.absent == ("Python 3.13t",)
    assert "generated-linux-binary-libtorch-nightly.yml name no wheel" in alone.unread


def test_a_version_is_not_found_inside_another() -> None:
    """3.1 is not 3.13, and CUDA 2.6 is not 12.6."""
    support = msgspec.structs.replace(SUPPORT, pythons=("3.1",))

    assert covered(AT_RUN_TIME, GENERATOR, support)["linux", "x86_64"].absent == (
        "every configuration",
    )


def test_files_of_both_kinds_add_up() -> None:
    files = generated(without="rocm") | AT_RUN_TIME
    found = covered(files, GENERATOR)["linux", "x86_64"]

    assert len(found.files) == 2
    assert (found.absent, found.generated) == ((), True)
