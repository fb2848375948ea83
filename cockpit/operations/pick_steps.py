"""What follows on a pick: its milestone, its nomination, the reply on the original."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from cockpit.errors import CockpitError
from cockpit.operations.awaiting import listed
from cockpit.operations.pick_comments import PostComment, Remark, needed_pull_url
from cockpit.operations.plan import Expectation, Probe, Progress, StepFacts, StepState
from cockpit.release.criteria import Criterion
from cockpit.release.nominations import Comment
from cockpit.release.picks import Pick
from cockpit.release.pickwords import mark_of, nominates, nomination_text, reply_text
from cockpit.release.pullrequests import OpenPull

if TYPE_CHECKING:
    from cockpit.operations.pick_queue import PickDesk

REVERT_CATEGORY = "cherry-pick revert"


class Picked:
    """A pick whose pull request an earlier step opens, and so has no number while it is planned."""

    def __init__(
        self,
        desk: PickDesk,
        trunk_pull: int | None,
        branch: str,
        onto: str,
        category: str,
        *,
        revert: bool = False,
    ) -> None:
        """`revert` says that what took the pull request back on trunk is picked, not it itself.

        `category` is for what nobody has nominated; a revert is nominated as one.
        """
        self.desk = desk
        self.trunk_pull = trunk_pull
        self.branch = branch
        self.onto = onto
        self.revert = revert
        self._row = self._row_of(revert=revert)
        said = self._row.category if self._row else ""
        self.category = said or (REVERT_CATEGORY if revert else category)
        self.nominated = self._is_nominated()

    @property
    def name(self) -> str:
        """What people call it."""
        return f"#{self.trunk_pull}" if self.trunk_pull else self.branch

    def _row_of(self, *, revert: bool) -> Pick | None:
        """The row of the pick, or that of its revert, which is another one."""
        rows = (row for row in self.desk.rows if self.trunk_pull in row.trunk_pulls)
        return next((row for row in rows if _is_revert(row) is revert), None)

    def pull(self) -> OpenPull | None:
        """Its open pull request."""
        answer = self.desk.backends.github.pulls_from(self.desk.core, self.branch)
        return next((pull for pull in answer.value if pull.base == self.onto), None)

    def trouble(self) -> list[str]:
        """Why it cannot be nominated."""
        if self.nominated:
            return []
        if self.desk.tracker is None:
            return ["there is no tracker to nominate it on"]
        if not self.category:
            return [f"nobody has nominated {self.name}: say why with --category TEXT"]
        return []

    def _is_nominated(self) -> bool:
        """Whether somebody else has nominated it; an own nomination is its step's to find."""
        row = self._row
        if row is None or not row.nominated:
            return False
        into = [pull for pull in self.desk.reading.pulls if pull.head_ref == self.branch]
        return not any(row.release_pull == pull.number for pull in into) or (
            row.author.lower() != self.desk.login.lower()
        )


def _is_revert(row: Pick) -> bool:
    return row.criterion is Criterion.REVERT or bool(row.pull and row.pull.picks_revert)


class SetMilestone:
    """Put the pick's pull request into the release's milestone."""

    def __init__(self, picked: Picked, title: str) -> None:
        self._picked = picked
        self._github = picked.desk.backends.github
        self._core = picked.desk.core
        self._title = title
        self.facts = StepFacts(
            key=f"milestone/{self._core.name}/{picked.branch}/{title}",
            summary=f"Put the pull request of {picked.branch} into milestone {title}",
            command=f"gh pr edit {picked.branch} --repo {self._core.name} --milestone {title}",
            expects=(Expectation(f"milestone {title} of {self._core.name}", "there"),),
        )

    def probe(self) -> Probe:
        """Whether it is in the milestone."""
        pull = self._picked.pull()
        if pull is None:
            return Probe(StepState.TODO, f"{self._picked.branch} has no open pull request yet")
        page = self._github.pull(self._core, pull.number)
        if page is not None and page.milestone == self._title:
            return Probe(StepState.DONE, f"#{pull.number} is in {self._title}")
        return Probe(StepState.TODO, f"#{pull.number} is in no milestone")

    def apply(self, report: Callable[[Progress], None], cancel: threading.Event) -> None:
        """Set it; setting it twice is the same."""
        report(Progress(note="asking GitHub"))
        pull = listed(self._picked.pull, cancel)
        if pull is None:
            raise CockpitError(
                f"GitHub lists no pull request of {self._picked.branch} yet",
                "it was opened a moment ago",
                "run the same plan again: its steps look before they act",
            )
        try:
            self._github.set_milestone(self._core, pull.number, self._title)
        except CockpitError:
            if self.probe().state is not StepState.DONE:
                raise

    def verify(self) -> Probe:
        """Look again."""
        return self.probe()


def nominating(picked: Picked) -> list[PostComment]:
    """The nomination on the tracker, in the form of section 12.10; none where there is one."""
    tracker, desk = picked.desk.tracker, picked.desk
    if tracker is None or picked.nominated:
        return []
    trunk = [desk.page(picked.trunk_pull)] if picked.trunk_pull else []
    category = picked.category

    def compose() -> str:
        pull = picked.pull()
        url = needed_pull_url(pull.url if pull else None, picked.branch)
        return nomination_text(trunk, url, category)

    what = f"nominate {picked.branch} for {picked.onto}"
    # What took a change back is another pick than the change, whoever nominated that.
    unopened = None if picked.revert else picked.trunk_pull

    def found(comments: Sequence[Comment]) -> Comment | None:
        pull = picked.pull()
        numbers = [pull.number] if pull else []
        for comment in comments:
            ours = comment.author.lower() == desk.login.lower() and mark_of(comment.body) == what
            if ours or nominates(comment, desk.core.name, numbers, unopened):
                return comment
        return None

    remark = Remark(
        tracker.number,
        what,
        f"Nominate {picked.name} on the tracker #{tracker.number}: {category or 'no category'}",
        desk.login,
        compose,
    )
    return [PostComment(desk.backends, desk.core, remark, found)]


def replying(picked: Picked, issue: str) -> PostComment:
    """The reply on the original pull request; section 12.8."""
    desk, number = picked.desk, picked.trunk_pull or 0
    told = desk.tracker if desk.tracker and not picked.nominated else None

    def compose() -> str:
        pull = picked.pull()
        url = needed_pull_url(pull.url if pull else None, picked.branch)
        return reply_text(number, url, picked.category, issue, [told.url] if told else [])

    remark = Remark(
        number,
        f"picked #{number} as {picked.branch} for {picked.onto}",
        f"Reply on #{number} with the pick's address",
        desk.login,
        compose,
    )
    return PostComment(desk.backends, desk.core, remark)
