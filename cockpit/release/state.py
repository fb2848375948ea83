"""Everything that is known of the release at one moment, with its age."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cached_property
from typing import Generic, TypeVar

import msgspec

from cockpit.release.artifacts import ArtifactRules, Artifacts
from cockpit.release.branches import Branches
from cockpit.release.candidates import Candidate, MovedTag, moved_tags
from cockpit.release.docs import DocsEntry, DocsSource
from cockpit.release.forecast import PredictionReading
from cockpit.release.index_rules import IndexRules
from cockpit.release.jobs import (
    CandidateBuilds,
    Checks,
    ContinuousIntegration,
    EarlierBuilds,
    LibraryBuilds,
)
from cockpit.release.meetings import Meetings
from cockpit.release.milestones import Milestone
from cockpit.release.mirror import Mirror
from cockpit.release.people import Team
from cockpit.release.pick_rows import QueueFacts, queue
from cockpit.release.picks import Pick, PickReading
from cockpit.release.preparation import Preparation
from cockpit.release.promotion import Promotion
from cockpit.release.publishing_facts import Publishing
from cockpit.release.readiness import Confirmations, Credentials, Dependency
from cockpit.release.record import Ledger
from cockpit.release.remembered import remembered
from cockpit.release.repos import Repository, Role
from cockpit.release.schedule import Schedule
from cockpit.release.submodules import Submodules
from cockpit.release.support import SupportMatrix
from cockpit.release.triton import TritonSource
from cockpit.release.trunk import TrunkReading
from cockpit.release.validations import ValidationRules, Validations
from cockpit.release.versions import Version
from cockpit.release.workflows import WorkflowSpec

T = TypeVar("T")
_CLOCK_JITTER = timedelta(minutes=1)


class Reading(msgspec.Struct, Generic[T], frozen=True):
    """What one look at a backend found."""

    value: T
    taken_at: datetime
    source: str
    missing: str = ""
    """Why it is not the whole answer; whatever follows from an incomplete reading is unknown."""

    @property
    def complete(self) -> bool:
        """Whether nothing is known to be missing."""
        return not self.missing


class Failure(msgspec.Struct, frozen=True):
    """Why the newest look failed."""

    title: str
    detail: str
    hint: str
    at: datetime
    retry_at: datetime | None = None

    def __str__(self) -> str:
        return f"{self.title}: {self.detail}" if self.detail else self.title


class FeedState(msgspec.Struct, Generic[T], frozen=True):
    """A feed as panes see it: the last good reading survives a failure."""

    reading: Reading[T] | None = None
    failure: Failure | None = None
    refreshing: bool = False
    interval: timedelta = timedelta()
    """The time between two looks at the moment; zero where they are only taken by hand."""
    slowed: bool = False
    """Whether that is more than the config asks for: nothing changes, or the quota shrinks."""
    next_look: datetime | None = None
    """When the next look is due, on the machine's clock."""

    @property
    def value(self) -> T | None:
        """The last good value."""
        return self.reading.value if self.reading else None

    @property
    def whole(self) -> T | None:
        """The value, if nothing is missing from it and the newest look succeeded."""
        if self.reading and self.reading.complete and self.failure is None:
            return self.reading.value
        return None

    def age(self, now: datetime) -> timedelta | None:
        """Time since the last good reading; never negative, whatever a clock was set to."""
        return max(now - self.reading.taken_at, timedelta()) if self.reading else None

    def stale(self, now: datetime) -> bool:
        """Whether the reading is past twice its interval; never, where it is only taken by hand.

        One from the future was taken by a clock that was wrong, so nobody knows its age.
        """
        if self.reading is None or not self.interval:
            return False
        age = now - self.reading.taken_at
        return age > 2 * self.interval or age < -_CLOCK_JITTER


class ReleaseSpec(msgspec.Struct, frozen=True, dict=True):
    """What the config says of the release."""

    project: str
    version: Version
    repositories: tuple[Repository, ...]
    team: Team
    schedule: Schedule
    support: SupportMatrix
    milestone: str
    web: str = "https://github.com"
    """Where the repositories have their pages."""
    hud: str = ""
    """The address of a ref's builds for people, with `{repository}` and `{ref}`."""
    cut_labels: tuple[str, ...] = ()
    """Labels of open issues in the milestone that hold up the cut; none stands for any."""
    triton: TritonSource | None = None
    artifacts: ArtifactRules = ArtifactRules()
    docs: DocsSource | None = None
    validation: ValidationRules = ValidationRules()
    runs: Mapping[str, ValidationRules] = msgspec.field(default_factory=dict)
    """What validates something else than the binaries, by the gate that judges it."""
    final_workflows: tuple[str, ...] = ()
    """The workflows that the final tag has to start, as patterns of their names."""
    index: str = ""
    """The simple pages of the package index; empty where nothing is looked for there."""
    credential_hours: float = 4
    """How long a credential has to live when something irreversible begins."""
    meetings: Meetings = Meetings()
    workflows: tuple[WorkflowSpec, ...] = ()
    """What may be started by hand."""
    index_rules: IndexRules = IndexRules()
    """Which wheels go to the package index."""

    @cached_property
    def core(self) -> Repository:
        """The repository whose candidates are the release's candidates."""
        return next(repo for repo in self.repositories if repo.role is Role.CORE)


