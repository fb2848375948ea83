"""Why files may not be promoted: what has to be signed, pinned and inside of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from cockpit.errors import CockpitError
from cockpit.operations.alarms import moved_blockers
from cockpit.operations.process_in_use import process_of
from cockpit.release.artifacts import Contents
from cockpit.release.branches import Branches, BranchState
from cockpit.release.candidates import Candidate
from cockpit.release.checklist import item_states
from cockpit.release.commits import short
from cockpit.release.promotion import SIDECAR, Piece, Promoted
from cockpit.release.readiness import CredentialLife
from cockpit.release.record import Ledger
from cockpit.release.repos import Repository
from cockpit.release.state import FeedState, Reading, ReleaseState
from cockpit.release.words import counted, few

if TYPE_CHECKING:
    from cockpit.backends.provider import Backends

PROMOTE = "promote"


class Grounds:
    """What the git remotes and the ledger say of the candidates, read once for a plan."""

    def __init__(self, backends: Backends) -> None:
        self._backends = backends
        self.ledger: Ledger = backends.ledger.read()
        self._branches: dict[str, BranchState] = {}
        self._unread: dict[str, str] = {}

    def branch(self, repository: Repository) -> BranchState | None:
        """A repository's branch and tags; None where they could not be read whole."""
        if repository.name not in self._branches and repository.name not in self._unread:
            try:
                answer = self._backends.git.read_branch(repository)
            except CockpitError as err:
                self._unread[repository.name] = str(err)
            else:
                self._branches[repository.name] = answer.value
                if answer.missing:
                    self._unread[repository.name] = answer.missing
        return None if repository.name in self._unread else self._branches[repository.name]

    def candidate(self, repository: Repository) -> Candidate | None:
        """The newest candidate of a repository that is no dud."""
        branch = self.branch(repository)
        found = branch.candidates(repository) if branch else ()
        alive = self.ledger.living(repository, found)
        return alive[-1] if alive else None

    def unsigned(self) -> list[str]:
        """What the process wants before promotion, and is not settled for this candidate."""
        core, config = self._backends.config.core, self._backends.config
        if self.branch(core) is None:
            return []  # `unpinned` says that it could not be read
        now = self._backends.clock.now()
        state = ReleaseState(
            spec=config.spec,
            now=now,
            wall=now,
            me=self._backends.me,
            branches=FeedState(Reading(Branches(tuple(self._branches.values())), now, "git")),
            ledger=FeedState(Reading(self.ledger, now, "ledger")),
        )
        process = process_of(config)
        states = {found.item.id: found for found in item_states(process, state)}
        wanted = {
            need for item in process.items if item.operation == PROMOTE for need in item.needs
        }
        return [
            f"“{states[need].item.title}” is not settled: {states[need].words}"
            for need in sorted(wanted)
            # Gates judge what is no signature; of them the plan looks for itself.
            if states[need].item.gate is None and not states[need].progress.settled
        ]

    def unpinned(self, repository: Repository) -> list[str]:
        """Why nothing says which commit a repository's files have to be built from."""
        branch = self.branch(repository)
        if branch is None:
            return [f"{repository.name} could not be read: {self._unread[repository.name]}"]
        blockers = moved_blockers(self._backends, repository, branch, self.ledger)
        candidate = self.candidate(repository)
        if candidate is None:
            return [*blockers, f"{repository.name} has no candidate of {repository.version}"]
        tag = candidate.tag.name
        if (declared := self.ledger.dud_version(repository)) is not None:
            blockers.append(f"{declared.name} was declared a dud {declared.describe()}")
        pin = self.ledger.pin(repository, tag)
        if pin is None:
            blockers.append(
                f"{tag} of {repository.name} is not pinned: release-cockpit do pin-candidates"
            )
        elif pin.commit_sha != candidate.commit_sha:
            blockers.append(f"{tag} of {repository.name} is not where it was pinned")
        return blockers


def foreign(
    promoted: Promoted,
    candidate: Candidate | None,
    pieces: Iterable[Piece],
    contents: Mapping[str, Contents | CockpitError],
) -> list[str]:
    """Files that are not proven to be built from the candidate's commit."""
    if candidate is None:
        return []
    others, silent, unread = [], [], []
    for piece in pieces:
        if piece.source.key.endswith(SIDECAR):
            continue
        found = contents[piece.source.key]
        if isinstance(found, CockpitError):
            unread.append(f"{piece.source.name} ({found})")
        elif found.problem:
            unread.append(f"{piece.source.name} ({found.problem})")
        elif not found.git_version:
            silent.append(piece.source.name)
        elif found.git_version != candidate.commit_sha:
            others.append(f"{piece.source.name} at {short(found.git_version)}")
    at = f"{candidate.tag.name} at {short(candidate.commit_sha)}"
    return [
        f"{counted(len(names), 'file')} of {promoted.release} {words}: {few(names)}"
        for names, words in (
            (others, f"not built from {at}"),
            (silent, "naming no commit they were built from"),
            (unread, "that could not be looked into"),
        )
        if names
    ]


def life_warnings(life: CredentialLife, where: str, seconds: float, now: datetime) -> list[str]:
    """Why a credential may end before the work does."""
    needed = duration_words(seconds)
    if life.ends_at is not None:
        left = (life.ends_at - now).total_seconds()
        if left < seconds:
            return [
                f"the credential for {where} is good for {duration_words(max(left, 0))}, and this"
                f" takes about {needed}: log in first, or it pauses until you do"
            ]
        return []
    if life.unknown:
        return [f"the credential for {where}: {life.unknown}; this takes about {needed}"]
    return []


def duration_words(seconds: float) -> str:
    """A length of time that was estimated, so roughly."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
