"""The cockpit's own part of a pull request's text, among what people write."""

from __future__ import annotations

import pytest

from cockpit.release.pullrequests import OpenPull, PullDraft, own_part, with_own_part

DRAFT = PullDraft("automated/changes-2.15", "release/2.15", "A title", "What it does\n\n* one")


@pytest.mark.parametrize("before", ["", "Please hurry.\n", "a\r\nb", "\\1 \\g<0>"])
def test_our_part_is_found_again_and_the_rest_stays(before: str) -> None:
    text = with_own_part(before, DRAFT.body)
    assert own_part(text) == DRAFT.body
    assert before.replace("\r\n", "\n") in text
    changed = with_own_part(text.replace("\n", "\r\n"), "Something else \\1")
    assert own_part(changed) == "Something else \\1"
    assert DRAFT.body not in changed
    assert before.replace("\r\n", "\n") in changed


def test_a_text_of_somebody_else_has_no_part_of_ours() -> None:
    assert own_part("What it does") is None


@pytest.mark.parametrize(
    ("title", "body", "like"),
    [
        ("A title", "mine\n\n" + with_own_part("", DRAFT.body), True),
        ("Another title", with_own_part("", DRAFT.body), False),
        ("A title", DRAFT.body, False),
    ],
)
def test_a_pull_request_is_compared_by_title_and_our_part(
    title: str, body: str, like: bool
) -> None:
    assert OpenPull(1, title, body, DRAFT.head, DRAFT.base, "u").is_like(DRAFT) is like
