"""What the world's own plan says of a candidate's jobs, in the cockpit's words."""

from __future__ import annotations

from collections import defaultdict

from cockpit.backends.text import clean
from cockpit.rehearsal.tally import BuildsCount, CountedJob
from cockpit.release.coverage import slot_of
from cockpit.release.job_names import parse_job_name
from cockpit.release.jobs import JobState
from cockpit.release.picture import Picture
from cockpit.release.support import SupportMatrix

_ENDED = {"success": JobState.PASSED, "failure": JobState.FAILED, "timed_out": JobState.FAILED}
_OPEN = {
    "queued": JobState.QUEUED,
    "waiting": JobState.QUEUED,
    "in_progress": JobState.RUNNING,
}
_RANKS = {JobState.PASSED: 3, JobState.FAILED: 2, JobState.SKIPPED: 1}


def planned_states(plan: BuildsCount) -> dict[tuple[str, str], JobState]:
    """Workflow and name of every job that is listed → its state, all attempts merged."""
    tries: dict[tuple[str, str], list[CountedJob]] = defaultdict(list)
    for job in sorted(plan.jobs, key=lambda job: (job.run_id, job.attempt)):
        if job.status != "planned" and not job.carried_over:
            tries[_name(job)].append(job)
    return {name: _state(several) for name, several in tries.items()}


def expected_slots(plan: BuildsCount, support: SupportMatrix) -> int:
    """How many jobs of the support matrix are planned and not listed yet."""
    listed = {_name(job) for job in plan.jobs if job.status != "planned"}
    waiting = {_name(job) for job in plan.jobs} - listed
    keys = (parse_job_name(*name) for name in waiting)
    return len({slot_of(key) for key in keys if key} & set(support.slots()))


def differences(picture: Picture, plan: BuildsCount) -> list[str]:
    """Where the cockpit's picture is not what the world plans; empty where it is."""
    wanted = planned_states(plan)
    found = {(job.workflow, job.name): job.state for job in picture.builds.jobs}
    told = [
        f"{' / '.join(name)}: {found.get(name)} instead of {wanted.get(name)}"
        for name in sorted(wanted.keys() | found.keys())
        if wanted.get(name) is not found.get(name)
    ]
    slots = expected_slots(plan, picture.support)
    if picture.counts[JobState.EXPECTED] != slots:
        told.append(f"{picture.counts[JobState.EXPECTED]} expected instead of {slots}")
    return told


def _name(job: CountedJob) -> tuple[str, str]:
    """Workflow and name as the cockpit shows them: names of strangers are cleaned."""
    return clean(job.workflow), clean(job.name)


def _state(tries: list[CountedJob]) -> JobState:
    if tries[-1].status != "completed":
        return _OPEN.get(tries[-1].status, JobState.UNKNOWN)
    ended = [job for job in tries if job.status == "completed"]
    return max((_ended(job) for job in ended), key=lambda entry: entry[0])[1]


def _ended(job: CountedJob) -> tuple[int, JobState]:
    state = _ENDED.get(job.conclusion or "", JobState.SKIPPED)
    return (0 if job.conclusion == "cancelled" else _RANKS[state]), state
