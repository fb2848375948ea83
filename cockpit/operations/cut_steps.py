"""The step of a branch cut: push a repository's release branch and orig branch, both or none."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from cockpit.backends.text import mask
from cockpit.operations.cut_points import grew_from
from cockpit.operations.plan import Expectation, Probe, Progress, StepFacts, StepState
from cockpit.release.commits import short
from cockpit.release.repos import Repository

if TYPE_CHECKING:
    from cockpit.backends.ports import CommitRecipe, GitPort


def push_facts(repository: Repository, branches: Mapping[str, str]) -> StepFacts:
    """What the push of a repository's cut is, for branch → the commit it begins at."""
    commits = tuple(dict.fromkeys(branches.values()))
    refs = {f"refs/heads/{name}": sha for name, sha in branches.items()}
    leases = " ".join(f"--force-with-lease={ref}:" for ref in refs)
    specs = " ".join(f"{sha}:{ref}" for ref, sha in refs.items())
    at = " and ".join(map(short, commits))
    return StepFacts(
        key="/".join(("cut", repository.name, repository.release_branch, *commits)),
        summary=f"Push {' and '.join(branches)} of {repository.name} at {at}",
        command=f"git push --atomic {leases} {mask(repository.remote)} {specs}",
        expects=tuple(Expectation(f"{ref} on {repository.name}", "absent") for ref in refs),
    )


class PushCut:
    """Create the two branches of a cut in one atomic push; an existing one is never moved."""

    def __init__(
        self,
        git: GitPort,
        repository: Repository,
        branches: Mapping[str, str],
        recipe: CommitRecipe | None,
    ) -> None:
        """`branches` says where each begins; `recipe` makes that commit where it is new."""
        self._git = git
        self._repository = repository
        self._branches = dict(branches)
        self._recipe = recipe
        self.facts = push_facts(repository, self._branches)

    def probe(self) -> Probe:
        """Whether the remote has both branches, grown from where they begin here."""
        there = self._there()
        wrong = [
            f"{name} exists at {sha}, which does not come from {self._branches[name]}"
            for name, sha in there.items()
            if not self._is_right(name, sha)
        ]
        if wrong:
            return Probe(StepState.CONFLICT, "; ".join(wrong))
        absent = [name for name in self._branches if name not in there]
        if absent:
            return Probe(
                StepState.TODO, f"{self._repository.name} has no {' and no '.join(absent)}"
            )
        return Probe(StepState.DONE, f"{' and '.join(there)} are on {self._repository.name}")

    def apply(self, report: Callable[[Progress], None], cancel: threading.Event) -> None:
        """Push what is absent, on condition that it still is."""
        report(Progress(note="pushing"))
        there = self._there()
        absent = {name: sha for name, sha in self._branches.items() if name not in there}
        self._git.create_branches(self._repository, absent, self._recipe)

    def verify(self) -> Probe:
        """Ask the remote again."""
        return self.probe()

    def _there(self) -> dict[str, str]:
        found = self._git.branches(self._repository.remote, tuple(self._branches))
        return {name: found[name] for name in self._branches if name in found}

    def _is_right(self, name: str, sha: str) -> bool:
        """The orig branch stays where it begins; the release branch goes on from there."""
        begins = self._branches[name]
        if sha == begins:
            return True
        if name != self._repository.release_branch:
            return False
        state = self._git.read_branch(self._repository).value
        return grew_from(self._git, self._repository, state, begins)
