"""Nominations and answers in every shape people write them, and trackers by their exact title."""

from __future__ import annotations

from datetime import timedelta
from textwrap import indent

import msgspec
import pytest

from cockpit.release.nominations import (
    Answer,
    Comment,
    Nomination,
    Verdict,
    read_answers,
    read_nominations,
    tracker_version,
)
from cockpit.release.pick_rows import QueueFacts, queue
from cockpit.release.picks import PickReading, PickState
from cockpit.release.versions import Version
from tests.release.states import (
    CORE,
    CORE_BRANCH,
    NOW,
    PICK_1,
    answer,
    nomination,
    pull,
    sha,
    tracked,
)

URL = "https://github.com/pytorch/pytorch/pull"
BOT = f"""Link to landed trunk PR (if applicable):
* {URL}/148601

Link to release branch PR:
* {URL}/148700

Criteria Category:
* Critical - Https://github.com/pytorch/pytorch/issues/148500
"""


TAB = "\t"
REPOSITORY = "pytorch/pytorch"
FACTS = QueueFacts(CORE, CORE_BRANCH)


def said(body: str, *, by: str = "grace", number: int = 7) -> Comment:
    return Comment(number, by, body, NOW + timedelta(minutes=number), None, "u")


def read(body: str) -> Nomination | None:
    found = read_nominations(said(body), REPOSITORY)
    return found[0] if found else None


@pytest.mark.parametrize(
    ("shape", "body"),
    [
        ("as the bot writes it", BOT),
        ("CRLF", BOT.replace("\n", "\r\n")),
        ("no bullets", BOT.replace("* ", "")),
        ("dashes", BOT.replace("* ", "- ")),
        ("bold headings", BOT.replace("Link", "**Link").replace(":\n", ":**\n")),
        ("numbers instead of URLs", BOT.replace(f"{URL}/", "#")),
        ("on the heading's line", BOT.replace(":\n* ", ": ")),
        ("lower case", BOT.replace("Link to", "link to").replace("Criteria", "criteria")),
        ("indented", BOT.replace("* ", "   * ")),
        ("indented below its heading", BOT.replace("* ", "    ")),
        ("in a list", f"1. Please\ntake:\n\n{indent(BOT, '    ')}"),
        ("after code by indentation", f"    Link to landed trunk PR: #1\n\n    and #2\n\n{BOT}"),
        ("text around", f"Hello,\n\nplease take this:\n\n{BOT}\nThanks! cc @someone"),
        ("words beside the link", BOT.replace("/148601", "/148601 (landed on Tuesday)")),
        ("another link after it", BOT.replace("/148601", f"/148601 and {URL}/148602")),
        ("a trailing path", BOT.replace("/148601", "/148601/files")),
        ("numbered", BOT.replace("Link to l", "1. Link to l").replace("Criteria", "3) Criteria")),
        ("after code in a line", f"```torch``` lacks it:\n\n{BOT}"),
        ("after a quotation", f"> Link to landed trunk PR:\n> * {URL}/1\n\n{BOT}"),
        ("after a code block", f"```\nLink to release branch PR:\n* {URL}/1\n```\n{BOT}"),
    ],
)
def test_a_nomination_is_read_in_any_shape(shape: str, body: str) -> None:
    found = read(body)

    assert found is not None, shape
    assert (found.trunk_pull, found.release_pull) == (148601, 148700)
    assert found.category.startswith("Critical")


