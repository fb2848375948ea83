"""Tag the next candidate: process section 5."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from cockpit.errors import CockpitError, ConfigError, Conflict
from cockpit.operations.plan import Danger, Plan, Section
from cockpit.operations.tag_steps import PinCandidate, PushTag
from cockpit.release.branches import BranchState
from cockpit.release.candidates import Candidate, Tag, moved_tags, next_number
from cockpit.release.commits import Commit, CommitKind, short
from cockpit.release.jobs import JobState
from cockpit.release.picks import PickState, queue
from cockpit.release.record import Ledger
from cockpit.release.repos import Repository
from cockpit.release.versions import CandidateName
from cockpit.release.words import counted

if TYPE_CHECKING:
    from cockpit.backends.provider import Backends


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
            *(
                moved.describe()
                for moved in moved_tags(ledger.pins, {branch.repository: branch.tags})
            ),
            *self._version_blockers(branch),
            *self._check_blockers(tagging.commit),
            *self._docker_pin_blockers(tagging.commit),
        ]
        waiting, trouble = self._waiting_picks(branch, ledger)
        blockers += trouble
        if answer.missing:
            blockers.append(f"the branch could not be read whole: {answer.missing}")
        warnings = [*self._branch_warnings(branch, tagging), *waiting]
        return self._planned(tagging, tuple(blockers), tuple(warnings))

    def _planned(
        self, tagging: Tagging, blockers: tuple[str, ...], warnings: tuple[str, ...]
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
            sections=(Section(f"{counted(len(lines), 'commit')} since {tagging.since}", lines),),
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
        duds = frozenset(name for repo, name in ledger.duds if repo == repository.name)
        alive = [candidate for candidate in candidates if candidate.tag.name not in duds]
        expected = next_number(candidates, self._burnt(ledger, duds))
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
            dud=repository.naming.tag_of(name) in duds,
            commits=_commits_between(branch, commit, earlier[-1] if earlier else None),
        )

    def _name(self, head: Commit, alive: list[Candidate], expected: int) -> CandidateName:
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

    def _burnt(self, ledger: Ledger, duds: frozenset[str]) -> frozenset[int]:
        """Numbers that were used once: duds, and pins whose tag may have been deleted."""
        pinned = {pin.tag for pin in ledger.pins if pin.repository == self._repository.name}
        names = (self._repository.naming.candidate_of(tag) for tag in pinned | duds)
        return frozenset(
            name.number for name in names if name and name.version == self._repository.version
        )

    def _version_blockers(self, branch: BranchState) -> list[str]:
        repository = self._repository
        if not repository.version_file or branch.version_text == str(repository.version):
            return []
        found = branch.version_text or "nothing"
        return [f"{repository.version_file} says {found}, not {repository.version}"]

    def _check_blockers(self, commit: Commit) -> list[str]:
        """The blocking workflows of the commit; what cannot be read blocks."""
        if not self._repository.blocking_workflows:
            return []
        try:
            answer = self._backends.github.branch_health(self._repository, commit.sha)
        except CockpitError as err:
            return [f"the checks of {short(commit.sha)} could not be read: {err.title}"]
        blockers = [
            f"{workflow}: {state.value} on {short(commit.sha)}"
            for workflow, state in sorted(answer.value.workflows.items())
            if state is not JobState.PASSED
        ]
        if answer.missing:
            blockers.append(f"the checks could not be read whole: {answer.missing}")
        return blockers

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

    def _waiting_picks(self, branch: BranchState, ledger: Ledger) -> tuple[list[str], list[str]]:
        """Approved picks that are not on the branch yet, and why the queue cannot be trusted.

        A pick that waits does not make this candidate wrong, only another one necessary, so it
        warns; a queue that cannot be read blocks.
        """
        config = self._backends.config
        if self._repository != config.core:
            return [], []
        try:
            answer = self._backends.github.picks(
                config.core, config.version, config.settings.github.tracker_label, config.team
            )
        except CockpitError as err:
            return [], [f"the cherry-pick queue could not be read: {err.title}"]
        waiting = [
            f"#{pick.release_pull or pick.trunk_pull} is approved but not merged: {pick.title}"
            for pick in queue(answer.value, branch, config.core, ledger.decisions)
            if pick.state is PickState.APPROVED
        ]
        if answer.missing:
            return waiting, [f"the cherry-pick queue could not be read whole: {answer.missing}"]
        return waiting, []

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
