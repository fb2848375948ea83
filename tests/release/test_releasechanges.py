"""Release-only changes as pure rewrites: what they edit, what they leave and what they refuse."""

from __future__ import annotations

import msgspec
import pytest

from cockpit.release.releasechanges import (
    FileChange,
    FileState,
    PinImages,
    PinObjects,
    PureChange,
    References,
    Replace,
    SetVersion,
    TemplateArgument,
    Write,
    merged,
)
from cockpit.release.releasechanges_edits import next_trunk_version
from cockpit.release.releasechanges_rules import (
    Applied,
    Effect,
    Surroundings,
    apply,
    bump,
    unpinned,
)
from cockpit.release.repos import DockerPin
from cockpit.release.rewrites import RuleSet
from cockpit.release.versions import Line, Version

TREE = "5" * 40
AROUND = Surroundings(
    version=Version(2, 15, 0),
    branch="release/2.15",
    infra_branch="release/2.15",
    own=frozenset({"pytorch/pytorch", "pytorch/test-infra"}),
    version_file="version.txt",
    docker_pin=DockerPin("matrix.py", "DOCKER_IMAGE_PIN", ".ci/docker"),
    docker_tree=TREE,
    object_versions={"ossci-metrics/slow-tests.json": "Jx.1", "ossci-metrics/jobs.json": "Q_2"},
)
STATE = PinObjects("stats.py", ("slow-tests.json", "jobs.json"))
TEMPLATE = ".github/templates/linux.yml.j2"


def after(applied: Applied) -> dict[str, bytes]:
    """What the changed files hold."""
    return {change.path: change.after for change in applied.changes}


def again(change: PureChange, files: dict[str, bytes], applied: Applied) -> Applied:
    """The same change on its own result."""
    return apply(change, files | after(applied), AROUND)


CASES: tuple[tuple[PureChange, dict[str, bytes], dict[str, bytes]], ...] = (
    (
        References(RuleSet.SCRIPT_2023),
        {
            ".github/workflows/a.yml": b"uses: x/y@main\r\n",
            ".github/workflows/b.yml": b"on: push\n",
        },
        {".github/workflows/a.yml": b"uses: x/y@release/2.15\r\n"},
    ),
    (
        TemplateArgument(),
        {
            TEMPLATE: b"!{{ common.checkout(deep_clone=False, directory=dir('(')) }}\n",
            ".github/templates/empty.yml.j2": b"common.checkout()",
            ".github/templates/deep/x.yml.j2": b"common.checkout(a)",
            ".github/templates/macro.txt": b"common.checkout(a)",
        },
        {
            TEMPLATE: b"!{{ common.checkout(deep_clone=False, directory=dir('('),"
            b" checkout_pr_head=False) }}\n",
            ".github/templates/empty.yml.j2": b"common.checkout(checkout_pr_head=False)",
        },
    ),
    (
        Replace("w.yml", "- main", "- {branch}"),
        {"w.yml": b"on:\n  - main  # - main\n  - nightly\n  - main\n"},
        {"w.yml": b"on:\n  - release/2.15  # - main\n  - nightly\n  - release/2.15\n"},
    ),
    (Write("xla.txt", "r{line}"), {"xla.txt": b"0c8d2b5\n"}, {"xla.txt": b"r2.15\n"}),
    (SetVersion(), {"version.txt": b"2.15.0a0\n"}, {"version.txt": b"2.15.0\n"}),
    (
        PinImages(),
        {"matrix.py": b"# \xff\nDOCKER_IMAGE_PIN: str | None = None  # by hand\nDOCKER = 1\n"},
        {
            "matrix.py": b'# \xff\nDOCKER_IMAGE_PIN: str | None = "%b"  # by hand\nDOCKER = 1\n'
            % TREE.encode()
        },
    ),
    (
        STATE,
        {
            "stats.py": b'FILE = ".pytorch-slow-tests.json"\nurl = "https://x/slow-tests.json"\n'
            b'jobs = "https://x/jobs.json", "https://x/jobs.json.gz", "/jobs.json?versionId=old"\n'
        },
        {
            "stats.py": b'FILE = ".pytorch-slow-tests.json"\n'
            b'url = "https://x/slow-tests.json?versionId=Jx.1"\n'
            b'jobs = "https://x/jobs.json?versionId=Q_2", "https://x/jobs.json.gz",'
            b' "/jobs.json?versionId=old"\n'
        },
    ),
    (
        PinImages(),
        {"matrix.py": b"DOCKER_IMAGE_PIN = '%b'\n" % (b"4" * 40)},
        {"matrix.py": b'DOCKER_IMAGE_PIN = "%b"\n' % TREE.encode()},
    ),
)


@pytest.mark.parametrize(("change", "files", "expected"), CASES)
def test_a_change_edits_what_it_names_and_then_finds_it_in_place(
    change: PureChange, files: dict[str, bytes], expected: dict[str, bytes]
) -> None:
    applied = apply(change, files, AROUND)
    assert applied.effect is Effect.CHANGED, applied.problem
    assert after(applied) == expected
    assert again(change, files, applied).effect is Effect.ALREADY


