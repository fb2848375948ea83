"""How watching a candidate's builds ends."""

from __future__ import annotations

from datetime import timedelta

from cockpit.release.coverage import named
from cockpit.release.gates_candidate import judge_builds
from cockpit.release.jobs import CandidateBuilds, Job, JobState, Run
from cockpit.release.picture import End, Ending, Picture
from cockpit.release.verdicts import Outcome
from cockpit.release.words import counted

GRACE = timedelta(minutes=5)
"""How long GitHub may take to start and list what a tag starts; until then absence says nothing."""


def end_of(
    picture: Picture,
    *,
    waited: timedelta = timedelta(),
    grace: timedelta = GRACE,
    fail_fast: bool = False,
) -> End | None:
    """How a candidate's builds ended; None while they may still change by themselves.

    `waited` is how long nothing has started since the tag was seen. Success is what the gate of the
    candidate's builds calls green, and nothing that could not be read whole.
    """
    gone = _gone(picture)
    if gone is not None or not picture.read or picture.trouble:
        return gone
    if not picture.builds.runs:
        return _nothing(picture, waited, grace)
    red = final_failures(picture.builds)
    if red and fail_fast:
        return End(Ending.FAILURE, _named(red, "failed"))
    if picture.builds.unfinished_runs or _busy(picture):
        return None
    return _result(picture, red, settled=_quiet_for(picture) >= grace)


def end_at_timeout(picture: Picture) -> End:
    """What is said when the time is up before anything ended."""
    busy = _busy(picture)
    if picture.trouble:
        left = picture.trouble
    elif not picture.read:
        left = f"the builds of {picture.tag or 'the candidate'} could not be read yet"
    elif not picture.builds.runs:
        left = f"no workflow of {picture.tag} has started"
    elif busy:
        left = f"{counted(busy, 'job')} of {picture.tag} had not finished"
    else:
        left = picture.missing or f"workflows of {picture.tag} may still start jobs"
    return End(Ending.TIMEOUT, left)


def final_failures(builds: CandidateBuilds) -> tuple[Job, ...]:
    """Red jobs that no attempt under way may turn green."""
    return tuple(job for job in builds.failed if not _is_tried_again(job, builds.runs))


def _is_tried_again(job: Job, runs: tuple[Run, ...]) -> bool:
    """Whether a newer attempt, or a newer run of its workflow, has not ended yet."""
    return any(
        not run.ended
        and (
            (run.id == job.run_id and run.attempt > job.attempt)
            or (run.workflow == job.workflow and run.id > job.run_id)
        )
        for run in runs
    )


def _gone(picture: Picture) -> End | None:
    """The end of a candidate that is not worth watching any more."""
    if picture.moved:
        return End(Ending.FAILURE, picture.moved)
    if picture.dud:
        return End(Ending.SUPERSEDED, f"{picture.tag} was declared a dud")
    if picture.newer is not None:
        return End(Ending.SUPERSEDED, f"{picture.newer.tag.name} was tagged")
    return None


def _nothing(picture: Picture, waited: timedelta, grace: timedelta) -> End | None:
    if waited < grace:
        return None
    seconds = round(grace.total_seconds())
    span = f"{seconds} s" if seconds < 60 else f"{seconds // 60} min"
    return End(Ending.NO_RUN, f"no workflow of {picture.tag} started within {span}")


def _result(picture: Picture, red: tuple[Job, ...], *, settled: bool) -> End | None:
    """What came of builds in which nothing runs any more.

    What is missing may only be late, so it is held against them once GitHub has been quiet.
    """
    if not settled and (picture.missing or picture.expected or picture.silent):
        return None
    failed: tuple[Job | Run, ...] = (*red, *_failed_without_jobs(picture.builds))
    if failed:
        return End(Ending.FAILURE, _named(failed, "failed") + _reservation(picture))
    if picture.missing or picture.candidate is None:
        return None
    cancelled = [job for job in picture.builds.jobs if job.conclusion == "cancelled"]
    if cancelled:
        return End(Ending.CANCELLED, _named(tuple(cancelled), "cancelled"))
    verdict = judge_builds(picture.builds, picture.candidate, picture.support)
    if verdict.outcome is Outcome.PASSED:
        return End(Ending.SUCCESS, verdict.text)
    return End(Ending.FAILURE, verdict.headline) if settled else None


def _busy(picture: Picture) -> int:
    """How many jobs run or wait to run."""
    open_states = (JobState.RUNNING, JobState.QUEUED)
    return sum(job.state in open_states for job in picture.jobs.values())


def _failed_without_jobs(builds: CandidateBuilds) -> tuple[Run, ...]:
    """Runs that failed before they had a job, and that no other run of the workflow made up for."""
    heard = {job.workflow for job in builds.jobs}
    return tuple(
        run for run in builds.runs if run.state is JobState.FAILED and run.workflow not in heard
    )


def _quiet_for(picture: Picture) -> timedelta:
    """How long nothing has happened on GitHub; nothing at all counts as just now."""
    last = picture.last_event
    return max(picture.now - last, timedelta()) if last else timedelta()


def _named(found: tuple[Job | Run, ...], what: str) -> str:
    first = found[0]
    name = named(first) if isinstance(first, Job) else first.workflow
    step = f" in {first.failed_step}" if isinstance(first, Job) and first.failed_step else ""
    more = f" and {len(found) - 1} more" if len(found) > 1 else ""
    return f"{name}{more} {what}{step if not more else ''}"


def _reservation(picture: Picture) -> str:
    return f" (and not everything could be read: {picture.missing})" if picture.missing else ""
