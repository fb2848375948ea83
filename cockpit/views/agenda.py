"""The agenda of a sync meeting, out of the board."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cockpit.release.board import board
from cockpit.release.board_lines import BoardLine
from cockpit.release.checklist import Progress, current_phase, item_states
from cockpit.release.meetings import next_meeting
from cockpit.release.overrides import override_of
from cockpit.release.phases import PHASE_GATES
from cockpit.release.process import Process
from cockpit.release.record import Note
from cockpit.release.state import ReleaseState
from cockpit.views.checklist_markdown import plain

_NOTES = 5
_OPEN = (Progress.TO_DO, Progress.FAILED, Progress.VOID, Progress.UNKNOWN)


def agenda(state: ReleaseState, process: Process) -> str:
    """What the workstreams have to talk about, as Markdown."""
    return "\n".join(_lines(state, process)) + "\n"


def _lines(state: ReleaseState, process: Process) -> Iterator[str]:
    spec = state.spec
    meeting = next_meeting(spec.meetings, spec.schedule, state.now)
    when = f"{meeting:%a %d %b %Y %H:%M} UTC" if meeting else "no meeting is due"
    phase = current_phase(process, state)
    candidate = state.candidate.tag.name if state.candidate else "no candidate yet"
    yield f"# {spec.project} {spec.version} sync: {when}"
    yield ""
    yield f"Phase {phase.phase.number} {phase.phase.title}: {plain(phase.reason)} · {candidate}"
    yield from _section("Dates", _dates(state))
    found = board(state)
    yield from _section(f"Blocked ({len(found.blocked)})", map(_told, found.blocked))
    yield from _section(f"Risky ({len(found.risky)})", map(_told, found.risky))
    yield from _section("Overridden", _overridden(state))
    yield from _section("Next", [f"**{plain(found.next.text)}**"])
    yield from _section("To do, by workstream", _to_do(state, process))
    notes = [(entry, event) for entry, event in state.record.events(Note)][-_NOTES:]
    said = (f"{entry.at:%d %b} {plain(entry.by)}: {plain(event.text)}" for entry, event in notes)
    yield from _section("Last notes", said)


def _section(title: str, lines: Iterable[str]) -> Iterator[str]:
    listed = [f"- {text}" for text in lines]
    if listed:
        yield from ("", f"## {title}", "", *listed)


def _dates(state: ReleaseState) -> Iterator[str]:
    schedule, today = state.spec.schedule, state.now.date()
    for name, day in (
        ("branch cut", schedule.branch_cut),
        ("picks close", schedule.picks_close),
        ("release day", schedule.release_day),
    ):
        if day is None:
            yield f"{name}: not set"
        else:
            left = (day - today).days
            when = f"in {left} d" if left > 0 else "today" if left == 0 else f"{-left} d ago"
            yield f"{name}: {day:%d %b %Y}, {when}"


def _told(entry: BoardLine) -> str:
    return f"{plain(entry.text)} → {plain(entry.then)}" if entry.then else plain(entry.text)


def _overridden(state: ReleaseState) -> Iterator[str]:
    gates = dict.fromkeys(gate for gates in PHASE_GATES.values() for gate in gates)
    for gate in gates:
        found = override_of(gate, state)
        if found is not None:
            yield f"{gate}, {plain(found.describe())}"


def _to_do(state: ReleaseState, process: Process) -> Iterator[str]:
    """Items of the present phase and of those before that wait for nothing, by workstream."""
    present = current_phase(process, state).phase.id.order
    team = state.spec.team
    names = {person.login.casefold(): person.name for person in team.people}
    titles = {each.id: each for each in team.workstreams}
    by_stream: dict[str, list[str]] = {}
    for entry in item_states(process, state):
        if entry.progress in _OPEN and entry.item.phase.order <= present:
            stream = process.role_of(entry.item).workstream
            by_stream.setdefault(stream, []).append(f"`{entry.item.id}`")
    for stream, items in by_stream.items():
        workstream = titles.get(stream)
        contacts = workstream.contacts if workstream else ()
        people = ", ".join(names.get(login.casefold(), login) for login in contacts)
        title = workstream.title if workstream else stream or "others"
        who = f" ({people})" if people else " (no point of contact)"
        yield f"{title}{who}: {', '.join(items)}"
