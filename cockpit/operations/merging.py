"""Merge approved picks into the release branch, through GitHub and never through the merge bot."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import msgspec

from cockpit.errors import CockpitError
from cockpit.operations.awaiting import asked_once, listed
from cockpit.operations.pick_comments import whole_talk
from cockpit.operations.pick_queue import PickDesk
from cockpit.operations.plan import (
    Danger,
    Expectation,
    Plan,
    Probe,
    Progress,
    Section,
    StepFacts,
    StepState,
)
from cockpit.operations.rights import write_blockers
from cockpit.release.commits import short
from cockpit.release.jobs import JobState
from cockpit.release.lookups import labelled_problems
from cockpit.release.nominations import Answer, Verdict, each_once, read_answers
from cockpit.release.people import Duty
from cockpit.release.picks import Pick, PullChecks
from cockpit.release.pickwords import said_since
from cockpit.release.pullrequests import PullPage
from cockpit.release.record import Approved, Ledger
from cockpit.release.repos import Repository
from cockpit.release.required_checks import hold_against, told
from cockpit.release.words import counted, have

if TYPE_CHECKING:
    from cockpit.backends.ports import GithubPort
    from cockpit.provider import Backends

_NOT_BY_THE_BOT = Section(
    "How",
    (
        "squashed by GitHub itself, on condition that the head is still the commit shown here",
        "not by @pytorchbot merge, which lands a pick on main instead",
    ),
)


class Squash(msgspec.Struct, frozen=True):
    """A pull request as it is to be merged."""

    repository: Repository
    number: int
    head: str
    title: str
    message: str
    tracker: int | None = None
    """The issue on which it was approved."""
    approved_as: tuple[int, ...] = ()
    """Its number and those of what it picks: whatever is said of them is said of it."""


class MergePull:
    """Squash one pull request into the release branch, at the head that was looked at."""

    def __init__(self, backends: Backends, squash: Squash) -> None:
        self._github = backends.github
        self._ledger = backends.ledger
        self._team = backends.config.team
        self._squash = squash
        repository, number, head = squash.repository, squash.number, squash.head
        self.facts = StepFacts(
            key=f"merge/{repository.name}/{number}/{head}",
            summary=f"Merge #{number} at {short(head)} into {repository.release_branch}:"
            f" {squash.title}",
            command=f"gh pr merge {number} --repo {repository.name} --squash"
            f" --match-head-commit {head}",
            expects=(
                Expectation(f"the head of #{number}", head),
                Expectation(f"the base of #{number}", repository.release_branch),
                Expectation(f"the newest verdict on #{number}", "approved"),
                Expectation(f"the checks of #{number}", "green"),
                Expectation(repository.release_branch, "not frozen"),
            ),
        )

    def probe(self) -> Probe:
        """Whether it is merged; if not, whether it still is what was confirmed."""
        squash, page = self._squash, self._page()
        if page is None:
            return Probe(StepState.CONFLICT, f"there is no #{squash.number}")
        if page.merged_sha is not None:
            if page.head_sha == squash.head:
                return Probe(StepState.DONE, f"#{page.number} is merged: {short(page.merged_sha)}")
            return Probe(StepState.CONFLICT, f"#{page.number} was merged at {page.head_sha}")
        reasons = [*standing_in_the_way(page, squash.repository)]
        if page.head_sha != squash.head:
            reasons.append(f"its head has moved to {page.head_sha}")
        ledger = self._ledger.read()
        frozen = ledger.frozen(squash.repository)
        if frozen is not None:
            reasons.append(f"{frozen.name} is frozen {frozen.describe()}")
        reasons += self._unsaid(ledger)
        reasons += _not_green(page, _checks_of(self._github, squash.repository, page))
        if reasons:
            return Probe(StepState.CONFLICT, "; ".join(reasons))
        return Probe(StepState.TODO, f"#{page.number} is open at {short(page.head_sha)}")

    def apply(self, report: Callable[[Progress], None], cancel: threading.Event) -> None:
        """Ask GitHub once, with the head; when its answer is lost, looking tells."""
        squash = self._squash

        def ask() -> None:
            self._github.merge_pull(
                squash.repository, squash.number, squash.head, squash.title, squash.message
            )

        asked_once(ask, self._merged, report, cancel)

    def verify(self) -> Probe:
        """Look until GitHub shows it, for a few seconds."""
        listed(self._merged)
        return self.probe()

    def _unsaid(self, ledger: Ledger) -> Iterator[str]:
        """Whether it still is approved: somebody may have spoken since the plan was made."""
        squash = self._squash
        said = list(ledger.decisions(self._team))
        if squash.tracker is not None:
            talk = whole_talk(self._github, squash.repository, squash.tracker)
            team = self._team.with_duty(Duty.APPROVER)
            said += read_answers(talk, squash.repository.name, team)
        about = each_once(
            answer
            for answer in said
            if answer.pull in squash.approved_as and answer.verdict is not Verdict.UNDER_REVIEW
        )
        if not about:
            yield f"nobody approves #{squash.number} any more"
        elif about[-1].verdict is not Verdict.APPROVED:
            yield said_since(about[-1], f"#{squash.number}")

    def _merged(self) -> PullPage | None:
        page = self._page()
        return page if page is not None and page.merged_sha else None

    def _page(self) -> PullPage | None:
        return self._github.pull(self._squash.repository, self._squash.number)


class MergePicks:
    """Plans one merge a pick, in the order given."""

    name = "merge-pick"

    def __init__(self, backends: Backends, pulls: tuple[int, ...]) -> None:
        self._backends = backends
        self._pulls = pulls

    def plan(self) -> Plan:
        """Read every pull request, its approval and its checks."""
        desk = PickDesk(self._backends)
        core, branch = desk.core, desk.core.release_branch
        steps, sections = [], []
        blockers = list(desk.blockers)
        warnings: list[str] = []
        frozen = desk.ledger.frozen(core)
        if frozen is not None:
            blockers.append(f"{branch} is frozen {frozen.describe()}")
        blockers += write_blockers(self._backends.github, core, "merging picks")
        for number in self._pulls:
            row = desk.row(number)
            page = self._backends.github.pull(core, (row and row.release_pull) or number)
            if page is None:
                blockers.append(f"#{number} is no pull request of {core.name}")
                continue
            squash, trouble = self._squash(desk, page, row)
            steps.append(MergePull(self._backends, squash))
            checks = _checks_of(self._backends.github, core, page)
            sections.append(Section(f"#{page.number} {page.title}", (*_told(page, row, checks),)))
            if page.merged_sha is None:
                blockers += trouble
                blockers += standing_in_the_way(page, core)
                blockers += _unapproved(desk, page, row)
                blockers += _not_green(page, checks)
                others, red = self._others(core, page)
                blockers += others
                warnings += red
            if row is not None:
                warnings += labelled_problems(row)
        names = ", ".join(f"#{number}" for number in self._pulls)
        return Plan(
            operation=self.name,
            subject=names,
            sentence=f"Merge {counted(len(steps), 'pick')} into {branch}: {names}",
            danger=Danger.IRREVERSIBLE,
            target=names,
            steps=tuple(steps),
            sections=(*sections, _NOT_BY_THE_BOT),
            blockers=tuple(dict.fromkeys(blockers)),
            warnings=tuple(warning for warning in warnings if warning not in blockers),
        )

    def _others(self, core: Repository, page: PullPage) -> tuple[list[str], list[str]]:
        """What others than Actions say of its head: what counts against it, and what does not."""
        name = f"#{page.number}"
        try:
            answer = self._backends.github.foreign_checks(core, page.head_sha)
        except CockpitError as err:
            unread = f"what others than Actions say of {name} could not be read: {err.title}"
            return ([unread], []) if core.required_checks else ([], [unread])
        held = hold_against(answer.value.found, core.required_checks)
        blocking = [f"{name}: {objection}" for objection in held.objections]
        if answer.missing and core.required_checks:
            blocking.append(f"the checks of {name} could not be read whole: {answer.missing}")
        return blocking, [
            f"{name}: {told(check)}, which nobody requires" for check in held.red_others
        ]

    def _squash(self, desk: PickDesk, page: PullPage, row: Pick | None) -> tuple[Squash, list[str]]:
        """The squashed commit keeps what the commits say: their trailers tell what was picked."""
        core = desk.core
        answer = self._backends.github.pull_messages(core, page.number)
        messages = answer.value
        if len(messages) == 1:
            text = messages[0].partition("\n")[2].strip()
        else:
            text = "\n\n".join(f"* {message.strip()}" for message in messages)
        trouble = [f"the commits of #{page.number} could not be read: {answer.missing}"]
        title = f"{page.title} (#{page.number})"
        tracker = desk.tracker.number if desk.tracker else None
        known_as = (page.number, *(row.trunk_pulls if row else ()))
        squash = Squash(core, page.number, page.head_sha, title, text, tracker, known_as)
        return squash, trouble if answer.missing else []


def standing_in_the_way(page: PullPage, core: Repository) -> Iterator[str]:
    """What of a pull request itself forbids to merge it into the release branch."""
    if page.state == "closed":
        yield f"#{page.number} is closed"
    if page.base != core.release_branch:
        yield f"#{page.number} targets {page.base}, not {core.release_branch}"
    if page.draft:
        yield f"#{page.number} is a draft"


def _checks_of(github: GithubPort, core: Repository, page: PullPage) -> PullChecks | None:
    """What CI says now of the head of a pull request; None where that could not be read."""
    return github.pull_checks(core, [page.head_sha]).value.get(page.head_sha)


def _unapproved(desk: PickDesk, page: PullPage, row: Pick | None) -> Iterator[str]:
    approval = _approval(row)
    if approval is None:
        said = row.state.value if row else "not in the queue"
        yield f"#{page.number} is not approved: {said}"
    else:
        yield from _moved(desk, page, row, approval)


def _not_green(page: PullPage, checks: PullChecks | None) -> Iterator[str]:
    """What is missing from its checks; what is not known counts as missing."""
    if checks is None:
        yield f"the checks of #{page.number} at {short(page.head_sha)} are not known"
    elif checks.failed:
        yield f"#{page.number} is red: {', '.join(checks.failed)}"
    elif checks.unfinished:
        busy = checks.unfinished
        yield f"{counted(busy, 'workflow')} of #{page.number} {have(busy)} not finished"
    elif checks.state is JobState.UNKNOWN and not checks.passed:
        yield f"#{page.number} has no checks yet"
    elif checks.state is not JobState.PASSED:
        yield f"the checks of #{page.number} are {checks.state.value}, not green"


def _approval(row: Pick | None) -> Answer | None:
    """The approval, where it is the newest verdict."""
    verdicts = [a for a in (row.answers if row else ()) if a.verdict is not Verdict.UNDER_REVIEW]
    last = verdicts[-1] if verdicts else None
    return last if last is not None and last.verdict is Verdict.APPROVED else None


def _moved(desk: PickDesk, page: PullPage, row: Pick | None, approval: Answer) -> Iterator[str]:
    """Whether something else was approved than what is there now."""
    # Whoever recorded it: that something else was looked at is reason enough to look again.
    heads = [event.head for _, event in desk.ledger.events(Approved) if event.pull == page.number]
    if heads and heads[-1] and heads[-1] != page.head_sha:
        yield (
            f"#{page.number} has moved since its approval: {short(heads[-1])} was approved,"
            f" its head is {short(page.head_sha)}"
        )
    forced = row.pull.forced_at if row and row.pull else None
    if not heads and forced and forced > approval.posted_at:
        yield f"#{page.number} was force-pushed after its approval"


def _told(page: PullPage, row: Pick | None, checks: PullChecks | None) -> Iterator[str]:
    yield f"{page.head} at {page.head_sha}, into {page.base}"
    approval = _approval(row)
    if approval is not None:
        yield f"approved by {approval.author}"
    if checks is not None:
        yield f"checks: {counted(checks.passed, 'workflow')} passed, {len(checks.failed)} failed"
    if page.merged_sha is not None:
        yield f"merged already, as {page.merged_sha}"
