"""The milestone's part of `missing`: what GitHub must be asked for."""

from __future__ import annotations

from pathlib import Path

import msgspec

from cockpit.backends.git_findings import Read
from cockpit.backends.github import Github
from cockpit.backends.keyring import Credentials
from cockpit.backends.ports import GithubPort
from cockpit.commands.setup import template
from cockpit.config import load, parse
from cockpit.logs import keep_libraries_quiet
from cockpit.release.missing_fixes import Fixes, MissingFix
from cockpit.release.repos import Repository
from cockpit.release.versions import Version

_GITHUB = "https://api.github.com"
_IGNORED = ("release-feature-request",)
"""Labels of items that are never picked; process section 13.4."""


class MilestoneQuestions:
    """A milestone on GitHub, and whose it is."""

    def __init__(self, github: GithubPort, repository: Repository, title: str) -> None:
        self.repository = repository
        self._github = github
        self._title = title

    def missing_fixes(self, read: Read) -> tuple[list[MissingFix] | None, str]:
        """What the branch lacks, and in words why that may not be all.

        Raises Unreachable where GitHub does not answer.
        """
        answer = self._github.milestone_items(self.repository, self._title)
        if answer.value is None:
            return None, f"{self.repository.name} has no milestone {self._title}"
        fixes = Fixes(read.told, read.branch, read.held)
        asked = fixes.open_questions(answer.value, fixes.since, _IGNORED)
        closed = self._github.closing_commits(self.repository, asked)
        found = list(fixes.missing(answer.value, closed.value, _IGNORED))
        return found, "; ".join(filter(None, (answer.missing, closed.missing)))


def of_config(path: Path, milestone: str | None) -> MilestoneQuestions:
    """The milestone of a release that has a release.toml."""
    keep_libraries_quiet()
    config = load(path)
    github = Github(config.settings.github.api, Credentials(config).github_token())
    return MilestoneQuestions(github, config.core, milestone or config.milestone)


def of_clone(name: str, numbers: tuple[int, ...], milestone: str | None) -> MilestoneQuestions:
    """The milestone of a line, X.Y.0 where no other is named, with the environment's token."""
    keep_libraries_quiet()
    version = Version(*(*numbers, 0, 0)[:3])
    core = parse(template(version), Path("release.toml")).core
    github = Github(_GITHUB, Credentials(None).github_token())
    repository = msgspec.structs.replace(core, name=name)
    return MilestoneQuestions(github, repository, milestone or str(version))
