"""`plan` and `do`: operations without a screen; the dry run is the default."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
import threading

from cockpit.commands.common import called, has_terminal, open_cockpit
from cockpit.commands.operation_words import borrows
from cockpit.commands.plan_words import describe, plan_json
from cockpit.commands.telling import Teller
from cockpit.errors import CockpitError, ExitCode, Refused
from cockpit.operations.plan import Danger, Plan
from cockpit.operations.registry import operation
from cockpit.operations.runner import Ending, Outcome
from cockpit.release.words import counted
from cockpit.runtime import Cockpit


def plan(arguments: argparse.Namespace) -> int:
    """Print what an operation would do."""
    if borrows(arguments):
        from cockpit.commands import cut

        return cut.plan(arguments)
    made = asyncio.run(_plan(open_cockpit(arguments), arguments))
    if arguments.json:
        sys.stdout.write(plan_json(made.facts) + "\n")
    else:
        sys.stdout.write(describe(made.facts))
    return int(ExitCode.BLOCKED if made.blockers else ExitCode.OK)


def do(arguments: argparse.Namespace) -> int:
    """Print the plan, have it confirmed, and carry it out."""
    return asyncio.run(carried_out(open_cockpit(arguments), arguments))


async def carried_out(cockpit: Cockpit, arguments: argparse.Namespace) -> int:
    """Plan, show, have it confirmed and carry it out; gives the exit code."""
    made = await _plan(cockpit, arguments)
    if arguments.plan and not _is(made, arguments.plan):
        raise Refused(
            "The plan has moved",
            f"the world now gives {made.digest[:12]}, not {arguments.plan[:12]}",
            "look at it again: " + _again("plan", arguments),
        )
    if cockpit.read_only and made.danger is not Danger.READ:
        raise Refused(
            "The cockpit is read-only", f"{made.operation} was not run", "drop --read-only"
        )
    sys.stdout.write(describe(made.facts))
    # There is no Yes to what is blocked: the runner says why, or that all of it is done already.
    if not made.blockers:
        _confirm(made, arguments)
    cancel = threading.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, cancel.set)
    live = sys.stdout.isatty() and sys.stderr.isatty()
    teller = Teller(made.facts.steps, live=live, plain_ascii=arguments.ascii)
    async with teller.watching():
        outcome = await cockpit.carry_out(made, teller, cancel, arguments.take_over)
    return int(_conclude(outcome))


async def _plan(cockpit: Cockpit, arguments: argparse.Namespace) -> Plan:
    spec = operation(arguments.operation)
    given = {
        parameter.name: parameter.separator.join(value) if isinstance(value, list) else value
        for parameter in spec.parameters
        if (value := getattr(arguments, parameter.name)) is not None and value != []
    }
    return await cockpit.plan(spec.name, given)


def _is(made: Plan, digest: str) -> bool:
    return len(digest) >= 12 and made.digest.startswith(digest.lower())


def _confirm(made: Plan, arguments: argparse.Namespace) -> None:
    """Have a person, or `--yes` with the digest of what was seen, say yes."""
    if arguments.yes:
        if made.typed and not arguments.plan:
            raise Refused(
                "Not confirmed: what follows from it cannot be undone",
                "--yes needs --plan with the digest of the plan that was seen",
                f"{_again('do', arguments)} --yes --plan {made.digest[:12]}",
            )
        return
    if not has_terminal():
        raise Refused(
            "Not confirmed",
            "there is no terminal to ask on, and a dry run is the default",
            f"{_again('do', arguments)} --yes --plan {made.digest[:12]}",
        )
    said = input(f"Type {made.to_type if made.typed else 'yes'} to go on: ")
    if not (made.is_meant(said) if made.typed else said.strip() == "yes"):
        raise Refused("Not confirmed", "nothing was done", "")


def _again(command: str, arguments: argparse.Namespace) -> str:
    spec = operation(arguments.operation)
    words = [command, spec.name]
    for parameter in spec.parameters:
        given = getattr(arguments, parameter.name)
        for value in given if isinstance(given, list) else filter(None, [given]):
            named = [f"--{parameter.name}"] if parameter.option or parameter.flag else []
            words += named if parameter.flag else [*named, value]
    return called(arguments, *words)


def _conclude(outcome: Outcome) -> ExitCode:
    if outcome.problem is not None:
        raise _with_progress(outcome, outcome.problem)
    if outcome.ending is Ending.CANCELLED:
        sys.stdout.write("Cancelled; run it again to go on.\n")
        return ExitCode.REFUSED
    if outcome.ending is Ending.NOTHING_TO_DO:
        sys.stdout.write("Nothing to do: every step is done already.\n")
    else:
        sys.stdout.write(
            f"Done: {counted(len(outcome.done), 'step')} changed the world, "
            f"{len(outcome.skipped)} done already.\n"
        )
    return ExitCode.OK


def _with_progress(outcome: Outcome, problem: CockpitError) -> CockpitError:
    if outcome.done:
        sys.stdout.write("Before that: " + "; ".join(outcome.done) + "\n")
    return problem
