"""What is wrong, or may be, with what the candidates brought into the test channel."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

import msgspec

from cockpit.release.artifacts import Place
from cockpit.release.finding_kinds import Finding, FindingKind, Severity
from cockpit.release.finding_rules import Case, found_in, turned, unknown_of
from cockpit.release.job_names import LIBTORCH
from cockpit.release.lookups import core_package, is_red
from cockpit.release.remembered import remembered_by
from cockpit.release.staging import Staged, rests_on, staged_packages
from cockpit.release.state import ReleaseState
from cockpit.release.support import Cell
from cockpit.release.verdicts import Evidence

__all__ = [
    "CellState",
    "CellStatus",
    "Finding",
    "FindingKind",
    "Severity",
    "coverage",
    "finding_evidence",
    "findings",
    "findings_by_cell",
    "lost_by_libraries",
]


class CellState(Enum):
    """How one file of the matrix stands, worst first."""

    WRONG = "wrong"
    MISSING = "missing"
    UNKNOWN = "unknown"
    WAITING = "waiting"
    """Its upload, or the index page, is still to come."""
    DOUBTFUL = "doubtful"
    PRESENT = "present"
    """In the channel, with nothing against it; nobody looked inside."""
    VERIFIED = "verified"
    """In the channel, and built from the candidate's commit."""


class CellStatus(msgspec.Struct, frozen=True):
    """One file of the matrix: its jobs, itself, and what is found about it."""

    staged: Staged
    state: CellState
    findings: tuple[Finding, ...] = ()
    unknown: str = ""
    """What is not known of it yet, in words; empty when everything is."""

    @property
    def place(self) -> Place:
        """Where in the matrix it is."""
        return self.staged.place

    @property
    def package(self) -> str:
        """What it belongs to; `libtorch` for archives."""
        return self.staged.package


def _rests_on(state: ReleaseState) -> tuple[object, ...]:
    artifacts = state.artifacts.value
    return *rests_on(state), turned(artifacts, state.now) if artifacts else 0


@remembered_by(_rests_on)
def coverage(state: ReleaseState) -> tuple[CellStatus, ...]:
    """Every file that the candidates of the release bring, expected against present.

    Empty while the channels have not been read. Several gates, the board and the screens ask for
    it every second.
    """
    artifacts = state.artifacts.value
    if artifacts is None:
        return ()
    return tuple(
        _status(Case(state, artifacts, package, staged))
        for package in staged_packages(state)
        for staged in package.places
    )


def findings(state: ReleaseState) -> tuple[Finding, ...]:
    """Everything that is found, worst first; nothing while the channels have not been read."""
    order = list(Severity)
    found = (finding for status in coverage(state) for finding in status.findings)
    return tuple(sorted(found, key=lambda finding: order.index(finding.severity)))


def lost_by_libraries(state: ReleaseState) -> tuple[Finding, ...]:
    """Files of libraries that are missing though nothing of what brings them is red any more.

    Empty while a candidate's builds go on, and while the channels were not read whole. A gate is
    about the core's files, and another about the libraries' red jobs: no gate is about these.
    """
    if state.artifacts.whole is None:
        return ()
    of_core = (core_package(state), LIBTORCH)
    ended = {
        package.name
        for package in staged_packages(state)
        if package.name not in of_core
        and package.builds is not None
        and not package.builds.cut_short
        and package.settled
        and all(job.state.finished for job in package.builds.jobs)
    }
    return tuple(
        finding
        for status in coverage(state)
        if status.package in ended and not any(is_red(job) for _, job in status.staged.jobs)
        for finding in status.findings
        if finding.kind is FindingKind.MISSING
    )


def findings_by_cell(state: ReleaseState) -> Mapping[Cell, tuple[Finding, ...]]:
    """What is found about each wheel of the core."""
    package = core_package(state)
    return {
        status.place: status.findings
        for status in coverage(state)
        if status.package == package and isinstance(status.place, Cell) and status.findings
    }


def finding_evidence(finding: Finding) -> Evidence:
    """A finding as a gate shows it."""
    return Evidence(finding.text, finding.url)


def _status(case: Case) -> CellStatus:
    found = found_in(case)
    unknown = unknown_of(case)
    return CellStatus(case.staged, _state(case, found, unknown), found, unknown)


def _state(case: Case, found: tuple[Finding, ...], unknown: str) -> CellState:
    severities = {finding.severity for finding in found}
    if Severity.BLOCKS in severities:
        missing = any(finding.kind is FindingKind.MISSING for finding in found)
        return CellState.MISSING if missing else CellState.WRONG
    if case.under_way or Severity.WAITS in severities:
        return CellState.WAITING
    if case.staged.file is None or unknown:
        return CellState.UNKNOWN
    if Severity.RISK in severities:
        return CellState.DOUBTFUL
    return CellState.VERIFIED if case.from_the_candidate else CellState.PRESENT
