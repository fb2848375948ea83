"""Cases of the gates of a candidate's health."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from cockpit.release.artifacts import Artifacts, Contents, PackageListing
from cockpit.release.docs import DocsEntry
from cockpit.release.jobs import Check, Checks, JobState, LibraryBuilds
from cockpit.release.state import ReleaseState
from cockpit.release.validations import ValidationRules, Validations
from cockpit.release.verdicts import Outcome
from tests.release.states import (
    CORE,
    GREEN,
    INFRA,
    NOW,
    PICK_1,
    PINNED,
    RC2,
    SPEC,
    VALIDATION,
    VISION,
    VISION_BUILDS,
    branch,
    feed,
    job,
    ledger,
    listing,
    sha,
    validated,
    with_,
    with_branches,
)

PASSED, FAILED, UNKNOWN, NOT_APPLICABLE = (
    Outcome.PASSED,
    Outcome.FAILED,
    Outcome.UNKNOWN,
    Outcome.NOT_APPLICABLE,
)
REQUIRING = with_(
    spec=msgspec.structs.replace(
        SPEC,
        repositories=(
            msgspec.structs.replace(CORE, required_checks=("cla/*", "docker")),
            INFRA,
            VISION,
        ),
    )
)


def reported(**states: JobState) -> ReleaseState:
    """Required checks, reported in these states: `cla` and `docker`."""
    names = {"cla": "cla/easy"}
    found = tuple(
        Check(f"check/{n}", "Bot", names.get(name, name), state, None, NOW)
        for n, (name, state) in enumerate(states.items())
    )
    return with_(REQUIRING, checks=feed(Checks(RC2.commit_sha, found)))


def with_library(*states: JobState) -> ReleaseState:
    """The green state with the first jobs of vision in these states."""
    jobs = list(VISION_BUILDS.jobs)
    for at, state in enumerate(states):
        jobs[at] = job(jobs[at].id, jobs[at].name, jobs[at].workflow, state)
    found = msgspec.structs.replace(VISION_BUILDS, jobs=tuple(jobs))
    return with_(libraries=feed(LibraryBuilds((found,))))


def with_run(**changes: object) -> ReleaseState:
    run = msgspec.structs.replace(VALIDATION, **changes)
    return with_(validations=feed(Validations((run,))))


def with_first(listed: PackageListing, **changes: object) -> ReleaseState:
    """The green state with another first file."""
    stored = msgspec.structs.replace(listed.test[0].stored, **changes)
    first = msgspec.structs.replace(listed.test[0], stored=stored)
    mine = msgspec.structs.replace(listed, test=(first, *listed.test[1:]))
    return with_(artifacts=feed(Artifacts((mine, listing(VISION)))))


def entry(**changes: object) -> ReleaseState:
    return with_(docs=feed(msgspec.structs.replace(DocsEntry(sha("site"), 9, True), **changes)))


UNTAGGED_VISION = with_branches(branch(VISION))
LIBRARY_CASES = (
    ("libraries-green", "green", GREEN, PASSED, "vision: 78 jobs of v0.30.0-rc1 passed"),
    ("libraries-green", "red", with_library(JobState.FAILED), FAILED, "vision: linux x86_64"),
    ("libraries-green", "running", with_library(JobState.RUNNING), UNKNOWN, "1 of 78 jobs"),
    ("libraries-green", "no candidate", UNTAGGED_VISION, FAILED, "vision has no candidate yet"),
    (
        "libraries-green",
        "not read",
        with_(libraries=feed(LibraryBuilds())),
        UNKNOWN,
        "have not been read",
    ),
    (
        "libraries-green",
        "no libraries",
        with_(spec=msgspec.structs.replace(SPEC, repositories=(CORE, INFRA))),
        NOT_APPLICABLE,
        "no library",
    ),
)
CHECK_CASES = (
    ("checks-green", "none required", GREEN, NOT_APPLICABLE, "requires no checks"),
    (
        "checks-green",
        "passed",
        reported(cla=JobState.PASSED, docker=JobState.PASSED),
        PASSED,
        "Bot docker: passed",
    ),
    (
        "checks-green",
        "red",
        reported(cla=JobState.FAILED, docker=JobState.PASSED),
        FAILED,
        "Bot cla/easy: failed",
    ),
    ("checks-green", "silent", reported(cla=JobState.PASSED), UNKNOWN, "no check docker"),
    (
        "checks-green",
        "running",
        reported(cla=JobState.PASSED, docker=JobState.RUNNING),
        UNKNOWN,
        "Bot docker: running",
    ),
    (
        "checks-green",
        "of another commit",
        with_(REQUIRING, checks=feed(Checks(PICK_1.sha))),
        UNKNOWN,
        "have not been read yet",
    ),
)
VALIDATION_CASES = (
    ("binaries-validated", "passed", GREEN, PASSED, "run 77, started by Ada: passed"),
    ("binaries-validated", "never", with_(ledger=feed(ledger(*PINNED))), FAILED, "not started"),
    (
        "binaries-validated",
        "before the last wheel",
        with_run(created_at=NOW - timedelta(minutes=26)),
        FAILED,
        "run 77 before",
    ),
    (
        "binaries-validated",
        "of another channel",
        with_(ledger=feed(ledger(*PINNED, *validated(channel="nightly")))),
        FAILED,
        "not started",
    ),
    (
        "binaries-validated",
        "of another version",
        with_(ledger=feed(ledger(*PINNED, *validated(version="2.1.0")))),
        FAILED,
        "not started",
    ),
    ("binaries-validated", "red", with_run(state=JobState.FAILED), FAILED, "Ada: failed"),
    (
        "binaries-validated",
        "running",
        with_run(state=JobState.RUNNING, ended=False, jobs_ended=3),
        UNKNOWN,
        "3 of 40 jobs",
    ),
    (
        "binaries-validated",
        "came up empty",
        with_(spec=msgspec.structs.replace(SPEC, validation=ValidationRules(least_jobs=41))),
        FAILED,
        "it came up empty",
    ),
    (
        "binaries-validated",
        "not read",
        with_(validations=feed(Validations())),
        UNKNOWN,
        "run 77 has not been read",
    ),
    (
        "binaries-validated",
        "a wheel is missing",
        with_(
            artifacts=feed(
                Artifacts((msgspec.structs.replace(listing(CORE), test=listing(CORE).test[1:]),))
            )
        ),
        UNKNOWN,
        "not complete yet",
    ),
)
DOCS_CASES = (
    ("docs-entry", "published", GREEN, PASSED, "has 2.15, and versions.html links to it"),
    ("docs-entry", "no folder", entry(files=0), FAILED, "has no folder 2.15"),
    ("docs-entry", "not listed", entry(listed=False), FAILED, "does not link to 2.15"),
    ("docs-entry", "no list", entry(listed=None), UNKNOWN, "has no versions.html"),
    ("docs-entry", "no branch", entry(sha=None), FAILED, "docs.git has no branch site"),
    (
        "docs-entry",
        "not configured",
        with_(spec=msgspec.structs.replace(SPEC, docs=None)),
        NOT_APPLICABLE,
        "names no repository",
    ),
)
FILE_CASES = (
    (
        "wheels-complete",
        "nobody looked inside",
        with_first(listing(CORE), contents=None),
        UNKNOWN,
        "nobody looked into 1 of 27 files",
    ),
    (
        "wheels-complete",
        "of another commit",
        with_first(
            listing(CORE),
            contents=Contents(sha("other"), ("filelock",)),
        ),
        FAILED,
        "built from",
    ),
    (
        "wheels-complete",
        "a checksum was not read",
        with_first(listing(CORE), sha256=None),
        UNKNOWN,
        "1 file: its checksum was not read yet",
    ),
    (
        "wheels-complete",
        "a wheel without a checksum",
        with_first(listing(CORE), sha256=""),
        PASSED,
        "no SHA-256",
    ),
    (
        "builds-green",
        "green, but the wheel is old",
        with_first(listing(CORE), last_modified=NOW - timedelta(days=2), contents=None),
        FAILED,
        "before its own upload job",
    ),
    (
        "builds-green",
        "the channel is not known",
        with_(artifacts=feed(Artifacts(), missing="no [objectstore] is configured")),
        PASSED,
        "nothing was compared with it",
    ),
)
HEALTH_CASES: tuple[tuple[str, str, ReleaseState, Outcome, str], ...] = (
    *FILE_CASES,
    *LIBRARY_CASES,
    *CHECK_CASES,
    *VALIDATION_CASES,
    *DOCS_CASES,
)
