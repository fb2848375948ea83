"""The captain's colleagues: after a while they review, merge, close and open what is theirs to do.

They act through GitHub's API with tokens of their own, as people do, so what they do is checked
and recorded like anything else. Nothing is asked of them; they look at what there is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING

from cockpit.rehearsal import tracker
from cockpit.rehearsal.builds import notice_pushes
from cockpit.rehearsal.model import Forge, Issue, Repository
from cockpit.rehearsal.people import ADA, MIKA, REVIEWER, Person
from cockpit.rehearsal.records import BLOCKER, FEATURE, MILESTONE, NEXT_MILESTONE
from cockpit.rehearsal.scenario import CORE, Scenario, token_of

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.test import TestResponse

REVIEWED_AFTER = timedelta(minutes=6)
"""How long a pull request of the automation waits for its review."""
MERGED_AFTER = timedelta(minutes=12)
BLOCKER_FIXED_AFTER = timedelta(minutes=40)
"""How long after the start of a world before the cut the last blocker is closed."""
FEATURE_MOVED_AFTER = timedelta(minutes=60)
VALIDATED_AFTER = timedelta(hours=3)
"""How long after a candidate was tagged authors have tried their fixes with it."""
TRACKER_OPENED_AFTER = timedelta(minutes=30)
"""How long after the cut the release tracker is opened."""

_AUTOMATION = "automated/"
"""What the branches of release-only changes and version bumps begin with; section 24."""


@dataclass(order=True, frozen=True, slots=True)
class _Chore:
    """Something that one of them does at a time."""

    at: datetime
    by: Person = field(compare=False)
    method: str = field(compare=False)
    path: str = field(compare=False)
    body: Mapping[str, object] = field(compare=False)
    subject: str = field(default="", compare=False)
    """The issue on which they say so when GitHub refuses."""


class Colleagues:
    """What the others do in a running world; each thing is tried once."""

    def __init__(self, github: Flask, forge: Forge, scenario: Scenario) -> None:
        self._github = github.test_client()
        self._forge = forge
        self._scenario = scenario
        self._next_number = {
            name: repository.next_number() for name, repository in forge.repositories.items()
        }
        """Below these lie the pull requests that were there from the start."""
        self._chores = list(self._preparing())
        self._awaits_tracker = not scenario.is_cut
        self._validating = set(self._candidates())
        """Candidates whose validation is under way, or over."""

    def settle(self, now: datetime) -> None:
        """Do what is due, in its order."""
        self._look()
        due = sorted(chore for chore in self._chores if chore.at <= now)
        self._chores = [chore for chore in self._chores if chore.at > now]
        for chore in due:
            answered = self._ask(chore)
            if answered.status_code >= HTTPStatus.BAD_REQUEST and chore.subject:
                reason = (answered.json or {}).get("message", answered.status)
                self._ask(_comment(now, chore.by, chore.subject, f"I could not do this: {reason}"))

    def _ask(self, chore: _Chore) -> TestResponse:
        return self._github.open(
            chore.path,
            method=chore.method,
            json=chore.body,
            headers={"Authorization": f"token {token_of(chore.by)}"},
        )

    def _look(self) -> None:
        """Note what there is to do since the last look."""
        with self._forge.lock:
            for name, repository in self._forge.repositories.items():
                while (issue := repository.issues.get(self._next_number[name])) is not None:
                    self._next_number[name] += 1
                    self._chores += _reviews(repository, issue)
        if self._awaits_tracker:
            self._chores += self._trackers()
        for tag, at in self._candidates().items():
            if tag not in self._validating:
                self._validating.add(tag)
                self._chores += self._validations(tag, at + VALIDATED_AFTER)

    def _candidates(self) -> dict[str, datetime]:
        """The core's candidates that were tagged since the world began, and when."""
        prefix = f"refs/tags/v{self._scenario.version}-rc"
        with self._forge.lock:
            activity = self._forge.repositories[CORE].activity
            return {seen.ref: seen.at for seen in activity if seen.ref.startswith(prefix)}

    def _validations(self, tag: str, at: datetime) -> Iterator[_Chore]:
        """A comment on every closed item of the milestone."""
        text = f"Validated on {tag.removeprefix('refs/tags/')}."
        for issue in tuple(self._forge.repositories[CORE].issues.values()):
            if issue.milestone == MILESTONE and issue.state == "closed":
                path = f"/repos/{CORE}/issues/{issue.number}"
                yield _comment(at, REVIEWER, path, text)

    def _preparing(self) -> Iterator[_Chore]:
        """Settle what is still open in the milestone on the day of the cut."""
        if self._scenario.is_cut:
            return
        start = self._forge.clock.epoch
        issues = self._forge.repositories[CORE].issues.values()
        for issue in issues:
            if issue.state == "closed" or issue.milestone != MILESTONE:
                continue
            path = f"/repos/{CORE}/issues/{issue.number}"
            if BLOCKER in issue.labels:
                at = start + BLOCKER_FIXED_AFTER
                yield _comment(at, ADA, path, "Fixed on trunk this morning, and in viable/strict.")
                yield _Chore(at, ADA, "PATCH", path, {"state": "closed"})
            elif FEATURE in issue.labels:
                at = start + FEATURE_MOVED_AFTER
                yield _comment(at, MIKA, path, "Not in time for this release: moved to the next.")
                yield _Chore(at, MIKA, "PATCH", path, {"milestone": NEXT_MILESTONE})

    def _trackers(self) -> Iterator[_Chore]:
        core = self._forge.repositories[CORE]
        notice_pushes(self._forge, core)
        ref = f"refs/heads/{self._scenario.release_branch}"
        with self._forge.lock:
            cut = next((seen.at for seen in core.activity if seen.ref == ref), None)
        if cut is None:
            return
        self._awaits_tracker = False
        body = {
            "title": f"[v.{self._scenario.version}] Release Tracker",
            "body": tracker.MINOR_BODY,
            "labels": ["release tracker", "triaged"],
        }
        at = cut + TRACKER_OPENED_AFTER
        yield _Chore(at, ADA, "POST", f"/repos/{CORE}/issues", body)


def _reviews(repository: Repository, issue: Issue) -> Iterator[_Chore]:
    """Review and merge a pull request of the automation, whoever opened it."""
    if issue.pull is None or not issue.pull.head_ref.startswith(_AUTOMATION):
        return
    subject = f"/repos/{repository.full_name}/issues/{issue.number}"
    path = f"/repos/{repository.full_name}/pulls/{issue.number}"
    approval = {"event": "APPROVE", "body": "Read line by line; this is what the branch needs."}
    at = issue.created_at
    yield _Chore(at + REVIEWED_AFTER, REVIEWER, "POST", f"{path}/reviews", approval)
    squash = {"merge_method": "squash"}
    yield _Chore(at + MERGED_AFTER, MIKA, "PUT", f"{path}/merge", squash, subject)


def _comment(at: datetime, by: Person, path: str, text: str) -> _Chore:
    return _Chore(at, by, "POST", f"{path}/comments", {"body": text})
