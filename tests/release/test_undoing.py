"""Missing reverts on made-up histories: every shape of process sections 13.10 and 13.11."""

from __future__ import annotations

import pytest

from cockpit.release.undoing import carried_by
from cockpit.release.words import short
from tests.release.histories import Story, sha_of

CHANGE = "Fix strides of sdpa (#100)"
OTHER = "Speed up roll (#200)"
REVERT = 'Revert "Fix strides of sdpa (#100)"\n\nThis reverts commit <change>.'
PICK = "Fix strides of sdpa (#100) (#500)\n\n(cherry picked from commit <change>)"


@pytest.mark.parametrize(
    "revert",
    [
        REVERT,
        'Revert "Fix strides of sdpa (#100)"\n\nThis reverts commit <change:9>.',
        'Revert "Fix strides of sdpa (#100)" (#300)',
        'Revert "Fix strides of sdpa" (#300)\n\nReverts pytorch/pytorch#100',
        'Revert "Fix strides of sdpa" (#300)',
        "Revert #100 now that it is not needed (#300)",
        'Revert "Fix strides of sdp…" (#300)\n\nReverts #100\n\nWill be relanded as #301.',
        'Revert "Fix strides of sdpa (#100)"\n\nReverted https://github.com/pytorch/pytorch/pull/100'
        " on behalf of https://github.com/ada due to breaking trunk",
        'Back out "Fix strides of sdpa (#100)"\n\nOriginal commit changeset: <change:9>\n\n'
        "Original Phabricator Diff: D84",
        "Revert D84: Fix strides of sdpa\n\nDifferential Revision: D85",
        'Back out "[fbcode] other words"\n\nSummary:\nOriginal Phabricator Diff: D84\n',
        "Clean up sdpa (#300)\n\nReverting following PRs:\n"
        "https://github.com/pytorch/pytorch/pull/100\n",
        "Clean up sdpa (#300)\r\n\r\nThis reverts the following PRs:\r\n* #99\r\n* #100\r\n",
        "Revert last 2 commits\n\nThis reverts commits  <other> and <change>.",
        "Remove the restriction (#300)\n\nRevert of https://github.com/pytorch/pytorch/pull/100"
        " since not required",
        "[release] Revert - Fix strides of sdpa",
    ],
)
def test_a_revert_of_what_landed_before_the_cut_is_found(revert: str) -> None:
    change = f"{CHANGE}\n\nDifferential Revision: D84"
    story = Story({"other": OTHER, "change": change}, {"a": "Else (#201)", "revert": revert})
    assert ("revert", "change", "change") in story.missing_names()
    found = next(m for m in story.missing() if m.reverted.sha == sha_of("change"))
    assert found.why == (
        f"landed before the cut as {short(sha_of('change'))}, reverted on trunk by"
        f" {short(sha_of('revert'))}, not undone on the branch"
    )
    assert found.reverted.pull == 100


def test_a_revert_of_what_was_picked_is_found_though_the_pick_has_another_sha() -> None:
    story = Story(trunk={"change": CHANGE, "revert": REVERT}, branch={"pick": PICK})
    assert story.missing_names() == [("revert", "change", "pick")]
    assert story.missing()[0].why == (
        f"picked as {short(sha_of('pick'))}, reverted on trunk by"
        f" {short(sha_of('revert'))}, not undone on the branch"
    )


def test_who_reverted_makes_no_difference() -> None:
    for author in ("PyTorch MergeBot", "Grace Hopper"):
        story = Story({"change": CHANGE}, {"revert": REVERT}, authors={"revert": author})
        assert story.missing_names() == [("revert", "change", "change")]


def test_what_never_came_to_the_branch_needs_no_revert_there() -> None:
    assert Story(trunk={"change": CHANGE, "revert": REVERT}).missing_names() == []


