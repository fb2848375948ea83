"""The way to the package index: one row a wheel, from the channel over staging to the index."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from cockpit.release.index_rules import staging_prefix
from cockpit.release.publishing import Publication, Way, inspection_of, publications
from cockpit.release.state import ReleaseState
from cockpit.release.words import counted, size
from cockpit.views.ages import timestamp
from cockpit.views.framing import detail, field, framed, heading, line, marked
from cockpit.views.marks import (
    EXPECTED,
    FAILED,
    NEEDS_YOU,
    OPEN,
    PASSED,
    QUEUED,
    WAITING,
    Mark,
    Tone,
)
from cockpit.views.table import Align, Column, Detail, Line, Pane, Row, Span, Table, cell

COLUMNS = (
    Column("wheel", "wheel", weight=1),
    Column("python", "python"),
    Column("size", "size", Align.RIGHT, rank=1),
    Column("way", "state"),
    Column("sha", "sha256", rank=2),
)
WAY_MARKS: dict[Way, Mark] = {
    Way.MISSING: EXPECTED,
    Way.TO_STAGE: OPEN,
    Way.STALE: NEEDS_YOU,
    Way.STAGED: QUEUED,
    Way.INSPECTED: WAITING,
    Way.PUBLISHED: PASSED,
    Way.OTHER_PUBLISHED: FAILED,
}
FEEDS = ("branches", "ledger", "artifacts", "publishing")


def publishing_pane(state: ReleaseState) -> Pane:
    """Every wheel the index is to get, in the order of publishing."""
    found = publications(state)
    rows = tuple(_row(wheel) for wheels in found.values() for wheel in wheels)
    empty = "the config names no wheels for the package index: [[index.wheels]]"
    table = Table(COLUMNS, rows, empty)
    return framed(state, "publishing", "Package index", FEEDS, table, tuple(_summary(state, found)))


def _row(wheel: Publication) -> Row:
    mark = WAY_MARKS[wheel.way]
    held = wheel.staged.stored if wheel.staged else wheel.source.stored if wheel.source else None
    cell_ = wheel.cell
    return Row(
        key=key_of(wheel),
        cells=(
            cell(f"{wheel.package} {cell_.os} {cell_.arch} {cell_.accelerator}", mark=mark),
            cell(cell_.python),
            cell(size(held.size) if held is not None else "–", Tone.DIM),
            cell(wheel.way.value, mark.tone),
            cell(wheel.staged.sha256[:12] if wheel.staged else "–", Tone.DIM),
        ),
        copy=wheel.name,
        search=wheel.name,
    )


def key_of(wheel: Publication) -> str:
    """What no refresh changes of a row."""
    return f"{wheel.package} {wheel.cell}"


def _summary(state: ReleaseState, found: dict[str, tuple[Publication, ...]]) -> Iterator[Line]:
    for package, wheels in found.items():
        yield package_line(package, wheels)
        yield from _inspected(state, package)
    triton = state.dependencies.value
    if triton is not None and triton.version:
        there = f"with {counted(len(triton.files), 'file')}" if triton.files else "not there yet"
        mark = PASSED if triton.files else QUEUED
        yield line(*marked(mark, f"triton {triton.version} on the index: {there}"))


def package_line(package: str, wheels: Sequence[Publication]) -> Line:
    """How many wheels of a package are how far."""
    ways = Counter(wheel.way for wheel in wheels)
    total = sum(wheel.staged.stored.size for wheel in wheels if wheel.staged)
    spans = [Span(f"{package}  {counted(len(wheels), 'wheel')}, {size(total)} staged")]
    for way in Way:
        if ways[way]:
            mark = WAY_MARKS[way]
            spans.append(Span(f"   {mark.shape} {ways[way]} {way.value}", mark.tone))
    return line(*spans)


def _inspected(state: ReleaseState, package: str) -> Iterator[Line]:
    way = state.publishing.value.of(package) if state.publishing.value else None
    known = inspection_of(state.record, package, way.version) if way else None
    if way is None or known is None:
        return
    if not known.covers(way.staged):
        yield line(*marked(NEEDS_YOU, f"  {known.by} inspected other files than are staged now"))
        return
    for flaw in known.flaws[:_FLAWS]:
        yield line(*marked(FAILED, f"  {flaw}"))
    if len(known.flaws) > _FLAWS:
        yield line(Span(f"    and {len(known.flaws) - _FLAWS} more", Tone.BAD))


_FLAWS = 3
"""How many flaws stand above the rows; a row's detail has its own."""


def publication_detail(state: ReleaseState, key: str) -> Detail | None:
    """Where one wheel comes from, where it waits, and what the index has of it."""
    found = (w for wheels in publications(state).values() for w in wheels)
    wheel = next((w for w in found if key_of(w) == key), None)
    way = state.publishing.value.of(wheel.package) if wheel and state.publishing.value else None
    if wheel is None or way is None:
        return None
    mark = WAY_MARKS[wheel.way]
    known = inspection_of(state.record, wheel.package, way.version)
    flaws = [flaw for flaw in known.flaws if wheel.name and wheel.name in flaw] if known else []
    return detail(
        wheel.name or f"{wheel.package} {wheel.cell}",
        field("state", Span(f"{mark.shape} {wheel.way.value}", mark.tone)),
        _source(wheel),
        _staged(wheel, way.version),
        field("inspected", f"by {known.by}, {timestamp(known.at)}")
        if known and wheel.inspected
        else (),
        (heading("Against publishing"), *(line(*marked(FAILED, flaw)) for flaw in flaws))
        if flaws
        else (),
        _indexed(wheel),
    )


def _source(wheel: Publication) -> tuple[Line, ...]:
    if wheel.source is None:
        return (field("channel", Span("it is not there", Tone.WARN)),)
    stored = wheel.source.stored
    return field("channel", stored.key), field("", f"{size(stored.size)}, ETag {stored.etag}")


def _staged(wheel: Publication, version: str) -> tuple[Line, ...]:
    if wheel.staged is None:
        place = staging_prefix(wheel.package, version)
        return (field("staged", Span(f"nothing in {place}", Tone.DIM)),)
    stored = wheel.staged.stored
    lines = [field("staged", stored.key), field("sha256", wheel.staged.sha256 or "none")]
    if wheel.way is Way.STALE:
        made_from = wheel.staged.source_etag or "nobody said what"
        lines.append(field("", Span(f"made from {made_from}: do stage --replace", Tone.WARN)))
    return tuple(lines)


def _indexed(wheel: Publication) -> tuple[Line, ...]:
    if wheel.indexed is None:
        return (field("index", Span("not there", Tone.DIM)),)
    tone = Tone.BAD if wheel.way is Way.OTHER_PUBLISHED else Tone.GOOD
    lines = [field("index", Span(f"sha256 {wheel.indexed.sha256}", tone))]
    if wheel.indexed.yanked:
        lines.append(field("", Span("yanked", Tone.WARN)))
    return tuple(lines)
