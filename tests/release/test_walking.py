"""The walk through the checklist: it leads a person to what waits for that person."""

from __future__ import annotations

import msgspec

from cockpit.process.loader import parse
from cockpit.release.checklist import ItemState, item_states
from cockpit.release.people import Duty, Person, Team
from cockpit.release.record import Recorded
from cockpit.release.signoffs import Signed, Skipped
from cockpit.release.walking import next_open, pages, resume, signable, tally
from tests.release.states import PINNED, RC2, SPEC, feed, ledger, recorded, with_

PROCESS = parse(
    """
[[roles]]
id = "captain"
duty = "captain"
[[roles]]
id = "documentation"
[[phases]]
id = "promotion"
number = 4
title = "Promotion"
"""
    + "".join(
        f'[[items]]\nid = "{item}"\nphase = "promotion"\ntitle = "{item}"\nkind = "manual"\n'
        f'owner = "{owner}"\n'
        for item, owner in (
            ("dates", "captain"),
            ("notes", "documentation"),
            ("plan", "captain"),
            ("tutorials", "documentation"),
        )
    ),
    "process.toml",
)
ADA, NOOR = "ada@example.org", "noor@example.org"
TEAM = Team(
    (
        Person("Ada", "ada", ADA, (Duty.CAPTAIN,)),
        Person("Noor", "noor", NOOR, (Duty.REVIEWER,)),
    )
)


def walk(*entries: Recorded) -> tuple[ItemState, ...]:
    spec = msgspec.structs.replace(SPEC, team=TEAM)
    state = with_(spec=spec, ledger=feed(ledger(*PINNED, *entries)))
    return pages(PROCESS, item_states(PROCESS, state))


NOORS = signable(PROCESS, TEAM, NOOR)


def test_a_person_may_sign_what_the_duty_allows_and_somebody_unknown_may_try_all() -> None:
    assert {"notes", "tutorials"} == NOORS
    assert signable(PROCESS, TEAM, ADA) == signable(PROCESS, TEAM, "") == set(PROCESS.by_id)


def test_a_reviewer_begins_at_and_goes_on_to_what_a_reviewer_may_sign() -> None:
    assert resume(walk(), NOORS) == "notes"
    assert next_open(walk(), "notes", 1, NOORS) == "tutorials"
    assert next_open(walk(), "tutorials", 1, NOORS) == "notes"
    assert next_open(walk(), "notes", -1, NOORS) == "tutorials"
    assert (tally(walk(), NOORS).open, tally(walk(), NOORS).yours) == (4, 2)


def test_what_was_skipped_comes_last_and_then_what_others_sign() -> None:
    skipped = recorded(Skipped("notes", RC2.commit_sha))
    assert resume(walk(skipped), NOORS) == "tutorials"
    signed = recorded(Signed("tutorials", RC2.commit_sha), email=NOOR)
    assert resume(walk(skipped, signed), NOORS) == "notes"
    both = recorded(Signed("notes", RC2.commit_sha), email=NOOR)
    assert resume(walk(both, signed), NOORS) == "dates"
    assert next_open(walk(both, signed), "notes", 1, NOORS) == "plan"
