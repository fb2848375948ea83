"""The promotion as a pane and in lines: numbers first, and what is wrong in words."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from cockpit.release.index_state import IndexFault, IndexState, Misled
from cockpit.release.promotion import Backup, Likeness, Orphan, Promotion
from cockpit.views.promotion import promotion_detail, promotion_lines, promotion_pane
from tests.release.promoting import ABSENT, AT, SAME, TORCH, standing
from tests.release.states import CORE, failure, feed, with_

YANKED = Misled("whl/cpu/0.whl", IndexFault.YANKED, "broken")
STATE = with_(
    promotion=feed(
        Promotion(
            (
                standing(SAME, SAME, index=IndexState(AT, 1, ("whl/cpu/1.whl",))),
                standing(
                    *(SAME, ABSENT, Likeness.DIFFERENT),
                    at="r2",
                    missing=("linux cpu",),
                    mislabelled=("whl/test/cpu/1.whl",),
                ),
                standing(at="r3", problem="no answer"),
                standing(SAME, at="r4", index=IndexState(AT, 1, (), (YANKED,))),
            ),
            ("r2", "r3"),
            (Orphan("r2", "whl/cpu/3.whl", "id", AT - timedelta(days=2)),),
            (Backup(TORCH, CORE.name, "v2.15.0-rc2", 3, ("linux cpu",), disputed=("x",)),),
        )
    )
)


def test_each_place_has_a_row_of_numbers() -> None:
    pane = promotion_pane(STATE)
    rows = {row.key: [cell.text for cell in row.cells] for row in pane.table.rows}
    assert rows["stable/torch"][2:7] == ["2", "2", "2", "0", "20 bytes / 20 bytes"]
    assert rows["stable/torch"][7] == "1 not listed"
    assert rows["r2/torch"][2:6] == ["4", "2", "1", "1"]
    assert rows["r4/torch"][7] == "1 wrong"
    assert rows["r3/torch"][2:] == ["?", "?", "?", "?", "", "?"]
    assert "1 to copy" in pane.summary[0].text
    assert "1 unfinished upload" in pane.summary[0].text


def test_the_detail_begins_with_what_is_wrong() -> None:
    found = promotion_detail(STATE, "r2/torch")
    assert found is not None
    text = "\n".join(line.text for line in found.lines)
    assert "left         1 file, 10 bytes" in text
    assert "missing from the test channel: linux cpu" in text
    assert (
        text.index("bytes  different") < text.index("bytes  absent") < text.index("bytes  verified")
    )
    assert promotion_detail(STATE, "nowhere/torch") is None


def test_nothing_is_said_to_be_in_place_or_left_where_nobody_could_read() -> None:
    found = promotion_detail(STATE, "r3/torch")
    assert found is not None
    text = "\n".join(line.text for line in found.lines)
    assert "in place     not known" in text
    assert "left         not known" in text
    assert promotion_pane(STATE).summary[0].text.count("? r3 not read") == 1
    (told,) = [line.text for line in promotion_lines(STATE) if line.text.startswith("? r3")]
    assert told.endswith("not read")


def test_the_command_line_says_all_of_it() -> None:
    text = "\n".join(line.text for line in promotion_lines(STATE))
    for words in (
        "no answer",
        "whl/cpu/2.whl differs",
        "1 not listed yet",
        "over it: broken",
        "begun 12 Oct",
        "1.whl claims another",
    ):
        assert words in text
    assert "v2.15.0-rc2  3 files of torch 2.15.0, 1 missing, such as linux cpu" in text
    assert "1 with a checksum that the test channel contradicts" in text
    unread = msgspec.structs.replace(STATE, promotion=with_().docs.__class__())
    assert "have not been read" in promotion_lines(unread)[0].text


def test_what_a_failed_look_left_says_how_old_it_is() -> None:
    left = msgspec.structs.replace(STATE.promotion, failure=failure("S3 cannot be reached"))
    first, *rest = promotion_lines(with_(STATE, promotion=left))
    assert first.text.startswith("? what follows was read ")
    assert first.text.endswith(" ago: S3 cannot be reached: connection refused")
    assert tuple(rest) == promotion_lines(STATE)
