"""The test channel in lines: how many files of what are there, and what is found about them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from cockpit.release.findings import CellState, CellStatus, Finding, Severity
from cockpit.release.job_names import LIBTORCH
from cockpit.release.lookups import listing_of
from cockpit.release.state import ReleaseState
from cockpit.views.framing import line, remembered_lines
from cockpit.views.marks import (
    FAILED,
    NEEDS_YOU,
    NO_DATA,
    PASSED,
    RUNNING,
    WAITING,
    Mark,
    Tone,
)
from cockpit.views.table import Line, Span

CELL_MARKS: dict[CellState, Mark] = {
    CellState.VERIFIED: PASSED,
    CellState.PRESENT: WAITING,
    CellState.DOUBTFUL: NEEDS_YOU,
    CellState.WAITING: RUNNING,
    CellState.UNKNOWN: NO_DATA,
    CellState.MISSING: FAILED,
    CellState.WRONG: FAILED,
}
"""How the state of a file is drawn."""
_SEVERITY_MARKS = {
    Severity.BLOCKS: FAILED,
    Severity.WAITS: RUNNING,
    Severity.RISK: NEEDS_YOU,
}


def artifact_lines(state: ReleaseState, found: Sequence[CellStatus]) -> tuple[Line, ...]:
    """Each package with its counts, then its findings with what to do, worst first."""
    if not found:
        why = state.artifacts.failure or "the channels have not been read"
        return (line(Span(str(why), Tone.WARN)),)
    packages = dict.fromkeys(status.package for status in found)
    lines = (
        entry
        for package in packages
        for entry in _package(state, package, [s for s in found if s.package == package])
    )
    return (*remembered_lines(state, "artifacts"), *lines)


def _package(state: ReleaseState, package: str, files: Sequence[CellStatus]) -> Iterator[Line]:
    expected = [status for status in files if status.staged.expected]
    there = sum(status.staged.file is not None for status in expected)
    counts = Counter(status.state for status in files)
    spans = [Span(f"{package} {_version(state, package)}  {there} of {len(expected)} there")]
    for cell_state in reversed(CellState):
        if counts[cell_state]:
            mark = CELL_MARKS[cell_state]
            spans.append(
                Span(f"   {mark.shape} {counts[cell_state]} {cell_state.value}", mark.tone)
            )
    yield line(*spans)
    order = list(Severity)
    findings = (finding for status in files for finding in status.findings)
    for finding in sorted(findings, key=lambda each: order.index(each.severity)):
        yield from finding_lines(finding)
    reasons = Counter(status.unknown for status in files if status.unknown)
    for reason, number in reasons.items():
        yield line(Span(f"  {NO_DATA.shape} {number} unknown: {reason}", NO_DATA.tone))


def _version(state: ReleaseState, package: str) -> str:
    if package == LIBTORCH:
        return str(state.spec.version)
    for repository in state.spec.repositories:
        listing = listing_of(state, repository)
        if listing is not None and listing.package == package:
            return listing.version
    return ""


def finding_lines(finding: Finding) -> tuple[Line, ...]:
    """A finding, and below it what to do about it."""
    mark = _SEVERITY_MARKS[finding.severity]
    return (
        line(Span(f"  {mark.shape} ", mark.tone), Span(finding.text)),
        line(Span(f"    next: {finding.then.text}", Tone.DIM)),
    )
