"""Cutting a release branch: what the cut changes, and which lines may be cut from where."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from cockpit.release.repos import Repository, Role
from cockpit.release.rewrites import (
    Leftover,
    Rewritten,
    RuleSet,
    applies_to,
    leftovers,
    rewrite_all,
)
from cockpit.release.rewrites.diff import shown
from cockpit.release.versions import Line, Version

WORKFLOWS = ".github"
"""The folder that the rule sets look into."""


class CutContent(msgspec.Struct, frozen=True):
    """What the cut makes of a repository's files."""

    changes: tuple[Rewritten, ...]
    left: tuple[Leftover, ...]
    """Lines of workflows and composite actions that point at main after the cut."""

    @property
    def files(self) -> dict[str, bytes]:
        """The new contents by path."""
        return {change.path: change.after for change in self.changes}

    @property
    def paths(self) -> tuple[str, ...]:
        """The files that change, as text that is safe to show."""
        return tuple(printable(change.path) for change in self.changes)


def content_of_cut(
    rules: RuleSet, files: Mapping[str, bytes], target: str, own: frozenset[str]
) -> CutContent:
    """Apply a rule set to the files below `WORKFLOWS`; `target` is test-infra's branch."""
    changes = rewrite_all(rules, files, target, own=own)
    after = {**files, **{change.path: change.after for change in changes}}
    left = (
        leftover
        for path, content in sorted(after.items())
        if applies_to(RuleSet.FIXED, path)
        for leftover in leftovers(path, content, own)
    )
    return CutContent(changes, tuple(left))


def with_version(content: CutContent, path: str, before: bytes, version: Version) -> CutContent:
    """The same, with the version written into the version file as well; section 3.3."""
    change = Rewritten(path, before, f"{version}\n".encode())
    if change.before == change.after:
        return content
    return CutContent((*content.changes, change), content.left)


def described(leftover: Leftover) -> str:
    """One line that still points at main, with the reason."""
    place = f"{printable(leftover.path)}:{leftover.line}"
    return f"{place}: {leftover.text} ({leftover.why.value})"


def cut_message(line: Line) -> str:
    """The cut commit's message; process section 24."""
    return f"[RELEASE-ONLY CHANGES] Branch Cut for Release {line}"


def infra_branch(repository: Repository, repositories: Iterable[Repository]) -> str:
    """The branch of test-infra that a repository's workflows follow after the cut."""
    infra = (repo for repo in repositories if repo.role is Role.INFRA)
    return next(infra, repository).release_branch


def with_branch(branch: str, repositories: Iterable[Repository]) -> frozenset[str]:
    """The repositories whose release branch has this name."""
    return frozenset(repo.name for repo in repositories if repo.release_branch == branch)


def parse_line(text: str) -> Line:
    """Read `X.Y` as a branch name would have it; raises ValueError for anything else."""
    line = Line.parse(text)
    if str(line) != text:
        raise ValueError(f"{text!r} is not a release line such as 2.15")
    return line


def version_problem(line: Line, path: str, text: str | None, source: str) -> str | None:
    """Why what the version file of the base says is not what the line is cut from; section 3.1.

    The trunk is at `X.Y.0a0` until the cut, and bumped to the next minor right after it.
    """
    expected = f"{line}.0a0"
    if text is None:
        return f"{source} has no {path}"
    if text.strip() == expected:
        return None
    return f"{path} of {source} says {said(text)}, not {expected}"


def said(text: str | None) -> str:
    """What a version file says, in a few characters."""
    return printable((text or "").strip())[:40] or "nothing"


def jump_problem(line: Line, others: Iterable[Line]) -> str | None:
    """Why a line does not follow the newest of the others, which have a branch already."""
    newest = max(others, default=None)
    if newest is None:
        return None
    following = (Line(newest.major, newest.minor + 1), Line(newest.major + 1, 0))
    if line in following:
        return None
    return f"{line} does not follow {newest}, the newest line: {following[0]} comes next"


def printable(text: str) -> str:
    """Text from a repository without anything that a terminal would obey."""
    return shown(text.encode("utf-8", "surrogateescape"))
