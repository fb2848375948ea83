"""The looks at what the cut of the core rests on, and at submodules."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from cockpit.backends.ports import Answer
from cockpit.errors import CockpitError, Throttled, Unreachable
from cockpit.feeds.attempting import attempt, attempt_all
from cockpit.release.branches import Branches
from cockpit.release.preparation import Base, Nightly, Part, Preparation
from cockpit.release.repos import Repository, Role
from cockpit.release.submodules import BranchSubmodules, Submodules
from cockpit.release.triton import TritonPin, TritonSource
from cockpit.release.workflow_coverage import FOLDER, TargetCoverage, coverage_of
from cockpit.threads import gather

if TYPE_CHECKING:
    from cockpit.provider import Backends

_LONGEST_TEXT = 100
"""Of a version or pin file; what is longer is something else."""


class PreparationLook:
    """Reads what section 2 of the process asks for; nothing any more once the core is cut."""

    def __init__(self, backends: Backends) -> None:
        self._backends = backends
        self._config = backends.config

    def look(self, branches: Branches) -> Answer[Preparation]:
        """Every part for itself: one that cannot be read does not hide the others."""
        core = branches.of(self._config.core)
        if core is None:
            raise Unreachable(
                f"{self._config.core.name} has not been read",
                branches.problems.get(self._config.core.name, ""),
                "r looks again",
            )
        if core.head is not None:
            return Answer(Preparation(), "git")
        looks: dict[Part, Callable[[Branches], Preparation]] = {
            Part.BASES: self._bases,
            Part.NIGHTLIES: self._nightlies,
            Part.WORKFLOWS: self._workflows,
            Part.TRITON: self._triton,
        }
        found = Preparation()
        failures: dict[Part, CockpitError] = {}
        calls = [partial(look, branches) for look in looks.values()]
        for part, answer in zip(looks, attempt_all(calls), strict=True):
            if isinstance(answer, CockpitError):
                failures[part] = answer
            else:
                found = _joined(found, answer)
        for err in failures.values():
            if isinstance(err, Throttled) or len(failures) == len(looks):
                raise err
        unread = {part: str(err) for part, err in failures.items()}
        found = msgspec.structs.replace(found, unread=unread)
        return Answer(found, self._config.settings.github.api)

    def _bases(self, branches: Branches) -> Preparation:
        """What core and test-infra would be cut from now, with its checks."""

        def read(repository: Repository) -> Base:
            sha = _cut_from(branches, repository)
            answer = self._backends.github.branch_health(repository, sha, repository.trunk)
            if answer.missing:
                raise Unreachable(f"The checks of {repository.name} are incomplete", answer.missing)
            commit = self._backends.git.log(repository, f"{sha}^!")[0]
            return Base(repository.name, repository.cut_from, commit, answer.value)

        asked = [
            repository
            for repository in self._config.repositories
            if repository.blocking_workflows and repository.role in (Role.CORE, Role.INFRA)
        ]
        return Preparation(bases=tuple(gather([partial(read, r) for r in asked], threads=4)))

    def _nightlies(self, _: Branches) -> Preparation:
        calls = [
            partial(self._nightly, repository, repository.nightlies.branch)
            for repository in self._config.repositories
            if repository.nightlies is not None
        ]
        return Preparation(nightlies=tuple(gather(calls, threads=4)))

    def _nightly(self, repository: Repository, branch: str) -> Nightly:
        sha = self._backends.git.branches(repository.remote, [branch]).get(branch)
        if sha is None:
            return Nightly(repository.name, branch, None)
        answer = self._backends.github.pushed_runs(repository, branch, sha)
        if answer.missing:
            raise Unreachable(f"The nightlies of {repository.name} are incomplete", answer.missing)
        return Nightly(repository.name, branch, sha, answer.value)

    def _workflows(self, branches: Branches) -> Preparation:
        def read(repository: Repository) -> tuple[TargetCoverage, ...]:
            git, support = self._backends.git, self._config.settings.support
            sha = _cut_from(branches, repository)
            files = git.files(repository, sha, FOLDER)
            texts = {path: content.decode("utf-8", "replace") for path, content in files.items()}
            generator = support.generator if repository.role is Role.CORE else ""
            text = git.read_file(repository, sha, generator) if generator else None
            return coverage_of(repository, support, texts, text)

        asked = [
            repository
            for repository in self._config.repositories
            if repository.role is Role.CORE or repository.wheel_workflows
        ]
        found = gather([partial(read, repository) for repository in asked], threads=4)
        return Preparation(coverage=tuple(entry for entries in found for entry in entries))

    def _triton(self, branches: Branches) -> Preparation:
        source = self._config.triton
        if source is None:
            return Preparation()
        return Preparation(triton=self._triton_pin(source, _cut_from(branches, self._config.core)))

    def _triton_pin(self, source: TritonSource, sha: str) -> TritonPin:
        git, core = self._backends.git, self._config.core
        version, pinned = (
            (git.read_file(core, sha, path) or "").strip()[:_LONGEST_TEXT]
            for path in (source.version_file, source.pin_file)
        )
        branch = source.branch_of(version)
        heads = git.branches(source.remote, [branch]) if branch else {}
        return TritonPin(
            version=version,
            branch=branch,
            branch_sha=heads.get(branch or ""),
            pinned=pinned,
            holders=git.branches_with(source.remote, pinned) if pinned else (),
            landed=git.last_change(core, sha, source.pin_file) if pinned else None,
        )


class SubmodulesLook:
    """Reads the submodules of every repository's release branch, or of what it is cut from."""

    def __init__(self, backends: Backends) -> None:
        self._backends = backends
        self._config = backends.config

    def look(self, branches: Branches) -> Answer[Submodules]:
        """A repository that cannot be read does not hide the others."""
        found: list[BranchSubmodules] = []
        problems: dict[str, str] = dict(branches.problems)
        for repository in self._config.repositories:
            if repository.name in problems:
                continue
            answer = attempt(partial(self._read, repository, branches))
            if isinstance(answer, CockpitError):
                problems[repository.name] = str(answer)
            else:
                found.append(answer)
        missing = "; ".join(f"{name}: {problem}" for name, problem in problems.items())
        return Answer(Submodules(tuple(found), problems), "git", missing)

    def _read(self, repository: Repository, branches: Branches) -> BranchSubmodules:
        state = branches.of(repository)
        head = state.head.sha if state and state.head else None
        cut = state.cut_point.sha if state and state.cut_point else None
        sha = head or _cut_from(branches, repository)
        git, allowed = self._backends.git, self._config.settings.submodules.allowed
        return BranchSubmodules(
            repository=repository.name,
            branch=repository.release_branch if head else repository.cut_from,
            sha=sha,
            cut=cut,
            submodules=git.submodules(repository, sha, cut, allowed),
        )


def _cut_from(branches: Branches, repository: Repository) -> str:
    state = branches.of(repository)
    if state is None or state.cut_from_sha is None:
        raise Unreachable(
            f"{repository.name} has no {repository.cut_from}",
            "there is nothing to cut from",
            "correct cut_from in the config",
        )
    return state.cut_from_sha


def _joined(found: Preparation, part: Preparation) -> Preparation:
    return Preparation(
        bases=found.bases or part.bases,
        nightlies=found.nightlies or part.nightlies,
        coverage=found.coverage or part.coverage,
        triton=found.triton or part.triton,
    )
