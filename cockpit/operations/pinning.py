"""Pin candidates that somebody tagged without the cockpit: process section 5, trap R8."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.errors import CockpitError
from cockpit.operations.alarms import moved_blockers
from cockpit.operations.plan import Danger, Plan
from cockpit.operations.tag_steps import PinCandidate

if TYPE_CHECKING:
    from cockpit.provider import Backends


class PinCandidates:
    """Plans to pin every candidate of the release that is no dud, as the remotes list it now.

    Those that are pinned already are steps too, done from the start, so that the plan is the same
    however often it is made.
    """

    name = "pin-candidates"

    def __init__(self, backends: Backends) -> None:
        self._backends = backends

    def plan(self) -> Plan:
        """Read every repository's tags and the ledger."""
        git, ledger = self._backends.git, self._backends.ledger
        version = self._backends.config.version
        steps: list[PinCandidate] = []
        blockers: list[str] = []
        record = ledger.read()
        for repository in self._backends.config.repositories:
            if not repository.candidates:
                continue
            branch = git.read_branch(repository).value
            blockers += moved_blockers(self._backends, repository, branch, record)
            steps += [
                PinCandidate(git, ledger, repository, candidate.tag.name, candidate.commit_sha)
                for candidate in record.living(repository, branch.candidates(repository))
            ]
        if not steps:
            raise CockpitError(
                "There is nothing to pin",
                f"no candidate of {version} has been tagged",
                "release-cockpit plan tag-candidate",
            )
        return Plan(
            operation=self.name,
            subject=str(version),
            sentence=f"Pin every candidate of {version} in the ledger,"
            " so that a tag that is moved or deleted raises an alarm.",
            danger=Danger.REMOTE,
            target=str(version),
            steps=tuple(steps),
            blockers=tuple(blockers),
        )
