"""What is wrong with staged wheels: each flaw is found, and nothing else is."""

from __future__ import annotations

import msgspec
import pytest

from cockpit.release.index_rules import IndexRules, IndexWheels, bare_name, index_accelerator
from cockpit.release.inspection import Flaw, Inspected, WheelFacts, exact_pins, flaws
from cockpit.release.publishing import publications_of
from cockpit.release.publishing_facts import IndexedProject, PackageOnItsWay, StagedWheel
from cockpit.release.support import Cell
from cockpit.release.versions import Line
from tests.release.publishing import CELLS, FILES, RULES, TORCH, indexed, sha256
from tests.release.states import CORE, RC2, SUPPORT, listing, sha

FIELDS = {"Name": ("torch",), "Requires-Dist": ("filelock", "triton==3.8.0")}


def facts(wheel: StagedWheel) -> WheelFacts:
    """What a wheel without fault says."""
    return WheelFacts(wheel.sha256, FIELDS, RC2.commit_sha)


FACTS = {wheel.name: facts(wheel) for wheel in TORCH}
FIRST = TORCH[0]


def inspected(
    staged: tuple[StagedWheel, ...] = TORCH,
    *,
    read: dict[str, WheelFacts] | None = None,
    project: IndexedProject | None = None,
    pins: tuple[str, ...] = (),
) -> Inspected:
    """An inspection of torch."""
    way = PackageOnItsWay("torch", "2.15.0", staged, project)
    wanted = publications_of("torch", CELLS, listing(CORE).test, way, None)
    found = FACTS if read is None else read
    return Inspected(
        "torch",
        "2.15.0",
        wanted,
        staged,
        found,
        project,
        pins,
        RC2.commit_sha,
        names_commit=True,
    )


def with_facts(**changes: object) -> dict[str, WheelFacts]:
    """The facts, of which the first wheel's differ."""
    return FACTS | {FIRST.name: msgspec.structs.replace(FACTS[FIRST.name], **changes)}


def resized(size: int) -> tuple[StagedWheel, ...]:
    stored = msgspec.structs.replace(FIRST.stored, size=size)
    return (msgspec.structs.replace(FIRST, stored=stored), *TORCH[1:])


def test_wheels_without_fault_have_no_flaw() -> None:
    assert flaws(inspected(), RULES) == ()
    assert flaws(inspected(project=indexed("torch", "2.15.0", FILES)), RULES) == ()


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (inspected(TORCH[1:]), "is not staged"),
        (inspected(read={n: f for n, f in FACTS.items() if n != FIRST.name}), "was not read"),
        (inspected(read=with_facts(sha256=sha256("damaged"))), "the store tells"),
        (inspected(read=with_facts(problems=("its tags are wrong",))), "its tags are wrong"),
        (inspected(read=with_facts(commit=sha("old"))), f"not from {RC2.commit_sha[:7]}"),
        (inspected(read=with_facts(commit="")), "names no commit"),
        (inspected(resized(1_000_000_001)), "the index takes 1000 MB"),
        (
            inspected(read=with_facts(fields=FIELDS | {"Requires-Dist": ("filelock",)})),
            "Requires-Dist differs: without triton==3.8.0",
        ),
        (
            inspected(project=indexed("torch", "2.15.0", {FIRST.name: sha256("another")})),
            "is on the index as another file",
        ),
        (inspected(project=IndexedProject("torch", "2.15.0", (), 160_000_000_000)), "grants 160"),
        (inspected(pins=("triton==3.8.0",)), "is not on the index"),
    ],
)
def test_each_flaw_is_found_with_what_to_do(found: Inspected, said: str) -> None:
    (flaw,) = flaws(found, RULES)
    assert said in str(flaw)
    assert flaw.then


def test_what_nobody_wants_on_the_index_is_a_flaw() -> None:
    odd = msgspec.structs.replace(
        FIRST, stored=msgspec.structs.replace(FIRST.stored, key="x/torch-2.15.0-py3-none-any.whl")
    )
    texts = [str(flaw) for flaw in flaws(inspected((*TORCH, odd)), RULES)]
    assert any("the index is not to get it" in text for text in texts)


def test_without_a_selection_nothing_may_be_published() -> None:
    empty = msgspec.structs.replace(inspected(()), wanted=(), facts={})
    assert [flaw.text for flaw in flaws(empty, RULES)] == ["no wheels are named for the index"]
    assert isinstance(flaws(empty, RULES)[0], Flaw)


def test_the_order_is_that_of_the_config_with_the_pythons_of_a_system_together() -> None:
    rows = (IndexWheels("linux", "x86_64", "cu130"), IndexWheels("macos", "arm64", "cpu"))
    rules = IndexRules(wheels=rows, pythons=("3.12", "3.15", "3.10"))
    assert rules.cells(SUPPORT) == (
        Cell("linux", "x86_64", "cu130", "3.12"),
        Cell("linux", "x86_64", "cu130", "3.10"),
        Cell("macos", "arm64", "cpu", "3.12"),
        Cell("macos", "arm64", "cpu", "3.10"),
    )


@pytest.mark.parametrize(
    ("name", "bare"),
    [
        ("torch-2.8.0+cu128-cp312-cp312-manylinux_2_28_x86_64.whl", "cp312-cp312-manylinux"),
        ("torch-2.8.0%2Bcpu-cp312-cp312-win_amd64.whl", "cp312-cp312-win_amd64.whl"),
        ("torch-2.8.0-cp312-none-macosx_11_0_arm64.whl", "cp312-none-macosx_11_0_arm64.whl"),
    ],
)
def test_the_local_version_leaves_the_name(name: str, bare: str) -> None:
    assert bare_name(name, "2.8.0").startswith(f"torch-2.8.0-{bare}")


@pytest.mark.parametrize(
    ("line", "cuda"),
    [(Line(2, 0), "cu117"), (Line(2, 7), "cu126"), (Line(2, 10), "cu128"), (Line(3, 0), "cu130")],
)
def test_each_line_sent_its_own_cuda(line: Line, cuda: str) -> None:
    assert index_accelerator(line) == cuda


def test_only_requirements_of_one_version_are_pins() -> None:
    lines = (
        *("filelock", "sympy>=1.13", "nvidia-cublas==13.0.1.2; platform_system == 'Linux'"),
        *("triton==3.8.0", "pillow==10.*", "not a requirement at all (", "torch==2.8.0"),
    )
    assert exact_pins(lines) == (
        ("nvidia-cublas", "13.0.1.2"),
        ("triton", "3.8.0"),
        ("torch", "2.8.0"),
    )
