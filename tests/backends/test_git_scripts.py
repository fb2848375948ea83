"""A repository's own script in a throw-away tree: what it gets, what it leaves, how it is ended."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import pytest

from cockpit.backends.git import GitClones
from cockpit.backends.ports import ScriptRun
from cockpit.release.releasechanges import FileChange, FileState, Script
from tests.gitrepos import BareRepo, fingerprint, make_repository

CORA = ("Cora Captain", "cora@example.org")


class Bench:
    """A repository with one script, and the adapter on it."""

    def __init__(self, folder: Path) -> None:
        self.repo = BareRepo(folder / "remote.git")
        self.clones = GitClones(folder / "clones", identity=CORA)
        self.repository = make_repository(self.repo.remote)

    def run(
        self, text: str, *changes: FileChange, timeout_s: float = 30, readme: str = ""
    ) -> ScriptRun:
        """Commit a script beside some files, and run it."""
        kept = {"version.txt": "2.13.0a0\n", ".gitignore": "*.tmp\n", "bin/x.sh": text}
        kept |= {"README.md": readme} if readme else {}
        sha = self.repo.commit("release/2.13", "Files", kept)
        self.clones.read_branch(self.repository)
        script = Script("bin/x.sh", ("2.13",), {"RELEASE_VERSION": "2.13"}, timeout_s)
        return self.clones.run_script(self.repository, sha, changes, script)


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    return Bench(tmp_path)


def ends(file: Path) -> bool:
    """Whether the process of this number is gone, or will be within seconds."""
    status = Path("/proc", file.read_text(encoding="utf-8").strip(), "status")
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            if "Z (zombie)" in status.read_text(encoding="utf-8"):
                return True
        except (FileNotFoundError, ProcessLookupError):
            return True
    return False


def test_its_changes_come_back_with_modes_and_nothing_is_left(bench: Bench, tmp_path: Path) -> None:
    run = bench.run(
        "echo $RELEASE_VERSION.$1 > version.txt\n"
        "mkdir new; printf 'x\\r\\n' > new/file; chmod +x new/file; ln -s file new/link\n"
        "rm README.md; touch ignored.tmp; echo done",
        readme="# Hello\n",
    )
    assert run.problem == ""
    assert run.said == ("done",)
    assert run.changes == (
        FileChange("README.md", FileState(b"# Hello\n", "100644"), None),
        FileChange("new/file", None, FileState(b"x\r\n", "100755")),
        FileChange("new/link", None, FileState(b"file", "120000")),
        FileChange(
            "version.txt", FileState(b"2.13.0a0\n", "100644"), FileState(b"2.13.2.13\n", "100644")
        ),
    )
    assert list((tmp_path / "tmp").iterdir()) == []


def test_it_sees_the_changes_before_it_and_a_clean_repository_around_it(bench: Bench) -> None:
    earlier = FileChange("version.txt", FileState(b"2.13.0a0\n"), FileState(b"2.13.0\n"))
    run = bench.run(
        'cd "$(git rev-parse --show-toplevel)"; git status --porcelain > ../seen\n'
        "git rev-parse HEAD:bin >> ../seen; cat version.txt >> ../seen; mv ../seen seen",
        earlier,
    )
    assert run.problem == ""
    seen = next(change for change in run.changes if change.path == "seen")
    assert seen.after is not None
    tree = bench.repo.git("rev-parse", "release/2.13:bin")
    assert seen.after.content.decode().splitlines() == [" M version.txt", tree, "2.13.0"]
    assert {change.path for change in run.changes} == {"seen", "version.txt"}


def test_it_gets_no_credential_and_no_home(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, own_machine: Path
) -> None:
    secrets = (
        "GITHUB_TOKEN",
        "AWS_SECRET_ACCESS_KEY",
        "SSH_AUTH_SOCK",
        "TWINE_PASSWORD",
        "GIT_DIR",
    )
    for name in secrets:
        monkeypatch.setenv(name, "secret")
    run = bench.run('env | cut -d= -f1 | sort > names; ls -A "$HOME" > home; echo "$HOME" > where')
    assert run.problem == ""
    files = {change.path: change.after.content for change in run.changes if change.after}
    names = set(files["names"].decode().split())
    assert names.isdisjoint(secrets)
    assert not any(name.startswith(("XDG_", "AWS_", "GITHUB_", "SSH_")) for name in names)
    assert "RELEASE_VERSION" in names
    assert files["home"] == b""
    assert files["where"].decode().strip() != str(own_machine)


def test_its_own_git_settings_are_never_obeyed(bench: Bench, tmp_path: Path) -> None:
    proof = tmp_path / "obeyed"
    run = bench.run(
        f"git config core.fsmonitor 'touch {proof}'\n"
        f"git config filter.f.clean 'touch {proof}; cat'\n"
        "echo '* filter=f' > .gitattributes; echo 1 > version.txt"
    )
    assert run.problem == ""
    assert not proof.exists()


@pytest.mark.parametrize(
    ("text", "problem", "said"),
    [
        ("echo one; echo two >&2; exit 3", "it ended with exit code 3", ("one", "two")),
        ("kill -9 $$", "it ended with signal 9", ()),
        ("echo \x1b[31m$PWD/x; false", "it ended with exit code 1", ("./x",)),
        ("git init -q inner; cd inner; git commit -q --allow-empty -m x", "repository within", ()),
    ],
)
def test_a_script_that_fails_says_how(
    bench: Bench, text: str, problem: str, said: tuple[str, ...]
) -> None:
    identity = 'git() { command git -c user.name=x -c user.email=x@y.z "$@"; }\n'
    run = bench.run(identity + text)
    assert problem in run.problem
    assert run.changes == ()
    assert run.said == said or "repository" in problem


def test_one_that_hangs_is_ended_with_its_children(bench: Bench, tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    run = bench.run(f"sleep 600 & echo $! > {pid}; wait", timeout_s=0.5)
    assert run.problem == "it took longer than 0.5 s and was ended"
    assert ends(pid)


def test_a_child_left_behind_is_ended_too(bench: Bench, tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    run = bench.run(f"sleep 600 & echo $! > {pid}")
    assert run.problem == ""
    assert ends(pid)


def test_a_script_that_is_not_there_or_leads_outside_is_not_run(bench: Bench) -> None:
    sha = bench.repo.commit("release/2.13", "Files", {"a": "b"})
    bench.clones.read_branch(bench.repository)
    for file in ("bin/none.sh", "../index", "/bin/true"):
        run = bench.clones.run_script(bench.repository, sha, (), Script(file))
        assert run.problem == f"there is no {file}"


@pytest.mark.parametrize(
    ("text", "mode", "status"),
    [
        ("exit 4", "100755", 4),
        ("exit 4", "100644", 4),
        ("#!/usr/bin/env python3\nraise SystemExit(5)", "100755", 5),
    ],
)
def test_it_is_run_by_what_it_names_or_by_its_ending(
    bench: Bench, text: str, mode: str, status: int
) -> None:
    sha = bench.repo.commit("release/2.13", "Files", {"a": "b"})
    bench.clones.read_branch(bench.repository)
    added = FileChange("x.sh", None, FileState(text.encode(), mode))
    run = bench.clones.run_script(bench.repository, sha, (added,), Script("x.sh"))
    assert run.problem == f"it ended with exit code {status}"


def test_the_clone_stays_as_it_was(bench: Bench, tmp_path: Path) -> None:
    bench.run("true")
    before = fingerprint(tmp_path / "clones"), fingerprint(bench.repo.git_dir)
    sha = bench.repo.sha("release/2.13")
    assert sha is not None
    script = Script("bin/x.sh")
    bench.clones.run_script(bench.repository, sha, (), script)
    assert (fingerprint(tmp_path / "clones"), fingerprint(bench.repo.git_dir)) == before
