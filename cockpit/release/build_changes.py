"""What changed in a candidate's builds from one look to the next, told once and in order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from enum import Enum

import msgspec

from cockpit.release.coverage import named
from cockpit.release.endings import end_of
from cockpit.release.jobs import Job, JobState
from cockpit.release.picture import Ending, JobId, Picture, jobs_by_id
from cockpit.release.words import are, counted


class ChangeKind(Enum):
    """What may happen to a candidate's builds."""

    TAG_MOVED = "tag moved"
    SUPERSEDED = "superseded"
    TAGGED = "tagged"
    ENDED = "ended"
    ALL_GREEN = "all green"
    JOB_FAILED = "job failed"
    JOBS_GONE = "jobs gone"
    RUN_ENDED = "run ended"
    JOB_RERUN = "job re-run"
    FLAKY = "flaky"
    PROGRESS = "progress"
    UNREADABLE = "unreadable"
    READABLE = "readable"
    INCOMPLETE = "incomplete"
    WHOLE = "whole"


NOTABLE = frozenset(
    {
        ChangeKind.TAG_MOVED,
        ChangeKind.SUPERSEDED,
        ChangeKind.ENDED,
        ChangeKind.ALL_GREEN,
        ChangeKind.JOB_FAILED,
        ChangeKind.JOBS_GONE,
        ChangeKind.RUN_ENDED,
    }
)
"""What somebody who is not looking wants to be told of."""


class Change(msgspec.Struct, frozen=True):
    """One thing that is not as it was."""

    kind: ChangeKind
    text: str
    subject: str = ""
    """The job, workflow or tag."""
    state: JobState | None = None
    """Of the job or run, afterwards."""
    url: str = ""


def following(before: Picture | None, after: Picture) -> Picture:
    """The newer picture, which does not forget what an incomplete reading left out."""
    end = end_of(after)
    if before is None or not before.read or before.candidate != after.candidate:
        return msgspec.structs.replace(after, end=end)
    if after.whole or not after.read:
        return msgspec.structs.replace(after, end=end)
    present = jobs_by_id(after.builds.jobs)
    listed = {run.id for run in after.builds.runs}
    return msgspec.structs.replace(
        after,
        carried_jobs=tuple(job for key, job in before.jobs.items() if key not in present),
        carried_runs=tuple(run for number, run in before.runs.items() if number not in listed),
        end=end or before.end,
    )


def changes(before: Picture | None, after: Picture) -> tuple[Change, ...]:
    """Everything that changed, what matters most first; nothing for the first picture.

    The pictures have to be of one repository, and `after` has to follow `before`
    (`following`).
    """
    if before is None:
        return ()
    fate = tuple(_fate(before, after))
    reading = tuple(_reading(before, after))
    if not after.read:
        return (*fate, *reading)
    was = before if before.candidate == after.candidate else _blank(before)
    gone = tuple(_gone(was, after))
    jobs = tuple(_jobs(was, after))
    runs = tuple(_runs(was, after))
    ending = tuple(_ending(was, after))
    return (*fate, *ending, *gone, *jobs, *runs, *_progress(was, after), *reading)


def _blank(picture: Picture) -> Picture:
    """A picture of nothing, to tell a new candidate from."""
    return msgspec.structs.replace(
        picture,
        candidate=None,
        moved="",
        newer=None,
        dud=False,
        carried_jobs=(),
        carried_runs=(),
        end=None,
    )


def _fate(before: Picture, after: Picture) -> Iterator[Change]:
    """What happened to the tag."""
    old, new = before.candidate, after.candidate
    if after.moved and not before.moved:
        yield Change(ChangeKind.TAG_MOVED, after.moved, before.tag)
    if after.newer is not None and before.newer != after.newer:
        text = f"{after.tag} is superseded by {after.newer.tag.name}"
        yield Change(ChangeKind.SUPERSEDED, text, after.tag)
    if after.dud and not before.dud:
        yield Change(ChangeKind.SUPERSEDED, f"{after.tag} was declared a dud", after.tag)
    if old == new:
        return
    if old is None:
        yield Change(ChangeKind.TAGGED, f"{after.tag} was tagged", after.tag)
    elif new is None:
        yield Change(ChangeKind.SUPERSEDED, f"{before.tag} is no candidate any more", before.tag)
    elif old.name == new.name:
        yield Change(ChangeKind.TAG_MOVED, f"{after.tag} was moved to another commit", after.tag)
    elif new.number > old.number:
        text = f"{before.tag} is superseded by {after.tag}"
        yield Change(ChangeKind.SUPERSEDED, text, before.tag)
    else:
        text = f"{before.tag} is no candidate any more; {after.tag} is the newest"
        yield Change(ChangeKind.SUPERSEDED, text, before.tag)


