"""What is looked at before the core is cut: process section 2."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from fnmatch import fnmatchcase

import msgspec

from cockpit.release.commits import Commit
from cockpit.release.jobs import BranchHealth, JobState
from cockpit.release.triton import TritonPin
from cockpit.release.workflow_coverage import TargetCoverage


class Part(Enum):
    """One thing that is looked at; the others are known when it cannot be read."""

    BASES = "bases"
    NIGHTLIES = "nightlies"
    WORKFLOWS = "workflows"
    TRITON = "triton"


class Base(msgspec.Struct, frozen=True):
    """What a repository would be cut from now."""

    repository: str
    branch: str
    commit: Commit
    health: BranchHealth


class PushedRun(msgspec.Struct, frozen=True):
    """The newest run of one workflow on a commit of a branch."""

    workflow: str
    state: JobState
    started_at: datetime
    url: str


class Nightly(msgspec.Struct, frozen=True):
    """The newest nightly of a repository."""

    repository: str
    branch: str
    sha: str | None
    """None when there is no such branch."""
    runs: tuple[PushedRun, ...] = ()

    def runs_of(self, pattern: str) -> tuple[PushedRun, ...]:
        """The runs of workflows whose name matches a pattern."""
        return tuple(run for run in self.runs if fnmatchcase(run.workflow, pattern))


class Preparation(msgspec.Struct, frozen=True):
    """Everything that is read for the cut of the core; empty once it has been cut."""

    bases: tuple[Base, ...] = ()
    nightlies: tuple[Nightly, ...] = ()
    coverage: tuple[TargetCoverage, ...] = ()
    triton: TritonPin | None = None
    unread: dict[Part, str] = {}
    """Why a part could not be read."""

    def base_of(self, repository: str) -> Base | None:
        """What one repository would be cut from; None when it was not read."""
        return next((base for base in self.bases if base.repository == repository), None)

    def nightly_of(self, repository: str) -> Nightly | None:
        """The newest nightly of one repository; None when it was not read."""
        return next((found for found in self.nightlies if found.repository == repository), None)