IMPOSSIBLE: tuple[tuple[PureChange, dict[str, bytes], str], ...] = (
    (References(), {".github/workflows/a.yml": b"on: push\n"}, "no reference to main"),
    (References(), {}, "no reference to main"),
    (TemplateArgument(), {TEMPLATE: b"common.checkout_all(x) common.checkout(x"}, "calls common"),
    (Replace("a", "x", "y"), {"a": b"z"}, "neither “x” nor “y”"),
    (Replace("a", "x", "y"), {}, "there is no a"),
    (Write("xla.txt", "r{line}"), {}, "there is no xla.txt"),
    (SetVersion(), {}, "there is no version.txt"),
    (SetVersion(), {"version.txt": b"2.1.0a0\n"}, "not of the line 2.15"),
    (SetVersion(), {"version.txt": b"2.16.0a0\n"}, "not of the line 2.15"),
    (SetVersion(), {"version.txt": b"2.15.1\n"}, "later than 2.15.0"),
    (SetVersion(), {"version.txt": b"\x1b[31mred"}, "says ?[31mred"),
    (SetVersion(), {"version.txt": b""}, "says nothing"),
    (PinImages(), {"matrix.py": b"IMAGE = 1\n"}, "sets no DOCKER_IMAGE_PIN"),
    (STATE, {"stats.py": b"/slow-tests.json"}, "reads no jobs.json"),
    (STATE, {}, "there is no stats.py"),
    (PinObjects("a", ("b.json",)), {"a": b"/b.json"}, "the bucket has no version of b.json"),
)


@pytest.mark.parametrize(("change", "files", "problem"), IMPOSSIBLE)
def test_a_change_that_finds_nothing_to_hold_on_to_says_so(
    change: PureChange, files: dict[str, bytes], problem: str
) -> None:
    applied = apply(change, files, AROUND)
    assert applied.effect is Effect.IMPOSSIBLE
    assert problem in applied.problem
    assert applied.changes == ()


@pytest.mark.parametrize(
    ("change", "around", "problem"),
    [
        (SetVersion(), {"version_file": None}, "names no version_file"),
        (PinImages(), {"docker_pin": None}, "names no docker_pin"),
        (PinImages(), {"docker_tree": None}, "no folder .ci/docker"),
    ],
)
def test_what_the_config_does_not_name_is_impossible(
    change: PureChange, around: dict[str, object], problem: str
) -> None:
    surroundings = msgspec.structs.replace(AROUND, **around)
    assert (
        problem in apply(change, {"matrix.py": b"DOCKER_IMAGE_PIN = None\n"}, surroundings).problem
    )


def test_a_version_is_asked_for_only_where_none_is_named_yet() -> None:
    files = {"stats.py": b"/slow-tests.json?versionId=old /jobs.json"}
    assert unpinned(STATE, files) == ("jobs.json",)
    assert unpinned(STATE, {}) == STATE.objects


def test_an_argument_that_is_given_already_is_left_with_its_value() -> None:
    files = {TEMPLATE: b"common.checkout(a, checkout_pr_head=True)\ncommon.checkout(\n  b,\n)"}
    applied = apply(TemplateArgument(), files, AROUND)
    assert after(applied)[TEMPLATE] == (
        b"common.checkout(a, checkout_pr_head=True)\n"
        b"common.checkout(\n  b, checkout_pr_head=False\n)"
    )


def test_a_patch_release_sets_its_own_version() -> None:
    patch = msgspec.structs.replace(AROUND, version=Version(2, 15, 1))
    applied = apply(SetVersion(), {"version.txt": b"2.15.0\n"}, patch)
    assert after(applied) == {"version.txt": b"2.15.1\n"}


@pytest.mark.parametrize(
    ("text", "effect", "content"),
    [
        (b"2.15.0a0\n", Effect.CHANGED, b"2.16.0a0\n"),
        (b"2.16.0a0\n", Effect.ALREADY, None),
        (b"3.0.0a0\n", Effect.ALREADY, None),
        (b"2.2.0a0\n", Effect.IMPOSSIBLE, None),
        (b"2.15.0\n", Effect.IMPOSSIBLE, None),
        (b"main\n", Effect.IMPOSSIBLE, None),
    ],
)
def test_the_trunk_is_bumped_from_this_line_only(
    text: bytes, effect: Effect, content: bytes | None
) -> None:
    applied = bump("bump", {"version.txt": text}, "version.txt", Line(2, 15))
    assert applied.effect is effect
    assert after(applied).get("version.txt") == content


def test_the_next_minor_follows_also_after_nine() -> None:
    assert next_trunk_version(Line(2, 9)) == "2.10.0a0"


def test_changes_of_one_file_are_one_change() -> None:
    first = FileChange("a", None, FileState(b"1", "100755"))
    second = FileChange("a", FileState(b"1"), FileState(b"2"))
    assert merged([first, second]) == (FileChange("a", None, FileState(b"2", "100755")),)
    back = FileChange("b", FileState(b"1"), FileState(b"2"))
    forth = FileChange("b", FileState(b"2"), FileState(b"1"))
    assert merged([back, forth]) == ()
