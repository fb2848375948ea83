"""Ways to group a candidate's jobs, and which of them need somebody first."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

import msgspec

from cockpit.release.coverage import SEVERITY
from cockpit.release.hud_groups import ORDER, hud_group
from cockpit.release.job_names import STAGES
from cockpit.release.jobs import Job, JobState
from cockpit.release.lookups import is_red


class Grouping(Enum):
    """What jobs are grouped by; the value is what a person reads."""

    NONE = "what needs somebody first"
    STATE = "by state"
    WORKFLOW = "by workflow"
    PLATFORM = "by platform"
    ACCELERATOR = "by accelerator"
    PYTHON = "by Python"
    STAGE = "by stage"
    HUD = "as the HUD does"

    @property
    def following(self) -> Grouping:
        """The grouping after this one, around the circle."""
        every = list(Grouping)
        return every[(every.index(self) + 1) % len(every)]


class JobGroup(msgspec.Struct, frozen=True):
    """Jobs under one heading, those that need somebody first."""

    title: str
    jobs: tuple[Job, ...]


_RANK = {state: position for position, state in enumerate(SEVERITY)}
_STATES = {state.value: position for position, state in enumerate(SEVERITY)}
CANCELLED = "cancelled"
NO_GRAMMAR = "names of another grammar"
"""Where jobs stand whose names do not tell what they work on."""


def urgency(job: Job) -> tuple[float, bool, str, str]:
    """Sorts what needs somebody first, and what was green only after red before the other green."""
    rank = 0.5 if job.conclusion == CANCELLED else _RANK[job.state]
    return rank, not job.flaky, job.workflow, job.name


def grouped_jobs(jobs: Iterable[Job], grouping: Grouping) -> tuple[JobGroup, ...]:
    """Jobs in groups, in an order that stays while states change; by state, the worst first."""
    ordered = sorted(jobs, key=urgency)
    if grouping is Grouping.NONE:
        return (JobGroup("", tuple(ordered)),) if ordered else ()
    found: dict[str, list[Job]] = {}
    for job in ordered:
        found.setdefault(_title(job, grouping), []).append(job)
    return tuple(
        JobGroup(title, tuple(found[title]))
        for title in sorted(found, key=lambda title: _place(title, grouping))
    )


def _title(job: Job, grouping: Grouping) -> str:
    match grouping:
        case Grouping.STATE:
            return CANCELLED if job.conclusion == CANCELLED else job.state.value
        case Grouping.WORKFLOW:
            return job.workflow
        case Grouping.HUD:
            return hud_group(job.workflow, job.name)
        case _:
            return _told_by_name(job, grouping)


def _told_by_name(job: Job, grouping: Grouping) -> str:
    key = job.key
    if key is None:
        return NO_GRAMMAR
    match grouping:
        case Grouping.PLATFORM:
            return f"{key.os} {key.arch}"
        case Grouping.ACCELERATOR:
            return key.accelerator or "every accelerator"
        case Grouping.PYTHON:
            return f"Python {key.python}" if key.python else "every Python"
        case _:
            return key.stage


def _place(title: str, grouping: Grouping) -> tuple[object, ...]:
    if title == NO_GRAMMAR:
        return (1,)
    match grouping:
        case Grouping.STATE:
            return 0, -1 if title == CANCELLED else _STATES[title]
        case Grouping.HUD:
            return 0, ORDER.index(title)
        case Grouping.STAGE:
            return 0, STAGES.index(title)
        case Grouping.PYTHON | Grouping.ACCELERATOR:
            return 0, *natural(title)
        case _:
            return 0, title


def natural(text: str) -> tuple[object, ...]:
    """Sorts `3.9` before `3.10`, and `3.13` before `3.13t`."""
    parts: list[object] = []
    for part in text.replace(".", " . ").split():
        digits = part.rstrip("t")
        parts.append((1, int(digits), part) if digits.isdigit() else (0, 0, part))
    return tuple(parts)


def needs_somebody(job: Job) -> bool:
    """Whether a person looking for trouble stops at this job."""
    return is_red(job) or job.state is JobState.UNKNOWN
