"""Checks of this machine: programs, config, folders, terminal, keyring, package upload."""

from __future__ import annotations

import importlib.util
import locale
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from cockpit.backends.keyring import keyring_state
from cockpit.config import Config
from cockpit.doctor.results import CheckResult, fail, ok, warn
from cockpit.provider import Backends

_OLDEST_PYTHON = (3, 11)
_OLDEST_GIT = (2, 39)
"""`git merge-tree --write-tree` predicts picks as it should from here on."""
_SMALLEST_TERMINAL = (80, 24)
_KNOWN_INDEXES = ("pypi", "testpypi")
_SECTION = re.compile(r"^\[([^\]]+)\]", re.MULTILINE)


def programs() -> Iterator[CheckResult]:
    """Python and git are there and new enough."""
    version = platform.python_version()
    if sys.version_info >= _OLDEST_PYTHON:
        yield ok("python", version)
    else:
        yield fail("python", version, "install Python 3.11 or newer")
    yield git_version()


def git_version() -> CheckResult:
    """Git is on the path and new enough."""
    install = f"install git {_OLDEST_GIT[0]}.{_OLDEST_GIT[1]} or newer"
    try:
        done = subprocess.run(
            ["git", "--version"], capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as err:
        return fail("git", str(err), install)
    found = re.search(r"(\d+)\.(\d+)[\w.]*", done.stdout)
    if found is None:
        return fail("git", "it does not say its version", install)
    if (int(found[1]), int(found[2])) < _OLDEST_GIT:
        return fail("git", found[0], install)
    return ok("git", found[0])


def config_file(config: Config) -> Iterator[CheckResult]:
    """The config is read already; what it names beside itself has to be there."""
    project = config.settings.release.project
    yield ok("config", f"{config.path}: {project} {config.version}")
    path = config.credentials_path
    if path is None:
        return
    if not path.is_file():
        yield warn(
            "credentials file", f"{path} is not there", "write it, or remove credentials_file"
        )
    elif path.stat().st_mode & 0o077:
        yield warn("credentials file", f"others can read {path}", f"chmod 600 {path}")
    else:
        yield ok("credentials file", str(path))


def folders(config: Config) -> Iterator[CheckResult]:
    """The cockpit can keep its clones and cache."""
    places = config.folders
    for name, folder in (("cache folder", places.cache), ("data folder", places.data)):
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with tempfile.TemporaryFile(dir=folder):
                yield ok(name, str(folder))
        except OSError as err:
            reason = err.strerror or str(err)
            yield fail(name, f"{folder}: {reason}", "make it writable, or set folder in the config")


def terminal(environ: Mapping[str, str] = os.environ) -> Iterator[CheckResult]:
    """The terminal is large enough and shows the marks."""
    if not sys.stdout.isatty():
        yield ok("terminal", "none here: commands print plain text")
        return
    size = shutil.get_terminal_size()
    true = environ.get("COLORTERM", "") in ("truecolor", "24bit")
    colours = "true colour" if true else f"{environ.get('TERM') or 'no TERM'}, 256 colours or fewer"
    found = f"{size.columns}×{size.lines}, {colours}"
    encoding = locale.getpreferredencoding(do_setlocale=False)
    if size.columns < _SMALLEST_TERMINAL[0] or size.lines < _SMALLEST_TERMINAL[1]:
        yield warn("terminal", found, "make it at least 80×24")
    elif encoding.replace("-", "").lower() != "utf8":
        yield warn("terminal", f"{found}, {encoding}", "use --ascii, or a UTF-8 locale")
    else:
        yield ok("terminal", found)


def keyring() -> Iterator[CheckResult]:
    """A token can be kept; without that, the environment or `gh` have to bring it."""
    name, reason = keyring_state()
    if reason:
        yield warn("keyring", reason, "export GITHUB_TOKEN, or log in with gh auth login")
    else:
        yield ok("keyring", name)


def package_index(backends: Backends) -> Iterator[CheckResult]:
    """The final upload could be made: twine, the index and a credential are known."""
    index = backends.config.settings.index
    if importlib.util.find_spec("twine") is None:
        yield fail("package index", "twine is not installed", "pip install twine")
        return
    pypirc = Path("~/.pypirc").expanduser()
    sections = _sections(pypirc)
    if index.url is None and index.repository not in (*_KNOWN_INDEXES, *sections):
        yield fail(
            "package index",
            f"{index.repository} is known neither to twine nor to ~/.pypirc",
            "set [index].url in release.toml",
        )
        return
    names = {name for name in ("TWINE_USERNAME", "TWINE_PASSWORD") if os.environ.get(name)}
    names |= {name for name in backends.credentials.environment() if name.startswith("TWINE_")}
    if "TWINE_PASSWORD" in names:
        yield ok("package index", f"{index.repository}, with TWINE_PASSWORD")
    elif index.repository in sections:
        yield ok("package index", f"{index.repository}, with ~/.pypirc")
    else:
        yield warn(
            "package index",
            f"{index.repository}, without a credential",
            "set TWINE_USERNAME and TWINE_PASSWORD before the final upload",
        )


def _sections(pypirc: Path) -> tuple[str, ...]:
    """The indexes a .pypirc names; the lines with secrets are not looked at."""
    try:
        return tuple(_SECTION.findall(pypirc.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError):
        return ()
