"""What people say about items of the checklist, as the ledger records it.

Each word is bound to what was looked at: the item, the candidate's commit, and the plan of the
item's operation where it has one. Whether it still holds is judged when it is read.
"""

from __future__ import annotations

import msgspec

from cockpit.release.events import Event
from cockpit.release.words import short


class EvidenceFile(msgspec.Struct, frozen=True):
    """A file that somebody looked at: which one it was, not what it held."""

    name: str
    sha256: str


class Word(Event, frozen=True):
    """Base of what can be said about an item."""

    item: str
    commit_sha: str
    digest: str = ""
    """Of the plan of the item's operation; empty where there was none."""
    note: str = ""
    links: tuple[str, ...] = ()
    files: tuple[EvidenceFile, ...] = ()
    subject: str = ""
    """What that plan was about, since an operation has a plan for each subject."""


class Signed(Word, frozen=True, tag="signed"):
    """A person answers for an item."""

    def describe(self) -> str:
        return f"signed {self.item} on {short(self.commit_sha)}"


class NotApplicable(Word, frozen=True, tag="not_applicable"):
    """An item does not concern this release; the note says why."""

    def describe(self) -> str:
        return f"{self.item} does not apply: {self.note}"


class Problem(Word, frozen=True, tag="problem"):
    """Something is wrong; it holds the item up until it is withdrawn or signed after."""

    def describe(self) -> str:
        return f"problem with {self.item}: {self.note}"


class Withdrawn(Word, frozen=True, tag="problem_withdrawn"):
    """The problems that were reported so far are none any more."""

    def describe(self) -> str:
        return f"withdrew the problem with {self.item}: {self.note}"


class Skipped(Word, frozen=True, tag="skipped"):
    """Somebody left an item for later, or for somebody else."""

    def describe(self) -> str:
        tail = f": {self.note}" if self.note else ""
        return f"skipped {self.item}{tail}"
