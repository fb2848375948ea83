"""What people say about items: who may, what voids it and what does not, problems and waivers."""

from __future__ import annotations

import msgspec
import pytest

from cockpit.process.loader import parse
from cockpit.release.branches import Branches
from cockpit.release.checklist import ItemState, Progress, item_states, unlocked_by
from cockpit.release.people import Duty, Person, Team
from cockpit.release.record import PlanConfirmed, Recorded
from cockpit.release.signoffs import NotApplicable, Problem, Signed, Skipped, Withdrawn, Word
from cockpit.release.state import ReleaseState
from tests.release.states import (
    CORE,
    CUT,
    PINNED,
    RC1,
    RC2,
    SPEC,
    feed,
    ledger,
    recorded,
    sha,
    with_,
    with_branches,
)

PROCESS = parse(
    """
[[roles]]
id = "captain"
duty = "captain"
[[roles]]
id = "documentation"
[[roles]]
id = "on-call"
[[roles]]
id = "release engineering"
[[phases]]
id = "promotion"
number = 4
title = "Promotion"
[[items]]
id = "docs"
phase = "promotion"
title = "The documentation was read"
kind = "manual"
owner = "documentation"
[[items]]
id = "tracker"
phase = "promotion"
title = "The tracker is open"
kind = "manual"
owner = "captain"
binds = "release"
[[items]]
id = "plan-read"
phase = "promotion"
title = "The plan of the promotion was read"
kind = "manual"
owner = "release engineering"
operation = "promote"
[[items]]
id = "go"
phase = "promotion"
title = "It ships"
kind = "manual"
owner = "captain"
signers = 2
needs = ["docs", "plan-read"]
[[items]]
id = "green"
phase = "promotion"
title = "Checks are green"
kind = "gate"
owner = "on-call"
gate = "ci-green"
[[items]]
id = "promoted"
phase = "promotion"
title = "Promoted"
kind = "auto"
owner = "captain"
gate = "wheels-promoted"
operation = "promote"
needs = ["go", "green"]
""",
    "process.toml",
)
ADA, BOB, NOOR = ("Ada", "ada@example.org"), ("Bob", "bob@example.org"), ("Noor", "n@example.org")
TEAM = Team(
    (
        Person("Ada", "ada", ADA[1], (Duty.CAPTAIN,)),
        Person("Bob", "bob", BOB[1], (Duty.CAPTAIN, Duty.REVIEWER)),
        Person("Noor", "noor", NOOR[1], (Duty.REVIEWER,)),
    )
)
BASE = with_(spec=msgspec.structs.replace(SPEC, team=TEAM))
NOW_SHA = RC2.commit_sha


def said(word: Word, who: tuple[str, str] = ADA, *, hours: float = 1) -> Recorded:
    return recorded(word, hours=hours, by=who[0], email=who[1])  # type: ignore[arg-type]


def of(item: str, *entries: Recorded, state: ReleaseState = BASE) -> ItemState:
    known = with_(state, ledger=feed(ledger(*PINNED, *entries)))
    return next(found for found in item_states(PROCESS, known) if found.item.id == item)


def confirmed(digest: str, *, hours: float, subject: str = "v2.15.0") -> Recorded:
    return recorded(PlanConfirmed("promote", subject, digest), hours=hours)


def test_two_signers_are_two_people() -> None:
    entries = [said(Signed("docs", NOW_SHA)), said(Signed("plan-read", NOW_SHA))]
    once = said(Signed("go", NOW_SHA), hours=0.5)
    again = said(Signed("go", NOW_SHA, note="again"), hours=0.4)
    other = said(Signed("go", NOW_SHA), BOB, hours=0.3)

    found = of("go", *entries, once, again)
    assert found.progress is Progress.TO_DO
    assert found.words == "signed by Ada; 1 more signature needed"
    found = of("go", *entries, once, again, other)
    assert found.progress is Progress.SIGNED
    assert found.words.startswith("signed by Ada and Bob, ")


@pytest.mark.parametrize(
    ("item", "who", "reason"),
    [
        ("tracker", NOOR, "it takes a captain, and Noor is none"),
        ("docs", ("Eve", "eve@x"), "it takes a reviewer or captain, and the config does not know"),
    ],
)
def test_a_word_of_somebody_without_the_duty_is_shown_and_does_not_count(
    item: str, who: tuple[str, str], reason: str
) -> None:
    commit = CUT.sha if item == "tracker" else NOW_SHA
    found = of(item, said(Signed(item, commit), who))

    assert found.progress is Progress.TO_DO
    assert found.signatures[0].uncounted.startswith(reason)
    assert "does not count" in found.words
    assert of(item, said(Signed(item, commit), who), said(Signed(item, commit), ADA)).progress is (
        Progress.SIGNED
    )


def test_a_config_that_names_nobody_leaves_it_to_everybody() -> None:
    nobody = with_(spec=msgspec.structs.replace(SPEC, team=Team()))

    assert of("docs", said(Signed("docs", NOW_SHA), NOOR), state=nobody).progress is Progress.SIGNED


