"""Two candidates' builds compared cell by cell, on the axes of the builds' own matrix."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from cockpit.release.build_comparison import BuildComparison, Compared, Turn, compare_builds
from cockpit.release.build_groups import natural
from cockpit.release.job_names import STAGES
from cockpit.release.jobs import CandidateBuilds
from cockpit.release.remembered import remembered
from cockpit.release.state import ReleaseState
from cockpit.release.support import Cell as WheelCell
from cockpit.release.support import Slot
from cockpit.views.build_grid import (
    Grid,
    GridCell,
    GridRow,
    WideRow,
    build_grid,
    slot_title,
    wheel_of,
)
from cockpit.views.build_grid import wheel_key as key_of_wheel
from cockpit.views.build_subject import BuildSubject, build_subject
from cockpit.views.builds_comparison import comparison_key, side_spans, turn_mark, turn_tone
from cockpit.views.framing import detail, heading, line, marked
from cockpit.views.marks import DIFFERS, EXPECTED, Mark, Tone
from cockpit.views.table import Detail, Line, Span

_ALIKE = (Turn.SAME, Turn.OPEN, Turn.STILL_RED)
"""Turns that are no difference: what is red in both is drawn red, but not marked."""
_SEVERITY = {turn: position for position, turn in enumerate(Turn)}
_EMPTY = Grid((), (), (), ())
_BLANK = Line((Span(""),))


def comparison_grid(state: ReleaseState, older: str = "") -> Grid:
    """The newest candidate against an earlier one, of that tag or the one before.

    A stage has the mark of what became of it, dim where it is as it was; a wheel of which any stage
    differs has a mark of its own. Empty while there is nothing to compare with.
    """
    found = _compared(state, older)
    return _grid(found, build_grid(state)) if found else _EMPTY


def compared_at(state: ReleaseState, key: str, older: str = "") -> tuple[Compared, ...]:
    """The compared jobs behind a cell or row, a wheel's in the order of its stages."""
    found = _compared(state, older)
    return _sorted_out(found).get(key, ()) if found else ()


def foremost_compared(jobs: Sequence[Compared]) -> Compared | None:
    """The job that matters most."""
    return min(jobs, key=lambda found: _SEVERITY[found.turn], default=None)


def comparison_place_detail(state: ReleaseState, key: str, older: str = "") -> Detail | None:
    """What became of every job of a cell or row; None when it is gone."""
    jobs = compared_at(state, key, older)
    subject = build_subject(state)
    before = subject.before(older)
    if not jobs or before is None or before.candidate is None:
        return None
    wheel = wheel_of(key)
    if wheel is None:
        return detail(key.partition(":")[2], *_changed_lines(jobs))
    title = f"{wheel.os} {wheel.arch} · {wheel.accelerator} · Python {wheel.python}"
    return detail(title, *_stage_lines(subject, before, jobs))


def _compared(state: ReleaseState, older: str) -> BuildComparison | None:
    subject = build_subject(state)
    before = subject.before(older)
    return compare_builds(before, subject.builds, subject.support) if before else None


def _changed_lines(jobs: Sequence[Compared]) -> Iterator[Line]:
    """The jobs of a group that are not as they were, what matters most first."""
    changed = sorted((j for j in jobs if j.turn is not Turn.SAME), key=_by_severity)
    for found in changed:
        mark = turn_mark(found)
        words = Span(f"  {found.turn.value}", turn_tone(found.turn))
        yield line(*marked(mark, _named(found)), words)
    if len(changed) < len(jobs):
        yield line(Span(f"{len(jobs) - len(changed)} as before", Tone.DIM))


def _stage_lines(
    subject: BuildSubject, before: CandidateBuilds, jobs: Sequence[Compared]
) -> Iterator[Line]:
    """Each stage of a wheel with its turn, and its job in both candidates."""
    tags = subject.tag, before.candidate.tag.name if before.candidate else ""
    for found in jobs:
        yield line(*heading(_stage_of(found)).spans, Span(f"  {found.turn.value}", _tone(found)))
        sides = zip(tags, (found.newer, found.older), reversed(found.spans), strict=True)
        for tag, job, took in sides:
            yield line(Span(f"{tag}  ", Tone.DIM), *side_spans(job, took))
        yield _BLANK


def _tone(found: Compared) -> Tone:
    return Tone.DIM if found.turn is Turn.SAME else turn_tone(found.turn)


def _named(found: Compared) -> str:
    return found.job.name if found.job else comparison_key(found)


def _stage_of(found: Compared) -> str:
    return found.what.stage if isinstance(found.what, Slot) else ""


def _by_severity(found: Compared) -> tuple[int, str]:
    return _SEVERITY[found.turn], comparison_key(found)


