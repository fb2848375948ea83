"""`picks`: the cherry-pick queue, a pick's whole life in one row, and what the branch lacks."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Iterator, Sequence

import msgspec

from cockpit.commands.common import open_cockpit
from cockpit.errors import ConfigError, ExitCode
from cockpit.release.freshness import freshness
from cockpit.release.gates import GATES
from cockpit.release.picks import Pick, PickState
from cockpit.release.state import ReleaseState
from cockpit.views.ages import ago
from cockpit.views.queue import STATES, finding_lines, queue_lines, simulation_lines
from cockpit.views.text import as_ascii

_FEEDS = ("branches", "ledger", "picks", "trunk", "predictions")
_GATES = ("picks-decided", "picks-merged", "fixes-picked", "reverts-picked")


def run(arguments: argparse.Namespace) -> int:
    """Look at tracker, pull requests, branch and trunk once, and print what was found.

    3 when a backend did not answer, 1 while a pick waits or the branch lacks something, else 0.
    """
    wanted = _wanted(arguments.state)
    cockpit = open_cockpit(arguments)
    asyncio.run(cockpit.refresh(*_FEEDS))
    state = cockpit.state
    picks = [pick for pick in state.queue if pick.state in wanted]
    if arguments.findings:
        picks = [pick for pick in picks if pick.finding is not None]
    text = _as_json(state, picks) if arguments.json else _as_text(arguments, state, picks)
    sys.stdout.write(text + "\n")
    for trouble in _unknown(state):
        sys.stderr.write(f"release-cockpit: {trouble}\n")
    known = freshness(state)
    if any(known[name].failure for name in _FEEDS):
        return int(ExitCode.UNREACHABLE)
    clear = all(GATES[gate].judge(state).clear for gate in _GATES)
    return int(ExitCode.OK if clear else ExitCode.BLOCKED)


def word_of(state: PickState) -> str:
    """A state as it is typed."""
    return state.name.lower().replace("_", "-")


def _wanted(words: Sequence[str] | None) -> tuple[PickState, ...]:
    if not words:
        return STATES
    known = {word_of(state): state for state in STATES}
    unknown = [word for word in words if word not in known]
    if unknown:
        raise ConfigError(
            f"{unknown[0]!r} is no state of a pick", f"there is {', '.join(known)}", "name one"
        )
    return tuple(known[word] for word in words)


def _as_text(arguments: argparse.Namespace, state: ReleaseState, picks: Sequence[Pick]) -> str:
    if arguments.findings:
        lines = list(finding_lines(picks))
    else:
        lines = list(queue_lines(state, picks))
        reading = state.predictions.value
        if reading is not None and reading.simulation is not None and not arguments.state:
            lines += simulation_lines(reading.simulation)
    text = "\n".join(entry.text for entry in lines)
    return as_ascii(text) if arguments.ascii else text


def _unknown(state: ReleaseState) -> Iterator[str]:
    """In words, what could not be found out, and how old is what is shown instead."""
    known, trunk = freshness(state), state.trunk.value
    for one in (known[name] for name in _FEEDS if not known[name].whole):
        old = f"; what is shown is from {ago(one.age)}" if one.failure and one.age else ""
        yield one.trouble + old
    if trunk is not None:
        yield from filter(None, (*trunk.unknown, trunk.fixes_unknown))


def _as_json(state: ReleaseState, picks: Sequence[Pick]) -> str:
    tracker = state.picks.value.tracker if state.picks.value else None
    predicted, trunk = state.predictions.value, state.trunk.value
    document = {
        "release": str(state.spec.version),
        "tracker": {"number": tracker.number, "url": tracker.url} if tracker else None,
        "picks": [msgspec.to_builtins(pick) for pick in picks],
        "onto": predicted.onto if predicted else None,
        "simulation": predicted.simulation if predicted else None,
        "cut": trunk.cut if trunk else None,
        "findings": trunk.findings if trunk else None,
        "unknown": list(_unknown(state)),
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode()
