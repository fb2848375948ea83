"""Declare a candidate, or a whole version, a dud: process section 5, trap R8."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.errors import ConfigError
from cockpit.operations.declaring import RecordOnce, reason_of
from cockpit.operations.plan import (
    Danger,
    Expectation,
    Plan,
    Probe,
    Section,
    StepFacts,
    StepState,
)
from cockpit.release.branches import BranchState
from cockpit.release.candidates import next_number
from cockpit.release.record import Dud, Ledger
from cockpit.release.repos import Repository
from cockpit.release.versions import CandidateName, Version

if TYPE_CHECKING:
    from cockpit.ledger.store import LedgerStore
    from cockpit.provider import Backends


def record_dud(ledger: LedgerStore, repository: Repository, event: Dud) -> RecordOnce:
    """The step that records that a candidate or a version is dead; nothing takes it back."""
    name = event.name
    facts = StepFacts(
        key=f"dud/{repository.name}/{name}",
        summary=f"Declare {name} of {repository.name} a dud in the ledger: {event.reason}",
        command=ledger.command(event),
        expects=(Expectation(f"{name} of {repository.name}", "not declared a dud"),),
    )

    def judge(record: Ledger) -> Probe:
        declared = record.dud(repository, name)
        if declared is None:
            return Probe(StepState.TODO, f"{name} is not declared a dud")
        return Probe(StepState.DONE, f"{name} was declared a dud {declared.describe()}")

    return RecordOnce(ledger, event, facts, judge)


class MarkDud:
    """Plans to declare one candidate, or the repository's whole version, a dud.

    The tag stays where it is; numbering, comparisons and gates go on without it. What the plan
    says is said as if the declaration had been made, so that it is the same before and after.
    """

    name = "mark-dud"

    def __init__(
        self, backends: Backends, repository: Repository, subject: str, reason: str
    ) -> None:
        self._backends = backends
        self._repository = repository
        self._subject = _checked(repository, subject)
        self._reason = reason_of(reason, "a dud")

    def plan(self) -> Plan:
        """Read the tags and the ledger, and say what follows."""
        repository, subject = self._repository, self._subject
        answer = self._backends.git.read_branch(repository)
        ledger = self._backends.ledger.read()
        candidate = repository.naming.candidate_of(subject)
        blockers: list[str] = []
        if candidate is None:
            lines = _after_version(repository)
            warnings = _released(repository, answer.value, None)
        else:
            lines = self._after_candidate(answer.value, ledger, candidate)
            blockers, warnings = self._doubts(answer.value, ledger, candidate)
        event = Dud(repository.name, subject, self._reason)
        return Plan(
            operation=self.name,
            subject=f"{repository.name} {subject}",
            sentence=f"Declare {subject} of {repository.name} a dud: {self._reason}",
            danger=Danger.REMOTE,
            target=subject,
            steps=(record_dud(self._backends.ledger, repository, event),),
            sections=(Section("What follows", lines),),
            blockers=tuple(blockers),
            warnings=tuple(warnings),
        )

    def _after_candidate(
        self, branch: BranchState, ledger: Ledger, dead: CandidateName
    ) -> tuple[str, ...]:
        repository = self._repository
        used = ledger.used_numbers(repository) | {dead.number}
        number = next_number(branch.candidates(repository), used)
        following = repository.naming.tag_of(CandidateName(repository.version, number))
        alive = [
            found.tag.name
            for found in ledger.living(repository, branch.candidates(repository))
            if found.name != dead
        ]
        newest = f"{alive[-1]} is the newest candidate" if alive else "no candidate is left"
        return (
            f"its tag stays where it is, and rc{dead.number} is never used again",
            newest,
            f"the next one to be tagged is {following}",
        )

    def _doubts(
        self, branch: BranchState, ledger: Ledger, dead: CandidateName
    ) -> tuple[list[str], list[str]]:
        """Why it may be a slip: blockers, then warnings."""
        repository, subject = self._repository, self._subject
        tag = branch.tag(subject)
        if tag is not None:
            return [], _released(repository, branch, tag.commit_sha)
        used = ledger.used_numbers(repository) - {dead.number}
        if dead.number > next_number(branch.candidates(repository), used):
            return [f"{subject} was never tagged, and numbers below it are still free"], []
        return [], [f"{repository.name} has no {subject}: its number is given up"]


def _checked(repository: Repository, subject: str) -> str:
    """A candidate's tag, or the version in figures; raises ConfigError for anything else."""
    naming, version = repository.naming, repository.version
    candidate = naming.candidate_of(subject)
    if candidate is not None and candidate.version == version:
        return subject
    if subject in (str(version), repository.final_tag):
        return str(version)
    example = naming.tag_of(CandidateName(version, 1))
    raise ConfigError(
        f"{subject!r} names neither a candidate nor the version of {repository.name}",
        f"expected a tag such as {example}, or {version}",
        "--repository names another repository than the core",
    )


def _after_version(repository: Repository) -> tuple[str, ...]:
    version = repository.version
    following = Version(version.major, version.minor, version.patch + 1)
    return (
        f"no candidate of {version} counts any more, and no further one can be tagged",
        f"{repository.final_tag} cannot be tagged",
        f"the next version is {following}; it needs a release.toml of its own",
    )


def _released(repository: Repository, branch: BranchState, commit_sha: str | None) -> list[str]:
    """A warning when the final tag is there, and on this commit where one is given."""
    final = branch.tag(repository.final_tag)
    if final is None or commit_sha not in (None, final.commit_sha):
        return []
    return [f"{final.name} is tagged already: what was published stays published"]
