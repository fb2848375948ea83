"""Keeps the developer's machine out of every test."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

pytest_plugins = ["tests.worlds"]

_ALLOWED = ("PATH", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV", "CI", "COLUMNS", "LINES")
_KEPT_PREFIXES = ("PYTEST_", "COVERAGE_", "PYTHON")


_LONGEST = (
    "tests/flows/test_walkthrough.py",
    "tests/flows/test_sign_off.py",
    "tests/ui/test_registry.py",
    "tests/flows/test_cli.py",
    "tests/flows/test_killed.py",
)
"""They run first, so that none of them is what the other processes wait for at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest first; everything else keeps its order."""
    items.sort(key=lambda item: not item.nodeid.startswith(_LONGEST))


def clean_environment(home: Path) -> dict[str, str]:
    """An environment with nothing of the developer's in it."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in _ALLOWED or name.startswith(_KEPT_PREFIXES)
    }
    return kept | {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_CACHE_HOME": str(home / "cache"),
        "XDG_DATA_HOME": str(home / "data"),
        "XDG_STATE_HOME": str(home / "state"),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "Cora Captain",
        "GIT_AUTHOR_EMAIL": "cora@example.org",
        "GIT_COMMITTER_NAME": "Cora Captain",
        "GIT_COMMITTER_EMAIL": "cora@example.org",
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "TERM": "xterm-256color",
        "TZ": "UTC",
    }


@pytest.fixture(autouse=True)
def own_machine(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own for each test: no config, keyring or cloud credentials of anybody."""
    home = tmp_path_factory.mktemp("home")
    environment = clean_environment(home)
    for name in set(os.environ) - set(environment):
        monkeypatch.delenv(name)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return home
