"""A candidate's builds as a grid: a row for each accelerator, a column for each Python.

A cell is one wheel, with a mark for each of its stages. What is no wheel stands below, a row for
each group; nothing is dropped.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec

from cockpit.release.build_groups import natural, needs_somebody, urgency
from cockpit.release.coverage import WHEELS, cell_of, configuration
from cockpit.release.durations import slow_jobs
from cockpit.release.job_names import LIBTORCH, STAGES, JobKey
from cockpit.release.jobs import CandidateBuilds, Check, Job
from cockpit.release.remembered import remembered
from cockpit.release.state import ReleaseState
from cockpit.release.support import Cell as WheelCell
from cockpit.release.support import Slot
from cockpit.views.ages import grouped
from cockpit.views.build_files import doubted
from cockpit.views.build_subject import BuildSubject, build_subject, moment_of
from cockpit.views.marks import (
    CANCELLED,
    EXPECTED,
    FAILED,
    FLAKY,
    JOB_MARKS,
    NEEDS_YOU,
    NEVER_STARTED,
    NO_DATA,
    PASSED,
    QUEUED,
    RUNNING,
    SKIPPED,
    SLOW,
    Mark,
    Tone,
    job_mark,
)
from cockpit.views.table import Span

WORST_FIRST = (
    FAILED,
    CANCELLED,
    NO_DATA,
    NEVER_STARTED,
    SLOW,
    RUNNING,
    QUEUED,
    EXPECTED,
    SKIPPED,
    NEEDS_YOU,
    FLAKY,
    PASSED,
)
"""A doubtful file is told once its jobs have nothing worse to say."""
_SEVERITY = {mark.shape: position for position, mark in enumerate(WORST_FIRST)}
CHECKS = "other checks"
_Place = tuple[str, str, str]
"""System, architecture and accelerator: a row."""


class GridCell(msgspec.Struct, frozen=True, gc=False):
    """One wheel."""

    key: str
    marks: tuple[Mark | None, ...]
    """One for each stage of the grid; None for a stage that it does not have."""
    note: Mark | None = None
    """That something is wrong with its file."""

    @property
    def worst(self) -> Mark | None:
        """The mark that says most."""
        return worst_mark(mark for mark in (self.note, *self.marks) if mark is not None)


class GridRow(msgspec.Struct, frozen=True):
    """The wheels of one accelerator on one target."""

    target: str
    title: str
    cells: tuple[GridCell | None, ...]
    """One for each Python; None where there is no such wheel."""


class WideRow(msgspec.Struct, frozen=True):
    """A group of jobs that are no wheel's."""

    key: str
    title: str
    spans: tuple[Span, ...]


class Grid(msgspec.Struct, frozen=True):
    """Everything a candidate builds, at a glance."""

    pythons: tuple[str, ...]
    stages: tuple[str, ...]
    rows: tuple[GridRow, ...]
    others: tuple[WideRow, ...]

    def __bool__(self) -> bool:
        return bool(self.rows or self.others)

    def stages_at(self, key: str) -> tuple[tuple[str, Mark | None], ...]:
        """Each stage of a wheel with its mark; nothing where it has no cell."""
        cells = (cell for row in self.rows for cell in row.cells if cell is not None)
        found = next((cell for cell in cells if cell.key == key), None)
        return tuple(zip(self.stages, found.marks, strict=True)) if found else ()


