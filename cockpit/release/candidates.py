"""Candidates: a tag name, its tag object and its commit, and which number comes next."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec

from cockpit.release.versions import CandidateName, Naming, Version


class Tag(msgspec.Struct, frozen=True):
    """A tag as a remote lists it."""

    name: str
    object_sha: str
    """The tag object, or the commit itself for a lightweight tag."""
    commit_sha: str


class Candidate(msgspec.Struct, frozen=True):
    """A tagged candidate of one version."""

    name: CandidateName
    tag: Tag

    @property
    def number(self) -> int:
        """N of rcN."""
        return self.name.number

    @property
    def commit_sha(self) -> str:
        """The commit every gate refers to."""
        return self.tag.commit_sha

    def is_called(self, word: str) -> bool:
        """Whether somebody means it by a tag, or by `rc3`."""
        return word in (self.tag.name, f"rc{self.number}")


class Pin(msgspec.Struct, frozen=True):
    """A candidate as it was first seen; a tag that differs from its pin has been moved."""

    repository: str
    tag: str
    object_sha: str
    commit_sha: str


class RefChange(msgspec.Struct, frozen=True):
    """One change of a ref, as the host of the repository recorded it."""

    repository: str
    ref: str
    before: str
    after: str
    """All zeros where the ref was deleted."""
    by: str
    at: datetime


class MovedTag(msgspec.Struct, frozen=True):
    """A tag that no longer is what it was when it was pinned."""

    pin: Pin
    now: Tag | None
    """None when the tag has been deleted."""
    change: RefChange | None = None
    """Who did it and when, where the host tells."""
    untold: str = ""
    """Why it is not known who did it; empty while nobody has asked."""

    def describe(self) -> str:
        """One line that says what happened, to which commits, and who did it."""
        pin, now = self.pin, self.now
        if now is None:
            said = f"{pin.tag} was deleted; it was {pin.commit_sha[:10]}"
        elif now.commit_sha != pin.commit_sha:
            said = f"{pin.tag} was moved from {pin.commit_sha[:10]} to {now.commit_sha[:10]}"
        else:
            said = (
                f"{pin.tag} was replaced on its commit {pin.commit_sha[:10]}:"
                f" its object was {pin.object_sha[:10]} and is {now.object_sha[:10]}"
            )
        if self.change is not None:
            return f"{said}, by {self.change.by} at {self.change.at:%Y-%m-%d %H:%M} UTC"
        return f"{said} ({self.untold})" if self.untold else said


def candidates_of(tags: Iterable[Tag], version: Version, naming: Naming) -> tuple[Candidate, ...]:
    """The candidates of a version among the tags, by number."""
    found = []
    for tag in tags:
        name = naming.candidate_of(tag.name)
        if name is not None and name.version == version:
            found.append(Candidate(name, tag))
    return tuple(sorted(found, key=lambda candidate: candidate.number))


def next_number(candidates: Iterable[Candidate], burnt: frozenset[int] = frozenset()) -> int:
    """The number the next candidate gets; numbers burnt by duds or deleted tags are not reused."""
    used = {candidate.number for candidate in candidates} | burnt
    return max(used, default=0) + 1


def moved_tags(pins: Iterable[Pin], tags: dict[str, tuple[Tag, ...]]) -> tuple[MovedTag, ...]:
    """Pins that the tags of their repository no longer agree with."""
    moved = []
    for pin in pins:
        if pin.repository not in tags:
            continue
        now = next((tag for tag in tags[pin.repository] if tag.name == pin.tag), None)
        if now is None or (now.object_sha, now.commit_sha) != (pin.object_sha, pin.commit_sha):
            moved.append(MovedTag(pin, now))
    return tuple(moved)