@pytest.mark.parametrize(
    ("body", "trunk", "release"),
    [
        (BOT.replace(f"{URL}/148601", "N/A"), None, 148700),
        (BOT.replace(f"{URL}/148700", ""), 148601, None),
        (BOT.replace("/148601", "/1486012"), 1486012, 148700),
        (BOT.replace(f"{URL}/148601", "https://github.com/pytorch/vision/pull/9"), None, 148700),
        (f"Link to release branch PR:\n{URL}/5", None, 5),
    ],
)
def test_what_is_missing_is_missing_and_prefixes_are_other_numbers(
    body: str, trunk: int | None, release: int | None
) -> None:
    found = read(body)

    assert found is not None
    assert (found.trunk_pull, found.release_pull) == (trunk, release)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "Approved",
        f"I think {URL}/148601 should be picked",
        "\n".join(f"> {line}" for line in BOT.splitlines()),
        f"```\n{BOT}```",
        f"~~~text\n{BOT}~~~",
        f"```\n{BOT}",
        "\n".join(f"  {line}" for line in f"```\n{BOT}```".splitlines()),
        f"* ```text\n{BOT}  ```",
        f"```\n{BOT}````\n",
        indent(BOT, "    "),
        f"As in:\n\n{indent(BOT, TAB)}",
        f"* one\n* two\n\nno list\n\n{indent(BOT, '     ')}",
        "Link to landed trunk PR (if applicable):\n*\n\nLink to release branch PR:\n*",
    ],
)
def test_other_comments_nominate_nothing(body: str) -> None:
    assert read(body) is None


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("Approved #148700", [(148700, Verdict.APPROVED)]),
        (f"> {BOT.splitlines()[4]}\n> * {URL}/148700\n\nApproved", [(148700, Verdict.APPROVED)]),
        (f"merged {URL}/148700", [(148700, Verdict.APPROVED)]),
        ("Not approved: #148700", [(148700, Verdict.DENIED)]),
        ("Merged, thanks! #148700", [(148700, Verdict.APPROVED)]),
        ("Merge conflict in #148700, please rebase", [(148700, Verdict.UNDER_REVIEW)]),
        ("Approve? #148700", [(148700, Verdict.UNDER_REVIEW)]),
        ("Denied, too late: #148700", [(148700, Verdict.DENIED)]),
        ("Could you explain #148700?", [(148700, Verdict.NEEDS_INFO)]),
        ("LGTM #1 #2", [(1, Verdict.APPROVED), (2, Verdict.APPROVED)]),
        ("Approved", []),
        ("> Approved #148700", []),
        ("```\nApproved\n```\n#148700 again", [(148700, Verdict.UNDER_REVIEW)]),
        ("#148700 was approved by nobody", [(148700, Verdict.UNDER_REVIEW)]),
    ],
)
def test_an_answer_is_the_release_managers_own_word(
    body: str, expected: list[tuple[int, Verdict]]
) -> None:
    found = read_answers([said(body, by="ada")], REPOSITORY, ("Ada",))

    assert [(entry.pull, entry.verdict) for entry in found] == expected
    assert read_answers([said(body, by="a-stranger")], REPOSITORY, ("Ada",)) == ()


@pytest.mark.parametrize(
    ("title", "version"),
    [
        ("[v.2.14.0] Release Tracker", Version(2, 14, 0)),
        ("[v2.14.1] Release Tracker", Version(2, 14, 1)),
        ("[v.2.1.0] Release Tracker", Version(2, 1, 0)),
        ("[V2.14.0] release tracker", Version(2, 14, 0)),
        ("[v2.14] Release Tracker", None),
        ("[v2.14.0] Release Day Checklist", None),
        ("[v2.14.0rc1] Release Tracker", None),
        ("Release 2.14.0 validations checklist and cherry-picks", None),
    ],
)
def test_a_tracker_is_of_exactly_one_version(title: str, version: Version | None) -> None:
    assert tracker_version(title) == version


def state_of(reading: PickReading, *decisions: Answer) -> dict[str, PickState]:
    rows = queue(reading, msgspec.structs.replace(FACTS, decisions=decisions))
    return {row.key: row.state for row in rows}


def test_every_state_a_pick_can_be_in() -> None:
    reading = tracked(
        pulls=(
            pull(1, "nominated"),
            pull(2, "approved"),
            pull(3, "denied"),
            pull(4, "needs info"),
            pull(5, "merged", state="closed", merged=sha("not on the branch")),
            pull(6, "in a candidate", state="closed", merged=PICK_1.sha),
            pull(7, "superseded", state="closed"),
        ),
        nominations=tuple(nomination(100 + n, n) for n in range(1, 8)),
        answers=(
            answer(2, Verdict.APPROVED),
            answer(3, Verdict.DENIED),
            answer(4, Verdict.NEEDS_INFO),
        ),
    )

    assert state_of(reading) == {
        "pull-1": PickState.NOMINATED,
        "pull-2": PickState.APPROVED,
        "pull-3": PickState.DENIED,
        "pull-4": PickState.NEEDS_INFO,
        "pull-5": PickState.MERGED,
        "pull-6": PickState.IN_CANDIDATE,
        "pull-7": PickState.SUPERSEDED,
    }


