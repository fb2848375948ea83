"""The command line as its users call it: processes, exit codes, JSON and words."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path
from typing import IO

import msgspec
import pytest

from cockpit.cli import COMMANDS, command_named, main
from cockpit.commands.plan_words import describe
from cockpit.config import load
from cockpit.operations.plan import Danger, PlanFacts
from cockpit.rehearsal.world import World
from tests.flows.releases import cockpit_on, files, refs

ROOT = Path(__file__).parent.parent.parent
FULL = Path("/dev/full")


def call(
    *words: str, config: Path | None = None, cwd: Path = ROOT
) -> subprocess.CompletedProcess[str]:
    """Run release-cockpit in a process of its own, without a terminal."""
    given = ["--config", str(config)] if config else []
    return subprocess.run(
        [sys.executable, "-m", "cockpit.cli", *given, *words],
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "100"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def unheard(*words: str, config: Path) -> tuple[int, str]:
    """Run release-cockpit with a reader that has gone; its exit code and what it complained."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing) as gone:
        return printed_to(gone, *words, config=config)


def printed_to(output: IO[str], *words: str, config: Path) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "cockpit.cli", "--config", str(config), *words],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.PIPE,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stderr


def answer(said: str, *words: str, config: Path) -> tuple[int, str]:
    """Run release-cockpit on a terminal of its own and say one line; its exit code and screen."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "cockpit.cli", "--config", str(config), *words]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "100", "TERM": "dumb"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    ) as running:
        os.close(theirs)
        os.write(ours, f"{said}\n".encode())
        screen = b""
        # A terminal whose last program has gone reads as an error, and not as an end.
        with contextlib.suppress(OSError):
            while read := os.read(ours, 65_536):
                screen += read
    os.close(ours)
    return running.returncode, screen.decode()


def digest_of(config: Path, *words: str) -> str:
    """The digest of a plan as `plan --json` gives it."""
    document = json.loads(call("plan", *words, "--json", config=config).stdout)
    digest: str = document["digest"]
    return digest


def test_status_json_has_the_promised_shape(shared_world: World) -> None:
    done = call("status", "--json", config=shared_world.config_path)
    document = json.loads(done.stdout)
    assert set(document) == {"release", "phase", "board", "feeds"}
    assert document["release"] == "2.15.0"
    assert set(document["board"]) == {"blocked", "risky", "ready", "next"}
    assert {"branches", "ci", "builds", "picks", "milestone", "artifacts", "ledger"} <= set(
        document["feeds"]
    )
    for feed in document["feeds"].values():
        assert {"taken_at", "age_s", "complete", "error", "value"} <= set(feed)
        assert feed["complete"], feed
    assert done.returncode == int(bool(document["board"]["blocked"]))


def test_status_calls_nothing_stale_that_it_has_just_read(shared_world: World) -> None:
    hasty = shared_world.config_path.with_name("hasty.toml")
    text = shared_world.config_path.read_text(encoding="utf-8")
    hasty.write_text(re.sub(r"(?m)^(ledger|branches) = \d+$", r"\1 = 0.001", text), "utf-8")
    document = json.loads(call("status", "--json", config=hasty).stdout)
    assert [line["text"] for line in document["board"]["risky"] if "stale" in line["text"]] == []


def test_status_as_text_fits_the_width(shared_world: World) -> None:
    done = call("status", config=shared_world.config_path)
    assert "BLOCKED" in done.stdout
    assert "Cherry-pick queue" in done.stdout
    assert max(len(line) for line in done.stdout.splitlines()) <= 100
    assert "\x1b" not in done.stdout


@pytest.mark.parametrize("command", ["builds", "builds --json", "doctor"])
def test_what_nobody_took_is_no_success(shared_world: World, command: str) -> None:
    assert unheard(*command.split(), config=shared_world.config_path) == (141, "")


@pytest.mark.skipif(not FULL.exists(), reason="this system has no device that is always full")
def test_no_room_for_the_output_is_said_in_words(shared_world: World) -> None:
    with FULL.open("w", encoding="utf-8") as full:
        code, complaint = printed_to(full, "status", "--json", config=shared_world.config_path)
    assert code == 3
    assert complaint.splitlines() == [
        "release-cockpit: There was no room to write: [Errno 28] No space left on device",
        "  next: make room and run it again",
    ]


def test_the_next_command_is_about_the_same_release(
    shared_world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    config = str(shared_world.config_path)
    assert main(["--config", config, "override", "nogate", "--reason", "so"]) == 2
    assert f"  next: release-cockpit --config {config} gates\n" in capsys.readouterr().err


def test_plan_and_do_by_the_command_line(world: World) -> None:
    config = world.config_path
    before = files(world.remotes)
    digest = digest_of(config, "tag-candidate")
    assert files(world.remotes) == before, "a dry run leaves every repository byte-identical"
    refused = call("do", "tag-candidate", config=config)
    assert refused.returncode == 4
    assert f"--config {config} do tag-candidate --yes --plan {digest[:12]}" in refused.stderr
    without_digest = call("do", "tag-candidate", "--yes", config=config)
    assert without_digest.returncode == 4
    moved = call("do", "tag-candidate", "--yes", "--plan", "0" * 64, config=config)
    assert moved.returncode == 4
    read_only = call("--read-only", "do", "tag-candidate", "--yes", "--plan", digest, config=config)
    assert read_only.returncode == 4
    assert files(world.remotes) == before, "what was refused wrote nothing"
    done = call("do", "tag-candidate", "--yes", "--plan", digest, config=config)
    assert done.returncode == 0, done.stderr
    assert "pytorch/pytorch.git:refs/tags/v2.15.0-rc2" in refs(world)
    again = call("do", "tag-candidate", "--yes", "--plan", digest, config=config)
    assert again.returncode == 0, again.stderr
    assert "done already" in again.stdout
    events = call("ledger", "--json", config=config).stdout.splitlines()
    kinds = [json.loads(line)["entry"]["event"]["kind"] for line in events]
    assert kinds == [
        "lease_taken",
        "plan_confirmed",
        "step_done",
        "candidate_pinned",
        "step_done",
        "operation_finished",
        "lease_released",
    ]


def test_who_sits_at_a_terminal_is_asked(world: World) -> None:
    before = refs(world)
    code, screen = answer("yes", "do", "tag-candidate", config=world.config_path)
    assert (code, refs(world)) == (4, before), screen
    assert "Type v2.15.0-rc2 to go on: " in screen
    assert "Not confirmed" in screen
    code, screen = answer("v2.15.0-rc2", "do", "tag-candidate", config=world.config_path)
    assert code == 0, screen
    assert "pytorch/pytorch.git:refs/tags/v2.15.0-rc2" in refs(world)


def test_nobody_is_asked_to_confirm_what_is_blocked(shared_world: World) -> None:
    before = refs(shared_world)
    code, screen = answer("2.15.0 to stable", "do", "promote", config=shared_world.config_path)
    assert (code, refs(shared_world)) == (4, before), screen
    assert "to go on" not in screen
    assert "promote is blocked: " in screen


async def test_keys_and_command_line_give_the_same_digest(shared_world: World) -> None:
    plan = await cockpit_on(shared_world).plan("tag-candidate", {})
    assert digest_of(shared_world.config_path, "tag-candidate") == plan.digest


def test_blocked_plans_end_with_one(shared_world: World) -> None:
    done = call("plan", "tag-candidate", "v2.15.0-rc9", config=shared_world.config_path)
    assert done.returncode == 1
    assert "out of order" in done.stdout


def test_a_plan_without_steps_has_no_heading_for_them() -> None:
    facts = PlanFacts("promote", "x", "Promote x.", Danger.READ, "x", (), (), ("no",), ())
    assert describe(facts).splitlines()[:3] == ["Promote x.", "", "Blocked: no"]


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_a_command_begins_with_what_it_does(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main([command, "--help"])
    usage, about, *_ = capsys.readouterr().out.split("\n\n")
    assert usage.startswith(f"usage: release-cockpit {command}")
    assert not about.startswith(("options", "positional", "operations"))


@pytest.mark.parametrize("option", ["--discard", "--allow-missing"])
def test_help_calls_a_reason_one(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["do", "restore", "--help"])
    assert f"{option} REASON" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        ("plan", "tag-candidate", "nonsense"),
        ("plan", "tag-candidate", "v2.14.0-rc5"),
        ("plan", "tag-candidate", "--repository", "test-infra"),
        ("plan", "launch-rocket"),
        ("fly",),
        ("promotion", "--interval", "0"),
        ("promotion", "--wait", "--timeout", "0"),
        ("promotion", "--wait", "--interval", "-5"),
    ],
)
def test_wrong_usage_ends_with_two_and_a_hint(shared_world: World, words: tuple[str, ...]) -> None:
    done = call(*words, config=shared_world.config_path)
    assert done.returncode == 2
    assert done.stderr
    assert "Traceback" not in done.stderr


def test_every_command_of_the_help_is_carried_out_by_something() -> None:
    named = re.findall(r"^    ([a-z]+)", call("--help").stdout, re.MULTILINE)
    assert sorted(named) == sorted([*COMMANDS, "rehearse"])
    assert all(callable(command_named(name)) for name in COMMANDS)


def test_no_config_says_what_to_do(tmp_path: Path) -> None:
    done = call("status", cwd=tmp_path)
    assert done.returncode == 2
    assert "release.toml" in done.stderr
    assert "init" in done.stderr


def test_init_writes_what_load_reads_and_nothing_over_it(tmp_path: Path) -> None:
    done = call("init", "2.15.0", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    written = tmp_path / "release.toml"
    assert str(load(written).version) == "2.15.0"
    text = written.read_text()
    again = call("init", "2.16.0", cwd=tmp_path)
    assert again.returncode == 4
    assert written.read_text() == text
    assert call("init", "2.15", cwd=tmp_path).returncode == 2


def test_without_a_terminal_the_cockpit_names_status(shared_world: World) -> None:
    done = call(config=shared_world.config_path)
    assert done.returncode == 2
    assert "status" in done.stderr


def test_login_takes_no_token_without_a_terminal() -> None:
    done = call("login")
    assert done.returncode == 4
    assert "GITHUB_TOKEN" in done.stderr


def test_an_unreachable_github_is_said_and_nothing_is_green(world: World) -> None:
    world.faults.add("unreachable@github")
    done = call("status", "--json", config=world.config_path)
    assert done.returncode == 3, done.stderr
    document = json.loads(done.stdout)
    assert document["feeds"]["branches"]["error"] is None
    assert "cannot be reached" in document["feeds"]["picks"]["error"]
    assert document["board"]["ready"] == []
    assert not document["feeds"]["picks"]["complete"]


def test_a_rehearsal_that_ended_is_said_in_words(world: World) -> None:
    world.stop()
    done = call("status", config=world.config_path)
    assert done.returncode == 3
    assert "rehears" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("words", [("--scenario", "nonsense"), ("--fault", "gremlins")])
def test_a_rehearsal_of_nothing_known_is_wrong_usage(words: tuple[str, ...]) -> None:
    done = call("rehearse", *words)
    assert done.returncode == 2
    assert words[1] in done.stderr
    assert "Traceback" not in done.stderr


def test_the_faults_of_a_rehearsal_are_listed() -> None:
    done = call("rehearse", "--list-faults")
    assert done.returncode == 0
    assert "late-index" in done.stdout


def test_a_rehearsal_for_one_command(tmp_path: Path) -> None:
    done = call("--rehearsal", "status", "--json", cwd=tmp_path)
    assert json.loads(done.stdout)["release"] == "2.15.0"
    assert list(tmp_path.iterdir()) == []


def test_doctor_on_a_world_finds_its_backends(shared_world: World) -> None:
    done = call("doctor", config=shared_world.config_path)
    assert "github" in done.stdout
    assert done.returncode == 0, done.stdout


def test_the_example_of_a_plan_is_data(shared_world: World) -> None:
    document = json.loads(
        call("plan", "pin-candidates", "--json", config=shared_world.config_path).stdout
    )
    assert document["danger"] == "remote"
    assert msgspec.json.encode(document["steps"])
    assert all({"key", "summary", "command", "expects"} <= set(step) for step in document["steps"])
