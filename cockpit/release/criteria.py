"""What may be picked, and until when; process sections 12.11, 12.12 and 18.4."""

from __future__ import annotations

import re
from datetime import date
from enum import Enum

from cockpit.release.schedule import Schedule
from cockpit.release.versions import Version


class Criterion(Enum):
    """Why a change should be in the release, in the words of the process."""

    REGRESSION = "regression"
    CRITICAL = "critical fix"
    NEW_FEATURE = "fix to a new feature"
    TESTS = "tests or CI"
    DOCS = "documentation"
    COMPILE = "compile fix"
    RELEASE = "release branch only"
    REVERT = "revert"
    DISPENSATION = "special dispensation"
    UNKNOWN = "not said"


class Rule(Enum):
    """Whether a nomination satisfies the rule of the phase in which it was posted."""

    SATISFIED = "within the rules"
    ASKED = "special dispensation asked for"
    NEEDED = "needs special dispensation"
    UNKNOWN = "no criterion was named"


class PickPhase(Enum):
    """How far the release is, as far as picks are concerned."""

    FIRST = 1
    """Until picks close: all seven kinds of change."""
    SECOND = 2
    """Afterwards each pick costs another candidate: critical fixes alone."""


_WORDS = (
    (Criterion.DISPENSATION, r"special dispensation|dispensation"),
    (Criterion.REVERT, r"reverts?\b|cherry[- ]pick revert"),
    (Criterion.NEW_FEATURE, r"fix\s*new\s*feature|new features?\b|feature introduced"),
    (Criterion.REGRESSION, r"regression"),
    (
        Criterion.CRITICAL,
        r"critical|silent|correctness|crash|deadlock|memory leak|backwards? compat|bc[- ]break",
    ),
    (Criterion.COMPILE, r"compil|ifdef|build fix"),
    (Criterion.DOCS, r"docs?\b|documentation"),
    (Criterion.TESTS, r"\btests?\b|\bci\b|test/ci"),
    (Criterion.RELEASE, r"release"),
)
_PATTERNS = tuple((criterion, re.compile(words, re.IGNORECASE)) for criterion, words in _WORDS)
_SECOND_PHASE = frozenset({Criterion.CRITICAL, Criterion.REVERT})
_NOT_IN_PATCHES = frozenset({Criterion.TESTS, Criterion.COMPILE})


def read_criterion(text: str) -> Criterion:
    """The criterion that a nomination's free text names; the first of several, by weight."""
    found = (criterion for criterion, pattern in _PATTERNS if pattern.search(text))
    return next(found, Criterion.UNKNOWN)


def phase_on(day: date, schedule: Schedule) -> PickPhase | None:
    """The phase of a day; None while the config has no date on which picks close."""
    if schedule.picks_close is None:
        return None
    return PickPhase.FIRST if day <= schedule.picks_close else PickPhase.SECOND


def judge_rule(criterion: Criterion, phase: PickPhase | None, version: Version) -> Rule:
    """Whether a criterion is enough in a phase; a revert of what was reverted on trunk always is.

    Without a phase only what no phase allows, or every phase does, can be told.
    """
    if criterion is Criterion.UNKNOWN:
        return Rule.UNKNOWN
    if criterion is Criterion.DISPENSATION:
        return Rule.ASKED
    if version.patch and criterion in _NOT_IN_PATCHES:
        return Rule.NEEDED
    if criterion in _SECOND_PHASE or phase is PickPhase.FIRST:
        return Rule.SATISFIED
    return Rule.NEEDED if phase is PickPhase.SECOND else Rule.UNKNOWN
