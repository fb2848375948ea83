"""The hand-over between captains, as Markdown for an issue or a chat."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from cockpit.release.board import board
from cockpit.release.board_lines import BoardLine
from cockpit.release.checklist import ItemState, Progress, current_phase, item_states
from cockpit.release.history import chosen, telling, when, who
from cockpit.release.markdown import bullets, link, plain
from cockpit.release.process import Process
from cockpit.release.record import Recorded
from cockpit.release.state import ReleaseState
from cockpit.release.walking import pages, wants_a_person
from cockpit.release.words import counted, short
from cockpit.views.ages import timestamp

_SHOWN = 60
"""Events that are listed; the ledger has the rest."""


def handover(state: ReleaseState, process: Process, since: datetime) -> str:
    """What happened since, what is open, what comes next, and who holds what."""
    found = board(state)
    states = pages(process, item_states(process, state))
    phase = current_phase(process, state)
    candidate = state.candidate
    named = f"{candidate.tag.name} at `{short(candidate.commit_sha)}`" if candidate else "none yet"
    parts = [
        f"## Hand-over of {plain(state.spec.project)} {state.spec.version}",
        f"{timestamp(state.now)}, since {timestamp(since)} · phase {phase.phase.number}"
        f" {plain(phase.phase.title)} · candidate {named}",
        "### What happened",
        _events(state, since),
        "### What blocks",
        bullets(map(_board_line, found.blocked), "Nothing."),
        "### What is risky",
        bullets(map(_board_line, found.risky), "Nothing."),
        "### What waits for people",
        bullets(map(_item, filter(wants_a_person, states)), "Nothing."),
        "### What is next",
        f"- {plain(found.next.text)}",
        "### Who holds what",
        bullets(_holders(state, states), "Nobody holds anything."),
    ]
    return "\n\n".join(parts) + "\n"


def _events(state: ReleaseState, since: datetime) -> str:
    told = telling(chosen(state.record.entries, since=since))
    if state.ledger.value is None:
        return "The ledger could not be read."
    lines = [_event(recorded) for recorded in reversed(told[-_SHOWN:])]
    if len(told) > _SHOWN:
        lines.append(f"and {counted(len(told) - _SHOWN, 'event')} before that")
    return bullets(lines, "Nothing was recorded.")


def _event(recorded: Recorded) -> str:
    doubt = f" **({plain(recorded.problem)})**" if recorded.problem and recorded.entry else ""
    said = plain(recorded.describe())
    return f"{when(recorded):%d %b %H:%M} {plain(who(recorded))}: {said}{doubt}"


def _board_line(entry: BoardLine) -> str:
    return link(entry.text, entry.url)


def _item(found: ItemState) -> str:
    skipped = found.said.skipped
    left = f" (skipped by {plain(skipped.by)})" if skipped else ""
    loud = found.progress in (Progress.PROBLEM, Progress.VOID)
    state = f"**{found.progress.value}**" if loud else found.progress.value
    said = f"{state}, {plain(found.words)}{left}"
    return f"{plain(found.item.title)} (`{found.item.id}`, {plain(found.item.owner)}): {said}"


def _holders(state: ReleaseState, states: tuple[ItemState, ...]) -> Iterator[str]:
    lease = state.record.lease
    if lease is not None:
        ended = ", expired" if lease.expired(state.now) else ""
        yield (
            f"{plain(lease.holder)} holds the lease for {plain(lease.operation)} since"
            f" {timestamp(lease.taken_at)}, from {plain(lease.host)}{ended}"
        )
    for repository in state.spec.repositories:
        frozen = state.record.frozen(repository)
        if frozen is not None:
            branch = f"{frozen.name} of {repository.name}"
            yield plain(f"{branch} is frozen {frozen.describe()}")
    by_owner: dict[str, list[str]] = {}
    for found in states:
        if wants_a_person(found):
            by_owner.setdefault(found.item.owner, []).append(f"`{found.item.id}`")
    for owner, items in by_owner.items():
        yield f"{plain(owner)}: {', '.join(items)}"
