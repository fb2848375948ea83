"""Approve picks, deny them, or ask for more: on the tracker for everybody, and in the ledger."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from cockpit.errors import ConfigError
from cockpit.operations.declaring import RecordEntry
from cockpit.operations.pick_comments import Against, PostComment, Remark
from cockpit.operations.pick_queue import PickDesk
from cockpit.operations.plan import (
    Danger,
    Plan,
    Probe,
    Section,
    Step,
    StepFacts,
    StepState,
)
from cockpit.release.lookups import labelled_problems, pick_label
from cockpit.release.nominations import Answer, Comment, Verdict, read_answers
from cockpit.release.people import Duty
from cockpit.release.picks import Pick, PickState
from cockpit.release.pickwords import decision_text, mark_of, quoted_links, said_since
from cockpit.release.record import DECISIONS, Approved, Decision, Event, Ledger
from cockpit.release.words import counted

if TYPE_CHECKING:
    from cockpit.ledger.store import LedgerStore
    from cockpit.provider import Backends

_NAMES = {Verdict.APPROVED: "approve", Verdict.DENIED: "deny", Verdict.NEEDS_INFO: "ask-pick"}
_DOES = {
    Verdict.APPROVED: "Approve",
    Verdict.DENIED: "Deny",
    Verdict.NEEDS_INFO: "Ask for more about",
}
_OVER = (PickState.MERGED, PickState.IN_CANDIDATE, PickState.REVERTED)


def record_decision(ledger: LedgerStore, event: Decision) -> RecordEntry:
    """The step that records a decision about a pick; the newest one counts."""
    facts = StepFacts(
        key=f"decide/{type(event).__name__}/{event.pull}/{_digest(event.note)}",
        summary=f"Record in the ledger: {event.describe()}",
        command=ledger.command(event),
    )
    email = ledger.email

    def judge(record: Ledger) -> Probe:
        """Whether it is this person's newest word about the pull request."""
        last = _last(record, event.pull, email)
        if last == event:
            return Probe(StepState.DONE, "the ledger has it")
        return Probe(StepState.TODO, f"the ledger has {last.describe() if last else 'no word'}")

    return RecordEntry(ledger, event, facts, judge)