@pytest.mark.parametrize(
    "undone",
    [
        'Revert "Fix strides of sdpa (#100)"\n\n(cherry picked from commit <revert>)',
        '[release/2.15] Revert "Fix strides of sdpa" (#501)\n\nReverts #100 on release/2.15.',
        '[release/2.15] Revert "Fix strides of sdpa (#100)" (#501)',
        'Revert "Fix strides of sdpa (#100) (#500)"\n\nThis reverts commit <pick>.',
        'Revert "Fix strides of sdpa (#100)" (#501)\n\nReverts pytorch/pytorch#500',
        "Put sdpa back (#501)\n\nThis reverts commit <change>.",
    ],
)
@pytest.mark.parametrize("picked", [True, False])
def test_what_the_branch_undid_itself_is_not_missing(undone: str, picked: bool) -> None:
    story = (
        Story(trunk={"change": CHANGE, "revert": REVERT}, branch={"pick": PICK, "undo": undone})
        if picked or "<pick>" in undone or "#500" in undone
        else Story({"change": CHANGE}, {"revert": REVERT}, {"undo": undone})
    )
    assert story.missing_names() == []


RELANDS = [
    'Reland "Fix strides of sdpa" (#101)',
    'Reapply "Fix strides of sdpa (#100)"\n\nThis reverts commit <revert>.',
    'Revert "Revert "Fix strides of sdpa (#100)""\n\nThis reverts commit <revert>.',
    "[Reland] Fix strides of sdpa (#101)",
    "[reland][inductor] Fix strides of sdpa (#101)",
    "Fix strides of sdpa (#100)",
    "Keep sdpa's strides (#101)\n\nThis reland of pytorch/pytorch#100 has a test.",
    "Fix strides of sdpa (#101)",
    "Strides again (#101)\n\nPull Request resolved: https://github.com/pytorch/pytorch/pull/100",
]


@pytest.mark.parametrize("reland", RELANDS)
def test_a_reland_makes_a_revert_obsolete(reland: str) -> None:
    story = Story({"change": CHANGE}, {"revert": REVERT, "x": OTHER, "reland": reland})
    assert story.missing_names() == []


@pytest.mark.parametrize("reland", RELANDS)
def test_a_reland_that_was_reverted_too_makes_the_revert_due_again(reland: str) -> None:
    again = 'Revert "something"\n\nThis reverts commit <reland>.'
    story = Story({"change": CHANGE}, {"revert": REVERT, "reland": reland, "again": again})
    assert story.missing_names() == [("revert", "change", "change")]
    assert "brought back by" in story.missing()[0].why
    assert "reverted again by" in story.missing()[0].why


def test_reverts_of_reverts_are_followed_to_any_depth() -> None:
    trunk = {"u1": 'Revert "Fix strides of sdpa (#100)" (#101)\n\nReverts pytorch/pytorch#100'}
    title = 'Revert "Fix strides of sdpa (#100)" (#101)'
    for depth in range(2, 7):
        number = 100 + depth
        title = f'Revert "{title}" (#{number})'
        trunk[f"u{depth}"] = title
        expected = [("u1", "change", "change")] if depth % 2 else []
        assert Story({"change": CHANGE}, trunk).missing_names() == expected


def test_a_picked_reland_that_is_reverted_later_is_missing_that_revert() -> None:
    story = Story(
        {"change": CHANGE, "revert": REVERT},
        {
            "reland": 'Reland "Fix strides of sdpa" (#101)',
            "again": 'Revert "Reland "Fix strides"" (#103)\n\nThis reverts commit <reland>.',
        },
        {"pick": "Reland sdpa (#502)\n\n(cherry picked from commit <reland>)"},
    )
    assert story.missing_names() == [("again", "reland", "pick")]


