"""The plan of a cut on any clone: no config, no token, no network, and nothing touched."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from cockpit.cli import main
from cockpit.errors import ExitCode
from tests.gitrepos import BareRepo, fingerprint

BUILD = ".github/workflows/build.yml"
REUSABLE = ".github/workflows/reusable.yml"
FILES = {
    BUILD: (
        "jobs:\n  build:\n    uses: pytorch/test-infra/.github/workflows/linux_job_v2.yml@main\n"
        "    with:\n      test-infra-ref: main\n"
    ),
    REUSABLE: (
        "on:\n  workflow_call:\n    inputs:\n      test-infra-ref:\n"
        '        default: "main"\n        type: string\n'
        "jobs:\n  a:\n    steps:\n      - uses: actions/checkout@v4\n"
        "        with:\n          repository: pytorch/test-infra\n          ref: main\n"
    ),
    "tools/run.sh": "git clone x@main\n",
}


@pytest.fixture
def remote(tmp_path: Path) -> BareRepo:
    """A repository with four old lines, and a trunk that went on after each."""
    repo = BareRepo(tmp_path / "infra.git")
    repo.commit("main", "First", FILES)
    for line in ("2.1", "2.11", "2.12", "2.13"):
        repo.branch(f"release/{line}", str(repo.sha("main")))
        repo.commit(f"release/{line}", f"Cut {line}", {"note": line})
        repo.commit("main", f"After {line}")
    return repo


class Shell:
    """The command line, with what it printed."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def plan(self, *words: str) -> tuple[int, str, str]:
        self._capsys.readouterr()
        code = main(["plan", "cut-branch", *words])
        printed = self._capsys.readouterr()
        return code, printed.out, printed.err

    def document(self, *words: str) -> dict[str, Any]:
        code, out, err = self.plan(*words, "--json")
        assert (code, err) == (ExitCode.OK, "")
        decoded = json.loads(out)
        assert isinstance(decoded, dict)
        return decoded


@pytest.fixture
def shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Shell:
    """In a folder with no config above it."""
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.chdir(empty)
    return Shell(capsys)


def on(remote: BareRepo, base: str = "main", rules: str = "script-2026") -> tuple[str, ...]:
    return ("--repo", str(remote.git_dir), "--from", base, "--rules", rules)


def test_gives_both_branches_with_commit_tree_diff_and_what_is_left(
    remote: BareRepo, shell: Shell
) -> None:
    before = fingerprint(remote.git_dir)
    document = shell.document("2.14", *on(remote))
    assert fingerprint(remote.git_dir) == before
    assert set(document) == {"branches", "digest"}
    release, orig = document["branches"]
    assert (release["name"], orig["name"]) == ("release/2.14", "orig/release/2.14")
    assert {**release, "name": ""} == {**orig, "name": ""}
    assert set(release) == {"name", "from", "commit", "tree", "files_changed", "diff", "left"}
    assert release["from"] == remote.sha("main")
    assert release["files_changed"] == [BUILD, REUSABLE]
    added = [line for line in release["diff"].split("\n") if line.startswith("+ ")]
    assert added == [
        "+    uses: pytorch/test-infra/.github/workflows/linux_job_v2.yml@release/2.14",
        "+      test-infra-ref: release/2.14",
        '+        default: "release/2.14"',
    ]
    assert release["left"] == [f"{REUSABLE}:13: ref: main (ours, and these rules do not reach it)"]


