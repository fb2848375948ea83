"""What can be found about a file of the channels."""

from __future__ import annotations

from enum import Enum

import msgspec

from cockpit.release.artifacts import Place
from cockpit.release.support import Archive
from cockpit.release.verdicts import NextStep


class Severity(Enum):
    """How much a finding matters, worst first."""

    BLOCKS = "blocks"
    WAITS = "waits"
    """Time alone should settle it; until then nothing is green."""
    RISK = "risk"


class FindingKind(Enum):
    """What is found."""

    MISSING = "missing"
    NO_JOB = "no green job"
    OUTDATED = "older than the candidate"
    REWRITTEN = "written again"
    OTHER_COMMIT = "of another commit"
    NO_COMMIT = "names no commit"
    UNREADABLE = "cannot be read"
    REQUIREMENTS = "other requirements"
    NO_CHECKSUM = "no checksum"
    EMPTY = "empty"
    SIZE = "implausible size"
    UNLISTED = "not on the index page"
    GONE = "listed but gone"
    LISTED_OTHERWISE = "other checksum on the index page"
    PAGE_TOO_OLD = "index page older than the file"


class Finding(msgspec.Struct, frozen=True):
    """One thing that is wrong with one file, and what to do about it."""

    kind: FindingKind
    severity: Severity
    package: str
    place: Place | None
    words: str
    then: NextStep
    key: str = ""
    """Of the file in the store; empty where there is none."""
    job_id: int | None = None
    """The job that brings, or should have brought, the file."""
    url: str = ""
    """The page of the job, or of the index."""

    @property
    def text(self) -> str:
        """One line that names the file and what is wrong with it."""
        where = str(self.place) if self.place else self.key
        named = where if isinstance(self.place, Archive) else f"{self.package} {where}"
        return f"{named}: {self.words}"
