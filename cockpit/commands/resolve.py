"""`resolve`: a pick's conflict in a throw-away work tree, in the person's own editor or shell."""

from __future__ import annotations

import argparse
import asyncio
import sys

from cockpit.commands import operate
from cockpit.commands.common import called, has_terminal, open_cockpit
from cockpit.editing import edit
from cockpit.errors import ExitCode, Refused
from cockpit.operations.picking import PickWish
from cockpit.operations.resolving import Resolver


def run(arguments: argparse.Namespace) -> int:
    """Prepare the work tree or take up the one that is there, edit, and go on to the pick."""
    cockpit = open_cockpit(arguments)
    if cockpit.read_only:
        raise Refused("The cockpit is read-only", "no work tree was made", "drop --read-only")
    wish = PickWish(
        onto=arguments.onto or "",
        mainline=int(arguments.mainline) if arguments.mainline else None,
    )
    resolver = Resolver(cockpit.backends, arguments.change, wish)
    if arguments.abandon:
        there = resolver.abandon()
        sys.stdout.write("Abandoned; nothing is left of it.\n" if there else "There was none.\n")
        return int(ExitCode.OK)
    resolution = resolver.begin()
    sys.stdout.write(f"{resolution.path}\n")
    sys.stdout.writelines(f"  {problem}\n" for problem in resolution.unresolved)
    if not has_terminal():
        sys.stdout.write(f"Resolve it there, then: {next_line('do', arguments)}\n")
        return int(ExitCode.OK)
    edit(resolution.path, resolution.files)
    after = resolver.look()
    if after is None or after.unresolved:
        problems = after.unresolved if after else ("its work tree is gone",)
        sys.stdout.writelines(f"Not resolved: {problem}\n" for problem in problems)
        sys.stdout.write(f"{next_line('', arguments)} opens it again; --abandon removes it.\n")
        return int(ExitCode.BLOCKED)
    arguments.operation, arguments.plan, arguments.yes, arguments.take_over = "resolve", "", 0, ""
    return asyncio.run(operate.carried_out(cockpit, arguments))


def next_line(command: str, arguments: argparse.Namespace) -> str:
    """The line that goes on with this work tree, and with no other line's."""
    onto = ["--onto", arguments.onto] if arguments.onto else []
    seen_from = ["--mainline", arguments.mainline] if arguments.mainline else []
    words = [*([command] if command else []), "resolve", arguments.change]
    return called(arguments, *words, *onto, *seen_from)
