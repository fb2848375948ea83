"""`predict` as its user types it: on any clone, with no config above and no network."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cockpit.cli import main
from cockpit.errors import ExitCode
from tests.gitrepos import WorkRepo, fingerprint


class Place:
    """A repository with a queue of picks, and the command line on it."""

    def __init__(self, path: Path) -> None:
        self.repo = WorkRepo(path)
        self.repo.commit("Cut", {"f": "1\n2\n3\n", "slow": "1\n"})
        self.repo.git("branch", "release")
        self.first = self.repo.commit("First (#1)", {"f": "1\ntwo\n3\n"})
        self.second = self.repo.commit("Second (#2)", {"f": "1\nTWO\n3\n"})
        self.clean = self.repo.commit("Clean \x1b[31m[red] (#3)", {"new": "new\n"})
        self.slow = self.repo.commit("Slow (#4)", {"slow": "2\n"})
        self.repo.git("checkout", "--quiet", "release")
        self.repo.commit("[release only]", {"slow": "3\n"})
        self.repo.git("checkout", "--quiet", "-b", "joined", "main")
        self.repo.git("merge", "--quiet", "--no-ff", "-s", "ours", "-m", "Join", "release")

    def words(self, *words: str) -> list[str]:
        return ["predict", "--repo", str(self.repo.path), "--onto", "release", *words]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(tmp_path_factory.mktemp("predict") / "repo")


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_json_has_a_row_for_each_commit_in_the_order_given(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    before = fingerprint(place.repo.path)
    code = main(place.words("main~1", place.second, "--json"))
    assert code == ExitCode.BLOCKED
    assert fingerprint(place.repo.path) == before
    outcome, tree = place.repo.cherry_pick("release", place.clean)
    assert json.loads(capsys.readouterr().out) == [
        {
            "commit": place.clean,
            "result": outcome,
            "tree": tree,
            "files": [],
            "caused_by": [],
        },
        {
            "commit": place.second,
            "result": "conflict",
            "tree": None,
            "files": ["f"],
            "caused_by": [place.first],
        },
    ]


def test_standard_input_is_read_and_each_lands_before_the_next(place: Place) -> None:
    listed = place.repo.git("log", "--oneline", "--reverse", "-3", place.clean)
    done = subprocess.run(
        [sys.executable, "-m", "cockpit.cli", *place.words("--chain", "--json", "-")],
        input=f"{listed}\n\n",
        capture_output=True,
        text=True,
        check=True,
    )
    rows = json.loads(done.stdout)
    assert [row["result"] for row in rows] == ["clean"] * 3
    assert [row["commit"] for row in rows] == [place.first, place.second, place.clean]


def test_a_captain_reads_what_is_lacking_and_a_better_order(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(place.words("--chain", place.second, place.clean, place.first)) == 1
    text = capsys.readouterr().out.splitlines()
    second, first, clean = (sha[:7] for sha in (place.second, place.first, place.clean))
    onto = place.repo.git("rev-parse", "release")[:7]
    assert text[:7] == [
        f"Onto release ({onto}), one after the other",
        f"✖ conflict  {second}  Second (#2)",
        "    f: contents",
        "    lacks 1 commit of the trunk, oldest first:",
        f"      {first}  First (#1)",
        f"✔ clean     {clean}  Clean [red] (#3)",
        f"✔ clean     {first}  First (#1)",
    ]
    assert text[7] == "3 picks: 2 clean, 1 conflict"
    assert text[9].startswith("in this order none conflicts, and the tree is ")
    assert [line.split()[2] for line in text[10:]] == [first, second, clean]


def test_details_show_the_lines_that_collide(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["--ascii", *place.words("--details", place.second)])
    text = capsys.readouterr().out
    assert text.isascii()
    assert "      line 2\n      <<<<<<< the branch\n      2\n      =======\n      TWO\n" in text
    main(place.words("--details", "--json", place.second))
    [row] = json.loads(capsys.readouterr().out)
    assert row["conflicts"][0]["kinds"] == ["contents"]
    assert row["causes"][0]["evidence"] == "lines"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["no-such"], "has no 'no-such'"),
        (["0" * 40], "has no '0000"),
        (["--", "--all"], "has no '--all'"),
        (["main:f"], "has no 'main:f'"),
        (["main\nmain"], "has no 'main main'"),
        ([], "No commit was named"),
        (["joined"], "it is a merge"),
        (["joined", "-m", "3"], "it has no parent 3"),
        (["main", "-m", "2"], "it has no parent 2"),
    ],
)
def test_wrong_usage_is_explained(
    place: Place, capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    assert main(place.words(*words)) == ExitCode.USAGE
    printed = capsys.readouterr()
    assert printed.out == ""
    assert message in printed.err
    assert len(printed.err.splitlines()) == 2


def test_a_merge_takes_the_number_of_a_parent(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(place.words("joined", "-m", "1", "--json")) == ExitCode.OK
    [row] = json.loads(capsys.readouterr().out)
    assert row["result"] == "empty"


def test_nothing_is_left_when_it_is_ended_in_the_middle(place: Place, tmp_path: Path) -> None:
    started, temporary = tmp_path / "started", tmp_path / "tmp"
    temporary.mkdir()
    driver = tmp_path / "driver"
    driver.write_text(f"#!/bin/sh\ntouch {started}\nexec sleep 600\n", encoding="utf-8")
    driver.chmod(0o755)
    (tmp_path / "attributes").write_text("slow merge=slow\n", encoding="utf-8")
    config = {"merge.slow.driver": str(driver), "core.attributesFile": f"{tmp_path}/attributes"}
    environment = dict(os.environ, TMPDIR=str(temporary), GIT_CONFIG_COUNT=str(len(config)))
    for number, (key, value) in enumerate(config.items()):
        environment |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    command = [sys.executable, "-m", "cockpit.cli", *place.words(place.slow)]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 30
    while not started.exists() and time.monotonic() < deadline:
        assert process.poll() is None
    assert list(temporary.iterdir()) != []
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=30)
    assert (process.returncode, said) == (130, "stopped\n")
    assert list(temporary.iterdir()) == []


def test_it_loads_nothing_heavy(place: Place) -> None:
    script = (
        "import sys; from cockpit.cli import main; main(sys.argv[1:]);"
        "print(sorted({'textual', 'git', 'github', 'boto3', 'keyring', 'yaml', 'asyncio', 'ssl'}"
        " & set(sys.modules)))"
    )
    words = place.words(place.clean, "--json")
    done = subprocess.run(
        [sys.executable, "-c", script, *words], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"