class ReleaseState(msgspec.Struct, frozen=True, dict=True):
    """The newest readings of all feeds; gates, board and panes are pure functions of it."""

    spec: ReleaseSpec
    now: datetime
    """The release's time, for dates and durations."""
    wall: datetime
    """The machine's time, for the age of readings."""
    me: str = ""
    """The e-mail address of whoever flies this cockpit; empty while git has not been asked."""
    branches: FeedState[Branches] = FeedState()
    ci: FeedState[ContinuousIntegration] = FeedState()
    builds: FeedState[CandidateBuilds] = FeedState()
    libraries: FeedState[LibraryBuilds] = FeedState()
    earlier: FeedState[EarlierBuilds] = FeedState()
    checks: FeedState[Checks] = FeedState()
    picks: FeedState[PickReading] = FeedState()
    trunk: FeedState[TrunkReading] = FeedState()
    predictions: FeedState[PredictionReading] = FeedState()
    milestone: FeedState[Milestone] = FeedState()
    artifacts: FeedState[Artifacts] = FeedState()
    publishing: FeedState[Publishing] = FeedState()
    promotion: FeedState[Promotion] = FeedState()
    docs: FeedState[DocsEntry] = FeedState()
    validations: FeedState[Validations] = FeedState()
    ledger: FeedState[Ledger] = FeedState()
    mirror: FeedState[Mirror] = FeedState()
    preparation: FeedState[Preparation] = FeedState()
    submodules: FeedState[Submodules] = FeedState()
    confirmations: FeedState[Confirmations] = FeedState()
    dependencies: FeedState[Dependency] = FeedState()
    credentials: FeedState[Credentials] = FeedState()

    @cached_property
    def record(self) -> Ledger:
        """The ledger, empty while it has not been read."""
        return self.ledger.value or Ledger()

    @cached_property
    def candidate(self) -> Candidate | None:
        """The newest candidate of the core repository that is no dud."""
        return self.candidate_of(self.spec.core)

    def candidate_of(self, repository: Repository) -> Candidate | None:
        """The newest candidate of a repository that was not declared a dud."""
        alive = self.candidates_of(repository)
        return alive[-1] if alive else None

    def candidates_of(self, repository: Repository) -> tuple[Candidate, ...]:
        """The candidates of a repository that were not declared duds, by number."""
        branch = self.branches.value.of(repository) if self.branches.value else None
        found = branch.candidates(repository) if branch else ()
        return self.record.living(repository, found)

    @cached_property
    def queue(self) -> tuple[Pick, ...]:
        """The cherry-pick queue of the core repository."""
        if self.picks.value is None:
            return ()
        return _queue(
            self.spec,
            self.picks.value,
            self.branches.value,
            self.trunk.value,
            self.predictions.value,
            self.ledger.value,
        )

    @cached_property
    def moved(self) -> tuple[MovedTag, ...]:
        """Pinned tags that are no longer what they were."""
        if self.branches.value is None:
            return ()
        tags = {state.repository: state.tags for state in self.branches.value.states}
        known = {(found.pin, found.now): found for found in self.branches.value.moved}
        return tuple(
            known.get((found.pin, found.now), found)
            for found in moved_tags(self.record.watched_pins, tags)
        )


@remembered
def _queue(
    spec: ReleaseSpec,
    picks: PickReading,
    branches: Branches | None,
    trunk: TrunkReading | None,
    predictions: PredictionReading | None,
    ledger: Ledger | None,
) -> tuple[Pick, ...]:
    core, record = spec.core, ledger or Ledger()
    branch = branches.of(core) if branches else None
    predicted = predictions or PredictionReading()
    if branch is None or branch.head is None or branch.head.sha != predicted.onto:
        predicted = PredictionReading()  # of a branch that has gone on they tell nothing
    facts = QueueFacts(
        repository=core,
        branch=branch,
        trunk=trunk,
        predictions={prediction.commit: prediction for prediction in predicted.predictions},
        proposed={prediction.commit: prediction for prediction in predicted.pulls},
        decisions=record.decisions(spec.team),
        schedule=spec.schedule,
        dead=lambda tag: record.is_dud(core, tag),
    )
    return queue(picks, facts)
