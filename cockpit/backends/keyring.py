"""Where secrets come from: the config's credentials file, environment, keyring, `gh`."""

from __future__ import annotations

import os
import stat
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cockpit.backends.ports import Credential
from cockpit.backends.text import clean
from cockpit.config import Config
from cockpit.errors import CockpitError, ConfigError
from cockpit.threads import within

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

SERVICE = "release-cockpit"
_TOKEN_NAMES = ("GITHUB_TOKEN", "GH_TOKEN")
_KEYRING_S = 3.0
_GH_S = 5.0
_UNSAFE_KEYRINGS = ("keyring.backends.null", "keyrings.alt")
_ELSEWHERE_HINT = "export GITHUB_TOKEN, or log in with gh auth login"


class Credentials:
    """Implements CredentialsPort.

    The credentials file comes first: a config that names one means it, and a rehearsal must never
    be shown the token of the real GitHub that happens to be in the environment.
    """

    def __init__(self, config: Config | None, environ: Mapping[str, str] = os.environ) -> None:
        self._file = config.credentials_path if config else None
        self._host = _host_of(config.settings.github.api if config else "https://api.github.com")
        self._environ = environ

    def github_token(self) -> Credential | None:
        """The GitHub token, or None to go on anonymously."""
        return (
            self._from_file() or self._from_environment() or self._from_keyring() or self._from_gh()
        )

    def store_github_token(self, token: str) -> str:
        """Keep a token in the keyring and say where; raises without a safe keyring."""
        try:
            return within(_KEYRING_S, lambda: self._store(token))
        except TimeoutError as err:
            raise CockpitError(
                "The keyring did not answer",
                f"no answer within {_KEYRING_S:g} s; it may be waiting to be unlocked",
                _ELSEWHERE_HINT,
            ) from err

    def environment(self) -> dict[str, str]:
        """Variables of the credentials file, for SDKs that read the environment."""
        if self._file is None or not self._file.is_file():
            return {}
        return _parse(self._file)

    def variable(self, name: str) -> str:
        """One variable: of the credentials file where there is one, else of the environment."""
        found = self._environ if self._file is None else self.environment()
        return found.get(name, "").strip()

    def _from_file(self) -> Credential | None:
        variables = self.environment()
        for name in _TOKEN_NAMES:
            if self._file is not None and variables.get(name):
                return Credential(
                    f"{name} in {self._file.name}{_exposure(self._file)}", variables[name]
                )
        return None

    def _from_environment(self) -> Credential | None:
        for name in _TOKEN_NAMES:
            if secret := self._environ.get(name, "").strip():
                return Credential(f"environment variable {name}", secret)
        return None

    def _from_keyring(self) -> Credential | None:
        """A keyring that is missing, locked or slow is no reason to stop: there are other ways."""

        def read() -> Credential | None:
            import keyring
            from keyring.errors import KeyringError

            try:
                secret = keyring.get_password(SERVICE, self._host)
            except KeyringError:
                return None
            source = f"keyring ({_name(keyring.get_keyring())})"
            return Credential(source, secret) if secret else None

        try:
            return within(_KEYRING_S, read)
        except (TimeoutError, OSError, ImportError, RuntimeError):
            return None

    def _from_gh(self) -> Credential | None:
        try:
            done = subprocess.run(
                ["gh", "auth", "token", "--hostname", self._host],
                capture_output=True,
                text=True,
                stdin=subprocess.DEVNULL,
                timeout=_GH_S,
                check=False,
                env=dict(self._environ),
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        secret = done.stdout.strip()
        return Credential("gh auth token", secret) if done.returncode == 0 and secret else None

    def _store(self, token: str) -> str:
        import keyring
        from keyring.errors import KeyringError

        backend = keyring.get_keyring()
        if reason := unsafe(backend):
            raise CockpitError("There is no safe keyring here", reason, _ELSEWHERE_HINT)
        try:
            keyring.set_password(SERVICE, self._host, token)
            kept = keyring.get_password(SERVICE, self._host) == token
        except KeyringError as err:
            raise CockpitError(
                "The keyring refused the token", clean(str(err)), _ELSEWHERE_HINT
            ) from err
        if not kept:
            raise CockpitError(
                "The keyring did not keep the token",
                f"{_name(backend)} gave back something else",
                _ELSEWHERE_HINT,
            )
        return f"keyring ({_name(backend)})"


def keyring_state() -> tuple[str, str]:
    """The keyring's name and, when tokens must not be stored in it, the reason."""

    def look() -> tuple[str, str]:
        import keyring

        backend = keyring.get_keyring()
        return _name(backend), unsafe(backend)

    try:
        return within(_KEYRING_S, look)
    except TimeoutError:
        return "keyring", f"it did not answer within {_KEYRING_S:g} s"


def unsafe(backend: KeyringBackend) -> str:
    """Why a token must not be written to this keyring; empty when it may."""
    for part in [backend, *getattr(backend, "backends", ())]:
        kind = type(part)
        if kind.__module__ == "keyring.backends.fail":
            return "there is none on this machine"
        if kind.__module__.startswith(_UNSAFE_KEYRINGS) or "plaintext" in kind.__name__.lower():
            return f"{_name(part)} keeps nothing, or keeps it readable"
    return ""


def _name(backend: KeyringBackend) -> str:
    kind = type(backend)
    return f"{kind.__module__.rpartition('.')[2]}.{kind.__name__}"


def _host_of(api: str) -> str:
    """The host that `gh` and the keyring know a token by."""
    host = urlsplit(api).netloc
    return "github.com" if host == "api.github.com" else host


def _exposure(file: Path) -> str:
    readable = file.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH)
    return f", which others can read: chmod 600 {file.name}" if readable else ""


def _parse(file: Path) -> dict[str, str]:
    """`KEY=VALUE` lines; `#` comments, an `export ` and quotes around the value are allowed."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as err:
        raise ConfigError(
            f"{file} could not be read",
            clean(str(err)),
            "check the file, or remove credentials_file from release.toml",
        ) from err
    variables: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        name, equals, value = line.removeprefix("export ").partition("=")
        if not equals or not name.strip().isidentifier():
            raise ConfigError(
                f"{file}: line {number}", "expected KEY=VALUE", f"edit line {number} of {file}"
            )
        variables[name.strip()] = _unquoted(value.strip())
    return variables


def _unquoted(value: str) -> str:
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
        return value[1:-1]
    return value
