"""Checks of the git remotes: they can be read, and a push would be let in."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from cockpit.backends.text import clean, mask
from cockpit.doctor.results import CheckResult, failed_with, ok, warn
from cockpit.errors import CockpitError
from cockpit.provider import Backends
from cockpit.release.repos import Repository

_PROBE = "refs/cockpit-doctor/probe"
_EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
_TIMEOUT_S = 20


def identity(backends: Backends) -> Iterator[CheckResult]:
    """Ledger entries and tags need a name."""
    try:
        name, email = backends.git.identity()
    except CockpitError as err:
        yield failed_with("identity", err)
        return
    known = backends.config.team.by_email(email)
    if known is None:
        yield warn(
            "identity",
            f"{name} <{email}> is nobody of this release's people",
            "add yourself to [[people]] in release.toml, or mend git config user.email",
        )
    else:
        yield ok("identity", f"{name} <{email}>, {', '.join(d.value for d in known.duties)}")


def repository_remote(backends: Backends, repository: Repository) -> Iterator[CheckResult]:
    """A repository's remote answers, has the release branch, and would take a push."""
    name = f"git {repository.short_name}"
    branch = f"refs/heads/{repository.release_branch}"
    try:
        refs = backends.git.remote_refs(repository.remote, (branch,))
    except CockpitError as err:
        yield failed_with(name, err)
        return
    if branch in refs:
        yield ok(name, f"{repository.release_branch} at {refs[branch][:7]}")
    else:
        yield warn(name, f"{repository.release_branch} is not cut yet", "cut it when M3 has come")
    yield _push(f"push {repository.short_name}", repository.remote)


def ledger_remote(backends: Backends) -> Iterator[CheckResult]:
    """The ledger can be read, and written."""
    config = backends.config
    try:
        tip = backends.git.ledger_tip(config.ledger_remote, config.ledger_ref)
    except CockpitError as err:
        yield failed_with("ledger", err)
        return
    state = f"at {tip[:7]}" if tip else "not begun"
    yield ok("ledger", f"{config.ledger_ref}, {state}")
    yield _push("push ledger", config.ledger_remote)


def _push(name: str, remote: str) -> CheckResult:
    refusal = push_refusal(remote)
    if refusal:
        return warn(name, f"would be refused: {refusal}", "looking works; ask for write access")
    return ok(name, "a push would be let in")


def push_refusal(remote: str) -> str:
    """Why a push would be refused, in git's words; empty when it would not be.

    Asked with a dry run, which talks to the remote as a push does but transmits nothing.
    """
    if Path(remote).is_dir() and not os.access(remote, os.W_OK):
        return "the folder is not writable"
    with tempfile.TemporaryDirectory(prefix="cockpit-doctor-") as folder:
        try:
            _git(folder, "init", "--quiet", "--bare", ".")
            _git(folder, "hash-object", "-t", "tree", "-w", "--stdin")
            sha = _git(folder, "commit-tree", _EMPTY_TREE, "-m", "probe")
            _git(folder, "push", "--dry-run", "--quiet", "--", remote, f"{sha}:{_PROBE}")
        except subprocess.TimeoutExpired:
            return f"no answer within {_TIMEOUT_S} s"
        except subprocess.CalledProcessError as err:
            lines = [line for line in str(err.stderr).splitlines() if line.strip()]
            return mask(clean(lines[0])) if lines else f"git ended with {err.returncode}"
    return ""


def _git(folder: str, *arguments: str) -> str:
    ssh = os.environ.get("GIT_SSH_COMMAND", "ssh") + " -o BatchMode=yes"
    done = subprocess.run(
        ["git", "-c", f"core.hooksPath={os.devnull}", *arguments],
        cwd=folder,
        input="",
        capture_output=True,
        text=True,
        errors="replace",
        timeout=_TIMEOUT_S,
        check=True,
        env={
            **os.environ,
            "LC_ALL": "C",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_SSH_COMMAND": ssh,
            "GIT_AUTHOR_NAME": "doctor",
            "GIT_AUTHOR_EMAIL": "doctor@localhost",
            "GIT_COMMITTER_NAME": "doctor",
            "GIT_COMMITTER_EMAIL": "doctor@localhost",
        },
    )
    return done.stdout.strip()
