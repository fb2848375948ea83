"""What of the ledger is asked for, the hand-over, and text that stays text in an issue."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cockpit.process.loader import load_process
from cockpit.release.history import chosen, moment_of, operation_of, telling
from cockpit.release.markdown import link, plain
from cockpit.release.record import (
    LeaseReleased,
    LeaseTaken,
    Note,
    OperationFinished,
    PlanConfirmed,
    Recorded,
    StepDone,
)
from cockpit.release.signoffs import Problem, Skipped
from cockpit.views.handover import handover
from cockpit.views.ledger import entries_markdown, signature_words
from tests.release.states import NOW, PINNED, RC2, feed, ledger, recorded, with_

ADA = {"by": "Ada", "email": "ada@example.org"}
BOB = {"by": "Bob | the @builder", "email": "bob@example.org"}
ENTRIES = (
    recorded(LeaseTaken("1", "promote v2", NOW), hours=30, **ADA),
    recorded(PlanConfirmed("promote", "v2", "ab" * 32), hours=29, **ADA),
    recorded(StepDone("promote", "v2", "ab" * 32, "k", "copy"), hours=28, **ADA),
    recorded(OperationFinished("promote", "v2", "ab" * 32, "done"), hours=27, **ADA),
    recorded(LeaseReleased("1"), hours=26, **ADA),
    recorded(LeaseTaken("2", "restore", NOW, "she is on a plane"), hours=3, **BOB),
    recorded(Note("ask @everybody | <b>now</b>"), hours=2, **BOB),
)
FORGED = Recorded("f" * 40, "Eve", "eve@x", NOW, "N", None, "forged: it names Ada", "raw")


def described(entries: tuple[Recorded, ...]) -> list[str]:
    return [entry.describe() for entry in entries]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("90m", NOW - timedelta(minutes=90)),
        ("8 h", NOW - timedelta(hours=8)),
        ("3d", NOW - timedelta(days=3)),
        ("1w", NOW - timedelta(days=7)),
        ("2026-10-14", datetime(2026, 10, 14, tzinfo=UTC)),
        ("2026-10-14T09:30+02:00", datetime(2026, 10, 14, 7, 30, tzinfo=UTC)),
    ],
)
def test_a_moment_is_told_as_people_tell_it(text: str, moment: datetime) -> None:
    assert moment_of(text, NOW) == moment


@pytest.mark.parametrize("text", ["", "yesterday", "8", "-3d", "99999999999d", "2026-13-01"])
def test_what_is_no_moment_is_refused_in_words(text: str) -> None:
    with pytest.raises(ValueError, match="is no time: expected"):
        moment_of(text, NOW)


def test_entries_are_chosen_by_name_or_address_and_by_time() -> None:
    assert len(chosen(ENTRIES, by="ADA@")) == 5
    assert described(chosen(ENTRIES, by="bob", since=NOW - timedelta(hours=2.5))) == [
        "ask @everybody | <b>now</b>"
    ]
    assert chosen((*ENTRIES, FORGED), by="eve") == (FORGED,)
    assert chosen(ENTRIES) == ENTRIES


def test_what_surrounds_an_operation_is_left_out_but_a_take_over_is_told() -> None:
    assert described(telling((*ENTRIES, FORGED))) == [
        "promote v2 done",
        "took the lease for restore, taking over: she is on a plane",
        "ask @everybody | <b>now</b>",
        "forged: it names Ada",
    ]
    assert [operation_of(found.entry) for found in ENTRIES[3:5] if found.entry] == [
        "promote",
        "lease_released",
    ]


def test_words_of_others_stay_words_in_an_issue() -> None:
    assert plain("ask @ada | <b>\nx@y.org `c` [a](b)") == (
        "ask @<!-- -->ada \\| &lt;b> x@y.org \\`c\\` [a]\\(b)"
    )
    assert link("a", "https://x/(1) 2") == "[a](https://x/(1%29%202)"
    table = entries_markdown((*ENTRIES[-1:], FORGED)).splitlines()
    assert table[0] == "| when | who | what | kind | entry |"
    assert "Bob \\| the @<!-- -->builder | ask @<!-- -->everybody \\| &lt;b>now" in table[2]
    assert "| Eve | forged: it names Ada | unreadable |" in table[3]


@pytest.mark.parametrize(
    ("state", "words"), [("G", "trusts"), ("B", "BAD"), ("E", "not here"), ("N", ""), ("?", "'?'")]
)
def test_a_signature_is_told_in_words(state: str, words: str) -> None:
    assert words in signature_words(state)


def test_the_hand_over_tells_what_happened_is_open_is_next_and_who_holds_what() -> None:
    process = load_process("pytorch", Path())
    words = (
        recorded(Problem("performance", RC2.commit_sha, note="resnet is slow"), hours=1),
        recorded(Skipped("tracker-open", RC2.commit_sha), hours=1),
    )
    held = recorded(LeaseTaken("9", "promote v3", NOW + timedelta(minutes=5)), hours=0.1)
    state = with_(ledger=feed(ledger(*PINNED, *ENTRIES, *words, held)))
    told = handover(state, process, NOW - timedelta(hours=24))

    happened = told[told.index("### What happened") : told.index("### What blocks")]
    assert "Ada: problem with performance: resnet is slow" in happened
    assert "taking over: she is on a plane" in happened
    assert "promote v2 done" not in happened
    waits = told[told.index("### What waits for people") : told.index("### What is next")]
    assert "(`performance`, performance): **problem**, Ada: resnet is slow" in waits
    assert "(skipped by Ada)" in waits
    assert "Ada holds the lease for promote v3 since" in told[told.index("### Who holds") :]
    unread = handover(with_(ledger=feed(None)), process, NOW)
    assert "The ledger could not be read." in unread
