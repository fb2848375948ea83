"""What a wheel's place and name say."""

from __future__ import annotations

import subprocess
import sys

import pytest

from cockpit.release.artifacts import StoredObject, read_wheel
from cockpit.release.support import Cell
from tests.release.states import NOW

NAME = "torch-2.15.0%2Bcu130-cp313-cp313t-manylinux_2_28_x86_64.whl"


def stored(key: str) -> StoredObject:
    return StoredObject(key, 1, "e", NOW)


@pytest.mark.parametrize(
    ("key", "cell"),
    [
        (f"whl/test/cu130/{NAME}", Cell("linux", "x86_64", "cu130", "3.13t")),
        (
            "whl/test/cpu/torch-2.15.0+cpu-cp310-cp310-win_amd64.whl",
            Cell("windows", "x86_64", "cpu", "3.10"),
        ),
        (
            "whl/test/cpu/torch-2.15.0-cp314-cp314-macosx_14_0_arm64.whl",
            Cell("macos", "arm64", "cpu", "3.14"),
        ),
        (
            "whl/test/cu130/torch-2.15.0+cu130-cp312-cp312-manylinux_2_28_aarch64.whl",
            Cell("linux", "aarch64", "cu130", "3.12"),
        ),
    ],
)
def test_a_wheel_is_a_cell_of_the_matrix(key: str, cell: Cell) -> None:
    found = read_wheel(stored(key), "whl/test")

    assert found is not None
    assert (found.package, found.version, found.cell) == ("torch", "2.15.0", cell)


@pytest.mark.parametrize(
    "key", ["whl/test/cu130/index.html", "whl/test/cpu/torch-2.15.0.whl", "whl/test/cpu/"]
)
def test_anything_else_is_no_wheel(key: str) -> None:
    assert read_wheel(stored(key), "whl/test") is None


def test_a_longer_package_name_is_another_package() -> None:
    found = read_wheel(stored(f"whl/test/cu130/execu{NAME}"), "whl/test")

    assert found is not None
    assert found.package == "executorch"


def test_the_domain_is_imported_without_packaging() -> None:
    code = "import sys, cockpit.release.artifacts; print('packaging' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert run.stdout.strip() == "False"
