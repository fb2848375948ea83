"""`ledger`: who decided, signed or ran what, when."""

from __future__ import annotations

import argparse
import sys

import msgspec

from cockpit.commands.common import open_cockpit
from cockpit.errors import ExitCode


def run(arguments: argparse.Namespace) -> int:
    """Print the whole record, oldest first."""
    cockpit = open_cockpit(arguments)
    ledger = cockpit.backends.ledger.read()
    for recorded in ledger.entries:
        if arguments.json:
            sys.stdout.write(msgspec.json.encode(recorded).decode() + "\n")
            continue
        who = recorded.entry.by if recorded.entry else recorded.author
        at = recorded.entry.at if recorded.entry else recorded.committed_at
        trouble = f"  [{recorded.problem}]" if recorded.problem and recorded.entry else ""
        sys.stdout.write(f"{at:%Y-%m-%d %H:%M:%S}Z  {who:<20}  {recorded.describe()}{trouble}\n")
    if not ledger.entries and not arguments.json:
        sys.stdout.write("The ledger is empty.\n")
    return int(ExitCode.OK)
