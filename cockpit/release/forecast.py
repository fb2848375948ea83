"""The queue's predictions: what each pick would come to, and all of them in order."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from cockpit.release.pickorder import QueueSimulation
from cockpit.release.picks import Pick, PickState
from cockpit.release.prediction import Outcome, PickOf, Prediction

_WAITING = (
    (PickState.READY, PickState.APPROVED),
    (PickState.NOMINATED, PickState.UNDER_REVIEW, PickState.NEEDS_INFO),
)
"""What may still land, in the order in which it is simulated."""
_OVER = (PickState.DENIED, PickState.SUPERSEDED)


class PredictionReading(msgspec.Struct, frozen=True):
    """What picks of the queue would come to on the release branch as it was."""

    onto: str = ""
    """The head of the branch that everything was predicted onto."""
    predictions: tuple[Prediction, ...] = ()
    """Each by itself."""
    simulation: QueueSimulation | None = None
    """The queue one after the other, approved picks first; None where nothing waits."""

    def answers(self, onto: str, each: tuple[PickOf, ...], queued: tuple[PickOf, ...]) -> bool:
        """Whether it tells of exactly these picks onto this commit."""
        order = self.simulation.as_given.order if self.simulation else ()
        return (self.onto, self._commits, order) == (onto, _shas(each), _shas(queued))

    @property
    def _commits(self) -> tuple[str, ...]:
        return tuple(prediction.commit for prediction in self.predictions)

    @property
    def unknown(self) -> tuple[Prediction, ...]:
        """Those that could not be made."""
        return tuple(each for each in self.predictions if each.outcome is Outcome.UNKNOWN)


def picks_to_predict(queue: Iterable[Pick]) -> tuple[PickOf, ...]:
    """The commits of the queue that the branch lacks and that nobody has decided against."""
    open_ones = (pick for pick in queue if not pick.merged_sha and pick.state not in _OVER)
    return _each_once(sha for pick in open_ones for sha in pick.commits)


def picks_in_order(queue: Iterable[Pick]) -> tuple[PickOf, ...]:
    """The commits that wait to land: approved ones first, then in the order trunk has them."""
    rows = tuple(queue)
    return _each_once(
        change.sha
        for states in _WAITING
        for change in sorted(
            (
                change
                for pick in rows
                if pick.state in states and not pick.merged_sha
                for change in pick.landed
            ),
            key=lambda change: change.at,
        )
    )


def _each_once(shas: Iterable[str]) -> tuple[PickOf, ...]:
    return tuple(PickOf(sha) for sha in dict.fromkeys(shas))


def _shas(picks: Iterable[PickOf]) -> tuple[str, ...]:
    return tuple(pick.commit for pick in picks)
