"""Looks at what git tells of the queue: trunk against the branch, and how picks would end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from cockpit.backends.ports import Answer, TrunkQuestions
from cockpit.errors import CockpitError, Unreachable
from cockpit.release.forecast import (
    PredictionReading,
    heads_to_predict,
    picks_in_order,
    picks_to_predict,
)
from cockpit.release.lookups import branch_of
from cockpit.release.milestones import MilestoneItem
from cockpit.release.prediction import PickOf
from cockpit.release.state import ReleaseState
from cockpit.release.trunk import TrunkReading

if TYPE_CHECKING:
    from cockpit.provider import Backends

_IGNORED = ("release-feature-request",)
"""Labels of milestone items that are never picked; process section 13.4."""


class PickingLook:
    """The looks that the queue's rows need beside GitHub's."""

    def __init__(self, backends: Backends) -> None:
        self._backends = backends
        self._config = backends.config
        self._closed_by: dict[int, tuple[str, ...]] = {}
        """By which commits issues were closed, as GitHub recorded once."""
        self._squashed_for: tuple[str, tuple[str, ...]] = ("", ())
        self._squashes: Mapping[str, PickOf] = {}

    def trunk(self, state: ReleaseState) -> Answer[TrunkReading]:
        """The core's trunk as seen from its release branch; nothing before the cut."""
        if state.branches.value is None:
            raise _unread("the branches")
        core = self._config.core
        branch = branch_of(state, core)
        if branch is None or branch.head is None or branch.trunk_sha is None:
            return Answer(TrunkReading(), "git")
        items, unknown = self._milestone()
        reading = state.picks.value
        tracker = reading.tracker if reading else None
        nominations = tracker.nominations if tracker else ()
        pulls = {number for nomination in nominations for number in nomination.trunk_pulls}
        pulls.update(p.picked_pull for p in (reading.pulls if reading else ()) if p.picked_pull)
        pulls.update(item.number for item in items or () if item.is_pull)
        asked = TrunkQuestions(
            branch_sha=branch.head.sha,
            trunk_sha=branch.trunk_sha,
            cut_at=branch.cut_point.committed_at if branch.cut_point else None,
            pulls=tuple(sorted(pulls)),
            commits=tuple(sha for nomination in nominations for sha in nomination.trunk_commits),
            items=items,
            items_unknown=unknown,
            ignored=_IGNORED,
        )
        return self._backends.git.read_trunk(core, asked, self._closing)

    def predictions(self, state: ReleaseState) -> Answer[PredictionReading]:
        """What the open picks of the queue would come to; nothing is computed twice."""
        core = self._config.core
        branch = branch_of(state, core)
        for name, feed in (("picks", state.picks.reading), ("trunk", state.trunk.reading)):
            if feed is None:
                raise _unread(f"the {name}")
        if branch is None or branch.head is None:
            return Answer(PredictionReading(), "git")
        onto = branch.head.sha
        squashes = self._squashed(onto, heads_to_predict(state.queue, core.release_branch))
        each, pulls = picks_to_predict(state.queue), tuple(squashes.values())
        queued = picks_in_order(state.queue, squashes)
        last = state.predictions.reading
        if last is not None and last.complete and last.value.answers(onto, each, pulls, queued):
            return Answer(last.value, last.source)
        git = self._backends.git
        reading = PredictionReading(
            onto,
            git.predict(core, onto, each) if each else (),
            git.simulate(core, onto, queued) if queued else None,
            git.predict(core, onto, pulls) if pulls else (),
        )
        unknown = reading.unknown
        missing = f"{unknown[0].commit[:10]}: {unknown[0].why}" if unknown else ""
        return Answer(reading, core.remote, missing)

    def _squashed(self, onto: str, heads: tuple[str, ...]) -> Mapping[str, PickOf]:
        """The pull requests of these heads as picks.

        git is asked when one of them has moved, and again for what it could not have.
        """
        if (onto, heads) != self._squashed_for or len(self._squashes) < len(heads):
            found = self._backends.git.squashes(self._config.core, onto, heads) if heads else {}
            self._squashed_for, self._squashes = (onto, heads), found
        return self._squashes

    def _milestone(self) -> tuple[tuple[MilestoneItem, ...] | None, str]:
        """Every item of the milestone, and why it is not known whole."""
        title = self._config.milestone
        try:
            answer = self._backends.github.milestone_items(self._config.core, title)
        except CockpitError as err:
            return None, f"the milestone could not be read: {err.title}"
        if answer.value is None:
            return None, answer.missing or f"there is no milestone {title}"
        return answer.value, answer.missing

    def _closing(self, numbers: Sequence[int]) -> Answer[dict[int, tuple[str, ...]]]:
        """By which commits issues were closed; GitHub is asked once for each that it knows of."""
        asked = [number for number in numbers if number not in self._closed_by]
        if not asked:
            return Answer({number: self._closed_by[number] for number in numbers}, "GitHub")
        answer = self._backends.github.closing_commits(self._config.core, asked)
        if answer.complete:
            self._closed_by |= answer.value
        known = self._closed_by | answer.value
        found = {number: known[number] for number in numbers if number in known}
        return Answer(found, answer.source, answer.missing)


def _unread(what: str) -> Unreachable:
    return Unreachable(
        f"{what.capitalize()} have not been read",
        "the changes of the queue are found by them",
        "r looks again",
    )