@remembered
def _sorted_out(comparison: BuildComparison) -> dict[str, tuple[Compared, ...]]:
    """Every compared job where it stands; one that names no Python serves every wheel beside it."""
    wheels: dict[WheelCell, list[Compared]] = defaultdict(list)
    shared: dict[tuple[str, str, str], list[Compared]] = defaultdict(list)
    groups: dict[str, list[Compared]] = defaultdict(list)
    for found in comparison.jobs:
        what = found.what
        if not isinstance(what, Slot):
            groups[what[0]].append(found)
        elif what.package != "wheel":
            groups[slot_title(what)].append(found)
        elif what.python is None:
            shared[what.os, what.arch, what.accelerator].append(found)
        else:
            wheels[WheelCell(what.os, what.arch, what.accelerator, what.python)].append(found)
    for place, jobs in shared.items():
        beside = [cell for cell in wheels if (cell.os, cell.arch, cell.accelerator) == place]
        for cell in beside:
            wheels[cell] += jobs
        for found in jobs if not beside else ():
            groups[found.job.workflow if found.job else " ".join(place)].append(found)
    order = {stage: at for at, stage in enumerate(STAGES)}
    return {
        **{
            key_of_wheel(cell): tuple(sorted(jobs, key=lambda j: order.get(_stage_of(j), 0)))
            for cell, jobs in wheels.items()
        },
        **{f"more:{title}": tuple(jobs) for title, jobs in groups.items()},
    }


class _Axes(msgspec.Struct, frozen=True):
    """What stands at the sides: the newest candidate's, with what only the older one had."""

    cells: tuple[WheelCell, ...]
    pythons: tuple[str, ...]
    stages: tuple[str, ...]


@remembered
def _grid(comparison: BuildComparison, newest: Grid) -> Grid:
    places = _sorted_out(comparison)
    axes = _axes(places, newest)
    rows: dict[tuple[str, str, str], dict[str, GridCell]] = {}
    for cell in axes.cells:
        place = rows.setdefault((cell.os, cell.arch, cell.accelerator), {})
        place[cell.python] = _cell(cell, axes.stages, places)
    targets = {target: at for at, target in enumerate(dict.fromkeys(p[:2] for p in rows))}
    titles = [key for key in places if key.startswith("more:")]
    return Grid(
        axes.pythons,
        axes.stages,
        tuple(
            GridRow(f"{os} {arch}", title, tuple(row.get(python) for python in axes.pythons))
            for (os, arch, title), row in sorted(
                rows.items(), key=lambda entry: targets[entry[0][:2]]
            )
        ),
        tuple(_wide(key, places[key]) for key in sorted(titles, key=lambda k: _first(places[k]))),
    )


def _axes(places: Iterable[str], newest: Grid) -> _Axes:
    known = [cell.key for row in newest.rows for cell in row.cells if cell is not None]
    cells = tuple(filter(None, map(wheel_of, dict.fromkeys((*known, *sorted(places))))))
    further = sorted({cell.python for cell in cells} - set(newest.pythons), key=natural)
    return _Axes(cells, (*newest.pythons, *further), newest.stages)


def _first(jobs: Sequence[Compared]) -> tuple[int, str]:
    return min(map(_by_severity, jobs))


def _cell(
    cell: WheelCell, stages: Sequence[str], places: dict[str, tuple[Compared, ...]]
) -> GridCell:
    key = key_of_wheel(cell)
    jobs = places.get(key, ())
    by_stage = {stage: [job for job in jobs if _stage_of(job) == stage] for stage in stages}
    marks = tuple(_mark(foremost_compared(by_stage[stage])) for stage in stages)
    differs = any(job.turn not in _ALIKE for job in jobs)
    return GridCell(key, marks, DIFFERS if differs else None)


def _mark(found: Compared | None) -> Mark | None:
    if found is None:
        return None
    mark = turn_mark(found)
    return msgspec.structs.replace(mark, tone=Tone.DIM) if found.turn is Turn.SAME else mark


def _wide(key: str, jobs: Sequence[Compared]) -> WideRow:
    """How many jobs of a group took each turn."""
    spans: list[Span] = []
    for turn in Turn:
        count = sum(job.turn is turn for job in jobs)
        if count and turn is not Turn.SAME:
            spans.append(Span(f"{count} {turn.value}   ", turn_tone(turn)))
    return WideRow(key, key.partition(":")[2], tuple(spans) or (Span("as before", Tone.DIM),))


def comparison_legend(grid: Grid) -> tuple[Span, ...]:
    """What the marks of such a grid mean."""
    if not grid.rows:
        return ()
    return (
        Span(" ".join(grid.stages), Tone.DIM),
        Span(f"  {DIFFERS.shape}", DIFFERS.tone),
        Span(" differs  dim: as before  ", Tone.DIM),
        Span(EXPECTED.shape, EXPECTED.tone),
        Span(" not listed yet", Tone.DIM),
    )
