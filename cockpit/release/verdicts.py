"""Verdicts: what a gate concluded, what it looked at, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from enum import Enum

import msgspec

from cockpit.release.freshness import Freshness, freshness
from cockpit.release.state import ReleaseState
from cockpit.release.words import few


class Outcome(Enum):
    """What a gate can say; unknown blocks like fail does."""

    PASSED = "pass"
    FAILED = "fail"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not applicable"


class Evidence(msgspec.Struct, frozen=True):
    """One thing a gate looked at."""

    text: str
    url: str = ""


class NextStep(msgspec.Struct, frozen=True):
    """What to do next, and the action that does it where the cockpit can."""

    text: str
    action: str | None = None
    pick: str = ""
    """The row of the queue that it is about; empty where it is about the whole release."""


class Verdict(msgspec.Struct, frozen=True):
    """What a gate concluded."""

    outcome: Outcome
    evidence: tuple[Evidence, ...]
    next_action: NextStep | None = None
    pending: bool = False
    """Nothing is wrong: it has not been done yet, or is under way."""
    source: str = ""
    taken_at: datetime | None = None
    """When the oldest reading behind it was taken."""

    @property
    def clear(self) -> bool:
        """Whether it lets the release go on."""
        return self.outcome in (Outcome.PASSED, Outcome.NOT_APPLICABLE)

    @property
    def headline(self) -> str:
        """The first piece of evidence, and how many more there are."""
        if not self.evidence:
            return self.outcome.value
        return few((entry.text for entry in self.evidence), 1)

    @property
    def text(self) -> str:
        """The evidence in one line."""
        return " · ".join(entry.text for entry in self.evidence)


class Gate(msgspec.Struct, frozen=True):
    """A condition of the release, judged from readings that are whole or not at all."""

    id: str
    title: str
    """The condition, as it reads when it holds."""
    subject: str
    """What it is about, for a line that says how it does not hold."""
    feeds: tuple[str, ...]
    """Readings it is judged from."""
    rule: Callable[[ReleaseState], Verdict]

    def judge(self, state: ReleaseState) -> Verdict:
        """The verdict on a state; unknown while a reading is missing, incomplete or failed."""
        known = freshness(state)
        looked = [known[name] for name in self.feeds]
        troubled = [entry for entry in looked if not entry.whole]
        verdict = unknown(*(entry.trouble for entry in troubled)) if troubled else self.rule(state)
        if troubled:
            verdict = msgspec.structs.replace(verdict, next_action=_look_again(troubled[0]))
        return msgspec.structs.replace(
            verdict,
            source=", ".join(dict.fromkeys(entry.source for entry in looked if entry.source)),
            taken_at=min((e.taken_at for e in looked if e.taken_at is not None), default=None),
        )


def _look_again(entry: Freshness) -> NextStep:
    hint = entry.failure.hint if entry.failure else ""
    return NextStep(hint or f"look at {entry.what} again", "refresh")


def evidence(texts: Iterable[str | Evidence]) -> tuple[Evidence, ...]:
    """Evidence out of plain texts and texts with links."""
    return tuple(Evidence(text) if isinstance(text, str) else text for text in texts)


def passed(*texts: str | Evidence) -> Verdict:
    """The condition holds."""
    return Verdict(Outcome.PASSED, evidence(texts))


def failed(
    *texts: str | Evidence, then: str = "", action: str | None = None, pending: bool = False
) -> Verdict:
    """The condition does not hold."""
    following = NextStep(then, action) if then else None
    return Verdict(Outcome.FAILED, evidence(texts), following, pending)


def untagged() -> Verdict:
    """The condition is about a candidate, and there is none yet."""
    return failed("no candidate has been tagged", pending=True)


def unknown(
    *texts: str | Evidence, then: str = "", action: str | None = None, pending: bool = False
) -> Verdict:
    """It cannot be told whether the condition holds."""
    following = NextStep(then, action) if then else None
    return Verdict(Outcome.UNKNOWN, evidence(texts), following, pending)


def not_applicable(*texts: str | Evidence) -> Verdict:
    """The condition does not concern this release."""
    return Verdict(Outcome.NOT_APPLICABLE, evidence(texts))
