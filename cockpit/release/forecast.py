"""The queue's predictions: what each pick would come to, and all of them in order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

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
    """Each commit of trunk by itself."""
    simulation: QueueSimulation | None = None
    """The queue one after the other, approved picks first; None where nothing waits."""
    pulls: tuple[Prediction, ...] = ()
    """Each pull request that is open into the branch and whose head could be had, squashed."""

    def answers(
        self,
        onto: str,
        each: tuple[PickOf, ...],
        pulls: tuple[PickOf, ...],
        queued: tuple[PickOf, ...],
    ) -> bool:
        """Whether it tells of exactly these picks onto this commit."""
        order = self.simulation.as_given.predictions if self.simulation else ()
        told = (self.onto, *map(_shas, (self.predictions, self.pulls, order)))
        return told == (onto, *map(_shas, (each, pulls, queued)))

    @property
    def unknown(self) -> tuple[Prediction, ...]:
        """Those that could not be made."""
        found = (*self.predictions, *self.pulls)
        return tuple(each for each in found if each.outcome is Outcome.UNKNOWN)


def picks_to_predict(queue: Iterable[Pick]) -> tuple[PickOf, ...]:
    """The commits of the queue that the branch lacks and that nobody has decided against."""
    shas = (sha for pick in queue if _is_open(pick) for sha in pick.commits)
    return tuple(PickOf(sha) for sha in dict.fromkeys(shas))


def heads_to_predict(queue: Iterable[Pick], branch: str) -> tuple[str, ...]:
    """The heads of the queue's pull requests that are open into the branch."""
    pulls = (pick.pull for pick in queue if _is_open(pick) and pick.pull)
    return tuple(dict.fromkeys(pull.head_sha for pull in pulls if pull.is_open_into(branch)))


def picks_in_order(
    queue: Iterable[Pick], squashes: Mapping[str, PickOf] | None = None
) -> tuple[PickOf, ...]:
    """What waits to land: what is approved first, then in the order trunk has it.

    Of a row whose pull request's head is among the squashes that is what lands, else its commits.
    """
    rows = tuple(queue)
    found = (
        due
        for states in _WAITING
        for due in sorted(
            (
                due
                for pick in rows
                if pick.state in states and not pick.merged_sha
                for due in _due(pick, squashes or {})
            ),
            key=lambda due: due[0],
        )
    )
    return tuple(dict.fromkeys(pick for _, pick in found))


def _is_open(pick: Pick) -> bool:
    return not pick.merged_sha and pick.state not in _OVER


def _due(pick: Pick, squashes: Mapping[str, PickOf]) -> Iterator[tuple[datetime, PickOf]]:
    """What of a row would land, each with when trunk had it, else when it was proposed."""
    pull = pick.pull
    squash = squashes.get(pull.head_sha) if pull else None
    if pull is None or squash is None:
        yield from ((change.at, PickOf(change.sha)) for change in pick.landed)
        return
    proposed_at = pull.opened_at or pull.updated_at
    yield min((change.at for change in pick.landed), default=proposed_at), squash


def _shas(picks: Iterable[PickOf | Prediction]) -> tuple[str, ...]:
    return tuple(pick.commit for pick in picks)
