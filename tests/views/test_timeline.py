"""The history of a branch and two candidates compared, as rows."""

from __future__ import annotations

import msgspec

from cockpit.release.record import Dud, Frozen
from cockpit.release.state import ReleaseState
from cockpit.views.branches import branch_detail, branches_pane
from cockpit.views.comparison import comparison_pane
from cockpit.views.header import Controls, header
from cockpit.views.marks import FAILED, NEEDS_YOU, SKIPPED
from cockpit.views.table import Detail, Pane
from cockpit.views.timeline import CUT, UNTAGGED, tag_of, timeline_detail, timeline_pane
from tests.release.states import (
    CORE,
    GREEN,
    INFRA,
    PICK_1,
    PICK_2,
    PINNED,
    RC1,
    RC2,
    VISION,
    branch,
    commit,
    feed,
    ledger,
    recorded,
    tag,
    uncut,
    with_,
    with_branches,
)
from tests.release.states import (
    CUT as CUT_COMMIT,
)
from tests.views.test_panes import PROCESS

REVERT = commit("revert", 'Revert "Pin cudnn" (#148700)', hours=2)
TOOLS = commit("tools", "[release-only] Pin the builder images", hours=1)
GROWN = with_branches(branch(CORE, TOOLS, REVERT, PICK_2, PICK_1, tags=(RC1, RC2)))


def shown(pane: Pane) -> list[tuple[str, str, str, str]]:
    """Commit, kind, title and pull request of every row."""
    return [
        (row.cells[0].text, row.cells[1].text, row.cells[2].text, row.cells[3].text)
        for row in pane.table.rows
    ]


def text(detail: Detail | None) -> str:
    assert detail is not None
    return "\n".join([detail.title, *(line.text for line in detail.lines)])


def test_the_untagged_come_first_then_each_candidate_with_what_it_added() -> None:
    pane = timeline_pane(GROWN, CORE)

    assert shown(pane) == [
        ("untagged", "", "2 commits in no candidate", ""),
        (TOOLS.sha[:7], "release-only", TOOLS.title, "–"),
        (REVERT.sha[:7], "revert", REVERT.title, "#148700"),
        (RC2.name, "", "1 pick", ""),
        (PICK_2.sha[:7], "pick", PICK_2.title, "#148602"),
        (RC1.name, "", "1 pick", ""),
        (PICK_1.sha[:7], "pick", PICK_1.title, "#148601"),
        ("cut", "", f"{CUT_COMMIT.sha[:7]} Cut point", ""),
    ]
    assert pane.summary[0].text == "2 picks · 1 release-only change · 1 revert"
    assert pane.age == "12 s ago"


def test_every_row_leads_to_its_page() -> None:
    rows = {row.key: row for row in timeline_pane(GROWN, CORE).table.rows}

    assert rows[PICK_2.sha].url == "https://github.example/pull/13", "the pick's own pull request"
    assert rows[REVERT.sha].url == "https://github.com/pytorch/pytorch/pull/148700"
    assert rows[TOOLS.sha].url == f"https://github.com/pytorch/pytorch/commit/{TOOLS.sha}"
    assert rows[f"tag:{RC2.name}"].copy == RC2.name
    assert tag_of(f"tag:{RC2.name}") == RC2.name
    assert tag_of(PICK_2.sha) is None


def test_a_dud_and_a_moved_tag_are_marked() -> None:
    dead = with_(
        GROWN,
        ledger=feed(ledger(*PINNED, recorded(Dud(CORE.name, RC2.name, "bad")))),
    )
    moved = with_branches(branch(CORE, PICK_2, PICK_1, tags=(RC1, tag(RC2.name, PICK_1.sha))))

    rows = {row.key: row for row in timeline_pane(dead, CORE).table.rows}
    assert rows[f"tag:{RC2.name}"].cells[0].mark == SKIPPED
    assert rows[f"tag:{RC2.name}"].cells[2].text == "declared a dud by Ada: bad"
    pane = timeline_pane(moved, CORE)
    marks = {row.key: row.cells[0].mark for row in pane.table.rows}
    assert marks[f"tag:{RC2.name}"] == FAILED
    assert any("was moved from" in line.text for line in pane.summary)


def test_a_repository_without_candidates_and_one_that_is_not_cut() -> None:
    keys = [row.key for row in timeline_pane(GREEN, INFRA).table.rows]
    nothing = timeline_pane(with_branches(uncut(VISION)), VISION)

    assert UNTAGGED not in keys
    assert keys[-1] == CUT
    assert nothing.table.rows == ()
    assert nothing.table.empty == "release/0.30 has not been cut"


def test_the_detail_tells_of_commit_candidate_cut_and_untagged() -> None:
    picked = text(timeline_detail(GROWN, CORE, PICK_2.sha))
    assert "candidate    v2.15.0-rc2" in picked
    assert "#13 in candidate" in picked
    assert "in none" in text(timeline_detail(GROWN, CORE, TOOLS.sha))
    assert PICK_2.title in text(timeline_detail(GROWN, CORE, f"tag:{RC2.name}"))
    assert CUT_COMMIT.sha in text(timeline_detail(GROWN, CORE, CUT))
    assert RC2.name in text(timeline_detail(GROWN, CORE, UNTAGGED))
    assert timeline_detail(GROWN, CORE, "nonsense") is None


def test_comparing_lists_what_came_and_says_when_nothing_did() -> None:
    pane = comparison_pane(GROWN, CORE, RC1.name, RC2.name)
    turned = comparison_pane(GROWN, CORE, RC2.name, RC1.name)
    same = comparison_pane(GROWN, CORE, RC2.name, RC2.name)

    assert [row.key for row in pane.table.rows] == [PICK_2.sha]
    assert pane.summary[0].text == "1 pick"
    assert "do not follow each other" in turned.table.empty
    assert "adds nothing" in same.table.empty


def test_picks_come_before_other_kinds() -> None:
    rc3 = tag("v2.15.0-rc3", TOOLS.sha)
    state = with_branches(branch(CORE, TOOLS, REVERT, PICK_2, PICK_1, tags=(RC1, rc3)))

    rows = comparison_pane(state, CORE, RC1.name, rc3.name).table.rows

    assert [row.key for row in rows] == [PICK_2.sha, TOOLS.sha, REVERT.sha]


def frozen() -> ReleaseState:
    event = Frozen(CORE.name, CORE.release_branch, "rc2 is validated")
    return with_(GROWN, ledger=feed(ledger(*PINNED, recorded(event)), "git"))


def test_a_freeze_is_seen_in_header_pane_detail_and_history() -> None:
    state = frozen()

    assert f"{NEEDS_YOU.shape} frozen by Ada" in header(state, PROCESS, Controls(), 160).text
    row = next(row for row in branches_pane(state).table.rows if row.key == CORE.name)
    assert row.cells[0].text == "pytorch frozen"
    said = f"{NEEDS_YOU.shape} frozen 2 h ago by Ada: rc2 is validated"
    assert said in text(branch_detail(state, CORE.name))
    assert said in [line.text for line in timeline_pane(state, CORE).summary]
    others = msgspec.structs.replace(branches_pane(state), title="").table.rows[1:]
    assert not any("frozen" in row.cells[0].text for row in others)
