"""Checks of the services: GitHub with everything the release keeps there, and S3."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from cockpit.backends.ports import Account
from cockpit.doctor.results import CheckResult, fail, failed_with, ok, warn
from cockpit.errors import CockpitError
from cockpit.provider import Backends
from cockpit.release.repos import Repository

_NEEDED_SCOPES = {
    "repo": "comments, labels and pull requests",
    "workflow": "re-runs, dispatches and picks that touch workflow files",
}
_LOW_BUDGET = 0.1
_SKEW_WARNING = timedelta(minutes=2)
_SKEW_FAILURE = timedelta(minutes=15)
"""Beyond it S3 refuses every request."""


def github_account(backends: Backends) -> Iterator[CheckResult]:
    """GitHub answers, knows the token, and allows it what a release needs."""
    token = backends.credentials.github_token()
    if token is None:
        yield warn(
            "github token",
            "none: 60 requests an hour, and looking only",
            "release-cockpit login, or export GITHUB_TOKEN",
        )
        yield from _anonymous(backends)
        return
    yield ok("github token", f"from {token.source}")
    try:
        account = backends.github.account()
    except CockpitError as err:
        yield failed_with("github", err)
        return
    yield ok("github", f"{backends.config.settings.github.api} knows you as {account.login}")
    yield scopes(account)
    yield _quota(backends)
    # A rehearsal has a clock of its own, which GitHub's part of it follows too.
    now = backends.clock.now() if backends.config.settings.clock else datetime.now(UTC)
    yield clock_skew(account.server_time, now)


def repository_permission(backends: Backends, repository: Repository) -> Iterator[CheckResult]:
    """What the token may do in a repository."""
    name = f"github {repository.short_name}"
    try:
        permission = backends.github.permission(repository)
    except CockpitError as err:
        yield failed_with(name, err)
        return
    if permission in ("admin", "write"):
        yield ok(name, f"{permission} permission")
    elif permission == "none":
        yield fail(
            name,
            f"{repository.name} is not there, or not shown to this token",
            "check its name in release.toml, and the token's rights",
        )
    else:
        yield warn(name, f"{permission} permission", "looking works; ask for write access")


def tracker(backends: Backends) -> Iterator[CheckResult]:
    """The release's tracker issue is found."""
    config = backends.config
    label = config.settings.github.tracker_label
    try:
        answer = backends.github.picks(config.core, config.version, label, config.team)
    except CockpitError as err:
        yield failed_with("tracker", err)
        return
    found = answer.value.tracker
    if found is None:
        yield warn(
            "tracker", answer.missing, f"open one titled [v.{config.version}] Release Tracker"
        )
    elif answer.missing:
        yield warn("tracker", f"#{found.number}, not whole: {answer.missing}", "run this again")
    else:
        yield ok("tracker", f"#{found.number}, {len(found.nominations)} nominations")


def milestone(backends: Backends) -> Iterator[CheckResult]:
    """The release's milestone is found."""
    config = backends.config
    try:
        answer = backends.github.milestone(config.core, config.milestone)
    except CockpitError as err:
        yield failed_with("milestone", err)
        return
    if answer.value.number is None:
        yield warn(
            "milestone",
            f"{config.core.name} has none titled {config.milestone}",
            "create it, or set [github].milestone in release.toml",
        )
    else:
        yield ok("milestone", f"{config.milestone}, {len(answer.value.open_items)} open")


def channels(backends: Backends) -> Iterator[CheckResult]:
    """The S3 channels can be listed."""
    table = backends.config.settings.objectstore
    if table is None:
        yield warn("channels", "none are configured", "add [objectstore] to release.toml")
        return
    try:
        who = backends.store.check_access()
    except CockpitError as err:
        yield failed_with("channels", err)
        return
    prefixes = f"{table.test_prefix} and {table.stable_prefix}"
    yield ok("channels", f"{table.bucket}: {prefixes} can be listed, {who}")


def clock_skew(server: datetime | None, now: datetime) -> CheckResult:
    """This machine's clock against GitHub's."""
    if server is None:
        return warn("clock", "GitHub did not say its time", "compare the clock by hand")
    skew = abs(now - server)
    found = f"{skew.total_seconds():.0f} s off GitHub's"
    step = "set the clock, for example with timedatectl set-ntp true"
    if skew > _SKEW_FAILURE:
        return fail("clock", f"{found}: S3 refuses more than 15 minutes", step)
    return warn("clock", found, step) if skew > _SKEW_WARNING else ok("clock", found)


def _anonymous(backends: Backends) -> Iterator[CheckResult]:
    core = backends.config.core
    try:
        permission = backends.github.permission(core)
    except CockpitError as err:
        yield failed_with("github", err)
        return
    if permission == "none":
        yield fail("github", f"{core.name} is not shown without a token", "release-cockpit login")
        return
    yield ok("github", f"{backends.config.settings.github.api} answers")
    yield _quota(backends)


def scopes(account: Account) -> CheckResult:
    """What the token may be used for, as far as GitHub tells."""
    if not account.scopes:
        return ok("github scopes", "a fine-grained token, which names no scopes")
    missing = [scope for scope in _NEEDED_SCOPES if scope not in account.scopes]
    if not missing:
        return ok("github scopes", ", ".join(account.scopes))
    needs = "; ".join(f"{scope} for {_NEEDED_SCOPES[scope]}" for scope in missing)
    return warn(
        "github scopes",
        f"{', '.join(missing)} missing ({needs})",
        f"gh auth refresh --scopes {','.join(_NEEDED_SCOPES)}",
    )


def _quota(backends: Backends) -> CheckResult:
    budget = backends.github.budget()
    if budget is None:
        return ok("github quota", "GitHub counts no requests here")
    found = f"{budget.remaining} of {budget.limit}, anew at {budget.resets_at:%H:%M} UTC"
    if budget.remaining < budget.limit * _LOW_BUDGET:
        return warn("github quota", found, "wait, or slow down [feeds] in release.toml")
    return ok("github quota", found)
