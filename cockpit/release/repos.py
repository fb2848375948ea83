"""The repositories of a release and the part each plays."""

from __future__ import annotations

import re
from enum import Enum

import msgspec

from cockpit.release.releasechanges import AnyChange
from cockpit.release.rewrites.rules import RuleSet
from cockpit.release.support import Nightlies, WheelWorkflow
from cockpit.release.versions import Line, Naming, Version


class Role(Enum):
    """The part a repository plays; it decides when its branch may be cut (section 1.10)."""

    CORE = "core"
    INFRA = "infra"
    DOMAIN = "domain"


class DockerPin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A constant that pins builder images to the tree they were built from; section 4.6."""

    file: str
    constant: str
    folder: str

    def read(self, text: str) -> str | None:
        """The pinned tree in the text of `file`; None when nothing is pinned."""
        found = re.search(
            rf"^{re.escape(self.constant)}\b[^=\n]*=\s*[\"']([0-9a-f]{{40}})[\"']", text, re.M
        )
        return found[1] if found else None


class Repository(msgspec.Struct, frozen=True):
    """One repository of this release, everything about it resolved."""

    name: str
    """`owner/name` on GitHub."""
    role: Role
    package: str | None
    remote: str
    """Where git reads and pushes."""
    version: Version
    """This repository's own version: vision's differs from torch's."""
    naming: Naming
    trunk: str
    cut_from: str
    version_file: str | None
    candidates: bool
    """Whether candidates of it are tagged: test-infra has none."""
    blocking_workflows: tuple[str, ...]
    """Workflows of a branch head that must be green; process section 2.4."""
    required_checks: tuple[str, ...] = ()
    """Patterns of checks of others than Actions that a candidate needs; the rest are a risk."""
    docker_pin: DockerPin | None = None
    rules: RuleSet = RuleSet.NONE
    """How the references of its workflows leave `main` at the cut; process section 3."""
    cut_sets_version: bool = False
    """Whether the cut commit also writes the version into the version file: section 3.3."""
    release_changes: tuple[AnyChange, ...] = ()
    """What its release branch has to itself, in the order in which it is applied: section 4."""
    nightlies: Nightlies | None = None
    """None where no nightlies are built."""
    wheel_workflows: tuple[WheelWorkflow, ...] = ()
    """Where file names do not follow core's; elsewhere than in core, without them none is asked."""

    @property
    def short_name(self) -> str:
        """The name without its owner."""
        return self.name.rpartition("/")[2]

    @property
    def line(self) -> Line:
        """The release line of this repository."""
        return self.version.line

    @property
    def release_branch(self) -> str:
        """The branch this repository is released from."""
        return self.naming.release_branch_of(self.line)

    @property
    def final_tag(self) -> str:
        """The tag of its released version."""
        return self.naming.final_tag_of(self.version)

    @property
    def orig_branch(self) -> str:
        """The frozen copy of its cut point."""
        return self.naming.orig_branch_of(self.line)
