"""`checklist`: every step of the release and how it stands, for people, programs and issues."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator

import msgspec

from cockpit.commands.common import looked, write_json, write_lines
from cockpit.commands.status import exit_code
from cockpit.errors import ExitCode
from cockpit.release.checklist import ItemState, Progress, current_phase, item_states
from cockpit.runtime import Cockpit
from cockpit.views.checklist import MARKS
from cockpit.views.checklist_markdown import checklist_markdown
from cockpit.views.framing import line, marked
from cockpit.views.marks import Tone
from cockpit.views.table import Line, Span

_WRONG = (Progress.FAILED, Progress.UNKNOWN, Progress.VOID)


def run(arguments: argparse.Namespace) -> int:
    """Print the checklist; 1 when an item of a phase that has begun failed, is unknown or void."""
    cockpit = looked(arguments)
    state, process = cockpit.state, cockpit.process
    found = item_states(process, state)
    if arguments.json:
        write_json([_data(entry, cockpit) for entry in found])
    elif arguments.markdown:
        sys.stdout.write(checklist_markdown(state, process))
    else:
        write_lines(_lines(found, cockpit), arguments)
    present = current_phase(process, state).phase.id.order
    wrong = any(e.progress in _WRONG for e in found if e.item.phase.order <= present)
    code = exit_code(state)
    return int(code if code is ExitCode.UNREACHABLE or not wrong else ExitCode.BLOCKED)


def _lines(found: tuple[ItemState, ...], cockpit: Cockpit) -> Iterator[Line]:
    process = cockpit.process
    present = current_phase(process, cockpit.state).phase
    for phase in process.phases:
        here = " (now)" if phase.id is present.id else ""
        yield line(Span(f"{phase.number} {phase.title}{here}", Tone.ACCENT))
        for entry in found:
            if entry.item.phase is not phase.id:
                continue
            item = entry.item
            words = f"{item.id}: {item.title}"
            said = Span(f"  {entry.words}", Tone.DIM)
            yield line("  ", *marked(MARKS[entry.progress], words), said)


def _data(entry: ItemState, cockpit: Cockpit) -> dict[str, object]:
    item, process = entry.item, cockpit.process
    role = process.role_of(item)
    signers = cockpit.config.team.signers(role) if item.gate is None else ()
    return {
        **msgspec.to_builtins(item),
        "progress": entry.progress.value,
        "settled": entry.progress.settled,
        "words": entry.words,
        "waits_for": entry.waits_for,
        "verdict": msgspec.to_builtins(entry.verdict) if entry.verdict else None,
        "signatures": [msgspec.to_builtins(signature) for signature in entry.signatures],
        "duty": role.duty.value,
        "may_sign": [person.login for person in signers],
    }
