"""Milestone items whose fix is on trunk and not on the branch, on made-up histories."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cockpit.release.milestones import MilestoneItem
from cockpit.release.missing_fixes import Fixes
from cockpit.release.words import short
from tests.release.histories import Story, sha_of

AT = datetime.fromtimestamp(2_000, UTC)
IGNORED = ("release-feature-request",)


def item(number: int, *, pull: bool = False, labels: tuple[str, ...] = ()) -> MilestoneItem:
    url = f"https://github.com/pytorch/pytorch/issues/{number}"
    return MilestoneItem(number, f"Item {number}", pull, labels, (), url, "closed", AT, done=True)


def fixes(story: Story) -> Fixes:
    return Fixes(story.told, story.origins, story.held)


def found(story: Story, *items: MilestoneItem) -> list[tuple[int, str]]:
    missing = fixes(story).missing(items, {}, IGNORED)
    return [(each.item.number, each.fix.title) for each in missing]


def test_a_fix_is_known_by_keyword_and_by_pull_request() -> None:
    story = Story(
        trunk={"a": "Fix a (#10)\n\nFixes #1", "b": "Fix b (#11)\n\nSee #2", "c": "Fix c (#12)"}
    )
    items = (item(1), item(2), item(12, pull=True))
    assert found(story, *items) == [(1, "Fix a (#10)"), (12, "Fix c (#12)")]


def test_numbers_that_begin_alike_are_not_the_same() -> None:
    story = Story(
        trunk={"short": "A (#10)\n\nFixes #19123", "long": "B (#11)\n\nFixes #191234"},
        branch={"pick": "B (#11) (#20)\n\nFixes #191234"},
    )
    assert found(story, item(19123), item(191234)) == [(19123, "A (#10)")]


def test_what_the_branch_has_in_any_form_is_not_missing() -> None:
    trunk = {"fix": "Fix a (#10)\n\nFixes #1"}
    for pick in (
        "X\n\n(cherry picked from commit <fix>)",
        "[cherry-pick] Fix a (#20)",
        "[release/2.15] Another way (#20)\n\nFixes #1",
    ):
        assert found(Story(trunk=trunk, branch={"pick": pick}), item(1)) == []


def test_a_pick_that_was_taken_off_again_is_missing_and_says_so() -> None:
    story = Story(
        trunk={"fix": "Fix a (#10)\n\nFixes #1"},
        branch={
            "pick": "Fix a (#10) (#20)",
            "undo": 'Revert "Fix a (#10)" (#21)\n\nReverts pytorch/pytorch#20',
        },
    )
    (missing,) = fixes(story).missing([item(1)], {}, IGNORED)
    assert missing.why.endswith(f"taken off the branch again by {short(sha_of('undo'))}")


def test_a_fix_that_trunk_took_back_is_none() -> None:
    trunk = {"fix": "Fix a (#10)\n\nFixes #1", "undo": 'Revert "Fix a (#10)"'}
    assert found(Story(trunk=trunk), item(1)) == []


def test_feature_requests_are_never_picked() -> None:
    story = Story(trunk={"fix": "Fix a (#10)\n\nFixes #1"})
    assert found(story, item(1, labels=IGNORED)) == []


def test_github_is_asked_for_what_no_message_tells_and_no_more() -> None:
    story = Story(
        {"old": "Old (#5)"},
        {"fix": "Fix a (#10)\n\nFixes #1", "silent": "Fix b (#11)"},
        {"own": "[release/2.15] C (#20)\n\nCloses #3"},
    )
    early = AT - timedelta(days=400)
    items = [item(1), item(2), item(3), item(11, pull=True), item(4, labels=IGNORED)]
    assert fixes(story).open_questions(items, AT - timedelta(days=1), IGNORED) == [2]
    assert fixes(story).open_questions(items, AT + timedelta(days=1), IGNORED) == []
    assert fixes(story).open_questions(items, early, IGNORED) == [2]
    closed_by = {2: (sha_of("silent"),), 1: (sha_of("old"), "f" * 40)}
    missing = list(fixes(story).missing(items, closed_by, IGNORED))
    assert {(each.item.number, each.fix.sha) for each in missing} == {
        (1, sha_of("fix")),
        (2, sha_of("silent")),
        (11, sha_of("silent")),
    }
