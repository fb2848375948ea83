"""What a line of the board asks for, and whether the gate behind it can be overridden."""

from __future__ import annotations

import msgspec

from cockpit.actions.situation import Availability, Disabled, Enabled, Scope, Selection, Situation
from cockpit.release.board import board
from cockpit.release.board_lines import BoardLine
from cockpit.release.gates import GATES
from cockpit.release.overrides import override_of
from cockpit.release.process import Item
from cockpit.release.verdicts import NextStep


def meant_item(situation: Situation) -> Item | None:
    """The selected item, or the one of the selected board line's gate; None elsewhere."""
    selection, process = situation.selection, situation.process
    if selection is None or process is None:
        return None
    if selection.pane == "board":
        line = meant_line(situation)
        gate = line.subject if line else ""
        return next((item for item in process.items if gate and item.gate == gate), None)
    return process.by_id.get(selection.key) if selection.pane == "checklist" else None


def meant_line(situation: Situation) -> BoardLine | None:
    """The selected line of the board."""
    from cockpit.views.board_pane import board_entry

    selection = situation.selection
    if selection is None or selection.pane != "board":
        return None
    entry = board_entry(situation.state, selection.key)
    return entry.line if entry else None


def next_step(situation: Situation) -> NextStep:
    """What the selected line of the board asks for; elsewhere what comes next."""
    line = meant_line(situation)
    if line is None:
        return board(situation.state).next
    return NextStep(line.then or line.text, line.action, line.pick)


def for_next(situation: Situation, following: NextStep) -> Situation:
    """Where what comes next is done: it concerns the release, not the selected row.

    A step may be about one row of the queue, and an override about the gate of the line that asks
    for it.
    """
    item = meant_item(situation) if following.action == "override" else None
    selection = Selection("checklist", item.id) if item else None
    if following.pick:
        selection = Selection("picks", following.pick)
    return msgspec.structs.replace(situation, selection=selection, scopes=tuple(Scope))


def of_gate(situation: Situation) -> dict[str, str]:
    """The gate of the selected item."""
    item = meant_item(situation)
    return {"gate": item.gate} if item is not None and item.gate else {}


def can_override(situation: Situation) -> Availability:
    item = meant_item(situation)
    if item is None:
        return Disabled("no item of the checklist is selected")
    if item.gate is None:
        return Disabled("nothing judges this item: it is signed")
    overridden = override_of(item.gate, situation.state)
    if overridden is not None:
        return Disabled(f"{item.gate} is {overridden.describe()}")
    verdict = GATES[item.gate].judge(situation.state)
    if verdict.clear:
        return Disabled(f"{item.gate} holds nothing up: {verdict.headline}")
    return Enabled()
