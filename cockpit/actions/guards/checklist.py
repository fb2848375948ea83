"""Whether something can be said of an item of the checklist, and which item is meant."""

from __future__ import annotations

from cockpit.actions.situation import Availability, Disabled, Enabled, Situation
from cockpit.release.process import PHASE_PREFIX
from cockpit.release.signoffs import Problem


def item_meant(situation: Situation) -> str:
    """The id of the item under the cursor, or of the page; empty without one."""
    selection = situation.selection
    if selection is None or selection.pane != "checklist":
        return ""
    return "" if selection.key.startswith(PHASE_PREFIX) else selection.key


def can_speak(situation: Situation) -> Availability:
    if situation.state.ledger.value is None:
        return Disabled("the ledger has not been read yet")
    return Enabled() if item_meant(situation) else Disabled("no item is selected")


def can_withdraw(situation: Situation) -> Availability:
    able = can_speak(situation)
    if isinstance(able, Disabled):
        return able
    said = situation.state.record.words.get(item_meant(situation), ())
    if not any(isinstance(word, Problem) for _, word in said):
        return Disabled("nobody has reported a problem with it")
    return Enabled()


def can_adopt(situation: Situation) -> Availability:
    mirror = situation.state.mirror.value
    if mirror is None:
        return Disabled("the tracking issue has not been read yet")
    if mirror.issue is None:
        return Disabled("there is no tracking issue yet")
    if mirror.hand_tick(item_meant(situation)) is None:
        return Disabled("nobody ticked its box on GitHub")
    return Enabled()


def of_item(situation: Situation) -> dict[str, str]:
    item = item_meant(situation)
    return {"item": item} if item else {}