def test_a_branch_that_took_revert_and_reland_is_whole() -> None:
    story = Story(
        {"change": CHANGE},
        {"revert": REVERT, "reland": 'Reland "Fix strides of sdpa" (#101)'},
        {
            "undo": 'Revert "Fix"\n\n(cherry picked from commit <revert>)',
            "redo": "Reland\n\n(cherry picked from commit <reland>)",
        },
    )
    assert story.missing_names() == []


def test_numbers_are_compared_as_numbers() -> None:
    story = Story(
        {"change": "Fix a (#1234)", "short": "Fix b (#123)"},
        {"revert": 'Revert "Fix a" (#300)\n\nReverts #1234'},
    )
    assert story.missing_names() == [("revert", "change", "change")]


def test_numbers_of_other_repositories_are_theirs() -> None:
    story = Story(
        {"change": CHANGE}, {"revert": "Revert a pin (#300)\n\nReverts pytorch/vision#100"}
    )
    assert story.missing_names() == []
    assert story.nameless() == ["Revert a pin (#300)"]


def test_what_a_message_quotes_is_not_what_it_says() -> None:
    quoting = (
        "Teach the analyzer (#300)\n\nIt printed:\n    This reverts commit <change>.\n"
        "> This reverts commit <change>.\n```\nThis reverts commit <change>.\nReverts #100\n```\n"
    )
    assert Story({"change": CHANGE}, {"quoting": quoting}).missing_names() == []


def test_a_partial_revert_takes_nothing_back() -> None:
    partial = "Keep half (#300)\n\nThis partially reverts commit <change>."
    assert Story({"change": CHANGE}, {"partial": partial}).missing_names() == []


def test_a_nameless_revert_is_known_by_the_tree_it_goes_back_to() -> None:
    story = Story(
        {"base": OTHER, "change": CHANGE},
        {"back": "Revert the last change"},
        trees={"base": "t", "back": "t"},
    )
    assert story.missing_names() == [("back", "change", "change")]
    assert story.nameless() == []


def test_a_revert_of_the_pull_that_landed_twice_is_of_the_landing_that_stood() -> None:
    story = Story(
        {"change": CHANGE},
        {"revert": REVERT, "again": CHANGE, "second": 'Revert "Fix strides of sdpa (#100)"'},
        {"pick": "[cherry-pick] Fix strides of sdpa (#500)\n\nCherry-pick of #100"},
    )
    assert story.missing_names() == [("second", "again", "pick")]


def test_the_same_title_of_somebody_else_or_once_more_is_no_reland() -> None:
    pin = "Update the pinned hash"
    story = Story(
        {"change": f"{pin} (#100)"},
        {"revert": f'Revert "{pin} (#100)"', "next": f"{pin} (#101)", "then": f"{pin} (#102)"},
    )
    assert story.missing_names() == [("revert", "change", "change")]


def test_one_revert_of_several_changes_is_found_for_each() -> None:
    story = Story(
        {"a": "A (#100)", "b": "B (#101)"},
        {"revert": "Undo both (#300)\n\nThis reverts commits <a> and <b>."},
    )
    assert {found[1] for found in story.missing_names()} == {"a", "b"}


def test_a_fix_of_an_older_line_is_carried_forward_unless_it_is_here_or_gone() -> None:
    trunk = {
        "kept": CHANGE,
        "gone": OTHER,
        "undo": 'Revert "Speed up roll (#200)"',
        "here": "X (#7)",
    }
    older = {name: f"Pick\n\n(cherry picked from commit <{name}>)" for name in ("kept", "gone")}
    there = Story(trunk=trunk, branch={**older, "own": "[release/2.14] Set version to 2.14.1"})
    here = Story(trunk=trunk, branch={"p": "X (#7) (#8)"})
    found = list(carried_by("release/2.14", there.origins, here.told, here.held))
    assert [entry.trunk.title for entry in found] == [CHANGE]
    took = Story(trunk=trunk, branch={"p": PICK.replace("<change>", "<kept>")})
    assert list(carried_by("release/2.14", there.origins, took.told, took.held)) == []
