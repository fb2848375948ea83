"""`status`: the dashboard as text, or every reading as JSON."""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys

import msgspec

from cockpit.commands.common import open_cockpit, wants_colour
from cockpit.errors import ExitCode
from cockpit.feeds.hub import NAMES
from cockpit.release.board import Board, board
from cockpit.release.board_lines import BoardLine
from cockpit.release.checklist import current_phase
from cockpit.release.state import FeedState, ReleaseState
from cockpit.runtime import Cockpit
from cockpit.views.text import render


def run(arguments: argparse.Namespace) -> int:
    """Look at every backend once and print what was found."""
    cockpit = open_cockpit(arguments)
    asyncio.run(cockpit.refresh())
    if arguments.json:
        sys.stdout.write(as_json(cockpit) + "\n")
    else:
        width = shutil.get_terminal_size((100, 40)).columns
        sys.stdout.write(
            render(
                cockpit.state,
                cockpit.process,
                width=width,
                ascii=arguments.ascii,
                color=wants_colour(),
            )
        )
    return int(exit_code(cockpit.state))


def exit_code(state: ReleaseState) -> ExitCode:
    """3 when a backend did not answer, 1 when something blocks, else 0."""
    if any(feed.failure for feed in _feeds(state).values()):
        return ExitCode.UNREACHABLE
    return ExitCode.BLOCKED if board(state).blocked else ExitCode.OK


def as_json(cockpit: Cockpit) -> str:
    """Release, phase, board and every feed with its age, whole."""
    state = cockpit.state
    found = board(state)
    document = {
        "release": str(state.spec.version),
        "phase": current_phase(cockpit.process, state).phase.id,
        "board": _board(found),
        "feeds": {name: _feed(feed, state) for name, feed in _feeds(state).items()},
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode()


def _board(found: Board) -> dict[str, object]:
    def lines(of: tuple[BoardLine, ...]) -> list[dict[str, object]]:
        return [msgspec.to_builtins(line) for line in of]

    return {
        "blocked": lines(found.blocked),
        "risky": lines(found.risky),
        "ready": lines(found.ready),
        "next": msgspec.to_builtins(found.next),
    }


def _feed(feed: FeedState[object], state: ReleaseState) -> dict[str, object]:
    age = feed.age(state.wall)
    return {
        "taken_at": feed.reading.taken_at if feed.reading else None,
        "age_s": round(age.total_seconds(), 1) if age is not None else None,
        "complete": bool(feed.reading and feed.reading.complete and feed.failure is None),
        "missing": feed.reading.missing if feed.reading else "",
        "error": str(feed.failure) if feed.failure else None,
        "value": feed.value,
    }


def _feeds(state: ReleaseState) -> dict[str, FeedState[object]]:
    return {name: getattr(state, name) for name in NAMES}
