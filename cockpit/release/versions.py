"""Versions, release lines and the tags of candidates; parsed, never compared as text."""

from __future__ import annotations

import re
from functools import lru_cache

import msgspec

_NUMBER = "(?:0|[1-9][0-9]*)"
"""As it is printed: no other digits than ours, and no zero before another."""
_VERSION = re.compile(rf"({_NUMBER})\.({_NUMBER})\.({_NUMBER})")
_LINE = re.compile(rf"({_NUMBER})\.({_NUMBER})")


class Line(msgspec.Struct, frozen=True, order=True):
    """A release line X.Y, which has one release branch."""

    major: int
    minor: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"

    @classmethod
    def parse(cls, text: str) -> Line:
        """Read `X.Y`; raises ValueError for anything else."""
        found = _LINE.fullmatch(text)
        if not found:
            raise ValueError(f"{text!r} is not a release line such as 2.15")
        return cls(*map(int, found.groups()))


class Version(msgspec.Struct, frozen=True, order=True):
    """A full version X.Y.Z."""

    major: int
    minor: int
    patch: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"

    @property
    def line(self) -> Line:
        """The line this version is released from."""
        return Line(self.major, self.minor)

    @classmethod
    def parse(cls, text: str) -> Version:
        """Read `X.Y.Z`; raises ValueError for anything else."""
        found = _VERSION.fullmatch(text)
        if not found:
            raise ValueError(f"{text!r} is not a version such as 2.15.0")
        return cls(*map(int, found.groups()))


class CandidateName(msgspec.Struct, frozen=True, order=True):
    """The N-th candidate of a version."""

    version: Version
    number: int

    def __str__(self) -> str:
        return f"{self.version} rc{self.number}"


@lru_cache(maxsize=64)
def _pattern(template: str) -> re.Pattern[str]:
    escaped = re.escape(template)
    escaped = escaped.replace(
        re.escape("{version}"), rf"(?P<version>{_NUMBER}\.{_NUMBER}\.{_NUMBER})"
    )
    escaped = escaped.replace(re.escape("{line}"), rf"(?P<line>{_NUMBER}\.{_NUMBER})")
    return re.compile(escaped.replace(re.escape("{n}"), "(?P<n>[1-9][0-9]*)"))


class Naming(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a project names branches and tags; process section 1."""

    release_branch: str = "release/{line}"
    orig_branch: str = "orig/release/{line}"
    candidate_tag: str = "v{version}-rc{n}"
    final_tag: str = "v{version}"

    def release_branch_of(self, line: Line) -> str:
        """The branch a line is released from."""
        return self.release_branch.format(line=line)

    def orig_branch_of(self, line: Line) -> str:
        """The frozen copy of the line's cut point."""
        return self.orig_branch.format(line=line)

    def tag_of(self, candidate: CandidateName) -> str:
        """The candidate's tag."""
        return self.candidate_tag.format(version=candidate.version, n=candidate.number)

    def final_tag_of(self, version: Version) -> str:
        """The tag of the released version."""
        return self.final_tag.format(version=version)

    def candidate_of(self, tag: str) -> CandidateName | None:
        """The candidate a tag names, or None when it names none."""
        found = _pattern(self.candidate_tag).fullmatch(tag)
        return CandidateName(Version.parse(found["version"]), int(found["n"])) if found else None

    def version_of(self, tag: str) -> Version | None:
        """The version a final tag names, or None when it names none."""
        found = _pattern(self.final_tag).fullmatch(tag)
        return Version.parse(found["version"]) if found else None

    def line_of(self, branch: str) -> Line | None:
        """The line of a release branch, or None for any other branch."""
        found = _pattern(self.release_branch).fullmatch(branch)
        return Line.parse(found["line"]) if found else None
