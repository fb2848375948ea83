"""`builds`: every job of a candidate, what was expected and did not start, and all counts."""

from __future__ import annotations

import argparse
import asyncio
import sys

import msgspec

from cockpit.commands.candidates import (
    candidate_data,
    counts_data,
    job_data,
    wanted_candidate,
    wanted_repository,
)
from cockpit.commands.common import open_cockpit, wants_colour
from cockpit.errors import ExitCode, Unreachable
from cockpit.release.candidate_checks import CandidateChecks, candidate_checks
from cockpit.release.jobs import CandidateBuilds, JobState
from cockpit.release.picture import Picture, picture_of
from cockpit.release.state import FeedState, ReleaseState
from cockpit.runtime import Cockpit
from cockpit.views.ages import ago
from cockpit.views.build_report import Selection, report
from cockpit.views.hud import hud_url
from cockpit.views.text import printed

_UNCLIPPED = 10_000


def run(arguments: argparse.Namespace) -> int:
    """Look at a candidate's builds once and print them."""
    cockpit = open_cockpit(arguments)
    repository = wanted_repository(cockpit.config, arguments.repository)
    feed, picture, checks = asyncio.run(_read(cockpit, repository.name, arguments.candidate))
    selection = Selection(arguments.state or "", arguments.workflow or "")
    if arguments.json:
        document = _document(cockpit, feed, picture, selection)
        document["checks"] = _checks_data(cockpit.state, checks) if checks else None
        encoded = msgspec.json.format(msgspec.json.encode(document), indent=2)
        sys.stdout.write(encoded.decode() + "\n")
    else:
        _print(arguments, cockpit.state, feed, picture, selection, checks)
    failure = cockpit.state.branches.failure
    if failure is not None:
        sys.stderr.write(f"release-cockpit: the newest candidate is not known: {failure}\n")
    return int(ExitCode.UNREACHABLE if failure else exit_code(picture, checks))


async def _read(
    cockpit: Cockpit, name: str, tag: str | None
) -> tuple[FeedState[CandidateBuilds], Picture, CandidateChecks | None]:
    """The feed of the candidate's builds after one look, and the picture it gives.

    What others than Actions say is read of the core's newest candidate; None for any other.
    """
    repository = wanted_repository(cockpit.config, name)
    cockpit.prepare()
    await cockpit.refresh("branches", "ledger")
    state = cockpit.state
    failure = state.branches.failure
    if state.branches.value is None or state.branches.value.of(repository) is None:
        told = (
            state.branches.value.problems.get(repository.name, "") if state.branches.value else ""
        )
        raise Unreachable(
            f"The candidates of {repository.name} could not be read",
            told or (str(failure) if failure else "its branch was not read"),
            failure.hint if failure else "release-cockpit doctor",
        )
    candidate = wanted_candidate(state, repository, tag)
    if candidate is None:
        return FeedState(), picture_of(state, repository, None, FeedState()), None
    feed = cockpit.feed_of(repository, candidate)
    is_newest = feed is cockpit.feed("builds")
    looks = [cockpit.refresh_feed(feed)]
    if is_newest:
        looks.append(cockpit.refresh("checks"))
    await asyncio.gather(*looks)
    state = cockpit.state
    picture = picture_of(state, repository, candidate, feed.latest)
    return feed.latest, picture, candidate_checks(state) if is_newest else None


def _print(
    arguments: argparse.Namespace,
    state: ReleaseState,
    feed: FeedState[CandidateBuilds],
    picture: Picture,
    selection: Selection,
    checks: CandidateChecks | None,
) -> None:
    age = feed.age(state.wall)
    told = f"read {ago(age)}" if age is not None else "never read"
    # A terminal breaks what is too long, so that addresses stay whole.
    for entry in report(picture, selection, told, state.spec.hud, checks):
        sys.stdout.write(
            printed(entry, _UNCLIPPED, plain_ascii=arguments.ascii, color=wants_colour())
        )


def _document(
    cockpit: Cockpit, feed: FeedState[CandidateBuilds], picture: Picture, selection: Selection
) -> dict[str, object]:
    """Everything about the candidate; a selection leaves out jobs, the counts stay whole."""
    state, reading = cockpit.state, feed.reading
    candidate = picture.candidate
    left = picture.left
    age = feed.age(state.wall)
    budget = cockpit.budget
    return {
        "release": str(state.spec.version),
        "repository": picture.repository,
        "candidate": candidate_data(candidate),
        "complete": picture.whole,
        "missing": picture.missing,
        "error": picture.trouble or None,
        "moved": picture.moved or None,
        "taken_at": reading.taken_at if reading else None,
        "age_s": round(age.total_seconds(), 1) if age is not None else None,
        "source": reading.source if reading else "",
        "hud": hud_url(
            state.spec.hud, picture.repository, candidate.commit_sha if candidate else ""
        ),
        "counts": counts_data(picture),
        "flaky": len(picture.flaky),
        "left_s": round(left.total_seconds()) if left is not None else None,
        "runs": [
            {**msgspec.to_builtins(run), "state": run.state.value} for run in picture.builds.runs
        ],
        "jobs": [job_data(job, picture) for job in selection.jobs(picture)],
        "expected_not_started": [msgspec.to_builtins(slot) for slot in selection.slots(picture)],
        "workflows_not_started": list(selection.silent(picture)),
        "api": {
            "remaining": budget.remaining if budget else None,
            "limit": budget.limit if budget else None,
            "resets_at": budget.resets_at if budget else None,
            "asked": cockpit.usage.asked,
            "unchanged": cockpit.usage.unchanged,
        },
    }


def _checks_data(state: ReleaseState, checks: CandidateChecks) -> dict[str, object]:
    """What others than Actions say, whole whatever was selected."""
    reading = state.checks.reading
    return {
        "complete": reading is not None and not checks.missing and not checks.trouble,
        "missing": checks.missing,
        "error": checks.trouble or None,
        "taken_at": reading.taken_at if reading else None,
        "not_reported": list(checks.held.silent),
        "found": [
            {
                **msgspec.to_builtins(check),
                "state": check.state.value,
                "required": check.id in checks.required,
            }
            for check in checks.found
        ],
    }


def exit_code(picture: Picture, checks: CandidateChecks | None = None) -> ExitCode:
    """3 when builds or checks could not be read, 1 when something is red or missing, else 0."""
    if picture.trouble or (checks and checks.trouble):
        return ExitCode.UNREACHABLE
    builds = picture.builds
    red = builds.failed or any(job.conclusion == "cancelled" for job in builds.jobs)
    unread = picture.missing or picture.counts[JobState.UNKNOWN]
    over = picture.candidate is not None and not builds.unfinished_runs
    lacking = picture.never or (over and (picture.expected or picture.silent))
    if checks is not None:
        red = red or checks.wrong
        unread = unread or checks.missing
        lacking = lacking or (over and checks.held.silent)
    wrong = red or unread or lacking or picture.moved
    return ExitCode.BLOCKED if wrong else ExitCode.OK
