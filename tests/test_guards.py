"""When a key is greyed, and why: the guards of the registry on hand-made states."""

from __future__ import annotations

from cockpit.actions.guards.branches import can_tag
from cockpit.actions.guards.publishing import can_publish
from cockpit.actions.situation import Disabled, Enabled, Selection, Situation
from tests.release.publishing import FILES, on_its_way
from tests.release.states import GREEN, PINNED, feed, ledger, with_


def test_tagging_is_over_when_the_head_is_tagged_and_pinned() -> None:
    assert can_tag(Situation(GREEN)) == Disabled("v2.15.0-rc2 is already the head of the branch")


def test_a_tag_without_its_pin_is_taken_to_its_end_by_the_same_key() -> None:
    unpinned = with_(ledger=feed(ledger(*PINNED[:1])))
    assert can_tag(Situation(unpinned)) == Enabled()


def test_a_package_is_published_though_another_waits_to_be_staged() -> None:
    state = on_its_way(vision=(), inspected=FILES)
    rows = (Selection("publishing", f"{name} linux x86_64") for name in ("torch", "torchvision"))
    torch, torchvision = (can_publish(Situation(state, selection=row)) for row in rows)

    assert torch == Enabled()
    assert isinstance(torchvision, Disabled)
    assert "wheels of torchvision are staged" in torchvision.reason
    assert isinstance(can_publish(Situation(state)), Disabled), "all of the release"
