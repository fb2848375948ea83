"""`gates` and `board`: what holds the release up, what lets it go on, and what to do about each."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import msgspec

from cockpit.actions.registry import action
from cockpit.commands.common import looked, write_json, write_lines
from cockpit.commands.status import exit_code
from cockpit.errors import ExitCode
from cockpit.release.board import Board, board
from cockpit.release.board_lines import BoardLine
from cockpit.release.checklist import current_phase
from cockpit.release.gates import GATES
from cockpit.release.overrides import cleared, override_of
from cockpit.release.phases import PHASE_GATES, standing
from cockpit.release.process import Item, Process
from cockpit.release.state import ReleaseState
from cockpit.release.verdicts import NextStep, Verdict
from cockpit.runtime import Cockpit
from cockpit.views.ages import ago
from cockpit.views.checklist import verdict_mark
from cockpit.views.framing import line, marked
from cockpit.views.marks import FAILED, NEEDS_YOU, OPEN, PASSED, Tone
from cockpit.views.table import Line, Span


def gates(arguments: argparse.Namespace) -> int:
    """Judge every gate once; 1 when one of the present phase lets nothing through."""
    cockpit = looked(arguments)
    state = cockpit.state
    now = PHASE_GATES[standing(state).phase]
    verdicts = {gate: GATES[gate].judge(state) for gate in GATES}
    if arguments.json:
        write_json([_gate_data(gate, v, cockpit, gate in now) for gate, v in verdicts.items()])
    else:
        for gate, verdict in verdicts.items():
            write_lines(_gate_lines(gate, verdict, state, gate in now), arguments)
    held = any(not cleared(gate, verdicts[gate], state) for gate in now)
    return int(_worst(exit_code(state), held=held))


def show_board(arguments: argparse.Namespace) -> int:
    """Print what blocks, is risky, is ready and comes next, each with its key."""
    cockpit = looked(arguments)
    state = cockpit.state
    found = board(state)
    if arguments.json:
        write_json(
            {
                "release": str(state.spec.version),
                "phase": current_phase(cockpit.process, state).phase.id,
                "blocked": [_line_data(entry) for entry in found.blocked],
                "risky": [_line_data(entry) for entry in found.risky],
                "ready": [_line_data(entry) for entry in found.ready],
                "next": _step_data(found.next),
            }
        )
    else:
        write_lines(_board_lines(found), arguments)
    return int(exit_code(state))


def _board_lines(found: Board) -> Iterator[Line]:
    for title, mark, entries in (
        ("BLOCKED", FAILED, found.blocked),
        ("RISKY", NEEDS_YOU, found.risky),
        ("READY", PASSED, found.ready),
    ):
        yield line(Span(f"{title} {len(entries)}", mark.tone if entries else Tone.DIM))
        for entry in entries:
            yield line("  ", *marked(mark, entry.text))
            if title != "READY":
                yield line("      next: ", _told(NextStep(entry.then, entry.action)))
    yield line(Span("NEXT", Tone.ACCENT))
    yield line("  ", *marked(OPEN, _told(found.next)))


def key_of(action_id: str | None) -> str:
    """The key that takes an action in the cockpit; empty without one."""
    return action(action_id).keys[0] if action_id else ""


def _worst(found: ExitCode, *, held: bool) -> ExitCode:
    return ExitCode.BLOCKED if held and found is ExitCode.OK else found


def _told(step: NextStep) -> str:
    key = key_of(step.action)
    return f"{step.text}  [{key}]" if key else step.text


def _gate_lines(gate: str, verdict: Verdict, state: ReleaseState, matters: bool) -> Iterator[Line]:
    override = override_of(gate, state)
    now = () if matters else (Span("  not of this phase", Tone.DIM),)
    yield line(*marked(verdict_mark(verdict), f"{gate}: {verdict.headline}"), *now)
    if override is not None and not verdict.clear:
        yield line("    ", *marked(NEEDS_YOU, override.describe()))
    if verdict.next_action is not None and not verdict.clear:
        yield line("    next: ", _told(verdict.next_action))
    if verdict.taken_at is not None:
        age = ago(state.wall - verdict.taken_at)
        yield line(Span(f"    {verdict.source}, {age}", Tone.DIM))


def _gate_data(gate: str, verdict: Verdict, cockpit: Cockpit, matters: bool) -> dict[str, object]:
    state = cockpit.state
    override = override_of(gate, state)
    taken = verdict.taken_at
    return {
        "gate": gate,
        "title": GATES[gate].title,
        "outcome": verdict.outcome.value,
        "pending": verdict.pending,
        "clear": cleared(gate, verdict, state),
        "this_phase": matters,
        "evidence": [msgspec.to_builtins(entry) for entry in verdict.evidence],
        "source": verdict.source,
        "taken_at": taken,
        "age_s": round((state.wall - taken).total_seconds(), 1) if taken else None,
        "next": _step_data(verdict.next_action) if verdict.next_action else None,
        "override": msgspec.to_builtins(override) if override and not verdict.clear else None,
        "items": [item.id for item in _judged_by(gate, cockpit.process)],
    }


def _judged_by(gate: str, process: Process) -> list[Item]:
    return [item for item in process.items if item.gate == gate]


def _line_data(line: BoardLine) -> dict[str, object]:
    return {**msgspec.to_builtins(line), "key": key_of(line.action)}


def _step_data(step: NextStep) -> dict[str, object]:
    return {"text": step.text, "action": step.action, "key": key_of(step.action)}
