"""Whose builds a view is about: the core's newest candidate, or a library's."""

from __future__ import annotations

from datetime import datetime

import msgspec

from cockpit.release.coverage import never_started, unstarted, unstarted_workflows
from cockpit.release.durations import Durations, Forecast, durations, forecast
from cockpit.release.jobs import CandidateBuilds, Checks, EarlierBuilds, Job
from cockpit.release.remembered import remembered
from cockpit.release.state import ReleaseState
from cockpit.release.support import Slot, SupportMatrix

_NOTHING = CandidateBuilds()
_NO_EARLIER: tuple[CandidateBuilds, ...] = ()
_NO_SUPPORT = SupportMatrix()
_NO_CHECKS = Checks()


class BuildSubject(msgspec.Struct, frozen=True):
    """The builds of one candidate with what they are compared with."""

    builds: CandidateBuilds
    earlier: tuple[CandidateBuilds, ...]
    """Newest first; none for a library."""
    support: SupportMatrix
    """Empty for a library, whose matrix the config does not tell."""
    checks: Checks
    feed: str
    """Where the builds come from."""
    repository: str

    @property
    def tag(self) -> str:
        """The candidate's tag; empty while there is none."""
        return self.builds.candidate.tag.name if self.builds.candidate else ""

    @property
    def durations(self) -> Durations:
        """What its jobs usually take."""
        return durations(self.builds, self.earlier)

    def left(self, now: datetime) -> Forecast | None:
        """When its jobs will be done, worked out every ten seconds: it is told in minutes."""
        at = now.replace(second=now.second // 10 * 10, microsecond=0)
        return forecast(self.builds, self.durations, self.support, at)

    @property
    def absent(self) -> tuple[Slot, ...]:
        """Expected jobs that GitHub has not listed."""
        return unstarted(self.builds, self.support)

    @property
    def never(self) -> frozenset[Slot]:
        """Those of them that it will not list any more."""
        return never_started(self.builds, self.support)

    @property
    def silent_workflows(self) -> tuple[str, ...]:
        """Patterns of workflows that the tag should have started."""
        if not self.builds.runs:
            return ()
        return unstarted_workflows(self.builds, self.support)

    def before(self, tag: str = "") -> CandidateBuilds | None:
        """The candidate before this one, or an earlier one by its tag."""
        for builds in self.earlier:
            if builds.candidate and tag in ("", builds.candidate.tag.name):
                return builds
        return None


def build_subject(state: ReleaseState, repository: str = "") -> BuildSubject:
    """The builds of a repository, of the core where none is named."""
    core = state.spec.core.name
    if repository not in ("", core):
        found = state.libraries.value.of(repository) if state.libraries.value else None
        builds = found or _NOTHING
        return _subject(builds, None, _NO_SUPPORT, _NO_CHECKS, "libraries", repository)
    builds = state.builds.value or _NOTHING
    checks = state.checks.value or _NO_CHECKS
    if builds.candidate is None or checks.sha != builds.candidate.commit_sha:
        checks = _NO_CHECKS
    return _subject(builds, state.earlier.value, state.spec.support, checks, "builds", core)


def moment_of(state: ReleaseState, subject: BuildSubject) -> datetime:
    """Until when running jobs have been running: now, but no longer than anybody has looked.

    A stale reading is shown as of the last thing it tells, since nobody knows what became of it.
    """
    feed = state.builds if subject.feed == "builds" else state.libraries
    return _last_told(subject.builds) or state.now if feed.stale(state.wall) else state.now


@remembered
def _last_told(builds: CandidateBuilds) -> datetime | None:
    told = (
        moment
        for job in builds.jobs
        for moment in (job.created_at, job.started_at, job.completed_at)
    )
    return max(filter(None, told), default=None)


def build_repositories(state: ReleaseState) -> tuple[str, ...]:
    """The repositories whose candidates have builds to show, the core first."""
    libraries = state.libraries.value.libraries if state.libraries.value else ()
    return (state.spec.core.name, *(builds.repository for builds in libraries))


@remembered
def _subject(
    builds: CandidateBuilds,
    earlier: EarlierBuilds | None,
    support: SupportMatrix,
    checks: Checks,
    feed: str,
    repository: str,
) -> BuildSubject:
    before = earlier.before(builds.candidate) if earlier else _NO_EARLIER
    return BuildSubject(builds, before or _NO_EARLIER, support, checks, feed, repository)


def job_key(job: Job) -> str:
    """What a job is known by across attempts, which give it a new number."""
    return f"{job.workflow} / {job.name}"


@remembered
def jobs_by_key(builds: CandidateBuilds) -> dict[str, Job]:
    """Every job by its key; two jobs of one name, which GitHub allows, get keys of their own."""
    found: dict[str, Job] = {}
    for job in builds.jobs:
        key, again = job_key(job), 1
        while key in found:
            again += 1
            key = f"{job_key(job)} ({again})"
        found[key] = job
    return found


@remembered
def keys_of_jobs(builds: CandidateBuilds) -> dict[int, str]:
    """The key of every job by its number."""
    return {job.id: key for key, job in jobs_by_key(builds).items()}
