"""`doctor`: everything the cockpit relies on, one line each, and the next step for what fails."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from functools import partial

import msgspec

from cockpit.config import Config
from cockpit.doctor import machine, remotes, services
from cockpit.doctor.results import (
    CheckResult,
    Outcome,
    exit_code,
    failed_with,
    render,
)
from cockpit.errors import CockpitError
from cockpit.provider import Backends
from cockpit.threads import spread

__all__ = ["Check", "examine", "exit_code", "render", "run_all"]

_TIMEOUT_S = 45.0
_THREADS = 8


class Check(msgspec.Struct, frozen=True):
    """One look, which gives one line or a few that belong together."""

    name: str
    look: Callable[[], Iterable[CheckResult]]


def checks(config: Config, backends: Backends) -> tuple[Check, ...]:
    """Every check of a release, in the order of the report."""
    repositories = config.repositories
    return (
        Check("programs", machine.programs),
        Check("config", partial(machine.config_file, config)),
        Check("folders", partial(machine.folders, config)),
        Check("terminal", machine.terminal),
        Check("identity", partial(remotes.identity, backends)),
        *(
            Check(f"git {each.short_name}", partial(remotes.repository_remote, backends, each))
            for each in repositories
        ),
        Check("ledger", partial(remotes.ledger_remote, backends)),
        Check("github", partial(services.github_account, backends)),
        *(
            Check(
                f"github {each.short_name}",
                partial(services.repository_permission, backends, each),
            )
            for each in repositories
        ),
        Check("tracker", partial(services.tracker, backends)),
        Check("milestone", partial(services.milestone, backends)),
        Check("channels", partial(services.channels, backends)),
        Check("package index", partial(machine.package_index, backends)),
        Check("keyring", machine.keyring),
    )


def examine(config: Config, *, timeout_s: float = _TIMEOUT_S) -> tuple[CheckResult, ...]:
    """Run every check, all at once; one that does not end in time is reported as such."""
    folders = config.folders
    backends = Backends(config, data=folders.data, cache=folders.cache, log=lambda _: None)
    return run_all(checks(config, backends), timeout_s=timeout_s)


def run_all(given: Iterable[Check], *, timeout_s: float) -> tuple[CheckResult, ...]:
    """The results of checks, in their order."""
    given = tuple(given)
    deadline = time.monotonic() + timeout_s
    futures = spread([partial(_looked, check) for check in given], threads=_THREADS)
    results: list[CheckResult] = []
    for check, future in zip(given, futures, strict=True):
        results += _within(check, future, deadline - time.monotonic(), timeout_s)
    return tuple(results)


def _looked(check: Check) -> tuple[CheckResult, ...]:
    try:
        return tuple(check.look())
    except CockpitError as err:
        return (failed_with(check.name, err),)


def _within(
    check: Check, future: Future[tuple[CheckResult, ...]], left_s: float, timeout_s: float
) -> tuple[CheckResult, ...]:
    try:
        return future.result(timeout=max(left_s, 0))
    except TimeoutError:
        return (
            CheckResult(
                check.name,
                Outcome.FAIL,
                f"no answer within {timeout_s:.0f} s",
                "check the network, then run release-cockpit doctor again",
                unreachable=True,
            ),
        )
