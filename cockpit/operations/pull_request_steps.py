"""The two steps of a change by pull request: push its branch, open or update the request."""

from __future__ import annotations

import shlex
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from cockpit.errors import Conflict, Unreachable
from cockpit.operations.awaiting import asked_once, listed
from cockpit.operations.plan import Expectation, Probe, Progress, StepFacts, StepState
from cockpit.release.commits import short
from cockpit.release.pullrequests import OpenPull, PullDraft
from cockpit.release.repos import Repository
from cockpit.release.words import counted

if TYPE_CHECKING:
    from cockpit.backends.ports import (
        BranchHead,
        CommitRecipe,
        GithubPort,
        GitPort,
        PickRecipe,
    )


class BranchDraft(msgspec.Struct, frozen=True):
    """One commit for a branch of its own, on the head of the branch that it is meant for."""

    branch: str
    base_branch: str
    recipe: CommitRecipe | PickRecipe
    commit: str
    """What the recipe comes to, or the same change where the branch has it already."""
    replaces: str = ""
    """A head of somebody else's that may be replaced, because a person named it."""
    on_head: bool = True
    """Whether the other branch must still end at `base`; else it only has to contain it."""

    @property
    def base(self) -> str:
        """The commit it stands on."""
        return self.recipe.parent

    @property
    def title(self) -> str:
        """The first line of its message."""
        return self.recipe.message.partition("\n")[0]

    def may_replace(self, head: BranchHead) -> bool:
        """Whether nothing is lost with what is there: an earlier draft, or a head that was named.

        A draft is one commit of this title, dated like its parent as only the cockpit dates one.
        """
        if head.node.sha == self.replaces:
            return True
        alone = len(head.own) == 1 and head.own[0].title == self.title
        return alone and head.dated_like_parent


class PushDraft:
    """Point the branch of a pull request at its commit; nobody else's commits are lost."""

    def __init__(self, git: GitPort, repository: Repository, draft: BranchDraft) -> None:
        self._git = git
        self._repository = repository
        self._draft = draft
        ref, remote = f"refs/heads/{draft.branch}", repository.remote
        expected = f"{draft.replaces or 'absent'}, or an earlier draft of it"
        self.facts = StepFacts(
            key=f"push-draft/{repository.name}/{draft.branch}/{draft.commit}",
            summary=f"Push {draft.branch} to {repository.name} at {short(draft.commit)}",
            command=f'git push --force-with-lease={ref}:"$(git ls-remote {shlex.quote(remote)} '
            f'{ref} | cut -f1)" {shlex.quote(remote)} {draft.commit}:{ref}',
            expects=(
                Expectation(f"{draft.base_branch} on {repository.name}", draft.base),
                Expectation(f"{draft.branch} on {repository.name}", expected),
            ),
        )

    def probe(self) -> Probe:
        """Whether the branch is at the commit; if not, whether it may go there."""
        draft, name = self._draft, self._repository.name
        heads = self._git.branches(self._repository.remote, (draft.branch, draft.base_branch))
        there = heads.get(draft.branch)
        if there == draft.commit:
            return Probe(StepState.DONE, f"{draft.branch} is at {short(there)}")
        base = heads.get(draft.base_branch)
        if base != draft.base and (draft.on_head or base is None):
            now = f"at {short(base)}" if base else "gone"
            return Probe(
                StepState.CONFLICT,
                f"{draft.base_branch} of {name} was at {short(draft.base)} and is {now}",
            )
        head = self._head() if there else None
        if head is None:
            return Probe(StepState.TODO, f"{name} has no {draft.branch}")
        if draft.may_replace(head):
            return Probe(StepState.TODO, f"it replaces the draft at {short(head.node.sha)}")
        return Probe(StepState.CONFLICT, self.in_the_way(head))

    def apply(self, report: Callable[[Progress], None], cancel: threading.Event) -> None:
        """Push it, on condition that the branch still is as it was looked at just now."""
        report(Progress(note="pushing"))
        draft, head = self._draft, self._head()
        if head is not None and not draft.may_replace(head):
            raise Conflict(
                f"{draft.branch} of {self._repository.name} holds somebody else's work",
                self.in_the_way(head),
                f"--replace {head.node.sha} takes its place",
            )
        found = head.node.sha if head else None
        self._git.push_branch(self._repository, draft.branch, draft.recipe, draft.commit, found)

    def verify(self) -> Probe:
        """Ask the remote again."""
        return self.probe()

    def in_the_way(self, head: BranchHead) -> str:
        """What is on the branch that is no draft of this change."""
        own = [f"{short(commit.sha)} “{commit.title}” by {commit.author}" for commit in head.own]
        held = ", ".join(own[:3]) or "nothing that the other branch lacks"
        return (
            f"{self._draft.branch} of {self._repository.name} is at {head.node.sha}"
            f" with {counted(len(own), 'commit')}: {held}"
        )

    def _head(self) -> BranchHead | None:
        return self._git.branch_head(self._repository, self._draft.branch, self._draft.base)


class OpenOrUpdate:
    """See to it that one pull request of a branch is open, with its title and text."""

    def __init__(self, github: GithubPort, repository: Repository, draft: PullDraft) -> None:
        self._github = github
        self._repository = repository
        self._draft = draft
        words = ("--repo", repository.name, "--head", draft.head, "--base", draft.base)
        self.facts = StepFacts(
            key=f"pull-request/{repository.name}/{draft.head}/{draft.base}/{draft.title}",
            summary=f"Open or update “{draft.title}” from {draft.head} into {draft.base}"
            f" of {repository.name}",
            command=shlex.join(("gh", "pr", "create", *words, "--title", draft.title))
            + " --body-file -",
            expects=(
                Expectation(
                    f"open pull requests from {draft.head} into {draft.base}", "none, or one"
                ),
            ),
        )

    def probe(self) -> Probe:
        """Whether the pull request is open, and as it should be."""
        found = self._find()
        if found is None:
            return Probe(StepState.TODO, f"{self._draft.head} has no open pull request")
        if found.is_like(self._draft):
            return Probe(StepState.DONE, f"#{found.number} is open: {found.url}")
        return Probe(StepState.TODO, f"#{found.number} is open with another title or text")

    def apply(self, report: Callable[[Progress], None], cancel: threading.Event) -> None:
        """Ask GitHub once; when its answer is lost, what it lists tells whether it was done."""
        found = self._find()

        def ask() -> None:
            if found is None:
                self._github.open_pull(self._repository, self._draft)
            else:
                self._github.amend_pull(self._repository, found.number, self._draft)

        asked_once(ask, self._as_it_should_be, report, cancel)

    def verify(self) -> Probe:
        """Look until GitHub lists it, for a few seconds."""
        listed(self._as_it_should_be)
        return self.probe()

    def _as_it_should_be(self) -> OpenPull | None:
        found = self._find()
        return found if found is not None and found.is_like(self._draft) else None

    def _find(self) -> OpenPull | None:
        answer = self._github.pulls_from(self._repository, self._draft.head)
        if answer.missing:
            raise Unreachable(
                "The pull requests could not be read whole",
                f"{self._repository.name}: {answer.missing}",
                "run the same plan again: its steps look before they act",
            )
        found = [pull for pull in answer.value if pull.base == self._draft.base]
        return found[0] if found else None
