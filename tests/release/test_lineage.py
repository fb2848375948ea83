"""Where the commits of a release branch come from, and by what evidence."""

from __future__ import annotations

import pytest

from cockpit.release.branch_findings import pick_rows
from cockpit.release.claims import Reader, plain, plain_pick
from cockpit.release.lineage import Evidence, History, PickKind
from tests.release.histories import Story, sha_of

TRUNK = {
    "sdpa": "Fix strides of sdpa (#123)\n\nPull Request resolved: https://github.com/pytorch/pytorch/pull/123",
    "longer": "Speed up roll (#1234)",
    "other": "[MPS] Guard for compilers. (#77)",
    "twice": "Update pinned hash (#81)",
    "again": "Update pinned hash (#82)",
    "edited": "Update README.md (#90)",
    "merged": "Merge edited",
    "port": "Keep both (#95)\n\n(cherry picked from commit <first>)",
    "undo": 'Revert "Speed up roll (#1234)"\n\nThis reverts commit <longer>.',
}


@pytest.mark.parametrize(
    ("message", "source", "by"),
    [
        ("X (#500)\n\n(cherry picked from commit <sdpa>)", "sdpa", "trailer"),
        ("X (#500)\r\n\r\n(cherry picked from commit <sdpa>)\r\n", "sdpa", "trailer"),
        (f"X (#500)\n\n(cherry picked from commit {'0' * 40})\nCherry-pick #77", "other", "pr"),
        ("Fix strides of sdpa (#123) (#500)", "sdpa", "pr"),
        (
            "X (#500)\n\nPull Request resolved: https://github.com/pytorch/pytorch/pull/123",
            "sdpa",
            "pr",
        ),
        ("cherry pick #123 (#500)", "sdpa", "pr"),
        (
            "X (#500)\n\nCherry-pick of https://github.com/pytorch/pytorch/pull/1234 for CI",
            "longer",
            "pr",
        ),
        ("Backport (#500)\n\nBackport pytorch/pytorch#1234", "longer", "pr"),
        ("[cherry-pick] FIX strides  of sdpa (#500)", "sdpa", "title"),
        ("[release/2.15] Fix strides of sdpa (#500)", "sdpa", "title"),
        ("Cherry-Pick - [MPS] Guard for compilers (#500)", "other", "title"),
        ('[release/2.15] Revert "Speed up roll (#1234)" (#500)', "undo", "title"),
    ],
)
def test_a_pick_is_recognised(message: str, source: str, by: str) -> None:
    story = Story(trunk=TRUNK, branch={"pick": message})
    (row,) = pick_rows(story.origins, story.history)
    assert row.kind is PickKind.PICK
    assert (row.trunk and row.trunk.sha, row.by) == (sha_of(source), Evidence(by))


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("[RELEASE-ONLY CHANGES] Branch Cut for Release 2.15", "release-only"),
        ("[release/2.15] Pin docker images", "release-only"),
        ("Release only changes", "release-only"),
        ("Update candidate 2.15.0->2.15.1", "release-only"),
        ("Update cuDNN to 9.15.1", "unknown"),
        ("[cherry-pick] Update 2.15 docs (#500)", "unknown"),
        ('Revert "Pin docker images" (#501)', "revert"),
        ("Put it back\n\nThis reverts commit <pick>.", "revert"),
        ("Follow up on #123 (#500)", "unknown"),
        ("Fix another thing (#12)", "unknown"),
        ("Pick\n\nCherry-pick of https://github.com/pytorch/vision/pull/123", "unknown"),
        ("Update README.md", "unknown"),
        ("Merge edited", "unknown"),
        ("Update pinned hash (#500)", "unknown"),
    ],
)
def test_what_is_no_pick_of_anything_on_trunk_is_said_to_be_none(message: str, kind: str) -> None:
    story = Story(trunk=TRUNK, branch={"pick": message})
    (row,) = pick_rows(story.origins, story.history)
    assert (row.kind, row.trunk, row.by) == (PickKind(kind), None, None)


def test_a_fix_that_landed_on_the_branch_first_is_found_on_trunk() -> None:
    story = Story(trunk=TRUNK, branch={"first": "Keep both"})
    (row,) = pick_rows(story.origins, story.history)
    assert row.trunk is not None
    assert (row.trunk.sha, row.by) == (sha_of("port"), Evidence.TRAILER)


def test_a_squash_of_several_picks_has_a_row_for_each() -> None:
    body = (
        "* https://github.com/pytorch/pytorch/pull/123\n* #1234-but-not-all\n- #81 \n"
        " -\tpytorch/pytorch#77\n* #82, later"
    )
    story = Story(
        trunk=TRUNK, branch={"bunch": f"Cherry pick a bunch (#500)\n\nThe list:\n\n{body}"}
    )
    rows = pick_rows(story.origins, story.history)
    assert [row.trunk and row.trunk.sha for row in rows] == [
        *(sha_of("sdpa"), sha_of("twice"), sha_of("other"))
    ]


def test_an_abbreviated_sha_that_two_commits_share_names_neither() -> None:
    commits = Story(trunk={"a": "A", "b": "B"}).history.commits
    alike = [commit._replace(sha=f"abcdef0{at}" + "0" * 32) for at, commit in enumerate(commits)]
    history = History(alike)
    assert history.position("abcdef0") is None
    assert history.position("abcdef01") == 1
    assert history.position("abcdef09") is None


def test_closing_keywords_count_for_this_repository_alone() -> None:
    reader = Reader(lambda: "pytorch/pytorch", closing=True)
    said = (
        "fixes #1, Closed: #2, resolves https://github.com/pytorch/pytorch/issues/3,"
        " Fix pytorch/pytorch#4; fixes pytorch/vision#5, see #6, prefixes #7, Fixed #80"
    )
    assert reader.claims("T", said).closes == (1, 2, 3, 4, 80)
    assert Reader().claims("T", said).closes == ()


def test_titles_are_compared_without_what_picks_add() -> None:
    assert plain("Fix  A (#1) (#22)") == "fix a"
    assert plain_pick("[Cherry-pick for release/2.13 branch]: Guard B #8305 (#8511)") == "guard b"
    assert plain_pick("cherry-pick: Add C. (#5)") == plain("Add C (#6)")


@pytest.mark.parametrize("size", [10, 100_000])
def test_a_message_of_any_size_is_read_in_time_that_grows_with_it(size: int) -> None:
    body = "Reverts " + "[" * size + "(#" * size + "\n" + "> " * size
    Reader(lambda: None, closing=True).claims('Revert "' * 50 + "(" * size, body)
