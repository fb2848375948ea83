"""The doctor on a world that is well, and on worlds, machines and tokens that are not."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cockpit.backends.ports import Account
from cockpit.config import Config, load, parse
from cockpit.doctor import Check, examine, exit_code, machine, remotes, render, run_all, services
from cockpit.doctor.results import CheckResult, Outcome, fail, failed_with, ok, warn
from cockpit.errors import AccessDenied, CockpitError, ExitCode, Unreachable
from cockpit.provider import Backends
from cockpit.rehearsal.world import World
from tests.backends.scripted import Reply, Scripted, scripted

NOW = datetime(2026, 10, 14, 14, tzinfo=UTC)


def named(results: tuple[CheckResult, ...], name: str) -> CheckResult:
    return next(result for result in results if result.name == name)


def fingerprint(folder: Path) -> dict[str, str]:
    """Every file below a folder with the digest of its content."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


class TestRehearsal:
    def test_a_world_that_is_well_passes_and_is_not_touched(self, shared_world: World) -> None:
        before = fingerprint(shared_world.remotes)
        results = examine(load(shared_world.config_path))
        assert [r for r in results if r.outcome is Outcome.FAIL] == []
        assert exit_code(results) is ExitCode.OK
        assert named(results, "github").found.endswith("knows you as captain")
        assert named(results, "push pytorch").outcome is Outcome.OK
        assert "nominations" in named(results, "tracker").found
        assert "can be listed" in named(results, "channels").found
        assert fingerprint(shared_world.remotes) == before

    def test_what_fails_is_named_and_the_rest_still_told(self, world: World) -> None:
        world.faults.add("unreachable")
        world.faults.add("bad-credentials@s3")
        results = examine(load(world.config_path))
        assert exit_code(results) is ExitCode.UNREACHABLE
        assert "connection was refused" in named(results, "github").found
        assert "not accepted" in named(results, "channels").found
        assert named(results, "git pytorch").outcome is Outcome.OK

    def test_a_refused_token_leads_to_login(self, world: World) -> None:
        credentials = world.directory / "credentials.env"
        kept = [line for line in credentials.read_text().splitlines() if "GITHUB" not in line]
        credentials.write_text("\n".join([*kept, "GITHUB_TOKEN=ghp_wrong0123456789", ""]))
        result = named(examine(load(world.config_path)), "github")
        assert result.outcome is Outcome.FAIL
        assert result.next_step == "release-cockpit login"

    def test_a_remote_that_is_gone_is_named(self, world: World) -> None:
        config = load(world.config_path)
        vision = config.repository("vision")
        assert vision is not None
        Path(vision.remote).rename(world.directory / "elsewhere")
        results = examine(config)
        assert named(results, "git vision").outcome is Outcome.FAIL
        assert named(results, "git pytorch").outcome is Outcome.OK


MINIMAL = """\
[release]
version = "2.15.0"
[[repositories]]
name = "pytorch/pytorch"
role = "core"
remote = "core.git"
[ledger]
remote = "core.git"
"""


def config_with(folder: Path, extra: str = "", *, top: str = "") -> Config:
    return parse(top + MINIMAL + extra, folder / "release.toml")


def backends_of(config: Config) -> Backends:
    folder = config.path.parent
    return Backends(config, data=folder / "data", cache=folder / "cache", log=lambda _: None)


