"""Release-only changes and the bump of the trunk, as pull requests: process section 4."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from cockpit.errors import CockpitError, ConfigError
from cockpit.operations.change_drafts import (
    ProposedChange,
    Purpose,
    Workbench,
    Worked,
    propose,
)
from cockpit.operations.plan import Danger, Plan, Section
from cockpit.operations.post_cut import DispatchedChange
from cockpit.release.branches import BranchState
from cockpit.release.cuts import cut_message
from cockpit.release.releasechanges import Script, changes_branch
from cockpit.release.releasechanges_edits import next_trunk_version
from cockpit.release.releasechanges_rules import bump
from cockpit.release.repos import Repository, Role
from cockpit.threads import gather

if TYPE_CHECKING:
    from cockpit.provider import Backends


class _Proposing:
    """Plans pull requests into several repositories; what is in place already has no step."""

    name: ClassVar[str]

    def __init__(
        self, backends: Backends, repository: Repository | None = None, replaces: str = ""
    ) -> None:
        """Without `repository` all are changed whose turn it is.

        `replaces` is the head of a branch of somebody else's that may be replaced.
        """
        self._backends = backends
        self._named = repository
        self._replaces = replaces

    def plan(self) -> Plan:
        """Read the branches, and say what would be proposed."""
        asked = self._asked()
        states = gather(
            [partial(self._backends.git.read_branch, repository) for repository in asked], threads=3
        )
        due: list[ProposedChange] = []
        waiting: list[str] = []
        for repository, answer in zip(asked, states, strict=True):
            problems = [answer.missing] if answer.missing else []
            if answer.value.head is None:
                problems.append(f"{repository.release_branch} has not been cut")
                if repository.role is Role.DOMAIN and self._named is None:
                    waiting.append(f"{repository.name}: {problems[-1]}")
                    continue
            if problems:
                reasons = tuple(f"{repository.name}: {problem}" for problem in problems)
                due.append(ProposedChange(repository, blockers=reasons))
            else:
                due.append(self._proposed(repository, answer.value))
        return self._assembled(due, waiting)

    def _assembled(self, due: Sequence[ProposedChange], waiting: Sequence[str]) -> Plan:
        sections = [section for one in due for section in one.sections]
        if waiting:
            sections.append(Section("Not due yet", tuple(waiting)))
        names = " ".join(one.repository.name for one in due)
        line = str(self._backends.config.version.line)
        return Plan(
            operation=self.name,
            subject=f"{line} {names}",
            sentence=self._sentence([one for one in due if one.steps]),
            danger=Danger.REMOTE,
            target=line,
            steps=tuple(step for one in due for step in one.steps),
            sections=tuple(sections),
            blockers=tuple(blocker for one in due for blocker in one.blockers),
        )

    @abstractmethod
    def _asked(self) -> tuple[Repository, ...]:
        """The repositories that it is about; raises ConfigError for one that it cannot be."""

    @abstractmethod
    def _proposed(self, repository: Repository, branch: BranchState) -> ProposedChange:
        """One repository's part, its release branch being there."""

    @abstractmethod
    def _sentence(self, changed: Sequence[ProposedChange]) -> str:
        """What happens, in one sentence."""


