"""One comment on GitHub, posted once: it is found again by a mark that nobody sees."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import msgspec

from cockpit.errors import Conflict, Unreachable
from cockpit.operations.awaiting import asked_once, listed
from cockpit.operations.plan import Expectation, Probe, Progress, StepFacts, StepState
from cockpit.release.nominations import Comment
from cockpit.release.pickwords import mark_of, marked
from cockpit.release.repos import Repository

if TYPE_CHECKING:
    from cockpit.backends.ports import GithubPort
    from cockpit.provider import Backends

Found = Callable[[Sequence[Comment]], Comment | None]
Against = Callable[[Sequence[Comment]], str]


class Remark(msgspec.Struct, frozen=True):
    """A comment that is to be posted."""

    issue: int
    what: str
    """What its mark says, and what it is told from others by."""
    summary: str
    login: str
    """Who posts it: somebody else's mark proves nothing."""
    compose: Callable[[], str]
    """Its text, made when it is posted; raises CockpitError where it cannot be told yet."""


class PostComment:
    """See to it that a comment is there, once."""

    def __init__(
        self,
        backends: Backends,
        repository: Repository,
        remark: Remark,
        found: Found | None = None,
        against: Against = lambda comments: "",
    ) -> None:
        """`found` tells which comment makes this one needless; its mark does without it.

        `against` tells what of the others forbids it.
        """
        self._github = backends.github
        self._repository = repository
        self._remark = remark
        self._found = found or self._with_mark
        self._against = against
        self.facts = StepFacts(
            key=f"comment/{repository.name}/{remark.issue}/{remark.what}",
            summary=remark.summary,
            command=f"gh issue comment {remark.issue} --repo {repository.name} --body-file -",
            expects=(Expectation(f"this comment under #{remark.issue}", "absent"),),
        )

    def probe(self) -> Probe:
        """Whether it is there already, and whether it still may be."""
        comments = self._comments()
        found = self._found(comments)
        if found is not None:
            return Probe(StepState.DONE, f"@{found.author} wrote it: {found.url}")
        objection = self._against(comments)
        if objection:
            return Probe(StepState.CONFLICT, objection)
        return Probe(StepState.TODO, f"#{self._remark.issue} has no such comment")

    def apply(self, report: Callable[[Progress], None], cancel: threading.Event) -> None:
        """Post it once; when the answer is lost, what GitHub lists tells whether it arrived."""
        body = marked(self._remark.compose(), self._remark.what)
        asked_once(
            lambda: self._github.comment(self._repository, self._remark.issue, body),
            self._there,
            report,
            cancel,
        )

    def verify(self) -> Probe:
        """Look until GitHub lists it, for a few seconds."""
        listed(self._there)
        return self.probe()

    def _there(self) -> Comment | None:
        return self._found(self._comments())

    def _with_mark(self, comments: Sequence[Comment]) -> Comment | None:
        mine = self._remark.login.lower()
        return next(
            (
                comment
                for comment in comments
                if comment.author.lower() == mine and mark_of(comment.body) == self._remark.what
            ),
            None,
        )

    def _comments(self) -> tuple[Comment, ...]:
        return whole_talk(self._github, self._repository, self._remark.issue)


def whole_talk(github: GithubPort, repository: Repository, issue: int) -> tuple[Comment, ...]:
    """Every comment under an issue; raises Unreachable when some could not be read."""
    answer = github.comments(repository, issue)
    if answer.missing:
        raise Unreachable(
            "The comments could not be read whole",
            f"#{issue} of {repository.name}: {answer.missing}",
            "run the same plan again: its steps look before they act",
        )
    return answer.value


def needed_pull_url(url: str | None, branch: str) -> str:
    """The address of a pull request that an earlier step opened."""
    if url is None:
        raise Conflict(
            f"{branch} has no open pull request", "somebody closed or merged it", "plan again"
        )
    return url
