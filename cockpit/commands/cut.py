"""`plan cut-branch --repo PATH`: what a cut would make of any clone, without config or network."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from cockpit.backends.git import GitClones
from cockpit.backends.git_borrowed import BorrowedClone
from cockpit.commands.plan_words import describe
from cockpit.commands.setup import template
from cockpit.config import parse
from cockpit.errors import CockpitError, ConfigError, ExitCode
from cockpit.operations.cut_points import Cut, cut_at, rewritten
from cockpit.operations.cut_steps import push_facts
from cockpit.operations.cutting import CutBranch, checked_line, cut_sections
from cockpit.operations.plan import Danger, PlanFacts
from cockpit.release.cuts import described, jump_problem, version_problem
from cockpit.release.repos import Repository, Role
from cockpit.release.rewrites import RuleSet, unified_diff
from cockpit.release.versions import Naming, Version

_REMOTE = "origin"
_VERSION_FILE = "version.txt"
_NOBODY = ("release-cockpit", "release-cockpit@localhost")
"""Signs the commit of a plan on a machine where git knows no name; such a plan only shows."""


class PlannedBranch(msgspec.Struct, frozen=True, rename={"base": "from"}):
    """One branch as it would be pushed."""

    name: str
    base: str
    commit: str
    tree: str
    files_changed: tuple[str, ...]
    diff: str
    left: tuple[str, ...]
    """Lines that still point at main."""


class CutDocument(msgspec.Struct, frozen=True, omit_defaults=True):
    """The plan as data."""

    branches: tuple[PlannedBranch, ...]
    digest: str
    blockers: tuple[str, ...] = ()
    """Only there when something blocks."""


def plan(arguments: argparse.Namespace) -> int:
    """Print what the cut of a clone would push; nothing is written, not even to the clone."""
    repository, others = _described(arguments)
    with tempfile.TemporaryDirectory(prefix="release-cockpit-") as folder:
        git = GitClones(Path(folder))
        clone = git.borrow(arguments.repo)
        base = clone.commit(arguments.base)
        if _VERSION_FILE in clone.files(base, _VERSION_FILE):
            repository = msgspec.structs.replace(repository, version_file=_VERSION_FILE)
        cut = cut_at(clone, repository, others, base, lambda: _identity(git))
        if repository.rules is RuleSet.NONE:
            content = rewritten(clone, repository, others, base)
            cut = msgspec.structs.replace(cut, content=content)
        facts = _facts(repository, cut, clone)
    if arguments.json:
        encoded = msgspec.json.encode(_document(cut, facts))
        sys.stdout.write(msgspec.json.format(encoded, indent=2).decode() + "\n")
    else:
        sys.stdout.write(describe(facts))
    return int(ExitCode.BLOCKED if facts.blockers else ExitCode.OK)


def _described(arguments: argparse.Namespace) -> tuple[Repository, tuple[Repository, ...]]:
    """The clone as a repository of a release, and PyTorch's own that are cut beside it."""
    if None in (arguments.line, arguments.repo, arguments.base) or arguments.repository:
        raise ConfigError(
            "A plan of a clone takes the line, --repo and --from",
            "with a release.toml it takes none of --repo, --from and --rules",
            "release-cockpit plan cut-branch X.Y --repo PATH --from REF [--rules SET]",
        )
    line = checked_line(arguments.line)
    version = Version(line.major, line.minor, 0)
    repository = Repository(
        name=_REMOTE,
        role=Role.INFRA,
        package=None,
        remote=_REMOTE,
        version=version,
        naming=Naming(),
        trunk=arguments.base,
        cut_from=arguments.base,
        version_file=None,
        candidates=False,
        blocking_workflows=(),
        rules=_rules(arguments.rules),
    )
    return repository, parse(template(version), Path("release.toml")).repositories


def _rules(name: str | None) -> RuleSet:
    names = [rules.value for rules in RuleSet]
    if name not in (None, *names):
        raise ConfigError(
            f"{name!r} is no rule set", f"there are: {', '.join(names)}", "give --rules one of them"
        )
    return RuleSet(name or RuleSet.NONE)


def _facts(repository: Repository, cut: Cut, clone: BorrowedClone) -> PlanFacts:
    existing = clone.branches()
    return PlanFacts(
        operation=CutBranch.name,
        subject=repository.release_branch,
        sentence=f"Cut {repository.release_branch} from {repository.cut_from};"
        " this is a plan of a clone, which nothing is pushed from.",
        danger=Danger.READ,
        target=repository.release_branch,
        steps=(push_facts(repository, cut.branches),),
        sections=tuple(cut_sections(repository, cut)),
        blockers=tuple(_blockers(repository, cut, clone, existing)),
        warnings=tuple(
            f"{name} exists in this clone, at {existing[name]}"
            for name in cut.branches
            if name in existing
        ),
    )


def _blockers(
    repository: Repository, cut: Cut, clone: BorrowedClone, existing: Mapping[str, str]
) -> Iterator[str]:
    if clone.is_shallow:
        yield "the clone is shallow: where earlier lines left it cannot be told"
    if path := repository.version_file:
        source = repository.cut_from
        if problem := version_problem(repository.line, path, cut.version_text, source):
            yield problem
    # A line that has the base in its history was cut there or later, so it is no predecessor.
    earlier = {
        line
        for name, tip in existing.items()
        if (line := repository.naming.line_of(name)) and not clone.contains(tip, cut.base)
    }
    if problem := jump_problem(repository.line, earlier - {repository.line}):
        yield problem


def _document(cut: Cut, facts: PlanFacts) -> CutDocument:
    diff = unified_diff(cut.content.changes)
    left = tuple(map(described, cut.content.left))
    return CutDocument(
        branches=tuple(
            PlannedBranch(name, cut.base, sha, cut.made.tree, cut.content.paths, diff, left)
            for name, sha in cut.branches.items()
        ),
        digest=facts.digest,
        blockers=facts.blockers,
    )


def _identity(git: GitClones) -> tuple[str, str]:
    try:
        return git.identity()
    except CockpitError:
        return _NOBODY
