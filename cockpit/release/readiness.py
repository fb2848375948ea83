"""What is read to tell whether a candidate may go out: comments, dependencies, credentials."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec
from packaging.utils import InvalidWheelFilename, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from cockpit.release.milestones import MilestoneItem
from cockpit.release.nominations import Comment

WORDS = ("validated", "verified", "confirmed")
"""What a comment says when somebody has tried an issue's fix with a candidate."""
_DENIED = r"\b(?:not|never|cannot|can't|couldn't|isn't|wasn't|hasn't)\b[^.!?\n]{0,24}"
_CANDIDATE = re.compile(r"\brc(\d+)\b", re.IGNORECASE)


class Confirmation(msgspec.Struct, frozen=True):
    """A closed item of the milestone, and who said that it works in the candidate."""

    item: MilestoneItem
    by: str = ""
    """Empty while nobody has."""
    at: datetime | None = None
    url: str = ""


class Confirmations(msgspec.Struct, frozen=True):
    """The closed items of the milestone against one candidate; process section 15.7."""

    commit_sha: str = ""
    """Of the candidate; empty while there is none."""
    milestone: bool = True
    """Whether GitHub has the milestone."""
    items: tuple[Confirmation, ...] = ()


class Dependency(msgspec.Struct, frozen=True):
    """What the package index has of something the release depends on by exact version."""

    package: str = ""
    """Empty where the config names nothing to look for."""
    version: str = ""
    files: tuple[str, ...] = ()
    """Names of the files of exactly this version."""
    url: str = ""


class CredentialLife(msgspec.Struct, frozen=True):
    """How long one credential of whoever flies will live."""

    name: str
    ends_at: datetime | None = None
    """None where it has no end, or nobody can tell."""
    unknown: str = ""
    """Why nobody can tell."""


class Credentials(msgspec.Struct, frozen=True):
    """The credentials that writing takes."""

    lives: tuple[CredentialLife, ...] = ()


def confirming(
    comments: Sequence[Comment], tag: str, since: datetime, words: Iterable[str]
) -> Comment | None:
    """The newest comment that validates an item on a candidate.

    It was posted after `since`, has one of the words without a denial before it, and where it
    names candidates it names this one: `rc2` said of `rc3` does not count.
    """
    number = tag.rpartition("-rc")[2]
    said = "|".join(map(re.escape, words))
    word = re.compile(rf"\b(?:{said})\b", re.IGNORECASE)
    denied = re.compile(rf"{_DENIED}\b(?:{said})\b", re.IGNORECASE)
    for comment in reversed(comments):
        named = {found[1] for found in _CANDIDATE.finditer(comment.body)}
        if (
            comment.posted_at >= since
            and word.search(comment.body)
            and not denied.search(comment.body)
            and (not named or number in named)
        ):
            return comment
    return None


def of_version(names: Iterable[str], version: str) -> tuple[str, ...]:
    """The wheels of exactly this version among files of a package's page."""
    try:
        wanted = Version(version)
    except InvalidVersion:
        return ()
    found = []
    for name in names:
        try:
            if parse_wheel_filename(name)[1] == wanted:
                found.append(name)
        except InvalidWheelFilename:
            continue
    return tuple(found)


def without_wheel(files: Iterable[str], pythons: Iterable[str]) -> tuple[str, ...]:
    """The Pythons that none of these wheels is for; `3.13t` is the free-threaded one."""
    tags = {(tag.interpreter, tag.abi) for name in files for tag in parse_wheel_filename(name)[3]}
    lacking = []
    for python in pythons:
        plain = "cp" + python.removesuffix("t").replace(".", "")
        abi = plain + ("t" if python.endswith("t") else "")
        generic = {("py3", "none"), (plain, abi), (plain, "none"), (plain, "abi3")}
        if generic.isdisjoint(tags):
            lacking.append(python)
    return tuple(lacking)
