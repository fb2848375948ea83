"""Which lines may be cut from where, and what a cut makes of a repository's files."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.release.cuts import (
    CutContent,
    content_of_cut,
    described,
    infra_branch,
    jump_problem,
    parse_line,
    version_problem,
    with_branch,
    with_version,
)
from cockpit.release.repos import Repository, Role
from cockpit.release.rewrites import RuleSet
from cockpit.release.versions import Line, Version
from tests.gitrepos import make_repository

CORE = make_repository("core", name="pytorch/pytorch", version=Version(2, 14, 0))
INFRA = make_repository(
    "infra", name="pytorch/test-infra", version=Version(2, 14, 0), role=Role.INFRA
)
VISION = make_repository(
    "vision", name="pytorch/vision", version=Version(0, 29, 0), role=Role.DOMAIN
)
ALL: tuple[Repository, ...] = (CORE, INFRA, VISION)
WORKFLOW = ".github/workflows/ci.yml"


def test_workflows_follow_the_branch_of_test_infra() -> None:
    assert infra_branch(VISION, ALL) == "release/2.14"
    assert infra_branch(VISION, (CORE, VISION)) == "release/0.29"
    assert with_branch("release/2.14", ALL) == {"pytorch/pytorch", "pytorch/test-infra"}


def test_content_is_what_changes_and_what_stays() -> None:
    files = {
        WORKFLOW: b"a:\n  uses: x/y@main\n  with: {test-infra-ref: ''}\n",
        ".github/scripts/run.sh": b"x@main\n",
    }
    content = content_of_cut(RuleSet.SCRIPT_2023, files, "release/2.14", frozenset())
    assert content.paths == (WORKFLOW,)
    assert content.files[WORKFLOW].startswith(b"a:\n  uses: x/y@release/2.14\n")
    [left] = map(described, content.left)
    assert left.startswith(f"{WORKFLOW}:3: ")
    assert left.endswith("(empty, which means the default branch)")


def test_a_cut_may_write_the_version() -> None:
    nothing = CutContent((), ())
    version = Version(0, 29, 0)
    written = with_version(nothing, "version.txt", b"0.29.0a0\n", version)
    assert written.files == {"version.txt": b"0.29.0\n"}
    assert with_version(nothing, "version.txt", b"0.29.0\n", version) == nothing


def test_paths_are_shown_without_what_a_terminal_obeys() -> None:
    path = ".github/workflows/\x1b[31m\udce9.yml"
    content = content_of_cut(RuleSet.SCRIPT_2023, {path: b"@main"}, "release/2.14", frozenset())
    assert content.paths == (".github/workflows/\\x1b[31m\\xe9.yml",)


@given(st.integers(0, 99), st.integers(0, 99))
def test_lines_are_read_as_they_are_written(major: int, minor: int) -> None:
    assert parse_line(f"{major}.{minor}") == Line(major, minor)


@pytest.mark.parametrize("text", ["", "2", "2.15.0", "02.15", "2.015", "2.15\n", " 2.15", "v2.15"])
def test_anything_else_is_no_line(text: str) -> None:
    with pytest.raises(ValueError, match="is not a release line"):
        parse_line(text)


@pytest.mark.parametrize(
    ("line", "others", "fits"),
    [
        ("2.15", [], True),
        ("2.15", ["2.1", "2.14"], True),
        ("2.2", ["2.1", "2.14"], False),
        ("2.16", ["2.14"], False),
        ("2.14", ["2.14"], False),
        ("3.0", ["2.14"], True),
        ("3.1", ["2.14"], False),
        ("4.0", ["2.14"], False),
        ("2.15", ["3.0", "2.14"], False),
    ],
)
def test_a_line_follows_the_newest(line: str, others: list[str], fits: bool) -> None:
    problem = jump_problem(Line.parse(line), map(Line.parse, others))
    assert (problem is None) is fits


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("2.15.0a0\n", None),
        ("2.15.0a0", None),
        (None, "main has no version.txt"),
        ("", "version.txt of main says nothing, not 2.15.0a0"),
        ("2.16.0a0\n", "version.txt of main says 2.16.0a0, not 2.15.0a0"),
        ("\x1b[2J", "version.txt of main says \\x1b[2J, not 2.15.0a0"),
    ],
)
def test_the_base_is_at_the_lines_first_version(text: str | None, problem: str | None) -> None:
    assert version_problem(Line(2, 15), "version.txt", text, "main") == problem
