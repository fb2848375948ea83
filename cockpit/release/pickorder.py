"""A queue of picks landed one after the other, and the order in which fewer of them conflict."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

import msgspec

from cockpit.release.prediction import PickOf, Prediction

_ROUNDS = 4
"""Orders that are tried: each may bring a conflict to light that another one hid."""

Land = Callable[[Sequence[PickOf]], tuple[Prediction, ...]]
"""Predicts picks in an order, each onto what the clean ones before it have made of the branch."""


class Simulation(msgspec.Struct, frozen=True):
    """What a queue comes to in one order."""

    predictions: tuple[Prediction, ...]
    """In that order."""

    @property
    def tree(self) -> str | None:
        """The tree the branch would have; None when nothing can be told of it."""
        known = (each.tree for each in reversed(self.predictions) if each.tree)
        return next(known, None)

    @property
    def in_the_way(self) -> tuple[Prediction, ...]:
        """The picks that need a person."""
        return tuple(each for each in self.predictions if each.outcome.stands_in_the_way)

    @property
    def order(self) -> tuple[str, ...]:
        """The commits as they are tried."""
        return tuple(each.commit for each in self.predictions)


class QueueSimulation(msgspec.Struct, frozen=True):
    """A queue as it stands, and in the best order that was found."""

    as_given: Simulation
    better: Simulation | None
    """Simulated as well, so it is proven; None when no order was found that has fewer conflicts."""


def simulate(
    picks: Sequence[PickOf], land: Land, trunk_order: Callable[[], Sequence[PickOf]]
) -> QueueSimulation:
    """Land a queue in its order, and look for one in which fewer picks conflict.

    A pick that lacks a commit which comes later in the queue is put behind it, and everything else
    stays where it is. Where that does not do, the order in which the trunk had the commits is
    tried: a pick finds there all that it was made on, as far as the queue has it.
    """
    given = Simulation(land(picks))
    best = given
    behind: dict[str, set[str]] = {}
    tried = {tuple(picks)}
    for _ in range(_ROUNDS):
        if not best.in_the_way:
            break
        _learn(best, behind)
        order = tuple(_sorted(picks, behind))
        if order in tried:
            order = tuple(trunk_order())
        if order in tried:
            break
        tried.add(order)
        found = Simulation(land(order))
        if len(found.in_the_way) < len(best.in_the_way):
            best = found
        else:
            _learn(found, behind)
    return QueueSimulation(given, None if best is given else best)


def _learn(simulation: Simulation, behind: dict[str, set[str]]) -> None:
    """Note which picks have to come behind which."""
    queued = set(simulation.order)
    for prediction in simulation.in_the_way:
        causes = {cause.commit for cause in prediction.caused_by}
        behind.setdefault(prediction.commit, set()).update(causes & queued)


def _sorted(picks: Sequence[PickOf], behind: Mapping[str, Collection[str]]) -> Iterator[PickOf]:
    """The picks in their order, each preceded by those that it has to come behind."""
    by_commit = {pick.commit: pick for pick in picks}
    done: set[str] = set()

    def placed(pick: PickOf, waiting: frozenset[str]) -> Iterator[PickOf]:
        if pick.commit in done or pick.commit in waiting:
            return
        for commit in by_commit:
            if commit in behind.get(pick.commit, ()):
                yield from placed(by_commit[commit], waiting | {pick.commit})
        done.add(pick.commit)
        yield pick

    for pick in by_commit.values():
        yield from placed(pick, frozenset())
