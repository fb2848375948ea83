"""The tracking issue's text: what is ours in it, and which boxes people changed, and who."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from cockpit.release.markdown import plain
from cockpit.release.mirror import (
    HandTick,
    IssueEdit,
    Mirror,
    MirrorIssue,
    MirrorLine,
    boxes,
    hand_ticks,
    mirror_part,
)
from cockpit.release.pullrequests import with_own_part
from tests.release.states import NOW

LINES = {
    "1 Preparation": [MirrorLine("dates", True, "**Dates**"), MirrorLine("colab", False, "Colab")],
    "2 Cut": [MirrorLine("perf", False, "a `<!-- item dates open -->` in words")],
}


def part(*kept: HandTick) -> str:
    return mirror_part(LINES, kept, link=lambda login: plain(f"@{login}") if login else "")


def issue(body: str, *edits: tuple[str, str]) -> MirrorIssue:
    """An issue of this text, and its edits newest first, an hour apart."""
    made = tuple(
        IssueEdit(login, NOW - timedelta(hours=hours), text)
        for hours, (login, text) in enumerate(edits)
    )
    return MirrorIssue(7, "title", body, "https://x/7", "open", edits=made)


OURS = with_own_part("", part())


def tick(body: str, item: str, box: str = "x") -> str:
    return "\n".join(
        f"- [{box}]{line[5:]}" if f"<!-- item {item} " in line and line.startswith("- [") else line
        for line in body.splitlines()
    )


def test_what_the_cockpit_wrote_is_read_as_it_was_left() -> None:
    assert boxes(OURS) == {
        "dates": (True, True),
        "colab": (False, False),
        "perf": (False, False),
    }
    assert hand_ticks(issue(OURS)) == ()
    assert boxes(OURS.replace("\n", "\r\n")) == boxes(OURS)
    assert boxes("- [x] out of our part <!-- item colab open -->") == {}


def test_whoever_ticked_first_is_named_not_whoever_edited_last() -> None:
    now = tick(OURS, "colab")
    edits = (("mika", f"{now}\nP.S."), ("ada", now), ("captain", OURS))
    (found,) = hand_ticks(issue(f"{now}\nP.S.", *edits))
    assert found == HandTick("colab", True, "ada", NOW - timedelta(hours=1))
    assert found.describe() == "ticked on GitHub by @ada, 15 Oct 13:03 UTC"


def test_a_box_that_was_ticked_unticked_and_ticked_again_is_the_last_ones() -> None:
    now = tick(OURS, "colab")
    edits = (("noor", now), ("mika", OURS), ("ada", now), ("captain", OURS))
    assert [found.by for found in hand_ticks(issue(now, *edits))] == ["noor"]


def test_an_unticked_box_is_noticed_and_offered_to_nobody() -> None:
    now = tick(OURS, "dates", " ")
    mirror = Mirror(issue(now, ("ada", now), ("captain", OURS)))
    (found,) = mirror.hand_ticks()
    assert (found.ticked, found.by) == (False, "ada")
    assert mirror.hand_tick("dates") is None


def test_where_github_tells_no_texts_the_last_editor_is_named_and_without_edits_nobody() -> None:
    now = tick(OURS, "colab")
    assert [found.by for found in hand_ticks(issue(now, ("ada", "")))] == ["ada"]
    (nobody,) = hand_ticks(issue(now))
    assert nobody.describe() == "ticked on GitHub by somebody"


def test_a_tick_stays_until_it_is_adopted() -> None:
    kept = HandTick("colab", True, "ada")
    text = part(kept)
    assert boxes(with_own_part("", text))["colab"] == (True, False)
    assert "(ticked by @<!-- -->ada, not adopted yet)" in text
    again = hand_ticks(issue(with_own_part("", text)))
    assert [found.item for found in again] == ["colab"]
    done = {"1": [msgspec.structs.replace(LINES["1 Preparation"][1], done=True)]}
    adopted = mirror_part(done, (kept,), link=str)
    assert boxes(with_own_part("", adopted)) == {"colab": (True, True)}
    unticked = part(HandTick("dates", False, "ada"))
    assert boxes(with_own_part("", unticked))["dates"] == (True, True)
