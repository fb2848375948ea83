"""What anything that goes out rests on: a candidate that is pinned and unmoved, and signatures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.errors import CockpitError
from cockpit.operations.alarms import moved_blockers
from cockpit.operations.process_in_use import process_of
from cockpit.operations.signed_state import signed_state
from cockpit.release.branches import Branches, BranchState
from cockpit.release.candidates import Candidate
from cockpit.release.checklist import judged
from cockpit.release.gates_promotion import PROMOTE
from cockpit.release.record import Ledger
from cockpit.release.repos import Repository

if TYPE_CHECKING:
    from cockpit.provider import Backends


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

    def no_go(self) -> list[str]:
        """Why the bytes of the core's candidate must not go out yet, to any place."""
        return [*self.unpinned(self._backends.config.core), *self.unsigned()]

    def unsigned(self) -> list[str]:
        """What the process wants before promotion, and is not settled for this candidate."""
        core, config = self._backends.config.core, self._backends.config
        if self.branch(core) is None:
            return []  # `unpinned` says that it could not be read
        branches = Branches(tuple(self._branches.values()))
        state = signed_state(self._backends, branches, self.ledger)
        process = process_of(config)
        wanted = {
            need for item in process.items if item.operation == PROMOTE for need in item.needs
        }
        # Gates judge what is no signature; of them the plan looks for itself. So an item is taken
        # by itself, too: what it waits for cannot be told from branches and the ledger alone.
        signed = (process.by_id[need] for need in sorted(wanted))
        found = (judged(it, process.role_of(it), state) for it in signed if it.gate is None)
        return [
            f"“{each.item.title}” is not settled: {each.words}"
            for each in found
            if not each.progress.settled
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
