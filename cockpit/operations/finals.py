"""Tag the released version on the commit of its final candidate: process section 5.4."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from cockpit.errors import CockpitError, ConfigError
from cockpit.operations.alarms import moved_blockers
from cockpit.operations.channel_reads import promotion_blockers
from cockpit.operations.plan import Danger, Plan, Section
from cockpit.operations.tag_steps import PinCandidate, PushTag
from cockpit.release.branches import BranchState
from cockpit.release.candidates import Candidate
from cockpit.release.commits import Commit, short
from cockpit.release.gates_candidate import judge_builds
from cockpit.release.record import Ledger
from cockpit.release.repos import Repository
from cockpit.release.support import SupportMatrix
from cockpit.release.versions import CandidateName
from cockpit.release.words import counted

if TYPE_CHECKING:
    from cockpit.provider import Backends


class _Choice(msgspec.Struct, frozen=True):
    """The candidate that is released, and what stands beside it."""

    candidate: Candidate
    newer: tuple[str, ...]
    """Live candidates with higher numbers."""
    since: tuple[Commit, ...] | None
    """What came to the branch after it; None when it is not on the branch."""


class TagFinal:
    """Plans to push `vX.Y.Z` on the commit of the final candidate, and nowhere else.

    The final candidate is the newest one that is no dud, unless another one is named.
    """

    name = "tag-final"

    def __init__(
        self, backends: Backends, repository: Repository, candidate: str | None = None
    ) -> None:
        self._backends = backends
        self._repository = repository
        self._candidate = candidate

    def plan(self) -> Plan:
        """Read branch, ledger and builds, and say what would be released."""
        repository = self._repository
        answer = self._backends.git.read_branch(repository)
        branch = answer.value
        ledger = self._backends.ledger.read()
        choice = self._choose(branch, ledger)
        verdict, builds = self._builds(choice.candidate)
        blockers = [
            *self._dud_blockers(choice.candidate, ledger),
            *_pin_blockers(repository, choice.candidate, ledger),
            *moved_blockers(self._backends, repository, branch, ledger),
            *self._place_blockers(choice, branch),
            *builds,
            *promotion_blockers(self._backends, repository),
        ]
        if answer.missing:
            blockers.append(f"the branch could not be read whole: {answer.missing}")
        return self._planned(choice, verdict, blockers)

    def _planned(self, choice: _Choice, verdict: str, blockers: list[str]) -> Plan:
        repository, candidate = self._repository, choice.candidate
        git, ledger = self._backends.git, self._backends.ledger
        tag, sha = self._tag, candidate.commit_sha
        return Plan(
            operation=self.name,
            subject=f"{repository.name} {tag}",
            sentence=f"Tag {tag} on {repository.name} at {short(sha)}, the commit of"
            f" {candidate.tag.name}; it builds no wheels.",
            danger=Danger.IRREVERSIBLE,
            target=tag,
            steps=(
                PushTag(git, repository, tag, sha),
                PinCandidate(git, ledger, repository, tag, sha),
            ),
            sections=(
                Section(f"{candidate.tag.name} at {sha}", (verdict,)),
                _left_out(choice),
            ),
            blockers=tuple(blockers),
            warnings=self._warnings(choice),
        )

    @property
    def _tag(self) -> str:
        return self._repository.final_tag

    def _choose(self, branch: BranchState, ledger: Ledger) -> _Choice:
        repository = self._repository
        candidates = branch.candidates(repository)
        alive = ledger.living(repository, candidates)
        if self._candidate is not None:
            chosen = self._named(self._candidate, candidates)
        elif alive:
            chosen = alive[-1]
        else:
            raise CockpitError(
                f"{repository.name} has no candidate of {repository.version} to release",
                "every one was declared a dud" if candidates else "none has been tagged",
                "release-cockpit plan tag-candidate",
            )
        newer = tuple(c.tag.name for c in alive if c.number > chosen.number)
        return _Choice(chosen, newer, branch.since(chosen.commit_sha))

    def _named(self, tag: str, candidates: tuple[Candidate, ...]) -> Candidate:
        repository = self._repository
        name = repository.naming.candidate_of(tag)
        if name is None or name.version != repository.version:
            example = repository.naming.tag_of(CandidateName(repository.version, 1))
            raise ConfigError(
                f"{tag!r} names no candidate of {repository.name} {repository.version}",
                f"expected a tag such as {example}",
                "leave --candidate out for the newest one",
            )
        found = next((candidate for candidate in candidates if candidate.name == name), None)
        if found is None:
            raise CockpitError(
                f"{repository.name} has no {tag}",
                "there is no such tag on its remote",
                "leave --candidate out for the newest one",
            )
        return found

    def _dud_blockers(self, candidate: Candidate, ledger: Ledger) -> list[str]:
        repository = self._repository
        declared = ledger.dud_version(repository) or ledger.dud(repository, candidate.tag.name)
        return [f"{declared.name} was declared a dud {declared.describe()}"] if declared else []

    def _place_blockers(self, choice: _Choice, branch: BranchState) -> list[str]:
        candidate = choice.candidate
        blockers = []
        if choice.since is None:
            blockers.append(f"{candidate.tag.name} is not in the history of {branch.branch}")
        existing = branch.tag(self._tag)
        if existing is not None and existing.commit_sha != candidate.commit_sha:
            blockers.append(
                f"{self._tag} exists at {existing.commit_sha},"
                f" not at {candidate.commit_sha} of {candidate.tag.name}"
            )
        return blockers

    def _builds(self, candidate: Candidate) -> tuple[str, list[str]]:
        """What the candidate's builds say in one line, and what of it blocks."""
        tag = candidate.tag.name
        core = self._repository == self._backends.config.core
        try:
            answer = self._backends.github.candidate_builds(self._repository, candidate)
        except CockpitError as err:
            text = f"the builds of {tag} could not be read: {err.title}"
            return text, [text]
        support = self._backends.config.settings.support if core else SupportMatrix()
        verdict = judge_builds(answer.value, candidate, support)
        if answer.missing:
            text = f"the builds of {tag} could not be read whole: {answer.missing}"
            return verdict.headline, [text]
        return verdict.headline, [] if verdict.clear else [f"builds: {verdict.headline}"]

    def _warnings(self, choice: _Choice) -> tuple[str, ...]:
        tag, warnings = choice.candidate.tag.name, []
        if choice.newer:
            warnings.append(f"{tag} is not the newest candidate: {', '.join(choice.newer)}")
        if choice.since:
            commits = counted(len(choice.since), "commit")
            warnings.append(
                f"{commits} of {self._repository.release_branch} since {tag} will not be released"
            )
        return tuple(warnings)


def _left_out(choice: _Choice) -> Section:
    tag, commits = choice.candidate.tag.name, choice.since or ()
    title = f"{counted(len(commits), 'commit')} since {tag} that will not be released"
    lines = tuple(f"{short(commit.sha)} {commit.title}" for commit in commits)
    return Section(title if commits else f"Nothing came to the branch since {tag}", lines)


def _pin_blockers(repository: Repository, candidate: Candidate, ledger: Ledger) -> list[str]:
    """A tag that nobody pinned may have been moved unseen."""
    tag = candidate.tag.name
    if ledger.pin(repository, tag) is not None:
        return []
    return [f"{tag} is not pinned in the ledger: release-cockpit do pin-candidates"]
