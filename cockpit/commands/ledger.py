"""`ledger`: who decided, signed or ran what; `handover`: all that whoever comes next needs."""

from __future__ import annotations

import argparse
import asyncio
import sys
from datetime import datetime

import msgspec

from cockpit.commands.common import open_cockpit
from cockpit.errors import ConfigError, ExitCode
from cockpit.release.history import chosen, moment_of, when, who
from cockpit.release.record import Recorded
from cockpit.runtime import Cockpit
from cockpit.views.handover import handover
from cockpit.views.ledger import entries_markdown, signature_words


def run(arguments: argparse.Namespace) -> int:
    """Print the record or a part of it, oldest first."""
    cockpit = open_cockpit(arguments)
    ledger = cockpit.backends.ledger.read()
    since = _since(arguments.since, cockpit) if arguments.since else None
    entries = chosen(ledger.entries, arguments.by or "", since)
    if arguments.markdown:
        sys.stdout.write(entries_markdown(entries) + "\n")
    elif arguments.json:
        for recorded in entries:
            sys.stdout.write(msgspec.json.encode(recorded).decode() + "\n")
    else:
        sys.stdout.writelines(f"{_line(recorded)}\n" for recorded in entries)
        if not ledger.entries:
            sys.stdout.write("The ledger is empty.\n")
        elif not entries:
            sys.stdout.write("Nothing of the ledger is like that.\n")
    return int(ExitCode.OK)


def hand_over(arguments: argparse.Namespace) -> int:
    """Look at every backend once, and print the hand-over as Markdown."""
    cockpit = open_cockpit(arguments)
    since = _since(arguments.since, cockpit)
    asyncio.run(cockpit.refresh())
    state = cockpit.state
    sys.stdout.write(handover(state, cockpit.process, since))
    return int(ExitCode.UNREACHABLE if state.ledger.failure else ExitCode.OK)


def _since(text: str, cockpit: Cockpit) -> datetime:
    try:
        return moment_of(text, cockpit.backends.ledger.now())
    except ValueError as err:
        raise ConfigError("--since", str(err), "such as --since 8h") from err


def _line(recorded: Recorded) -> str:
    trouble = f"  [{recorded.problem}]" if recorded.problem and recorded.entry else ""
    signed = signature_words(recorded.signature)
    proof = f"  ({signed})" if signed else ""
    at = f"{when(recorded):%Y-%m-%d %H:%M:%S}Z"
    return f"{at}  {who(recorded):<20}  {recorded.describe()}{proof}{trouble}"