class ReleaseChanges(_Proposing):
    """Plans the release-only changes: one pull request into each release branch.

    The commit is dated like the head that it stands on, so equal branches give equal commits and
    a crashed run is taken to its end by the same plan.
    """

    name = "release-changes"

    def __init__(
        self,
        backends: Backends,
        repository: Repository | None = None,
        replaces: str = "",
        again: str = "",
    ) -> None:
        """`again` is why the workflow is started once more, where a workflow makes the changes."""
        super().__init__(backends, repository, replaces)
        self._again = again

    def _asked(self) -> tuple[Repository, ...]:
        named = self._named
        if named is not None and not named.release_changes and not self._by_workflow(named):
            raise ConfigError(
                f"{named.name} has no release-only changes",
                f"{self._backends.config.path} lists no release_changes for it",
                "add [[repositories.release_changes]] to it",
            )
        if named is not None:
            return (named,)
        return tuple(
            repository
            for repository in self._backends.config.repositories
            if repository.release_changes or self._by_workflow(repository)
        )

    def _by_workflow(self, repository: Repository) -> bool:
        config = self._backends.config
        return repository == config.core and config.settings.release.release_changes == "dispatch"

    def _proposed(self, repository: Repository, branch: BranchState) -> ProposedChange:
        if self._by_workflow(repository):
            return DispatchedChange(self._backends, repository, self._again).proposed()
        base = branch.head.sha if branch.head else ""
        bench = Workbench(self._backends, repository, base)
        worked = bench.work()
        scripted = any(isinstance(change, Script) for change in repository.release_changes)
        purpose = Purpose(
            branch=changes_branch(repository.line),
            base_branch=repository.release_branch,
            base=base,
            title=cut_message(repository.line),
            intro=f"Release-only changes of `{repository.release_branch}`:",
            outro="They belong to this branch alone and are never ported to"
            f" `{repository.trunk}`."
            + (" A script of this repository made part of them." if scripted else ""),
        )
        return propose(
            self._backends,
            repository,
            purpose,
            worked,
            left=bench.left(worked.changes),
            replaces=self._replaces,
        )

    def _sentence(self, changed: Sequence[ProposedChange]) -> str:
        if not changed:
            return "The release-only changes are in place; there is nothing to propose."
        into = ", ".join(f"{c.repository.name} {c.repository.release_branch}" for c in changed)
        if all(self._by_workflow(one.repository) for one in changed):
            call = self._backends.config.post_cut
            return f"Start {call.file} of {call.repository}, which proposes changes to {into}."
        return f"Propose the release-only changes of {into}; people review and merge them."


class BumpVersion(_Proposing):
    """Plans the bump of the trunk's version file to the next line, once a line has been cut."""

    name = "bump-version"

    def _asked(self) -> tuple[Repository, ...]:
        config = self._backends.config
        if self._named is not None:
            if self._named.version_file is None:
                raise ConfigError(
                    f"{self._named.name} has no version file",
                    f"{config.path} names none",
                    "add version_file to it",
                )
            asked: tuple[Repository, ...] = (self._named,)
        else:
            asked = tuple(one for one in config.repositories if one.version_file)
        if config.settings.release.release_changes == "dispatch":
            asked = tuple(one for one in asked if one != config.core)
        if not asked:
            raise CockpitError(
                "There is nothing to bump",
                f"{config.post_cut.file} bumps {config.core.name} together with its changes",
                "release-cockpit plan release-changes",
            )
        return asked

    def _proposed(self, repository: Repository, branch: BranchState) -> ProposedChange:
        line, base = repository.line, branch.trunk_sha
        if base is None:
            problem = f"{repository.name} has no {repository.trunk}"
            return ProposedChange(repository, blockers=(problem,))
        title = f"Bump version to {next_trunk_version(line)}"
        path = repository.version_file
        files = self._backends.git.files(repository, base, path) if path else {}
        applied = bump(f"{path} says {next_trunk_version(line)}", files, path, line)
        purpose = Purpose(
            branch=f"automated/version-bump-{line}",
            base_branch=repository.trunk,
            base=base,
            title=title,
            intro=f"`{repository.release_branch}` has been cut, so nightlies are of the next"
            " version from now on:",
        )
        return propose(
            self._backends, repository, purpose, Worked.of(applied), replaces=self._replaces
        )

    def _sentence(self, changed: Sequence[ProposedChange]) -> str:
        if not changed:
            return "The trunk names a later version already; there is nothing to propose."
        bumps = ", ".join(
            f"{c.repository.name} {c.repository.trunk} to {next_trunk_version(c.repository.line)}"
            for c in changed
        )
        return f"Propose to bump {bumps}; people review and merge it."
