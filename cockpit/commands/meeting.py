"""`meeting`: the agenda of the next sync meeting, and a note of what it came to."""

from __future__ import annotations

import argparse
import sys

from cockpit.commands.common import looked
from cockpit.commands.status import exit_code
from cockpit.errors import ExitCode
from cockpit.views.agenda import agenda


def run(arguments: argparse.Namespace) -> int:
    """Print the agenda, or keep a note in the ledger after a confirmation."""
    if arguments.note:
        from cockpit.commands import operate

        arguments.operation, arguments.text = "note", f"sync meeting: {arguments.note}"
        return operate.do(arguments)
    cockpit = looked(arguments)
    sys.stdout.write(agenda(cockpit.state, cockpit.process))
    code = exit_code(cockpit.state)
    return int(code if code is ExitCode.UNREACHABLE else ExitCode.OK)
