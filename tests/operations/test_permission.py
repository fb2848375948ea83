"""Who may carry out what."""

from __future__ import annotations

import msgspec
import pytest

from cockpit.actions.registry import ACTIONS, availability, offered
from cockpit.actions.situation import Disabled, Scope, Situation
from cockpit.operations.permission import refusal
from cockpit.operations.plan import Danger
from cockpit.release.people import Duty, Person, Team
from tests.release.states import GREEN

TEAM = Team(
    (
        Person("Ada", "ada", "ada@example.org", (Duty.CAPTAIN,)),
        Person("Mika", "mika", "mika@example.org", (Duty.APPROVER,)),
        Person("Noor", "noor", "noor@example.org"),
    )
)


@pytest.mark.parametrize(
    ("who", "operation", "danger", "words"),
    [
        ("eve", "status", Danger.READ, ""),
        ("eve", "rerun-failed", Danger.REMOTE, "eve@example.org is not in the team"),
        ("noor", "rerun-failed", Danger.REMOTE, ""),
        ("noor", "approve", Danger.REMOTE, "Noor is no approver, and approve takes one"),
        ("ada", "approve", Danger.REMOTE, "Ada is no approver, and approve takes one"),
        ("mika", "merge-pick", Danger.IRREVERSIBLE, ""),
        ("mika", "tag-final", Danger.IRREVERSIBLE, "Mika is no captain, and tag-final takes one"),
        ("mika", "override", Danger.REMOTE, "Mika is no captain, and override takes one"),
        ("ada", "override", Danger.REMOTE, ""),
        ("ada", "tag-final", Danger.IRREVERSIBLE, ""),
    ],
)
def test_what_a_person_may_do(who: str, operation: str, danger: Danger, words: str) -> None:
    said = refusal(TEAM, f"{who}@example.org", operation, danger)

    assert words in said
    assert bool(said) is bool(words)


def test_a_stranger_is_offered_nothing_that_writes_and_told_what_to_add() -> None:
    state = msgspec.structs.replace(GREEN, me="eve@example.org")
    situation = Situation(state, tuple(Scope))
    writing = [entry for entry in ACTIONS if entry.danger is not Danger.READ]

    assert not set(writing).intersection(offered(situation))
    for entry in writing:
        refused = availability(entry, situation)
        assert isinstance(refused, Disabled)
        assert 'add [[people]] with email = "eve@example.org"' in refused.reason
