"""`promotion`: how far every package is in every place, told from the stores alone."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time

import msgspec

from cockpit.commands.common import open_cockpit, seconds
from cockpit.errors import ExitCode
from cockpit.release.gates import GATES
from cockpit.release.gates_promotion import FINISHED_BY
from cockpit.release.state import ReleaseState
from cockpit.release.verdicts import Outcome
from cockpit.runtime import Cockpit
from cockpit.views.promotion import promotion_lines
from cockpit.views.text import as_ascii

_LOOKED_AT = ("branches", "ledger", "promotion")


def run(arguments: argparse.Namespace) -> int:
    """Look once, or until the promotion is finished, and print what was found."""
    seconds("--interval", arguments.interval)
    seconds("--timeout", arguments.timeout)
    cockpit = open_cockpit(arguments)
    asyncio.run(_look(cockpit, arguments))
    state = cockpit.state
    if arguments.json:
        text = _as_json(state)
    else:
        text = "\n".join(line.text for line in promotion_lines(state))
        text = as_ascii(text) if arguments.ascii else text
    sys.stdout.write(text + "\n")
    if state.promotion.failure is not None:
        sys.stderr.write(f"release-cockpit: {state.promotion.failure}\n")
    return int(_exit_code(state))


async def _look(cockpit: Cockpit, arguments: argparse.Namespace) -> None:
    """Waiting holds no lease: whoever wants to write meanwhile may."""
    if arguments.verify:
        problems = await cockpit.verify_promotion()
        for key, why in problems.items():
            sys.stderr.write(f"release-cockpit: {key}: {why}\n")
    await cockpit.refresh(*_LOOKED_AT)
    begun, said = time.monotonic(), ""
    while arguments.wait and _exit_code(cockpit.state) is not ExitCode.OK:
        if arguments.timeout is not None and time.monotonic() - begun > arguments.timeout:
            return
        waits = _waits_for(cockpit.state)
        if waits != said:
            sys.stderr.write(f"waits: {waits}\n")
            said = waits
        await asyncio.sleep(arguments.interval)
        await cockpit.refresh("promotion")


def _waits_for(state: ReleaseState) -> str:
    verdicts = (GATES[name].judge(state) for name in FINISHED_BY)
    return next((verdict.text for verdict in verdicts if not verdict.clear), "")


def _as_json(state: ReleaseState) -> str:
    verdicts = {name: GATES[name].judge(state) for name in FINISHED_BY}
    document = {
        "release": str(state.spec.version),
        "promotion": state.promotion.value,
        "read_at": state.promotion.reading.taken_at if state.promotion.reading else None,
        "gates": {
            name: {"outcome": verdict.outcome, "text": verdict.text}
            for name, verdict in verdicts.items()
        },
        "problem": str(state.promotion.failure) if state.promotion.failure else None,
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode()


def _exit_code(state: ReleaseState) -> ExitCode:
    """0 once every place and every index has everything, 3 when one cannot be read, else 1."""
    outcomes = {GATES[name].judge(state).outcome for name in FINISHED_BY}
    if state.promotion.whole is None:
        return ExitCode.UNREACHABLE
    unfinished = outcomes & {Outcome.FAILED, Outcome.UNKNOWN}
    return ExitCode.BLOCKED if unfinished else ExitCode.OK
