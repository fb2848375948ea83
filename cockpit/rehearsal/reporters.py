"""What others than Actions say of commits: check runs of applications, and commit statuses."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from cockpit.rehearsal.model import App, Check, CommitStatus, Conclusion, Forge, Repository, Suite
from cockpit.rehearsal.people import PYTORCH_BOT

IMPORTER = App(21_401, "facebook-github-tools", "Facebook GitHub Tools", "facebook")
PREVIEWER = App(32_874, "docs-preview", "Docs Preview", "pytorch")
COVERAGE = App(254, "codecov", "Codecov", "codecov")

INTERNAL_CHECK = "Meta Internal-Only Changes Check"
LICENCE = "EasyCLA"

_State = Literal["error", "failure", "pending", "success"]


def report_on(
    forge: Forge,
    repository: Repository,
    sha: str,
    ref: str,
    at: datetime,
    *,
    preview: Conclusion = "success",
    benchmarks: int = 0,
) -> None:
    """Have every application report on a commit that was pushed, once; all is well by default.

    `preview` is how the preview of the documentation ends; `benchmarks` is how many statuses come
    on top, of which some stay pending.
    """
    if sha in repository.suites:
        return
    repository.suites[sha] = [
        _suite(forge, IMPORTER, sha, ref, at, _check(forge, INTERNAL_CHECK, at, 2, "success")),
        _suite(forge, PREVIEWER, sha, ref, at, _check(forge, "docs preview", at, 45, preview)),
        _suite(forge, COVERAGE, sha, ref, at),
    ]
    repository.statuses[sha] = [
        _status(forge, LICENCE, "pending", "Missing CLA Authorization.", at, 0.1),
        _status(forge, LICENCE, "success", "The committers are authorized.", at, 1),
        *(
            status
            for number in range(1, benchmarks + 1)
            for status in _benchmark(forge, number, at)
        ),
    ]


def _benchmark(forge: Forge, number: int, at: datetime) -> list[CommitStatus]:
    context = f"benchmark/model-{number:03}"
    started = _status(forge, context, "pending", "Queued", at, number / 10)
    ended: _State = "failure" if number % 40 == 0 else "success"
    if number % 25 == 0:
        return [started]
    return [started, _status(forge, context, ended, "Measured", at, 5 + number / 4)]


def _suite(forge: Forge, app: App, sha: str, ref: str, at: datetime, *checks: Check) -> Suite:
    return Suite(forge.next_id(), app, sha, ref, at, checks)


def _check(forge: Forge, name: str, at: datetime, minutes: float, conclusion: Conclusion) -> Check:
    ends_at = at + timedelta(minutes=minutes)
    title = "Nothing to do" if conclusion == "success" else "See the details"
    return Check(forge.next_id(), name, at + timedelta(seconds=9), ends_at, conclusion, title)


def _status(
    forge: Forge, context: str, state: _State, description: str, at: datetime, minutes: float
) -> CommitStatus:
    target = f"https://example.org/{context}"
    created_at = at + timedelta(minutes=minutes)
    return CommitStatus(
        forge.next_id(), context, state, description, target, PYTORCH_BOT.login, created_at
    )
