"""Cut the release branches: process sections 1.10 and 3."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from cockpit.errors import CockpitError, ConfigError
from cockpit.operations.channel_reads import wheels_in
from cockpit.operations.commit_checks import check_blockers
from cockpit.operations.cut_points import Cut, CutFinder
from cockpit.operations.cut_steps import PushCut
from cockpit.operations.plan import Danger, Plan, Section
from cockpit.release.commits import short
from cockpit.release.cuts import described, jump_problem, parse_line, said, version_problem
from cockpit.release.repos import Repository, Role
from cockpit.release.rewrites import RuleSet, unified_diff
from cockpit.release.versions import Line
from cockpit.release.words import counted
from cockpit.threads import gather

if TYPE_CHECKING:
    from cockpit.provider import Backends


class PlannedCut(msgspec.Struct, frozen=True):
    """One repository's part of the plan."""

    repository: Repository
    cut: Cut
    blockers: tuple[str, ...]
    warnings: tuple[str, ...]


class CutBranch:
    """Plans to cut the release branches of the repositories named, else of all that are due.

    What exists and is right is planned again and found done, so that the plan does not depend on
    how far an earlier run came. The state of the base is judged only while nothing exists.
    """

    name = "cut-branch"

    def __init__(self, backends: Backends, repositories: tuple[Repository, ...] = ()) -> None:
        """Without `repositories` all are cut whose turn it is."""
        self._backends = backends
        self._named = repositories

    def plan(self) -> Plan:
        """Read the branches, the base's checks and the test channel, and say what is cut."""
        asked = self._named or self._backends.config.repositories
        found = gather([partial(self._planned, repository) for repository in asked], threads=3)
        due, waiting = [], []
        for planned in found:
            reason = self._waits_for(planned)
            if reason is None or self._named or reason.unread:
                due.append(planned if reason is None else _blocked(planned, reason.text))
            else:
                waiting.append(f"{planned.repository.name}: {reason.text}")
        return self._assembled(due, waiting)

    def _assembled(self, due: list[PlannedCut], waiting: list[str]) -> Plan:
        git = self._backends.git
        names = [planned.repository.name for planned in due]
        lines = list(dict.fromkeys(planned.repository.release_branch for planned in due))
        sections = [
            section for planned in due for section in cut_sections(planned.repository, planned.cut)
        ]
        if waiting:
            sections.append(Section("Not due yet", tuple(waiting)))
        return Plan(
            operation=self.name,
            subject=f"{' '.join(lines)} {' '.join(names)}",
            sentence=f"Cut {' and '.join(lines)} of {', '.join(names)},"
            f"{' each' if len(names) > 1 else ''} with its orig branch;"
            " the branches cannot be moved afterwards.",
            danger=Danger.IRREVERSIBLE,
            target=lines[0],
            steps=tuple(
                PushCut(git, planned.repository, planned.cut.branches, planned.cut.recipe)
                for planned in due
            ),
            sections=tuple(sections),
            blockers=tuple(blocker for planned in due for blocker in planned.blockers),
            warnings=tuple(warning for planned in due for warning in planned.warnings),
        )

    def _planned(self, repository: Repository) -> PlannedCut:
        answer = CutFinder(self._backends, repository).find()
        cut = answer.value
        blockers = list(cut.in_the_way)
        if answer.missing:
            blockers.append(f"{repository.name} could not be read whole: {answer.missing}")
        base = f"{repository.cut_from} of {repository.name}"
        path = repository.version_file
        if path and (problem := version_problem(repository.line, path, cut.version_text, base)):
            blockers.append(problem)
        if not cut.exists:
            blockers += self._base_blockers(repository, cut.base)
        return PlannedCut(repository, cut, tuple(blockers), tuple(_warnings(repository, cut)))

    def _base_blockers(self, repository: Repository, base: str) -> list[str]:
        """Whether the line comes next, and whether its base is green."""
        pattern = repository.naming.release_branch.format(line="*")
        names = self._backends.git.branches(repository.remote, (pattern,))
        lines = {line for name in names if (line := repository.naming.line_of(name))}
        problem = jump_problem(repository.line, lines - {repository.line})
        blockers = [f"{repository.name}: {problem}"] if problem else []
        return blockers + [
            f"{repository.cut_from} of {repository.name}: {red}"
            for red in check_blockers(self._backends, repository, base, repository.trunk)
        ]

    def _waits_for(self, planned: PlannedCut) -> _Waiting | None:
        """Why it is not a domain library's turn: it is cut against staged wheels; section 1.10."""
        if planned.repository.role is not Role.DOMAIN or planned.cut.exists:
            return None
        core = self._backends.config.core
        waits = f"cut only once a wheel of {core.package} {core.version} is in the test channel"
        try:
            if not self._backends.git.read_branch(core).value.candidates(core):
                return _Waiting(f"{waits}: no candidate of it is tagged")
            table = self._backends.config.settings.objectstore
            prefix = table.test_prefix if table else ""
            if any(wheels_in(self._backends, core, prefix)):
                return None
        except CockpitError as err:
            return _Waiting(f"{waits}, which could not be read: {err.title}", unread=True)
        return _Waiting(f"{waits}: none is listed")


def checked_line(text: str) -> Line:
    """The line that somebody typed; raises ConfigError for anything but X.Y."""
    try:
        return parse_line(text)
    except ValueError as err:
        raise ConfigError(
            f"{text!r} is no release line", "expected X.Y, such as 2.15", "give both numbers"
        ) from err


class _Waiting(msgspec.Struct, frozen=True):
    """Why a repository is not due."""

    text: str
    unread: bool = False
    """Whether it could not be told, which blocks."""


def _blocked(planned: PlannedCut, reason: str) -> PlannedCut:
    blocker = f"{planned.repository.name}: {reason}"
    return msgspec.structs.replace(planned, blockers=(blocker, *planned.blockers))


def _warnings(repository: Repository, cut: Cut) -> Iterator[str]:
    if repository.rules is not RuleSet.NONE and not cut.content.changes:
        yield f"{repository.name}: {repository.rules.value} finds nothing to rewrite"


def cut_sections(repository: Repository, cut: Cut) -> Iterator[Section]:
    """What a person reads of one repository's cut."""
    yield Section(
        f"{repository.name}: {repository.release_branch} from {repository.cut_from}"
        f" at {short(cut.base)}",
        tuple(_facts(repository, cut)),
    )
    if cut.content.changes:
        diff = unified_diff(cut.content.changes).removesuffix("\n")
        yield Section(f"{repository.name}: what the cut changes", tuple(diff.split("\n")))
    if cut.content.left:
        left = tuple(map(described, cut.content.left))
        title = f"{counted(len(left), 'reference')} to main that stay"
        yield Section(f"{repository.name}: {title}", left)


def _facts(repository: Repository, cut: Cut) -> Iterator[str]:
    yield f"base {cut.base}"
    for name, sha in cut.branches.items():
        yield f"{name} begins at {sha}"
    yield f"tree {cut.made.tree}"
    path = repository.version_file
    yield f"line {repository.line}" + (f": {path} says {said(cut.version_text)}" if path else "")
    yield f"rules {repository.rules.value}: {counted(len(cut.content.changes), 'file')} changed"
    yield from cut.content.paths