def test_is_what_git_makes_of_the_diff(remote: BareRepo, shell: Shell, tmp_path: Path) -> None:
    [release, _] = shell.document("2.14", *on(remote))["branches"]
    work = tmp_path / "work"

    def git(*arguments: str, stdin: str = "") -> str:
        command = ["git", "-C", str(work), *arguments]
        done = subprocess.run(command, input=stdin, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    subprocess.run(["git", "clone", "--quiet", str(remote.git_dir), str(work)], check=True)
    git("apply", "--index", stdin=release["diff"])
    assert git("write-tree") == release["tree"]


def test_is_the_same_plan_every_time_and_on_every_clone(
    remote: BareRepo, shell: Shell, tmp_path: Path
) -> None:
    clone = tmp_path / "a clone"
    subprocess.run(["git", "clone", "--quiet", str(remote.git_dir), str(clone)], check=True)
    (clone / BUILD).write_text("dirty", encoding="utf-8")
    first = shell.document("2.14", *on(remote))
    assert shell.document("2.14", *on(remote)) == first
    words = ("2.14", "--repo", str(clone), "--from", "main", "--rules", "script-2026")
    branches = shell.document(*words)
    assert branches == first
    assert shell.document("2.14", *on(remote, rules="fixed"))["digest"] != first["digest"]


def test_needs_no_identity(remote: BareRepo, shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    known = shell.document("2.14", *on(remote))["branches"][0]
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.delenv(f"GIT_{role}_NAME")
        monkeypatch.delenv(f"GIT_{role}_EMAIL")
    unknown = shell.document("2.14", *on(remote))["branches"][0]
    assert unknown["tree"] == known["tree"]
    assert unknown["commit"] != known["commit"]


def test_without_rules_the_branches_begin_at_the_base(remote: BareRepo, shell: Shell) -> None:
    words = ("2.14", "--repo", str(remote.git_dir), "--from", "main")
    release = shell.document(*words)["branches"][0]
    assert release["commit"] == release["from"] == remote.sha("main")
    assert (release["files_changed"], release["diff"]) == ([], "")
    assert len(release["left"]) == 4


def test_a_workflow_that_is_not_utf8_passes_through(remote: BareRepo, shell: Shell) -> None:
    blob = remote.git("hash-object", "-w", "--stdin", stdin=b"# caf\xe9 \x1b[31m@main\r\n@main")
    _put(remote, ".github/workflows/latin.yml", blob)
    release = shell.document("2.14", *on(remote))["branches"][0]
    assert ".github/workflows/latin.yml" in release["files_changed"]
    assert "+# caf\\xe9 \\x1b[31m@release/2.14\\r" in release["diff"].split("\n")
    assert "\x1b" not in release["diff"]


def test_an_earlier_base_is_judged_by_the_lines_of_its_time(remote: BareRepo, shell: Shell) -> None:
    assert shell.document("2.12", *on(remote, "release/2.12~1", "script-2023"))
    code, out, _ = shell.plan("2.14", *on(remote, "release/2.12~1"), "--json")
    assert code == ExitCode.BLOCKED
    jump = "2.14 does not follow 2.11, the newest line: 2.12 comes next"
    assert json.loads(out)["blockers"] == [jump]


@pytest.mark.parametrize(("line", "comes"), [("2.15", "2.14"), ("2.2", "2.14"), ("4.0", "2.14")])
def test_a_line_that_jumps_is_blocked(
    remote: BareRepo, shell: Shell, line: str, comes: str
) -> None:
    code, out, _ = shell.plan(line, *on(remote))
    assert code == ExitCode.BLOCKED
    assert f"Blocked: {line} does not follow 2.13, the newest line: {comes} comes next" in out


def test_the_next_major_line_is_no_jump(remote: BareRepo, shell: Shell) -> None:
    assert shell.document("3.0", *on(remote))


@pytest.mark.parametrize(
    ("said", "blocker"),
    [
        ("2.14.0a0\n", None),
        ("2.15.0a0\n", "version.txt of main says 2.15.0a0, not 2.14.0a0"),
        ("2.1.0a0\n", "version.txt of main says 2.1.0a0, not 2.14.0a0"),
        ("2.14.0\n", "version.txt of main says 2.14.0, not 2.14.0a0"),
        (" \n", "version.txt of main says nothing, not 2.14.0a0"),
    ],
)
def test_the_version_file_must_say_the_line(
    remote: BareRepo, shell: Shell, said: str, blocker: str | None
) -> None:
    remote.commit("main", "Version", {"version.txt": said})
    code, out, _ = shell.plan("2.14", *on(remote), "--json")
    assert code == (ExitCode.BLOCKED if blocker else ExitCode.OK)
    assert json.loads(out).get("blockers", []) == ([blocker] if blocker else [])


def test_a_shallow_clone_is_planned_and_blocked(
    remote: BareRepo, shell: Shell, tmp_path: Path
) -> None:
    shallow = tmp_path / "shallow"
    source = f"file://{remote.git_dir}"
    subprocess.run(["git", "clone", "--quiet", "--depth=1", source, str(shallow)], check=True)
    words = ("2.14", "--repo", str(shallow), "--from", "main", "--rules", "script-2026", "--json")
    code, out, _ = shell.plan(*words)
    assert code == ExitCode.BLOCKED
    document = json.loads(out)
    assert "shallow" in document["blockers"][0]
    whole = shell.document("2.14", *on(remote))
    assert document["branches"] == whole["branches"]


def test_a_partial_clone_is_an_error_without_fetching(
    remote: BareRepo, shell: Shell, tmp_path: Path
) -> None:
    remote.git("config", "uploadpack.allowFilter", "true")
    partial = tmp_path / "partial.git"
    clone = ["git", "clone", "--quiet", "--bare", "--filter=blob:none"]
    subprocess.run([*clone, f"file://{remote.git_dir}", str(partial)], check=True)
    before = fingerprint(partial)
    code, _, err = shell.plan("2.14", "--repo", str(partial), "--from", "main", "--rules", "fixed")
    assert code == ExitCode.BLOCKED
    assert "is a partial clone" in err
    assert fingerprint(partial) == before


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["2.14.0"], "'2.14.0' is no release line"),
        (["2"], "'2' is no release line"),
        ([""], "'' is no release line"),
        (["02.14"], "'02.14' is no release line"),
        (["٢.١"], "is no release line"),
        ([], "A plan of a clone takes the line"),
    ],
)
def test_a_line_that_is_not_x_y_is_refused(
    remote: BareRepo, shell: Shell, words: list[str], message: str
) -> None:
    code, out, err = shell.plan(*words, *on(remote))
    assert (code, out) == (ExitCode.USAGE, "")
    assert message in err
    assert len(err.splitlines()) == 2


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--repo", ".", "--from", "main"], "is no git repository"),
        (["--repo", "@", "--from=no/such"], "has no 'no/such'"),
        (["--repo", "@", "--from=--all"], "has no '--all'"),
        (["--repo", "@"], "A plan of a clone takes the line"),
        (["--from", "main"], "A plan of a clone takes the line"),
        (["--rules", "fixed"], "A plan of a clone takes the line"),
        (["--repo", "@", "--from", "main", "--rules", "2026"], "'2026' is no rule set"),
        (["--repo", "@", "--from", "main", "--repository", "x"], "A plan of a clone"),
    ],
)
def test_wrong_usage_is_explained(
    remote: BareRepo, shell: Shell, words: list[str], message: str
) -> None:
    given = [str(remote.git_dir) if word == "@" else word for word in words]
    code, out, err = shell.plan("2.14", *given)
    assert (code, out) == (ExitCode.USAGE, "")
    assert message in err


def test_the_text_says_what_would_be_pushed(remote: BareRepo, shell: Shell) -> None:
    remote.branch("release/2.14", str(remote.sha("main")))
    code, out, _ = shell.plan("2.14", *on(remote))
    assert code == ExitCode.OK
    assert "--force-with-lease=refs/heads/orig/release/2.14: origin" in out
    assert "rules script-2026: 2 files changed" in out
    assert "Warning: release/2.14 exists in this clone" in out


def _put(remote: BareRepo, path: str, blob: str) -> None:
    """A commit on main with a blob whose bytes no text holds."""
    stream = "commit refs/heads/main\ncommitter A <a@example.org> 1770000000 +0000\ndata 1\nx\n"
    stream += f"from refs/heads/main^0\nM 100644 {blob} {path}\n"
    remote.git("fast-import", "--quiet", "--date-format=raw", stdin=stream.encode())