def test_the_newest_word_counts_wherever_it_was_said() -> None:
    reading = tracked((pull(1, "x"),), (nomination(101, 1),), (answer(1, Verdict.APPROVED),))

    assert state_of(reading, answer(1, Verdict.DENIED, hours=1)) == {"pull-1": PickState.DENIED}
    assert state_of(reading, answer(1, Verdict.DENIED, hours=99)) == {"pull-1": PickState.APPROVED}


def test_one_word_is_one_answer_however_often_it_is_kept() -> None:
    page = "https://github.com/pytorch/pytorch/issues/9#issuecomment-1"
    comment = msgspec.structs.replace(answer(1, Verdict.APPROVED), url=page, author="Ada")
    both = tracked(
        (pull(1, "x"),),
        (nomination(101, 1),),
        (comment, msgspec.structs.replace(comment, pull=101)),
    )
    (row,) = queue(
        both,
        msgspec.structs.replace(
            FACTS,
            decisions=(
                answer(1, Verdict.APPROVED, hours=9.9),
                answer(1, Verdict.DENIED, hours=5),
                answer(1, Verdict.APPROVED, hours=2),
            ),
        ),
    )

    assert [(each.verdict, each.url) for each in row.answers] == [
        (Verdict.APPROVED, page),
        (Verdict.DENIED, ""),
        (Verdict.APPROVED, ""),
    ]


def test_a_pick_is_in_the_first_candidate_that_contains_it() -> None:
    reading = tracked((pull(6, "x", state="closed", merged=PICK_1.sha),), (), ())

    assert [row.candidate for row in queue(reading, FACTS)] == ["v2.15.0-rc1"]


def test_a_pull_that_nobody_nominated_is_still_a_row() -> None:
    reading = tracked((pull(6, "x"), pull(7, "closed unmerged", state="closed")), (), ())

    assert [(row.key, row.nominated) for row in queue(reading, FACTS)] == [("pull-6", False)]


def test_a_verdict_without_a_number_is_about_the_one_nomination_of_whom_it_addresses() -> None:
    grace, linus = said(BOT, number=1), said(BOT.replace("148700", "148800"), by="linus", number=2)
    verdict = said("@grace approved", by="ada", number=3)

    assert [a.pull for a in read_answers([grace, linus, verdict], REPOSITORY, ("ada",))] == [148700]
    again = said(BOT.replace("148700", "148900"), number=2)
    assert read_answers([grace, again, verdict], REPOSITORY, ("ada",)) == ()


def test_a_comment_may_nominate_several_changes() -> None:
    two = read_nominations(said(f"{BOT}\n{BOT.replace('1487', '1497')}"), REPOSITORY)
    assert [found.release_pull for found in two] == [148700, 149700]

    pairs = BOT.replace("/148601", f"/148601\n* {URL}/148602")
    pairs = pairs.replace("/148700", f"/148700\n* {URL}/148701")
    told_off = read_nominations(said(pairs), REPOSITORY)
    assert [(found.trunk_pulls, found.release_pull) for found in told_off] == [
        ((148601,), 148700),
        ((148602,), 148701),
    ]


def test_commits_issues_and_other_repositories_are_told_apart() -> None:
    body = BOT.replace(f"{URL}/148601", "https://github.com/pytorch/pytorch/commit/0123abcd")
    found = read(body)
    assert found is not None
    assert (found.trunk_pulls, found.trunk_commits) == ((), ("0123abcd",))
    assert found.issue == "pytorch/pytorch#148500"

    other = read(BOT.replace(f"{URL}/148601", "pytorch/vision#12 and pytorch/pytorch#148601"))
    assert other is not None
    assert other.trunk_pulls == (148601,)
