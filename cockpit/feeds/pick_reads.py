"""What is read of a pick only when somebody looks: its diff, its comments, the queue's end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cockpit.backends.ports import Answer
from cockpit.errors import CockpitError
from cockpit.release.changes import ChangeText, EndState
from cockpit.release.commits import short
from cockpit.release.lookups import branch_of, pick_label
from cockpit.release.nominations import Comment, pulls_in
from cockpit.release.picks import Pick
from cockpit.release.prediction import Outcome, PickOf
from cockpit.release.state import ReleaseState

if TYPE_CHECKING:
    from cockpit.provider import Backends


class PickReads:
    """Reads of one release's queue, each taken when it is asked for."""

    def __init__(self, backends: Backends) -> None:
        self._backends = backends
        self._core = backends.config.core

    def comments(self, state: ReleaseState, key: str) -> Answer[tuple[Comment, ...]]:
        """What the tracker and its pull request say about a pick, oldest first."""
        pick = _pick(state, key)
        tracker = state.picks.value.tracker if state.picks.value else None
        found: dict[int, Comment] = {}
        missing: list[str] = []
        if tracker is not None:
            answer = self._backends.github.comments(self._core, tracker.number)
            found |= {each.id: each for each in answer.value if self._is_about(each, pick)}
            missing.append(answer.missing)
        if pick.pull is not None:
            answer = self._backends.github.comments(self._core, pick.pull.number)
            found |= {each.id: each for each in answer.value}
            missing.append(answer.missing)
        said = sorted(found.values(), key=lambda comment: (comment.posted_at, comment.id))
        return Answer(tuple(said), "GitHub", "; ".join(filter(None, missing)))

    def diff(self, state: ReleaseState, key: str) -> ChangeText:
        """What a pick changes: as it was merged, as its pull request has it, or as predicted."""
        pick = _pick(state, key)
        git, core = self._backends.git, self._core
        if pick.merged_sha:
            lines = git.change(core, pick.merged_sha)
            return ChangeText(f"as merged, {short(pick.merged_sha)}", lines)
        branch = branch_of(state, core)
        head = branch.head.sha if branch and branch.head else None
        unread = ""
        if pick.pull is not None and head is not None:
            where = f"#{pick.pull.number} at {short(pick.pull.head_sha)}"
            try:
                return ChangeText(where, git.change(core, pick.pull.head_sha, head))
            except CockpitError as err:
                # The remote may not give the commit of a fork: what trunk has is the next best.
                unread = f"; {where} could not be read: {err.title}"
        if not pick.commits:
            raise CockpitError(
                f"{pick_label(pick)} has nothing to show",
                f"nothing of it is known to have landed on {core.trunk}{unread}",
                "o opens its page",
            )
        fits = head if _is_clean(pick) else None
        names = ", ".join(map(short, pick.commits))
        how = "as it would be picked" if fits else f"as it landed on {core.trunk}"
        return ChangeText(f"{how}, {names}{unread}", tuple(self._landed(pick, fits)))

    def end_state(self, state: ReleaseState, order: tuple[str, ...]) -> EndState:
        """What the branch would be once these commits have landed in this order."""
        reading = state.predictions.value
        if reading is None or reading.simulation is None or not order:
            return EndState(None)
        known = {each.commit: each.pick for each in reading.simulation.as_given.predictions}
        picks = tuple(known.get(sha, PickOf(sha)) for sha in order)
        return self._backends.git.end_state(self._core, reading.onto, picks)

    def _landed(self, pick: Pick, head: str | None) -> Iterator[str]:
        """Its commits' changes: onto the branch where they fit, else as trunk has them."""
        git, core = self._backends.git, self._core
        for sha in pick.commits:
            if head is not None:
                yield from git.draft_pick(core, head, PickOf(sha)).diff
            else:
                yield from git.change(core, sha)

    def _is_about(self, comment: Comment, pick: Pick) -> bool:
        pages = {pick.nomination_url, *(answer.url for answer in pick.answers)}
        numbers = {*pick.trunk_pulls, pick.release_pull}
        return comment.url in pages or bool(numbers & set(pulls_in(comment.body, self._core.name)))


def _pick(state: ReleaseState, key: str) -> Pick:
    pick = next((pick for pick in state.queue if pick.key == key), None)
    if pick is None:
        raise CockpitError(
            "The pick is gone", f"the queue has no row {key} any more", "esc goes back"
        )
    return pick


def _is_clean(pick: Pick) -> bool:
    outcomes = [prediction.outcome for prediction in pick.predictions]
    return bool(outcomes) and all(outcome is Outcome.CLEAN for outcome in outcomes)