def test_another_plan_of_the_same_subject_voids_what_was_signed_for_it_and_nothing_else() -> None:
    signed = [
        said(Signed("docs", NOW_SHA)),
        said(Signed("tracker", CUT.sha)),
        said(Signed("plan-read", NOW_SHA, "aa" * 32, subject="v2.15.0")),
    ]
    first = confirmed("aa" * 32, hours=2)
    elsewhere = confirmed("cc" * 32, hours=0.4, subject="v0.30.0")
    moved = confirmed("bb" * 32, hours=0.3)

    for item in ("docs", "tracker", "plan-read"):
        assert of(item, first, *signed, elsewhere).progress is Progress.SIGNED
    found = of("plan-read", first, *signed, moved)
    assert found.progress is Progress.VOID
    assert "the plan of promote is another since" in found.words
    assert "bbbbbbbbbbbb" in found.words
    for item in ("docs", "tracker"):
        assert of(item, first, *signed, moved).progress is Progress.SIGNED


def test_a_second_signer_of_another_plan_voids_the_first() -> None:
    first = said(Signed("plan-read", NOW_SHA, "aa" * 32, subject="v2.15.0"))
    second = said(Signed("plan-read", NOW_SHA, "bb" * 32, subject="v2.15.0"), BOB, hours=0.5)
    found = of("plan-read", first, second)

    assert found.progress is Progress.SIGNED
    assert [word.by for word in found.said.signers] == ["Bob"]


def test_a_moved_tag_voids_what_was_signed_for_the_candidate_and_says_so() -> None:
    signed = [said(Signed("docs", NOW_SHA)), said(Signed("tracker", CUT.sha))]
    branches = BASE.branches.value or Branches(())
    core = next(branch for branch in branches.states if branch.repository == CORE.name)
    tags = tuple(
        msgspec.structs.replace(tag, object_sha=sha("moved"), commit_sha=CUT.sha)
        if tag.name == RC2.name
        else tag
        for tag in core.tags
    )
    moved = with_branches(msgspec.structs.replace(core, tags=tags), state=BASE)

    found = of("docs", *signed, state=moved)
    assert found.progress is Progress.VOID
    assert found.words.endswith(f"{RC2.name} was moved from {RC2.commit_sha[:7]}")
    assert of("tracker", *signed, state=moved).progress is Progress.SIGNED


def test_a_problem_blocks_until_it_is_withdrawn_or_signed_after() -> None:
    signed = said(Signed("docs", NOW_SHA), hours=3)
    problem = said(Problem("docs", RC1.commit_sha, note="the index is empty"), NOOR, hours=2)

    found = of("docs", signed, problem)
    assert found.progress is Progress.PROBLEM
    assert found.words == "Noor: the index is empty"
    assert of("docs", problem, said(Withdrawn("docs", NOW_SHA, note="cache"))).progress is (
        Progress.TO_DO
    )
    assert of("docs", problem, said(Signed("docs", NOW_SHA), BOB)).progress is Progress.SIGNED
    stranger = said(Withdrawn("docs", NOW_SHA, note="cache"), ("Eve", "eve@x"))
    assert of("docs", problem, stranger).progress is Progress.PROBLEM


def test_a_problem_with_what_a_gate_judges_blocks_it_too() -> None:
    assert of("green").progress is Progress.PASSED
    found = of("green", said(Problem("green", NOW_SHA, note="the run is of another commit")))

    assert found.progress is Progress.PROBLEM
    assert found.verdict is not None


def test_what_does_not_apply_is_settled_with_its_reason_until_somebody_signs() -> None:
    waived = said(NotApplicable("docs", NOW_SHA, note="a patch release"), NOOR)

    found = of("docs", waived)
    assert (found.progress, found.words) == (Progress.NOT_APPLICABLE, "Noor: a patch release")
    assert of("docs", waived, said(Signed("docs", NOW_SHA), hours=0.5)).progress is Progress.SIGNED


def test_a_skip_changes_nothing_but_is_remembered() -> None:
    skipped = said(Skipped("docs", NOW_SHA), NOOR)

    found = of("docs", skipped)
    assert found.progress is Progress.TO_DO
    assert found.said.skipped is not None
    assert found.said.skipped.by == "Noor"
    assert of("docs", skipped, said(Signed("docs", NOW_SHA), hours=0.5)).said.skipped is None


def test_the_last_signature_unlocks_what_waits_for_it_alone() -> None:
    docs, plan_read = said(Signed("docs", NOW_SHA)), said(Signed("plan-read", NOW_SHA))

    def unlocked(item: str, *entries: Recorded) -> list[str]:
        known = with_(BASE, ledger=feed(ledger(*PINNED, *entries)))
        found = unlocked_by(PROCESS, item_states(PROCESS, known), item, {"promote"})
        return [entry.id for entry in found]

    assert unlocked("go", docs, plan_read) == ["promoted"]
    assert unlocked("docs", plan_read) == []
    assert unlocked("go", docs, plan_read, said(Signed("go", NOW_SHA)))  # one more is needed
    both = (said(Signed("go", NOW_SHA)), said(Signed("go", NOW_SHA), BOB))
    assert unlocked("go", docs, plan_read, *both) == []
