"""The file that a cell of the builds is about, and what is found about it."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.release.findings import CellStatus, Severity, coverage, findings_by_cell
from cockpit.release.lookups import core_package
from cockpit.release.state import ReleaseState
from cockpit.release.support import Cell as WheelCell
from cockpit.views.ages import ago, grouped
from cockpit.views.artifacts import CELL_MARKS, finding_lines
from cockpit.views.framing import heading, line, marked
from cockpit.views.marks import NO_DATA, Tone
from cockpit.views.table import Line, Span

_BYTES_A_MB = 1_000_000


def is_core(state: ReleaseState, repository: str) -> bool:
    """Whether builds are those of the core, whose support matrix the config tells."""
    return repository in ("", state.spec.core.name)


def doubted(state: ReleaseState, repository: str = "") -> frozenset[WheelCell]:
    """The wheels whose file somebody should look at; what is only still to come is no reason.

    Empty for a library.
    """
    if not is_core(state, repository):
        return frozenset()
    return frozenset(
        wheel
        for wheel, found in findings_by_cell(state).items()
        if any(finding.severity is not Severity.WAITS for finding in found)
    )


def file_lines(state: ReleaseState, wheel: WheelCell, repository: str = "") -> tuple[Line, ...]:
    """The wheel's file in the test channel, and what is found; nothing for a library."""
    if not is_core(state, repository):
        return ()
    package = core_package(state)
    mine = (status for status in coverage(state) if status.package == package)
    found = next((status for status in mine if status.place == wheel), None)
    return tuple(_lines(state, found)) if found else ()


def _lines(state: ReleaseState, status: CellStatus) -> Iterator[Line]:
    mark, stored = CELL_MARKS[status.state], status.staged.file
    yield heading("File in the test channel")
    if stored is None:
        yield line(*marked(mark, status.state.value))
    else:
        size = f"{grouped(max(stored.size // _BYTES_A_MB, 1))} MB"
        written = f", {size}, written {ago(state.now - stored.last_modified)}"
        yield line(*marked(mark, status.state.value), Span(written, Tone.DIM))
        yield line(Span(stored.key.rpartition("/")[2], Tone.DIM))
    for finding in status.findings:
        yield from finding_lines(finding)
    if status.unknown:
        yield line(Span(f"  {NO_DATA.shape} {status.unknown}", NO_DATA.tone))
