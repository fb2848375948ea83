"""Tag the next candidate: process section 5."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from cockpit.errors import CockpitError, ConfigError, Conflict
from cockpit.operations.alarms import moved_blockers
from cockpit.operations.commit_checks import check_blockers
from cockpit.operations.plan import Danger, Plan, Section
from cockpit.operations.tag_steps import PinCandidate, PushTag
from cockpit.operations.unpicked import unpicked
from cockpit.operations.version_checks import version_blockers
from cockpit.release.branches import BranchState
from cockpit.release.candidates import Candidate, Tag, next_number
from cockpit.release.commits import Commit, CommitKind, short
from cockpit.release.record import Ledger
from cockpit.release.repos import Repository
from cockpit.release.versions import CandidateName
from cockpit.release.words import counted

if TYPE_CHECKING:
    from cockpit.provider import Backends


class Tagging(msgspec.Struct, frozen=True):
    """Which tag goes on which commit, and what it is compared with."""

    name: CandidateName
    tag: str
    commit: Commit
    existing: Tag | None
    previous: Candidate | None
    expected_number: int
    """The number that comes next, past all that were ever used."""
    dud: bool
    commits: tuple[Commit, ...] | None
    """What it adds to the previous candidate, newest first; None when that is not its ancestor."""

    @property
    def since(self) -> str:
        """What it is compared with, in words."""
        return self.previous.tag.name if self.previous else "the cut"


class TagCandidate:
    """Plans to tag a repository's next candidate at the head of its release branch.

    A candidate that is tagged at the head already is planned again, so that a second run finds
    every step done and a crashed one is taken to its end. For the same reason the plan does not
    depend on how far an earlier run came.
    """

    name = "tag-candidate"

    def __init__(self, backends: Backends, repository: Repository, tag: str | None = None) -> None:
        self._backends = backends
        self._repository = repository
        self._tag = tag

    def plan(self) -> Plan:
        """Read branch, ledger, checks and picks, and say what would be tagged."""
        answer = self._backends.git.read_branch(self._repository)
        branch = answer.value
        ledger = self._backends.ledger.read()
        tagging = self._choose(branch, ledger)
        blockers = [
            *_order_blockers(tagging, branch),
            *self._dud_version_blockers(ledger),
            *moved_blockers(self._backends, self._repository, branch, ledger),
            *version_blockers(self._backends, self._repository, branch),
            *check_blockers(self._backends, self._repository, tagging.commit.sha),
            *self._docker_pin_blockers(tagging.commit),
        ]
        still = unpicked(self._backends, self._repository, branch, ledger)
        blockers += still.trouble
        if answer.missing:
            blockers.append(f"the branch could not be read whole: {answer.missing}")
        warnings = [
            *self._freeze_warnings(ledger),
            *self._branch_warnings(branch, tagging),
            *still.waiting,
        ]
        return self._planned(tagging, still.section, tuple(blockers), tuple(warnings))

    def _planned(
        self,
        tagging: Tagging,
        still: Section,
        blockers: tuple[str, ...],
        warnings: tuple[str, ...],
    ) -> Plan:
        repository, sha = self._repository, tagging.commit.sha
        git, ledger = self._backends.git, self._backends.ledger
        lines = tuple(f"{short(c.sha)} {c.title}" for c in tagging.commits or ())
        return Plan(
            operation=self.name,
            subject=f"{repository.name} {tagging.tag}",
            sentence=f"Tag {tagging.tag} on {repository.name} at {short(sha)}"
            f" “{tagging.commit.title}”; its builds start at once.",
            danger=Danger.IRREVERSIBLE,
            target=tagging.tag,
            steps=(
                PushTag(git, repository, tagging.tag, sha),
                PinCandidate(git, ledger, repository, tagging.tag, sha),
            ),
            sections=(
                Section(f"{counted(len(lines), 'commit')} since {tagging.since}", lines),
                still,
            ),
            blockers=blockers,
            warnings=warnings,
        )

    def _choose(self, branch: BranchState, ledger: Ledger) -> Tagging:
        repository = self._repository
        if branch.head is None:
            raise CockpitError(
                f"{repository.name} has no {repository.release_branch}",
                "there is nothing to tag before the branch is cut",
                "cut the branch first",
            )
        candidates = branch.candidates(repository)
        alive = ledger.living(repository, candidates)
        expected = next_number(candidates, ledger.used_numbers(repository))
        name = self._name(branch.head, alive, expected)
        existing = next((c.tag for c in candidates if c.name == name), None)
        earlier = [c for c in alive if c.number < name.number]
        commit = _commit_to_tag(existing, branch, branch.head)
        return Tagging(
            name=name,
            tag=repository.naming.tag_of(name),
            commit=commit,
            existing=existing,
            previous=earlier[-1] if earlier else None,
            expected_number=expected,
            dud=(repository.name, repository.naming.tag_of(name)) in ledger.duds,
            commits=_commits_between(branch, commit, earlier[-1] if earlier else None),
        )

    def _name(self, head: Commit, alive: tuple[Candidate, ...], expected: int) -> CandidateName:
        """The candidate asked for, else the one at the head, else the next number."""
        repository = self._repository
        if self._tag is not None:
            name = repository.naming.candidate_of(self._tag)
            if name is None or name.version != repository.version:
                example = repository.naming.tag_of(CandidateName(repository.version, expected))
                raise ConfigError(
                    f"{self._tag!r} names no candidate of {repository.name} {repository.version}",
                    f"expected a tag such as {example}",
                    "leave it out to get the next number",
                )
            return name
        if alive and alive[-1].commit_sha == head.sha:
            return alive[-1].name
        return CandidateName(repository.version, expected)

    def _docker_pin_blockers(self, commit: Commit) -> list[str]:
        """The pin of the builder images must be the tree it stands for; process section 4.6."""
        pin = self._repository.docker_pin
        if pin is None:
            return []
        text = self._backends.git.read_file(self._repository, commit.sha, pin.file)
        pinned = pin.read(text or "")
        tree = self._backends.git.tree_id(self._repository, commit.sha, pin.folder)
        if pinned is None:
            return [f"{pin.file} holds no {pin.constant}"]
        if pinned != tree:
            return [f"{pin.constant} is {pinned[:10]}, but {pin.folder} is {(tree or 'gone')[:10]}"]
        return []

    def _dud_version_blockers(self, ledger: Ledger) -> list[str]:
        dead = ledger.dud_version(self._repository)
        return [f"{dead.name} was declared a dud {dead.describe()}"] if dead else []

    def _freeze_warnings(self, ledger: Ledger) -> list[str]:
        frozen = ledger.frozen(self._repository)
        return [f"{frozen.name} is frozen {frozen.describe()}"] if frozen else []

    def _branch_warnings(self, branch: BranchState, tagging: Tagging) -> list[str]:
        warnings = []
        if branch.orig_sha is None:
            warnings.append(f"{self._repository.orig_branch} does not exist")
        for commit in tagging.commits or ():
            if commit.kind is CommitKind.OTHER:
                warnings.append(f"{short(commit.sha)} names no pull request: {commit.title}")
        return warnings


def _order_blockers(tagging: Tagging, branch: BranchState) -> list[str]:
    """Number, history and content: each candidate follows the one before it."""
    blockers = []
    if tagging.dud:
        blockers.append(f"{tagging.tag} was declared a dud")
    if tagging.existing is None and tagging.name.number != tagging.expected_number:
        blockers.append(f"{tagging.tag} is out of order: rc{tagging.expected_number} comes next")
    if tagging.commits is None:
        blockers.append(f"{tagging.since} is not in the history of {branch.branch}")
    elif not tagging.commits:
        blockers.append(f"nothing came to {branch.branch} since {tagging.since}")
    return blockers


def _commit_to_tag(existing: Tag | None, branch: BranchState, head: Commit) -> Commit:
    """The commit an existing tag is on, else the head of the branch."""
    if existing is None or existing.commit_sha == head.sha:
        return head
    on_branch = next((c for c in branch.commits if c.sha == existing.commit_sha), None)
    if on_branch is None:
        raise Conflict(
            f"{existing.name} is not on {branch.branch}",
            f"it is at {existing.commit_sha}",
            "somebody tagged another commit: declare the candidate a dud",
        )
    return on_branch


def _commits_between(
    branch: BranchState, commit: Commit, previous: Candidate | None
) -> tuple[Commit, ...] | None:
    """Commits up to `commit` since the previous candidate, else since the cut."""
    shas = [c.sha for c in branch.commits]
    newest = shas.index(commit.sha) if commit.sha in shas else 0
    if previous is None or (branch.cut_point and previous.commit_sha == branch.cut_point.sha):
        return branch.commits[newest:]
    if previous.commit_sha not in shas:
        return None
    return branch.commits[newest : shas.index(previous.commit_sha)]