def _ending(before: Picture, after: Picture) -> Iterator[Change]:
    """The end of everything, which is told once."""
    found = after.end
    if found is None or found == before.end:
        return
    if found.ending is Ending.SUCCESS:
        text = f"every job of {after.tag} is green: {found.reason}"
        yield Change(ChangeKind.ALL_GREEN, text, after.tag, JobState.PASSED)
    elif found.ending in (Ending.FAILURE, Ending.CANCELLED) and not after.moved:
        text = f"the builds of {after.tag} ended in {found.ending.value}: {found.reason}"
        yield Change(ChangeKind.ENDED, text, after.tag, JobState.FAILED)


def _jobs(before: Picture, after: Picture) -> Iterator[Change]:
    """Jobs that turned red, are run again, or are green after red."""
    for key, job in after.jobs.items():
        was = before.jobs.get(key)
        name = named(job)
        if _turned_red(was, job):
            step = f" in {job.failed_step}" if job.failed_step else ""
            how = " again" if job.superseded else ""
            yield _of_job(ChangeKind.JOB_FAILED, f"{name} failed{how}{step}", job)
        elif was is not None and was.state is JobState.FAILED and not job.state.finished:
            yield _of_job(ChangeKind.JOB_RERUN, f"{name} is run again", job)
        elif job.flaky and not (was is not None and was.flaky):
            yield _of_job(ChangeKind.FLAKY, f"{name} passed after it had failed: flaky", job)


def _turned_red(was: Job | None, job: Job) -> bool:
    if job.state is not JobState.FAILED:
        return False
    return was is None or was.state is not JobState.FAILED or was.id != job.id


def _of_job(kind: ChangeKind, text: str, job: Job) -> Change:
    return Change(kind, text, f"{job.workflow} / {job.name}", job.state, job.url)


def _runs(before: Picture, after: Picture) -> Iterator[Change]:
    """Workflows that ended."""
    for run in after.runs.values():
        was = before.runs.get(run.id)
        ended_before = was is not None and was.ended and was.attempt == run.attempt
        if run.ended and not ended_before:
            text = f"{run.workflow} ended: {(run.conclusion or 'unknown').replace('_', ' ')}"
            yield Change(ChangeKind.RUN_ENDED, text, run.workflow, run.state, run.url)


def _gone(before: Picture, after: Picture) -> Iterator[Change]:
    """What GitHub no longer lists, such as the jobs of a run that was deleted."""
    if not after.whole:
        return
    lost = [job for key, job in before.jobs.items() if key not in after.jobs]
    if lost:
        workflows = ", ".join(dict.fromkeys(job.workflow for job in lost))
        text = f"{counted(len(lost), 'job')} of {workflows} {are(len(lost))} no longer listed"
        yield Change(ChangeKind.JOBS_GONE, text, workflows)


_PROGRESS = {
    JobState.QUEUED: "queued",
    JobState.RUNNING: "started",
    JobState.PASSED: "passed",
    JobState.SKIPPED: "skipped or cancelled",
    JobState.UNKNOWN: "without data",
}
"""What is only counted; failures are told one by one."""


def _progress(before: Picture, after: Picture) -> Iterator[Change]:
    """How many jobs went on, in one line."""
    moved: Counter[JobState] = Counter()
    for key, job in after.jobs.items():
        if job.state is not _state(before, key):
            moved[job.state] += 1
    parts = [f"{moved[state]} {word}" for state, word in _PROGRESS.items() if moved[state]]
    fewer = len(before.expected) - len(after.expected) if before.read else 0
    if fewer < 0:
        parts.append(f"{-fewer} more expected, not started")
    if parts:
        yield Change(ChangeKind.PROGRESS, ", ".join(parts))


def _state(picture: Picture, key: JobId) -> JobState | None:
    job = picture.jobs.get(key)
    return job.state if job is not None else None


def _reading(before: Picture, after: Picture) -> Iterator[Change]:
    """Whether GitHub can be read."""
    if after.trouble and _title(after.trouble) != _title(before.trouble):
        yield Change(ChangeKind.UNREADABLE, after.trouble)
    elif before.trouble and not after.trouble:
        yield Change(ChangeKind.READABLE, "GitHub can be read again")
    if after.trouble:
        return
    if after.missing and after.missing != before.missing:
        yield Change(ChangeKind.INCOMPLETE, f"not whole: {after.missing}")
    elif before.missing and not after.missing:
        yield Change(ChangeKind.WHOLE, "everything could be read")


def _title(trouble: str) -> str:
    """What a failure is, without the numbers that go with it."""
    return trouble.partition(":")[0]
