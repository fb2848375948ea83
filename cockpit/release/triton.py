"""Triton: the release it is taken from, and the commit that core pins."""

from __future__ import annotations

import re

import msgspec

from cockpit.release.commits import Commit


class TritonSource(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[triton]`: where Triton's branches are, and where core says which commit it takes."""

    remote: str
    branch: str = "release/{line}.x"
    version_file: str = ".ci/docker/triton_version.txt"
    pin_file: str = ".ci/docker/ci_commit_pins/triton.txt"
    settled_days: int = 7
    """How long the pin must have been on the trunk when the branch is cut; process section 2.1."""

    def branch_of(self, version: str) -> str | None:
        """The release branch of `X.Y.Z`; None for a text that is no version."""
        found = re.match(r"(\d+\.\d+)(?:\.\d+)?\b", version)
        return self.branch.format(line=found[1]) if found else None


class TritonPin(msgspec.Struct, frozen=True):
    """What core's trunk takes of Triton."""

    version: str
    """What the version file says; empty without one."""
    branch: str | None
    """The release branch of this version; None when the version cannot be read."""
    branch_sha: str | None
    """Its head; None while it does not exist."""
    pinned: str
    """The pinned commit; empty without one."""
    holders: tuple[str, ...] = ()
    """Branches of Triton that contain the pinned commit."""
    landed: Commit | None = None
    """The commit that last changed the pin."""