class DecideOnPicks:
    """Plans two steps a pick: the comment on the tracker, and the ledger's entry."""

    def __init__(
        self, backends: Backends, verdict: Verdict, pulls: tuple[int, ...], words: str
    ) -> None:
        """`words` are a note, a reason or a question; only an approval goes without."""
        self._backends = backends
        self._verdict = verdict
        self._pulls = pulls
        self._words = " ".join(words.split())
        if verdict is not Verdict.APPROVED and not self._words:
            raise ConfigError(
                "Nothing is said",
                f"{_NAMES[verdict]} takes words, for whoever nominated it to read",
                f"{_NAMES[verdict]} PULL WORDS",
            )

    def plan(self) -> Plan:
        """Read the tracker and the ledger, and say what would be written."""
        desk = PickDesk(self._backends)
        verdict = self._verdict
        blockers = desk.blockers + desk.rights(f"to {_NAMES[verdict]} picks")
        rows: dict[str, Pick] = {}
        for number in self._pulls:
            row = desk.row(number)
            if row is None:
                blockers.append(
                    f"#{number} is neither nominated nor a pull request into"
                    f" {desk.core.release_branch}"
                )
            else:
                rows.setdefault(row.key, row)
        steps: list[Step] = []
        sections: list[Section] = []
        for row in rows.values():
            blockers += self._why_not(row)
            remark, found, event = self._decision(desk, row)
            against = self._spoken_against(desk, row)
            steps += [
                PostComment(self._backends, desk.core, remark, found, against),
                record_decision(self._backends.ledger, event),
            ]
            text = tuple(remark.compose().splitlines())
            sections.append(Section(f"{pick_label(row)} {row.title}: the comment", text))
        names = ", ".join(pick_label(row) for row in rows.values()) or "nothing"
        return Plan(
            operation=_NAMES[verdict],
            subject=names,
            sentence=f"{_DOES[verdict]} {counted(len(rows), 'pick')} for"
            f" {desk.core.release_branch}: {names}",
            danger=Danger.REMOTE,
            target=names,
            steps=tuple(steps),
            sections=tuple(sections),
            blockers=tuple(blockers),
            warnings=tuple(self._warnings(tuple(rows.values()))),
        )

    def _why_not(self, row: Pick) -> list[str]:
        if row.state in _OVER:
            return [f"{pick_label(row)} is {row.state.value} already"]
        closed = row.pull is not None and row.pull.state == "closed"
        if closed and self._verdict is Verdict.APPROVED:
            return [f"{pick_label(row)} was closed without being merged"]
        return []

    def _warnings(self, rows: Sequence[Pick]) -> Iterator[str]:
        for row in rows:
            if not row.nominated:
                yield f"nobody has nominated {pick_label(row)}"
            if row.pull is None:
                yield f"{pick_label(row)} has no pull request into the branch yet"
            yield from labelled_problems(row)
            newest = {answer.author: answer for answer in row.answers}
            others = [answer for answer in newest.values() if answer.verdict is not self._verdict]
            for answer in others:
                yield f"{answer.author} said of {pick_label(row)}: {answer.verdict.value}"

    def _decision(
        self, desk: PickDesk, row: Pick
    ) -> tuple[Remark, Callable[[Sequence[Comment]], Comment | None], Decision]:
        verdict, core = self._verdict, desk.core
        number = row.release_pull or row.trunk_pull or 0
        head = row.pull.head_sha if row.pull else ""
        quoted = quoted_links(
            [desk.page(pull) for pull in row.trunk_pulls if pull != row.release_pull],
            desk.page(row.release_pull) if row.release_pull else "",
        )
        text = decision_text(verdict, self._words, quoted, core.name)
        what = f"{_NAMES[verdict]} #{number} {head[:10] or 'unopened'} {_digest(self._words)}"
        issue = desk.tracker.number if desk.tracker else 0
        remark = Remark(
            issue,
            what,
            f"{_DOES[verdict]} {pick_label(row)} on the tracker #{issue}",
            desk.login,
            lambda: text,
        )
        team = self._backends.config.team.with_duty(Duty.APPROVER)

        def found(comments: Sequence[Comment]) -> Comment | None:
            """The newest word about it, where that is this very comment."""
            about = [a for a in read_answers(comments, core.name, team) if a.pull == number]
            last = _comment_of(about[-1], comments) if about else None
            ours = last is not None and last.author.lower() == desk.login.lower()
            return last if ours and last and mark_of(last.body) == what else None

        if verdict is Verdict.APPROVED:
            return remark, found, Approved(number, self._words, head)
        return remark, found, DECISIONS[verdict](number, self._words)

    def _spoken_against(self, desk: PickDesk, row: Pick) -> Against:
        """What another approver has decided of it since the plan was made, were it otherwise."""
        name, login = desk.core.name, desk.login.lower()
        team = self._backends.config.team.with_duty(Duty.APPROVER)
        numbers = {row.release_pull, *row.trunk_pulls}
        seen = {answer.url for answer in row.answers}
        agreeing = (self._verdict, Verdict.UNDER_REVIEW)

        def against(comments: Sequence[Comment]) -> str:
            others = [
                answer
                for answer in read_answers(comments, name, team)
                if answer.pull in numbers
                and answer.url not in seen
                and answer.author.lower() != login
                and answer.verdict not in agreeing
            ]
            return said_since(others[-1], pick_label(row)) if others else ""

        return against


def _comment_of(answer: Answer, comments: Sequence[Comment]) -> Comment | None:
    return next((comment for comment in comments if comment.url == answer.url), None)


def _last(ledger: Ledger, pull: int, email: str) -> Decision | None:
    last: Decision | None = None
    for entry, event in ledger.events(Event):
        if isinstance(event, Decision) and event.pull == pull and entry.email == email:
            last = event
    return last


def _digest(words: str) -> str:
    return hashlib.sha256(words.encode()).hexdigest()[:8]
