"""The two steps of tagging a candidate: push the tag, pin it in the ledger."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from cockpit.errors import Conflict
from cockpit.ledger.store import LedgerStore
from cockpit.operations.plan import Expectation, Probe, Progress, StepFacts, StepState
from cockpit.release.commits import short
from cockpit.release.record import CandidatePinned, Ledger
from cockpit.release.repos import Repository

if TYPE_CHECKING:
    from cockpit.backends.ports import GitPort


class PushTag:
    """Create a lightweight tag on a remote, as PyTorch tags its candidates; never move one."""

    def __init__(self, git: GitPort, repository: Repository, tag: str, commit: str) -> None:
        self._git = git
        self._repository = repository
        self._tag = tag
        self._commit = commit
        self.facts = StepFacts(
            key=f"push-tag/{repository.name}/{tag}/{commit}",
            summary=f"Push {tag} to {repository.name} at {short(commit)}",
            command=(
                f"git push --atomic --force-with-lease=refs/tags/{tag}: "
                f"{repository.remote} {commit}:refs/tags/{tag}"
            ),
            expects=(Expectation(f"refs/tags/{tag} on {repository.name}", "absent"),),
        )

    def probe(self) -> Probe:
        """Whether the remote lists the tag, and on this commit."""
        found = self._git.remote_tags(self._repository.remote, (self._tag,)).get(self._tag)
        if found is None:
            return Probe(StepState.TODO, f"{self._repository.name} has no {self._tag}")
        if found.commit_sha == self._commit:
            return Probe(StepState.DONE, f"{self._tag} is at {short(found.commit_sha)}")
        return Probe(
            StepState.CONFLICT,
            f"{self._tag} exists at {found.commit_sha}, not at {self._commit}",
        )

    def apply(self, report: Callable[[Progress], None], cancel: threading.Event) -> None:
        """Push it, on condition that the remote still has no such tag."""
        report(Progress(note="pushing"))
        self._git.create_ref(self._repository, f"refs/tags/{self._tag}", self._commit)

    def verify(self) -> Probe:
        """Ask the remote again."""
        return self.probe()


class PinCandidate:
    """Record a candidate's tag object and commit in the ledger, once and for all."""

    def __init__(
        self, git: GitPort, ledger: LedgerStore, repository: Repository, tag: str, commit: str
    ) -> None:
        self._git = git
        self._ledger = ledger
        self._repository = repository
        self._tag = tag
        self._commit = commit
        self.facts = StepFacts(
            key=f"pin/{repository.name}/{tag}/{commit}",
            summary=f"Pin {tag} of {repository.name} to {short(commit)} in the ledger",
            command=ledger.command(CandidatePinned(repository.name, tag, commit, commit)),
            expects=(Expectation(f"pin of {tag} in the ledger", "absent"),),
        )

    def probe(self) -> Probe:
        """Whether the ledger holds a pin, and of this commit."""
        return self._judged(self._ledger.read())

    def _judged(self, ledger: Ledger) -> Probe:
        pin = ledger.pin(self._repository, self._tag)
        if pin is None:
            return Probe(StepState.TODO, f"{self._tag} is not pinned yet")
        if pin.commit_sha == self._commit:
            return Probe(StepState.DONE, f"{self._tag} is pinned")
        return Probe(StepState.CONFLICT, f"{self._tag} is pinned to {pin.commit_sha} in the ledger")

    def apply(self, report: Callable[[Progress], None], cancel: threading.Event) -> None:
        """Pin what the remote lists, and only if it is the commit that was planned."""
        report(Progress(note="reading the tag back"))
        found = self._git.remote_tags(self._repository.remote, (self._tag,)).get(self._tag)
        if found is None or found.commit_sha != self._commit:
            raise Conflict(
                f"{self._tag} is not what was pushed",
                f"the remote says {found.commit_sha if found else 'there is no such tag'}",
                "somebody moved or deleted it: look at the ledger and at the repository",
            )
        pin = CandidatePinned(self._repository.name, self._tag, found.object_sha, found.commit_sha)

        def decide(ledger: Ledger) -> CandidatePinned:
            judged = self._judged(ledger)
            if judged.state is not StepState.TODO:
                raise Conflict(
                    f"{self._tag} was pinned meanwhile",
                    judged.detail,
                    "look at the ledger before going on",
                )
            return pin

        self._ledger.append_if(decide)

    def verify(self) -> Probe:
        """Read the ledger again."""
        return self.probe()