class TestMachine:
    def test_this_machines_programs_are_new_enough(self) -> None:
        assert {r.name: r.outcome for r in machine.programs()} == {
            "python": Outcome.OK,
            "git": Outcome.OK,
        }

    @pytest.mark.parametrize(
        ("says", "outcome"),
        [
            ("git version 2.39.5", Outcome.OK),
            ("git version 2.100.1.windows.1", Outcome.OK),
            ("git version 2.38.9 (Apple Git-1)", Outcome.FAIL),
            ("git version 1.99", Outcome.FAIL),
            ("nonsense", Outcome.FAIL),
        ],
    )
    def test_gits_version_is_compared_as_a_version(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, says: str, outcome: Outcome
    ) -> None:
        program = tmp_path / "git"
        program.write_text(f"#!/bin/sh\necho '{says}'\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path))
        assert machine.git_version().outcome is outcome

    def test_without_git_the_next_step_is_to_install_it(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        result = machine.git_version()
        assert (result.outcome, result.next_step[:11]) == (Outcome.FAIL, "install git")

    def test_the_credentials_file_is_looked_at_but_not_told(self, tmp_path: Path) -> None:
        config = config_with(tmp_path, top='credentials_file = "credentials.env"\n')
        path = tmp_path / "credentials.env"
        outcomes = [list(machine.config_file(config))[1]]
        path.write_text("GITHUB_TOKEN=ghp_0123456789abcdefghij\n")
        for mode in (0o644, 0o600):
            path.chmod(mode)
            outcomes.append(list(machine.config_file(config))[1])
        assert [r.outcome for r in outcomes] == [Outcome.WARN, Outcome.WARN, Outcome.OK]
        assert "ghp_" not in str(outcomes)

    def test_a_folder_in_the_way_fails(self, tmp_path: Path) -> None:
        config = config_with(tmp_path, top='folder = "own"\n')
        assert [r.outcome for r in machine.folders(config)] == [Outcome.OK, Outcome.OK]
        (tmp_path / "own" / "data").rmdir()
        (tmp_path / "own" / "data").write_text("in the way")
        assert [r.outcome for r in machine.folders(config)] == [Outcome.OK, Outcome.FAIL]

    @pytest.mark.parametrize(
        ("columns", "lines", "outcome"),
        [(160, 45, Outcome.OK), (79, 45, Outcome.WARN), (160, 23, Outcome.WARN)],
    )
    def test_a_small_terminal_is_told(
        self, monkeypatch: pytest.MonkeyPatch, columns: int, lines: int, outcome: Outcome
    ) -> None:
        monkeypatch.setattr("sys.stdout.isatty", lambda: True)
        monkeypatch.setenv("COLUMNS", str(columns))
        monkeypatch.setenv("LINES", str(lines))
        monkeypatch.setattr("locale.getpreferredencoding", lambda do_setlocale: "UTF-8")
        (result,) = machine.terminal()
        assert result.outcome is outcome
        assert f"{columns}×{lines}" in result.found

    def test_a_keyring_that_keeps_nothing_is_a_warning(self) -> None:
        (result,) = machine.keyring()
        assert (result.outcome, "GITHUB_TOKEN" in result.next_step) == (Outcome.WARN, True)

    @pytest.mark.parametrize(
        ("extra", "outcome"),
        [
            ("", Outcome.WARN),
            ('[index]\nrepository = "elsewhere"\n', Outcome.FAIL),
            ('[index]\nrepository = "elsewhere"\nurl = "http://127.0.0.1/"\n', Outcome.WARN),
            ('[index]\nrepository = "known"\n', Outcome.OK),
        ],
    )
    def test_the_index_has_to_be_known(
        self, tmp_path: Path, own_machine: Path, extra: str, outcome: Outcome
    ) -> None:
        (own_machine / ".pypirc").write_text("[distutils]\n[known]\npassword = hunter2\n")
        (result,) = machine.package_index(backends_of(config_with(tmp_path, extra)))
        assert result.outcome is outcome
        assert "hunter2" not in str(result)


class TestRemotes:
    def test_a_push_that_would_be_refused_is_told_in_gits_words(self, tmp_path: Path) -> None:
        assert "does not appear to be a git repository" in remotes.push_refusal(str(tmp_path))

    def test_a_stranger_is_told_to_enter_the_people(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("GIT_AUTHOR_EMAIL", "nobody@example.org")
        monkeypatch.setenv("GIT_COMMITTER_EMAIL", "nobody@example.org")
        (result,) = remotes.identity(backends_of(config_with(tmp_path)))
        assert (result.outcome, "[[people]]" in result.next_step) == (Outcome.WARN, True)


@pytest.fixture
def server() -> Iterator[Scripted]:
    with scripted(lambda _: Reply(body={"permissions": {"pull": True}})) as running:
        yield running


class TestServices:
    @pytest.mark.parametrize(
        ("skew", "outcome"),
        [
            (timedelta(seconds=90), Outcome.OK),
            (timedelta(minutes=-3), Outcome.WARN),
            (timedelta(minutes=16), Outcome.FAIL),
        ],
    )
    def test_the_clock_is_compared_with_githubs(self, skew: timedelta, outcome: Outcome) -> None:
        assert services.clock_skew(NOW, NOW + skew).outcome is outcome

    def test_a_missing_scope_is_named_with_what_it_is_for(self) -> None:
        result = services.scopes(Account("ada", ("repo",), None))
        assert result.outcome is Outcome.WARN
        assert result.found.startswith("workflow missing")
        assert services.scopes(Account("ada", ("repo", "workflow"), None)).outcome is Outcome.OK
        assert "fine-grained" in services.scopes(Account("ada", (), None)).found

    def test_without_a_token_looking_still_works(self, tmp_path: Path, server: Scripted) -> None:
        backends = backends_of(config_with(tmp_path, f'[github]\napi = "{server.url}"\n'))
        token, github, _ = services.github_account(backends)
        assert (token.outcome, github.outcome) == (Outcome.WARN, Outcome.OK)
        assert "login" in token.next_step

    def test_read_permission_is_a_warning(self, tmp_path: Path, server: Scripted) -> None:
        config = config_with(tmp_path, f'[github]\napi = "{server.url}"\n')
        (result,) = services.repository_permission(backends_of(config), config.core)
        assert (result.outcome, result.found) == (Outcome.WARN, "read permission")


class TestRunning:
    def test_a_check_that_hangs_is_told_and_the_others_are_not_lost(self) -> None:
        release = threading.Event()

        def hang() -> Iterator[CheckResult]:
            release.wait()
            yield ok("never", "")

        def quick() -> Iterator[CheckResult]:
            yield ok("quick", "here")

        started = time.monotonic()
        results = run_all([Check("slow", hang), Check("quick", quick)], timeout_s=0.2)
        assert time.monotonic() - started < 3
        release.set()
        assert [(r.name, r.outcome) for r in results] == [
            ("slow", Outcome.FAIL),
            ("quick", Outcome.OK),
        ]
        assert exit_code(results) is ExitCode.UNREACHABLE

    def test_an_error_of_ours_is_a_failed_line(self) -> None:
        def broken() -> tuple[CheckResult, ...]:
            raise CockpitError("It is broken", "badly", "mend it")

        (result,) = run_all([Check("thing", broken)], timeout_s=5)
        assert (result.found, result.next_step) == ("It is broken: badly", "mend it")

    def test_an_error_nobody_foresaw_is_loud(self) -> None:
        def broken() -> tuple[CheckResult, ...]:
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            run_all([Check("thing", broken)], timeout_s=5)

    @pytest.mark.parametrize(
        ("results", "code"),
        [
            ([ok("a", ""), warn("b", "", "")], ExitCode.OK),
            ([ok("a", ""), fail("b", "", "")], ExitCode.BLOCKED),
            ([fail("b", "", ""), failed_with("a", Unreachable("x"))], ExitCode.UNREACHABLE),
            ([failed_with("a", AccessDenied("x"))], ExitCode.UNREACHABLE),
            ([failed_with("a", CockpitError("x"))], ExitCode.BLOCKED),
        ],
    )
    def test_exit_codes(self, results: list[CheckResult], code: ExitCode) -> None:
        assert exit_code(results) is code


class TestReport:
    RESULTS = (
        ok("git", "2.39.5"),
        fail("channels", "token ghp_0123456789abcdefghij\x1b[2J", "log in"),
    )

    def test_the_report_is_plain_aligned_and_masked(self) -> None:
        assert render(self.RESULTS, ascii=True, color=False) == (
            "+ git       2.39.5\n"
            "x channels  token ghp_***\n"
            "            -> log in\n"
            "\n"
            "1 ok, 0 warn, 1 fail\n"
        )

    def test_colour_adds_nothing_but_colour(self) -> None:
        plain = render(self.RESULTS, ascii=False, color=False)
        coloured = render(self.RESULTS, ascii=False, color=True)
        assert coloured != plain
        for code in ("\x1b[32m", "\x1b[31m", "\x1b[0m"):
            coloured = coloured.replace(code, "")
        assert coloured == plain
