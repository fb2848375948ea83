"""A release process as data: its phases, their items, and the roles that answer for these."""

from __future__ import annotations

from enum import Enum
from functools import cached_property
from typing import Literal

import msgspec

from cockpit.release.people import OwnerRole
from cockpit.release.phases import PhaseId
from cockpit.release.versions import Line, Version

PHASE_PREFIX = "phase "
"""What the keys of a checklist's phases begin with; no item's id holds a space."""


class Kind(Enum):
    """How an item is done."""

    AUTO = "auto"
    """An operation or a service does it."""
    GATE = "gate"
    """It is a condition that must hold."""
    MANUAL = "manual"
    """A person does it and signs."""


class Phase(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One phase as a process titles it."""

    id: PhaseId
    number: int
    title: str


class Item(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One step of a process."""

    id: str
    phase: PhaseId
    title: str
    kind: Kind
    owner: str
    """The role that answers for it, one of the process's roles."""
    what: str = ""
    """What is done, in a few sentences."""
    why: str = ""
    needs: tuple[str, ...] = ()
    """Items that come before it."""
    applies_to: Literal["any", "minor", "patch"] = "any"
    since: str = ""
    """The first line that has it, such as `2.6`; empty for all."""
    until: str = ""
    """The last line that has it."""
    binds: Literal["candidate", "release"] = "candidate"
    """What a signature holds for: this candidate alone, or the whole release."""
    gate: str | None = None
    operation: str | None = None
    evidence: str = ""
    """What a signature should point at."""
    links: tuple[str, ...] = ()
    signers: int = 1
    """How many people have to sign it."""
    left_out: str = ""
    """Why a project does without it; it stays visible, and holds nothing up."""

    def beside(self, version: Version) -> str:
        """Why a release does without this item; empty where it does not."""
        kind = "patch" if version.patch else "minor"
        if self.left_out:
            return f"left out: {self.left_out}"
        if self.applies_to not in ("any", kind):
            return f"only for a {self.applies_to} release"
        if self.since and version.line < Line.parse(self.since):
            return f"only from {self.since} on"
        if self.until and version.line > Line.parse(self.until):
            return f"only up to {self.until}"
        return ""


class Process(msgspec.Struct, frozen=True, dict=True):
    """A release process: phases in order, the items of each, and the roles that own them."""

    phases: tuple[Phase, ...]
    items: tuple[Item, ...]
    roles: tuple[OwnerRole, ...] = ()

    @cached_property
    def by_id(self) -> dict[str, Item]:
        """Items by their id."""
        return {item.id: item for item in self.items}

    def role_of(self, item: Item) -> OwnerRole:
        """The role that answers for an item, with the duty that signing it takes."""
        found = (role for role in self.roles if role.id == item.owner)
        return next(found, OwnerRole(item.owner))

    def phase(self, phase_id: PhaseId) -> Phase:
        """The phase of this id, titled by its id where the process does not name it."""
        untitled = Phase(phase_id, phase_id.order + 1, phase_id.value.replace("-", " "))
        return next((phase for phase in self.phases if phase.id is phase_id), untitled)
