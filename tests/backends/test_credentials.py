"""Where secrets come from, in which order, and that they show nowhere."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends.chainer import ChainerBackend
from keyring.backends.fail import Keyring as FailKeyring
from keyring.backends.null import Keyring as NullKeyring
from keyring.errors import KeyringLocked

from cockpit.backends.keyring import Credentials, keyring_state
from cockpit.config import Config, parse
from cockpit.errors import CockpitError, ConfigError

SECRET = "ghp_0123456789abcdefghij"


class MemoryKeyring(KeyringBackend):
    """A keyring that keeps what it is given, for as long as the test runs."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password


class PlaintextKeyring(MemoryKeyring):
    """Named like the one that writes secrets to disk as they are."""


class ForgetfulKeyring(MemoryKeyring):
    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password[:8]


class LockedKeyring(MemoryKeyring):
    def get_password(self, service: str, username: str) -> str | None:
        raise KeyringLocked("locked")

    def set_password(self, service: str, username: str, password: str) -> None:
        raise KeyringLocked("locked")


@pytest.fixture
def memory() -> Iterator[MemoryKeyring]:
    backend = MemoryKeyring()
    with using(backend):
        yield backend


class using:  # noqa: N801
    """The process's keyring for the time of a block."""

    def __init__(self, backend: KeyringBackend) -> None:
        self._backend = backend

    def __enter__(self) -> None:
        self._former = keyring.get_keyring()
        keyring.set_keyring(self._backend)

    def __exit__(self, *_: object) -> None:
        keyring.set_keyring(self._former)


def config_in(folder: Path, *, api: str = "https://api.github.com", file: str = "") -> Config:
    credentials = 'credentials_file = "credentials.env"\n' if file else ""
    if file:
        path = folder / "credentials.env"
        path.write_text(file)
        path.chmod(0o600)
    text = f"""{credentials}
[release]
version = "2.15.0"
[[repositories]]
name = "pytorch/pytorch"
role = "core"
remote = "core.git"
[ledger]
remote = "core.git"
[github]
api = "{api}"
"""
    return parse(text, folder / "release.toml")


def gh_in(folder: Path, script: str) -> dict[str, str]:
    """An environment whose only program is this `gh`."""
    program = folder / "bin" / "gh"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return {"PATH": str(program.parent)}


class TestOrder:
    def test_nothing_anywhere_is_no_token(self, tmp_path: Path) -> None:
        assert Credentials(config_in(tmp_path), {"PATH": ""}).github_token() is None

    def test_the_file_the_config_names_comes_first(
        self, tmp_path: Path, memory: MemoryKeyring
    ) -> None:
        config = config_in(tmp_path, file="GITHUB_TOKEN=from-file\n")
        memory.set_password("release-cockpit", "github.com", "from-keyring")
        found = Credentials(config, {"GITHUB_TOKEN": "real"}).github_token()
        assert found is not None
        assert (found.source, found.secret) == ("GITHUB_TOKEN in credentials.env", "from-file")

    @pytest.mark.parametrize("name", ["GITHUB_TOKEN", "GH_TOKEN"])
    def test_then_the_environment(self, tmp_path: Path, memory: MemoryKeyring, name: str) -> None:
        memory.set_password("release-cockpit", "github.com", "from-keyring")
        found = Credentials(config_in(tmp_path), {name: f" {SECRET}\n"}).github_token()
        assert found is not None
        assert (found.source, found.secret) == (f"environment variable {name}", SECRET)

    def test_then_the_keyring(self, tmp_path: Path, memory: MemoryKeyring) -> None:
        memory.set_password("release-cockpit", "github.com", SECRET)
        environ = gh_in(tmp_path, "echo from-gh")
        found = Credentials(config_in(tmp_path), environ).github_token()
        assert found is not None
        assert (found.source, found.secret) == ("keyring (test_credentials.MemoryKeyring)", SECRET)

    def test_then_gh(self, tmp_path: Path) -> None:
        environ = gh_in(
            tmp_path, f'test "$*" = "auth token --hostname github.com" && echo {SECRET}'
        )
        found = Credentials(config_in(tmp_path), environ).github_token()
        assert found is not None
        assert (found.source, found.secret) == ("gh auth token", SECRET)

    def test_gh_without_a_login_is_no_token(self, tmp_path: Path) -> None:
        environ = gh_in(tmp_path, "echo no oauth token >&2; exit 1")
        assert Credentials(config_in(tmp_path), environ).github_token() is None

    def test_a_token_is_only_given_to_the_host_it_was_kept_for(
        self, tmp_path: Path, memory: MemoryKeyring
    ) -> None:
        Credentials(None, {}).store_github_token(SECRET)
        elsewhere = config_in(tmp_path, api="http://127.0.0.1:8000")
        assert Credentials(elsewhere, {"PATH": ""}).github_token() is None
        assert Credentials(config_in(tmp_path), {"PATH": ""}).github_token() is not None