def short_pythons(pythons: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """What all Pythons begin with, and the rest of each: `3.` and `12`, `13`, `13t`."""
    majors = {python.partition(".")[0] for python in pythons}
    if len(majors) != 1:
        return "", tuple(pythons)
    return f"{majors.pop()}.", tuple(python.partition(".")[2] for python in pythons)


def worst_mark(marks: Iterable[Mark]) -> Mark | None:
    """The mark that needs somebody most; one of no job comes before all others."""
    return min(marks, key=lambda mark: _SEVERITY.get(mark.shape, -1), default=None)


@remembered
def build_grid(state: ReleaseState, repository: str = "") -> Grid:
    """The grid of a repository's candidate, of the core's where none is named.

    It is made anew only when a reading changed, a job became slow or a file doubtful.
    """
    subject = build_subject(state, repository)
    slow = slow_jobs(subject.builds, subject.durations, moment_of(state, subject))
    return _grid(subject, slow, doubted(state, repository))


def slot_mark(subject: BuildSubject, slot: Slot) -> Mark:
    """The mark of a job that was expected and is not listed."""
    return NEVER_STARTED if slot in subject.never else EXPECTED


def silent_mark(subject: BuildSubject) -> Mark:
    """The mark of a workflow that was expected and has no run."""
    return EXPECTED if subject.builds.unfinished_runs else NEVER_STARTED


def slot_title(slot: Slot) -> str:
    """The row below the wheels in which a job that is not listed stands."""
    return f"{slot.package} {slot.os} {slot.arch}"


def wheel_key(cell: WheelCell) -> str:
    """What a cell is known by."""
    return f"wheel:{cell.os}/{cell.arch}/{cell.accelerator}/{cell.python}"


def wheel_of(key: str) -> WheelCell | None:
    """The wheel behind a cell's key; None for another row's."""
    kind, _, rest = key.partition(":")
    return WheelCell(*rest.split("/")) if kind == "wheel" else None


def jobs_at(subject: BuildSubject, key: str) -> tuple[Job, ...]:
    """The jobs behind a cell or row: a wheel's in the order of its stages, others' worst first."""
    return _sorted_out(subject.builds).by_key.get(key, ())


def foremost(jobs: Sequence[Job]) -> Job | None:
    """The job of a cell to look at: what needs somebody, else what runs, else the last stage."""
    if not jobs:
        return None
    marks = [job_mark(job) for job in jobs]
    if all(mark in (PASSED, SKIPPED) for mark in marks):
        return jobs[-1]
    return min(zip(jobs, marks, strict=True), key=lambda pair: _SEVERITY[pair[1].shape])[0]


def key_of(subject: BuildSubject, job: Job) -> str:
    """The cell or row that a job stands in."""
    places = _sorted_out(subject.builds)
    return next((key for key, jobs in places.by_key.items() if job in jobs), "")


class _Places(msgspec.Struct, frozen=True):
    """Every job where it stands."""

    wheels: dict[WheelCell, dict[str, list[Job]]]
    by_key: dict[str, tuple[Job, ...]]
    groups: tuple[str, ...]
    """Titles of the rows below the wheels."""


@remembered
def _sorted_out(builds: CandidateBuilds) -> _Places:
    wheels: dict[WheelCell, dict[str, list[Job]]] = defaultdict(lambda: defaultdict(list))
    shared: dict[_Place, list[Job]] = defaultdict(list)
    groups: dict[str, list[Job]] = defaultdict(list)
    for job in builds.jobs:
        key = job.key
        cell = cell_of(key) if key else None
        if key is not None and cell is not None:
            wheels[cell][key.stage].append(job)
        elif key is not None and key.package in WHEELS:
            shared[key.os, key.arch, key.accelerator].append(job)
        else:
            groups[_group_title(job, key)].append(job)
    used = set()
    for cell, stages in wheels.items():
        place = cell.os, cell.arch, cell.accelerator
        for job in shared.get(place, ()):
            if job.key is not None:
                stages[job.key.stage].append(job)
                used.add(place)
    for place, jobs in shared.items():
        if place not in used:
            for job in jobs:
                groups[job.workflow].append(job)
    by_key = {
        wheel_key(cell): tuple(job for stage in STAGES for job in stages.get(stage, ()))
        for cell, stages in wheels.items()
    }
    by_key |= {_more(title): tuple(sorted(jobs, key=urgency)) for title, jobs in groups.items()}
    return _Places(dict(wheels), by_key, tuple(groups))


def _group_title(job: Job, key: JobKey | None) -> str:
    if key is not None and key.package == LIBTORCH:
        return f"{LIBTORCH} {key.os} {key.arch}"
    return job.workflow


def _more(title: str) -> str:
    return f"more:{title}"


@remembered
def _grid(subject: BuildSubject, slow: frozenset[int], noted: frozenset[WheelCell]) -> Grid:
    places = _sorted_out(subject.builds)
    absent = {slot for slot in subject.absent if slot.package == "wheel"}
    expected = subject.support.cells()
    cells = tuple(dict.fromkeys((*expected, *sorted(places.wheels))))
    pythons = tuple(
        sorted(dict.fromkeys(cell.python for cell in cells), key=natural)
        if not expected
        else dict.fromkeys(cell.python for cell in cells)
    )
    stages = _stages(subject, places)
    rows: dict[_Place, dict[str, GridCell]] = defaultdict(dict)
    for cell in cells:
        missing = {
            stage: slot_mark(subject, slot)
            for stage in stages
            if (slot := _slot(cell, stage)) in absent
        }
        marks = cell_marks(stages, places.wheels.get(cell, {}), missing, slow)
        note = NEEDS_YOU if cell in noted else None
        rows[cell.os, cell.arch, cell.accelerator][cell.python] = GridCell(
            wheel_key(cell), marks, note
        )
    return Grid(
        pythons,
        stages,
        tuple(
            GridRow(
                f"{place[0]} {place[1]}", place[2], tuple(row.get(python) for python in pythons)
            )
            for place, row in _in_order(rows)
        ),
        _others(subject, places),
    )


def _in_order(
    rows: dict[_Place, dict[str, GridCell]],
) -> list[tuple[_Place, dict[str, GridCell]]]:
    """Rows in their own order, but each target's together."""
    targets = {target: at for at, target in enumerate(dict.fromkeys(p[:2] for p in rows))}
    return sorted(rows.items(), key=lambda entry: targets[entry[0][:2]])


def cell_marks(
    stages: Sequence[str],
    jobs: Mapping[str, Sequence[Job]],
    missing: Mapping[str, Mark],
    slow: Collection[int],
) -> tuple[Mark | None, ...]:
    """The mark of each stage of one wheel: of its jobs, or that it is missing."""
    return tuple(
        worst_mark(job_mark(job, slow=job.id in slow) for job in jobs.get(stage, ()))
        or missing.get(stage)
        for stage in stages
    )


def _slot(cell: WheelCell, stage: str) -> Slot:
    return Slot("wheel", cell.os, cell.arch, cell.accelerator, cell.python, stage)


def _stages(subject: BuildSubject, places: _Places) -> tuple[str, ...]:
    known = {stage for target in subject.support.targets for stage in target.stages}
    known |= {stage for stages in places.wheels.values() for stage in stages}
    return tuple(stage for stage in STAGES if stage in known)


@remembered
def _makers(builds: CandidateBuilds) -> frozenset[str]:
    """The workflows that make wheels."""
    wheels = _sorted_out(builds).wheels.values()
    return frozenset(job.workflow for stages in wheels for of in stages.values() for job in of)


def _others(subject: BuildSubject, places: _Places) -> tuple[WideRow, ...]:
    """What is no wheel: libtorch first, then whole workflows, then odd jobs of the wheels' own."""
    absent: dict[str, list[Mark]] = defaultdict(list)
    for slot in subject.absent:
        if slot.package != "wheel":
            absent[slot_title(slot)].append(slot_mark(subject, slot))
    makers = _makers(subject.builds).union(*map(_makers, subject.earlier))
    titles = sorted(
        dict.fromkeys((*absent, *places.groups)),
        key=lambda title: (not title.startswith(f"{LIBTORCH} "), title in makers),
    )
    rows = [
        _wide(title, places.by_key.get(_more(title), ()), absent.get(title, ())) for title in titles
    ]
    mark = silent_mark(subject)
    rows += [
        WideRow(_more(pattern), pattern, (Span(f"{mark.shape} {mark.word}", mark.tone),))
        for pattern in subject.silent_workflows
    ]
    if subject.checks.found:
        rows.append(WideRow(_more(CHECKS), CHECKS, _check_spans(subject.checks.found)))
    return tuple(rows)


def _wide(title: str, jobs: Sequence[Job], absent: Sequence[Mark]) -> WideRow:
    marks = [*(job_mark(job) for job in jobs), *absent]
    trouble = [job for job in jobs if needs_somebody(job)]
    named = configuration(trouble[0]) if trouble else ""
    if len(trouble) > 1:
        named += f" and {len(trouble) - 1} more"
    if not trouble and len(jobs) == 1:
        named = configuration(jobs[0])
    return WideRow(_more(title), title, (*_mark_spans(marks), Span(named, Tone.DIM)))


def _check_spans(checks: Sequence[Check]) -> tuple[Span, ...]:
    marks = [JOB_MARKS[check.state] for check in checks]
    apps = ", ".join(dict.fromkeys(check.app for check in checks if check.app))
    return (*_mark_spans(marks), Span(apps, Tone.DIM))


def _mark_spans(marks: Iterable[Mark]) -> tuple[Span, ...]:
    found: dict[str, int] = defaultdict(int)
    for mark in marks:
        found[mark.shape] += 1
    return tuple(
        Span(f"{mark.shape} {grouped(found[mark.shape])}   ", mark.tone)
        for mark in WORST_FIRST
        if mark.shape in found
    )
