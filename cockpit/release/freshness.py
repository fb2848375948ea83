"""How far each feed can be trusted at this moment, in words."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TypeVar

import msgspec

from cockpit.release.state import Failure, FeedState, ReleaseState

T = TypeVar("T")

FEEDS = {
    "branches": "the branches",
    "ledger": "the ledger",
    "ci": "the branch checks",
    "builds": "the builds",
    "libraries": "the builds of the libraries",
    "earlier": "the builds of earlier candidates",
    "checks": "the checks of the candidate's commit",
    "picks": "the cherry-pick queue",
    "trunk": "trunk against the branch",
    "predictions": "the predictions of the queue",
    "milestone": "the milestone",
    "artifacts": "the channels",
    "publishing": "the way to the package index",
    "promotion": "the promotion",
    "docs": "the published documentation",
    "validations": "the validation runs",
    "mirror": "the tracking issue",
    "preparation": "the preparation of the cut",
    "submodules": "the submodules",
    "confirmations": "the comments of the milestone",
    "dependencies": "the dependencies on the package index",
    "credentials": "your credentials",
}
"""Every feed and what it looks at."""


class Freshness(msgspec.Struct, frozen=True):
    """What is known of one feed beside its value."""

    name: str
    taken_at: datetime | None
    source: str
    missing: str
    failure: Failure | None
    age: timedelta | None
    """On the machine's clock; None while it was never read."""
    stale: bool
    next_look: datetime | None = None
    """When the next look is due, where it was put off; None at the usual pace."""

    @property
    def what(self) -> str:
        """What the feed looks at."""
        return FEEDS[self.name]

    @property
    def whole(self) -> bool:
        """Whether conclusions may be drawn from it."""
        return self.taken_at is not None and not self.missing and self.failure is None

    @property
    def trouble(self) -> str:
        """Why conclusions may not be drawn from it; empty when they may."""
        if self.failure is not None:
            return str(self.failure)
        if self.taken_at is None:
            return f"{self.what} {_have(self.what)} not been read yet"
        return self.missing


def _have(what: str) -> str:
    return "have" if what.endswith("s") else "has"


def freshness(state: ReleaseState) -> dict[str, Freshness]:
    """The freshness of every feed, by name."""
    found = (
        _of("branches", state.branches, state.wall),
        _of("ledger", state.ledger, state.wall),
        _of("ci", state.ci, state.wall),
        _of("builds", state.builds, state.wall),
        _of("libraries", state.libraries, state.wall),
        _of("earlier", state.earlier, state.wall),
        _of("checks", state.checks, state.wall),
        _of("picks", state.picks, state.wall),
        _of("trunk", state.trunk, state.wall),
        _of("predictions", state.predictions, state.wall),
        _of("milestone", state.milestone, state.wall),
        _of("artifacts", state.artifacts, state.wall),
        _of("publishing", state.publishing, state.wall),
        _of("promotion", state.promotion, state.wall),
        _of("docs", state.docs, state.wall),
        _of("validations", state.validations, state.wall),
        _of("mirror", state.mirror, state.wall),
        _of("preparation", state.preparation, state.wall),
        _of("submodules", state.submodules, state.wall),
        _of("confirmations", state.confirmations, state.wall),
        _of("dependencies", state.dependencies, state.wall),
        _of("credentials", state.credentials, state.wall),
    )
    return {entry.name: entry for entry in found}


def _of(name: str, feed: FeedState[T], wall: datetime) -> Freshness:
    reading = feed.reading
    return Freshness(
        name=name,
        taken_at=reading.taken_at if reading else None,
        source=reading.source if reading else "",
        missing=reading.missing if reading else "",
        failure=feed.failure,
        age=feed.age(wall),
        stale=feed.stale(wall),
        next_look=feed.next_look if feed.slowed and not feed.refreshing else None,
    )
