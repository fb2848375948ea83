"""One pick's whole life: what happened to it, when, and where it is written down."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec

from cockpit.release.commits import Commit, short
from cockpit.release.jobs import JobState
from cockpit.release.lookups import branch_of
from cockpit.release.picks import Pick, PickState
from cockpit.release.state import ReleaseState

_FIRST = datetime.min.replace(tzinfo=UTC)


class LifeEvent(msgspec.Struct, frozen=True):
    """One thing that happened to a pick."""

    at: datetime | None
    """None where nobody recorded when; such events stand where they belong."""
    text: str
    url: str = ""
    wrong: bool = False
    """Whether it is something that should not stay so."""


def life_of(state: ReleaseState, pick: Pick) -> tuple[LifeEvent, ...]:
    """Everything that happened to a pick, oldest first, and where it stands at the end."""
    events = [*_on_trunk(state, pick), *_said(pick), *_proposed(pick), *_on_branch(state, pick)]
    placed: list[tuple[datetime, LifeEvent]] = []
    last = _FIRST
    for event in events:
        last = event.at or last
        placed.append((last, event))
    return (*(event for _, event in sorted(placed, key=lambda found: found[0])), *_now(pick))


def _on_trunk(state: ReleaseState, pick: Pick) -> Iterator[LifeEvent]:
    core, trunk = state.spec.core, state.trunk.value
    web = f"{state.spec.web}/{core.name}"
    for change in sorted(pick.landed, key=lambda change: change.at):
        number = f" (#{change.pull})" if change.pull else ""
        text = f"landed on {core.trunk} as {short(change.sha)}{number} by {change.author}"
        yield LifeEvent(change.at, text, f"{web}/commit/{change.sha}")
    for change in pick.reverted_on_trunk:
        revert = trunk.change(change.undone_by) if trunk else None
        text = f"reverted on {core.trunk} since by {short(change.undone_by)}"
        at = revert.at if revert else None
        yield LifeEvent(at, text, f"{web}/commit/{change.undone_by}", wrong=not pick.undone_by)


def _said(pick: Pick) -> Iterator[LifeEvent]:
    if pick.nominated:
        late = ", after picks closed" if pick.late else ""
        text = f"nominated by {pick.author or '?'}{late}"
        yield LifeEvent(pick.posted_at, text, pick.nomination_url, wrong=pick.late)
        if pick.edited_at is not None:
            yield LifeEvent(pick.edited_at, "its nomination was edited", pick.nomination_url)
    for answer in pick.answers:
        text = f"{answer.verdict.value} by {answer.author}"
        yield LifeEvent(answer.posted_at, text, answer.url)


def _proposed(pick: Pick) -> Iterator[LifeEvent]:
    """What became of its pull request."""
    pull = pick.pull
    if pull is None:
        return
    text = f"#{pull.number} opened by {pull.author}"
    yield LifeEvent(pull.opened_at, text, pull.url)
    if pull.forced_at is not None:
        yield LifeEvent(pull.forced_at, f"#{pull.number} pushed by force", pull.url, wrong=True)
    if pull.state == "closed" and not pull.merged_sha:
        text = f"#{pull.number} closed without being merged"
        yield LifeEvent(pull.updated_at, text, pull.url, wrong=True)


def _on_branch(state: ReleaseState, pick: Pick) -> Iterator[LifeEvent]:
    core = state.spec.core
    branch = branch_of(state, core)
    commits = {commit.sha: commit for commit in branch.commits} if branch else {}
    web = f"{state.spec.web}/{core.name}"
    if pick.merged_sha:
        at = pick.pull.merged_at if pick.pull else None
        at = at or _date(commits.get(pick.merged_sha))
        text = f"merged as {short(pick.merged_sha)}"
        yield LifeEvent(at, text, f"{web}/commit/{pick.merged_sha}")
    if pick.candidate:
        yield LifeEvent(None, f"first in {pick.candidate}", f"{web}/tree/{pick.candidate}")
    if pick.undone_by:
        text = f"reverted on {core.release_branch} by {short(pick.undone_by)}"
        at = _date(commits.get(pick.undone_by))
        yield LifeEvent(at, text, f"{web}/commit/{pick.undone_by}")


def _date(commit: Commit | None) -> datetime | None:
    return commit.committed_at if commit else None


def _now(pick: Pick) -> Iterator[LifeEvent]:
    """Where it stands."""
    checks = pick.pull.checks if pick.pull else None
    if checks is not None and not pick.merged_sha:
        failed = f": {', '.join(checks.failed)}" if checks.failed else ""
        wrong = checks.state is JobState.FAILED
        yield LifeEvent(None, f"CI {checks.state.value}{failed}", wrong=wrong)
    if pick.still_there:
        yield LifeEvent(None, "still on the branch")
    elif pick.merged_sha and pick.still_there is False:
        wrong = pick.state is not PickState.REVERTED
        yield LifeEvent(None, "no longer on the branch", wrong=wrong)
