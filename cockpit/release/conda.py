"""The conda channels of the lines that had them; process section 27."""

from __future__ import annotations

import msgspec

from cockpit.release.versions import Line

FIRST, LAST = Line(2, 0), Line(2, 5)
"""The lines whose packages were released through conda."""


class CondaRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[conda]`: the two channels, and which package comes from which repository."""

    api: str = "https://api.anaconda.org"
    test_owner: str = "pytorch-test"
    stable_owner: str = "pytorch"
    label: str = "main"
    packages: dict[str, str] = msgspec.field(
        default_factory=lambda: {"pytorch": "pytorch/pytorch", "torchvision": "pytorch/vision"}
    )
    """Package → the repository whose version it has; one that the release has not is left out."""


class CondaFile(msgspec.Struct, frozen=True):
    """One package file of a channel."""

    basename: str
    """With its platform: `linux-64/pytorch-2.5.1-….tar.bz2`."""
    md5: str
    size: int
    sha256: str = ""

    def same_as(self, other: CondaFile) -> bool:
        """Whether both are one file, by the strongest digest that both tell."""
        if self.sha256 and other.sha256:
            return self.sha256 == other.sha256
        return bool(self.md5) and (self.md5, self.size) == (other.md5, other.size)


def had_conda(line: Line) -> bool:
    """Whether a release line was released through conda."""
    return FIRST <= line <= LAST