class TestKeyring:
    def test_a_token_is_kept_and_read_back(self, memory: MemoryKeyring) -> None:
        where = Credentials(None, {}).store_github_token(SECRET)
        assert where == "keyring (test_credentials.MemoryKeyring)"
        assert memory.kept == {("release-cockpit", "github.com"): SECRET}

    @pytest.mark.parametrize("kind", [FailKeyring, NullKeyring, PlaintextKeyring])
    def test_an_unsafe_keyring_is_not_written_to(self, kind: type[KeyringBackend]) -> None:
        backend = kind()
        with using(backend):
            with pytest.raises(CockpitError, match="no safe keyring") as caught:
                Credentials(None, {}).store_github_token(SECRET)
            assert keyring_state()[1]
        assert SECRET not in str(caught.value)
        assert not getattr(backend, "kept", {})

    def test_a_chain_is_as_safe_as_its_weakest_part(self, monkeypatch: pytest.MonkeyPatch) -> None:
        chain: type[KeyringBackend] = ChainerBackend
        monkeypatch.setattr(ChainerBackend, "backends", [MemoryKeyring(), PlaintextKeyring()])
        with using(chain()), pytest.raises(CockpitError, match="PlaintextKeyring"):
            Credentials(None, {}).store_github_token(SECRET)

    @pytest.mark.parametrize(
        ("backend", "title"),
        [(ForgetfulKeyring(), "did not keep"), (LockedKeyring(), "refused the token")],
    )
    def test_a_token_that_was_not_kept_is_told(self, backend: KeyringBackend, title: str) -> None:
        with using(backend), pytest.raises(CockpitError, match=title):
            Credentials(None, {}).store_github_token(SECRET)

    @pytest.mark.parametrize("kind", [FailKeyring, LockedKeyring])
    def test_a_keyring_that_fails_does_not_stop_the_search(
        self, tmp_path: Path, kind: type[KeyringBackend]
    ) -> None:
        with using(kind()):
            found = Credentials(None, gh_in(tmp_path, f"echo {SECRET}")).github_token()
        assert found is not None
        assert found.source == "gh auth token"

    def test_a_keyring_that_waits_for_somebody_is_given_up(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("cockpit.backends.keyring._KEYRING_S", 0.1)
        waiting = WaitingKeyring()
        with using(waiting):
            started = time.monotonic()
            assert Credentials(None, {"PATH": ""}).github_token() is None
            with pytest.raises(CockpitError, match="did not answer"):
                Credentials(None, {}).store_github_token(SECRET)
            assert time.monotonic() - started < 2
        waiting.unlocked.set()


class WaitingKeyring(MemoryKeyring):
    """Shows a dialog that nobody answers."""

    def __init__(self) -> None:
        super().__init__()
        self.unlocked = threading.Event()

    def get_password(self, service: str, username: str) -> str | None:
        self.unlocked.wait()
        return None

    def set_password(self, service: str, username: str, password: str) -> None:
        self.unlocked.wait()


class TestFile:
    def test_quotes_comments_and_exports_are_understood(self, tmp_path: Path) -> None:
        lines = "# keys\n\nexport A_KEY='one two'\nB=\"#3\"\n C = x=y \nEMPTY=\n"
        config = config_in(tmp_path, file=lines)
        assert Credentials(config, {}).environment() == {
            "A_KEY": "one two",
            "B": "#3",
            "C": "x=y",
            "EMPTY": "",
        }

    def test_a_line_that_is_none_is_named_without_its_content(self, tmp_path: Path) -> None:
        config = config_in(tmp_path, file=f"A=1\n{SECRET}\n")
        with pytest.raises(ConfigError, match=r"credentials\.env: line 2") as caught:
            Credentials(config, {}).environment()
        assert SECRET not in str(caught.value)

    def test_no_file_is_no_variables(self, tmp_path: Path) -> None:
        assert Credentials(None, {}).environment() == {}
        config = config_in(tmp_path, file="A=1")
        (tmp_path / "credentials.env").unlink()
        assert Credentials(config, {}).environment() == {}

    def test_a_file_others_can_read_says_so(self, tmp_path: Path) -> None:
        config = config_in(tmp_path, file=f"GITHUB_TOKEN={SECRET}\n")
        (tmp_path / "credentials.env").chmod(0o644)
        found = Credentials(config, {}).github_token()
        assert found is not None
        assert "others can read: chmod 600" in found.source


def test_a_credential_never_shows_its_secret(tmp_path: Path) -> None:
    found = Credentials(config_in(tmp_path), {"GITHUB_TOKEN": SECRET}).github_token()
    assert SECRET not in f"{found!r} {found}"
