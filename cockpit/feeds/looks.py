"""What each feed looks at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from cockpit.backends.ports import Answer
from cockpit.backends.tag_changes import with_changes
from cockpit.errors import CockpitError, Throttled, Unreachable
from cockpit.feeds.attempting import attempt_all
from cockpit.feeds.channels import ChannelLook
from cockpit.feeds.picking import PickingLook
from cockpit.feeds.preparing import PreparationLook, SubmodulesLook
from cockpit.feeds.promotions import PromotionLook
from cockpit.feeds.publishing import look_at_publishing
from cockpit.feeds.readying import (
    look_at_confirmations,
    look_at_credentials,
    look_at_dependencies,
)
from cockpit.feeds.validating import look_at_docs, look_at_validations
from cockpit.release.artifacts import Artifacts
from cockpit.release.branches import Branches, BranchState
from cockpit.release.candidates import Candidate, MovedTag, moved_tags
from cockpit.release.docs import DocsEntry
from cockpit.release.forecast import PredictionReading
from cockpit.release.jobs import (
    BranchHealth,
    CandidateBuilds,
    Checks,
    ContinuousIntegration,
    EarlierBuilds,
    LibraryBuilds,
)
from cockpit.release.milestones import Milestone
from cockpit.release.mirror import Mirror, mirror_title
from cockpit.release.picks import PickReading
from cockpit.release.preparation import Preparation
from cockpit.release.promotion import Promotion
from cockpit.release.publishing_facts import Publishing
from cockpit.release.readiness import Confirmations, Credentials, Dependency
from cockpit.release.record import Ledger
from cockpit.release.repos import Repository, Role
from cockpit.release.state import ReleaseState
from cockpit.release.submodules import Submodules
from cockpit.release.trunk import TrunkReading
from cockpit.release.validations import Validations
from cockpit.threads import spread

if TYPE_CHECKING:
    from cockpit.provider import Backends

T = TypeVar("T")
_EARLIER_CANDIDATES = 3
"""How many candidates back durations are compared with; GitHub keeps jobs for ninety days."""


class Looks:
    """The looks of one release, over the backends it is configured with."""

    def __init__(self, backends: Backends) -> None:
        self._backends = backends
        self._config = backends.config
        self._preparation = PreparationLook(backends)
        self._submodules = SubmodulesLook(backends)
        self.channels = ChannelLook(backends)
        self.places = PromotionLook(backends)
        self._picking = PickingLook(backends)

    def prepare(self) -> None:
        """Have GitHub's library loaded while git is still waited for."""
        spread([lambda: self._backends.github.prepare()], threads=1)

    def branches(self, state: ReleaseState) -> Answer[Branches]:
        """Every repository's release branch; one that cannot be read does not hide the others."""
        states: list[BranchState] = []
        problems: dict[str, str] = {}
        missing: list[str] = []
        last: CockpitError | None = None
        for repository, found in self._each(self._config.repositories, self._branch):
            if isinstance(found, CockpitError):
                problems[repository.name] = str(found)
                missing.append(f"{repository.name}: {found.title}")
                last = found
            else:
                states.append(found.value)
                if found.missing:
                    missing.append(f"{repository.name}: {found.missing}")
        if last is not None and not states:
            raise last
        branches = Branches(tuple(states), problems, self._moved(state, states))
        return Answer(branches, "git", "; ".join(missing))

    def ci(self, state: ReleaseState) -> Answer[ContinuousIntegration]:
        """The blocking workflows of every release branch's head."""
        branches = _needed(state.branches.value)
        watched = [
            repository
            for repository in self._config.repositories
            if repository.blocking_workflows and (found := branches.of(repository)) and found.head
        ]

        def look(repository: Repository) -> Answer[BranchHealth]:
            found = branches.of(repository)
            head = found.head.sha if found and found.head else ""
            return self._backends.github.branch_health(repository, head)

        heads: list[BranchHealth] = []
        missing: list[str] = []
        for repository, answer in self._each(watched, look):
            if isinstance(answer, CockpitError):
                raise answer
            heads.append(answer.value)
            if answer.missing:
                missing.append(f"{repository.name}: {answer.missing}")
        return Answer(
            ContinuousIntegration(tuple(heads)),
            self._config.settings.github.api,
            "; ".join(missing),
        )

    def builds(self, state: ReleaseState) -> Answer[CandidateBuilds]:
        """The jobs of the newest candidate."""
        _needed(state.branches.value)
        if state.candidate is None:
            return Answer(CandidateBuilds(), "git")
        return self._backends.github.candidate_builds(self._config.core, state.candidate)

    def candidate(
        self, repository: Repository, candidate: Candidate, _: ReleaseState
    ) -> Answer[CandidateBuilds]:
        """The jobs of one candidate."""
        return self._backends.github.candidate_builds(repository, candidate)

    def libraries(self, state: ReleaseState) -> Answer[LibraryBuilds]:
        """The jobs of the newest candidate of every library."""
        _needed(state.branches.value)
        tagged = {
            repository.name: candidate
            for repository in self._config.repositories
            if repository.role is Role.DOMAIN and (candidate := state.candidate_of(repository))
        }
        libraries = [repo for repo in self._config.repositories if repo.name in tagged]

        def look(repository: Repository) -> Answer[CandidateBuilds]:
            return self._backends.github.candidate_builds(repository, tagged[repository.name])

        found: list[CandidateBuilds] = []
        problems: dict[str, str] = {}
        missing: list[str] = []
        for repository, answer in self._each(libraries, look):
            if isinstance(answer, CockpitError):
                problems[repository.name] = str(answer)
                missing.append(f"{repository.name}: {answer.title}")
                if isinstance(answer, Throttled):
                    raise answer
            else:
                found.append(answer.value)
                if answer.missing:
                    missing.append(f"{repository.name}: {answer.missing}")
        api = self._config.settings.github.api
        return Answer(LibraryBuilds(tuple(found), problems), api, "; ".join(missing))

    def earlier(self, state: ReleaseState) -> Answer[EarlierBuilds]:
        """The jobs of the candidates of the core before the newest one."""
        _needed(state.branches.value)
        before = state.candidates_of(self._config.core)[:-1][-_EARLIER_CANDIDATES:]
        answers = [
            self._backends.github.candidate_builds(self._config.core, candidate)
            for candidate in reversed(before)
        ]
        missing = dict.fromkeys(answer.missing for answer in answers if answer.missing)
        return Answer(
            EarlierBuilds(tuple(answer.value for answer in answers)),
            self._config.settings.github.api,
            "; ".join(missing),
        )

    def checks(self, state: ReleaseState) -> Answer[Checks]:
        """What others than Actions say of the candidate's commit."""
        _needed(state.branches.value)
        if state.candidate is None:
            return Answer(Checks(), "git")
        return self._backends.github.foreign_checks(self._config.core, state.candidate.commit_sha)

    def picks(self, state: ReleaseState) -> Answer[PickReading]:
        """The tracker and the pull requests into the core's release branch; none before the cut."""
        if self._is_uncut(state):
            return Answer(PickReading(), "git")
        return self._backends.github.picks(
            self._config.core,
            self._config.version,
            self._config.settings.github.tracker_label,
            self._config.team,
        )

    def _is_uncut(self, state: ReleaseState) -> bool:
        """Whether the newest look at the branches found that the core has no release branch."""
        branches = state.branches
        if branches.value is None or branches.failure is not None:
            return False
        branch = branches.value.of(self._config.core)
        return branch is not None and branch.head is None

    def trunk(self, state: ReleaseState) -> Answer[TrunkReading]:
        """What trunk and the core's release branch have of each other's changes."""
        return self._picking.trunk(state)

    def predictions(self, state: ReleaseState) -> Answer[PredictionReading]:
        """What the open picks of the queue would come to on the branch."""
        return self._picking.predictions(state)

    def milestone(self, _: ReleaseState) -> Answer[Milestone]:
        """The release's milestone."""
        return self._backends.github.milestone(self._config.core, self._config.milestone)

    def artifacts(self, _: ReleaseState) -> Answer[Artifacts]:
        """The files of every package of the release in the test and stable channels."""
        return self.channels.look()

    def publishing(self, _: ReleaseState) -> Answer[Publishing]:
        """What is staged for the package index, and published there."""
        return look_at_publishing(self._backends)

    def promotion(self, state: ReleaseState) -> Answer[Promotion]:
        """How far every package is in the stable channel, on its mirrors and in their indexes."""
        return self.places.look(state)

    def docs(self, _: ReleaseState) -> Answer[DocsEntry]:
        """The published documentation of this release."""
        return look_at_docs(self._backends)

    def validations(self, state: ReleaseState) -> Answer[Validations]:
        """The runs that validate the test channel's binaries."""
        return look_at_validations(self._backends, state)

    def mirror(self, _: ReleaseState) -> Answer[Mirror]:
        """The tracking issue, with the boxes that people ticked in it."""
        config = self._config
        answer = self._backends.github.titled_issue(
            config.core, mirror_title(config.version), config.settings.github.checklist_label
        )
        return Answer(Mirror(answer.value), answer.source, answer.missing)

    def preparation(self, state: ReleaseState) -> Answer[Preparation]:
        """What the cut of the core rests on; nothing once it has been cut."""
        return self._preparation.look(_needed(state.branches.value))

    def submodules(self, state: ReleaseState) -> Answer[Submodules]:
        """The submodules of every release branch."""
        return self._submodules.look(_needed(state.branches.value))

    def confirmations(self, state: ReleaseState) -> Answer[Confirmations]:
        """Who said of the milestone's closed items that they work in the candidate."""
        _needed(state.branches.value)
        return look_at_confirmations(self._backends, state)

    def dependencies(self, state: ReleaseState) -> Answer[Dependency]:
        """What the package index has of what the release depends on."""
        _needed(state.branches.value)
        return look_at_dependencies(self._backends, state)

    def credentials(self, _: ReleaseState) -> Answer[Credentials]:
        """How long the credentials of whoever flies live."""
        return look_at_credentials(self._backends)

    def ledger(self, state: ReleaseState) -> Answer[Ledger]:
        """The shared record."""
        self._backends.recognise()
        ledger = self._backends.ledger.read(state.ledger.value)
        return Answer(ledger, f"{self._config.ledger_remote} {self._config.ledger_ref}")

    def _moved(self, state: ReleaseState, branches: Sequence[BranchState]) -> tuple[MovedTag, ...]:
        """Pinned tags that have moved, with who did it; GitHub is asked only when there are any."""
        found: list[MovedTag] = []
        for branch in branches:
            moved = moved_tags(state.record.watched_pins, {branch.repository: branch.tags})
            repository = self._config.repository(branch.repository)
            if moved and repository is not None:
                found += with_changes(self._backends.github, repository, moved)
        return tuple(found)

    def _branch(self, repository: Repository) -> Answer[BranchState]:
        return self._backends.git.read_branch(repository)

    @staticmethod
    def _each(
        repositories: Sequence[Repository], look: Callable[[Repository], Answer[T]]
    ) -> list[tuple[Repository, Answer[T] | CockpitError]]:
        """Look at several repositories at the same time."""
        answers = attempt_all([partial(look, repository) for repository in repositories])
        return list(zip(repositories, answers, strict=True))


def _needed(branches: Branches | None) -> Branches:
    if branches is None:
        raise Unreachable(
            "The branches have not been read",
            "the builds and checks of a branch are found by its head",
            "r looks again",
        )
    return branches
