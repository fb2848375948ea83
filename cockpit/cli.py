"""The command line: the same feeds and operations, without a screen."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

from cockpit import __version__
from cockpit.errors import CockpitError, ConfigError, ExitCode


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; errors end on stderr, one line and a hint."""
    arguments = _parser().parse_args(argv)
    try:
        return int(_run(arguments))
    except CockpitError as err:
        _complain(err)
        return int(err.exit_code)
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader went away; Python would complain once more while it flushes at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return int(ExitCode.OK)


def _run(arguments: argparse.Namespace) -> int:
    from cockpit.backends.logs import keep_libraries_quiet

    keep_libraries_quiet(debug=arguments.debug)
    if arguments.rehearsal:
        from cockpit.commands.rehearse import within_world

        return within_world(arguments, _dispatch)
    return _dispatch(arguments)


def _dispatch(arguments: argparse.Namespace) -> int:
    match arguments.command:
        case None:
            return _fly(arguments)
        case "status":
            from cockpit.commands import status

            return status.run(arguments)
        case "plan" | "do":
            from cockpit.commands import operate

            return operate.plan(arguments) if arguments.command == "plan" else operate.do(arguments)
        case "ledger":
            from cockpit.commands import ledger

            return ledger.run(arguments)
        case "rehearse":
            from cockpit.commands import rehearse

            return rehearse.run(arguments, _fly)
        case _:
            from cockpit.commands import setup

            commands = {"init": setup.init, "login": setup.login, "doctor": setup.doctor}
            return commands[arguments.command](arguments)


def _fly(arguments: argparse.Namespace) -> int:
    """Open the cockpit; without a terminal there is nothing to draw on."""
    from cockpit.commands.common import has_terminal, open_cockpit

    if not has_terminal():
        raise ConfigError(
            "There is no terminal to open the cockpit on",
            "it needs one at both ends",
            "release-cockpit status prints the same as text",
        )
    from cockpit.app import CockpitApp

    app = CockpitApp(open_cockpit(arguments), plain_ascii=arguments.ascii)
    app.run()
    return int(app.return_code or ExitCode.OK)


def _complain(err: CockpitError) -> None:
    from cockpit.backends.text import clean, mask

    line = clean(mask(str(err)).replace("\n", " "))
    print(f"release-cockpit: {line}", file=sys.stderr)
    if err.hint:
        print(f"  next: {clean(mask(err.hint))}", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="release-cockpit",
        description="Drive a whole PyTorch release from one terminal. "
        "Without a command the cockpit opens.",
        epilog="Exit codes: 0 done or green, 1 blocked or red, 2 wrong usage or config, "
        "3 a backend cannot be reached, 4 refused.",
    )
    parser.add_argument("--version", action="version", version=f"release-cockpit {__version__}")
    parser.add_argument("--config", type=Path, metavar="FILE", help="the release.toml to use")
    parser.add_argument(
        "--rehearsal", action="store_true", help="run the command on a rehearsal world of its own"
    )
    parser.add_argument("--read-only", action="store_true", help="remove everything that writes")
    parser.add_argument("--ascii", action="store_true", help="marks for poor fonts")
    parser.add_argument("--debug", action="store_true", help="write details to the log file")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    _add_reading(commands)
    _add_operating(commands)
    _add_setting_up(commands)
    _add_rehearse(commands)
    return parser


Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def _add_reading(commands: Commands) -> None:
    status = commands.add_parser("status", help="print what blocks, is risky, is ready, is next")
    status.add_argument("--json", action="store_true", help="machine-readable, with every reading")
    ledger = commands.add_parser("ledger", help="print who decided, signed or ran what")
    ledger.add_argument("--json", action="store_true", help="one JSON object a line")


def _add_operating(commands: Commands) -> None:
    from cockpit.operations.registry import OPERATIONS

    plan = commands.add_parser("plan", help="print what an operation would do; writes nothing")
    do = commands.add_parser("do", help="carry out a plan, after a confirmation")
    for parser in (plan, do):
        operations = parser.add_subparsers(
            dest="operation", metavar="OPERATION", required=True, title="operations"
        )
        for spec in OPERATIONS:
            one = operations.add_parser(spec.name, help=spec.help, description=spec.help)
            for parameter in spec.parameters:
                name = f"--{parameter.name}" if parameter.option else parameter.name
                if parameter.option or parameter.required:
                    one.add_argument(name, help=parameter.help)
                else:
                    one.add_argument(name, nargs="?", help=parameter.help)
            if parser is plan:
                one.add_argument("--json", action="store_true", help="the plan as data")
            else:
                one.add_argument("--plan", metavar="DIGEST", help="run exactly this plan or none")
                one.add_argument("--yes", action="store_true", help="do not ask")
                one.add_argument("--take-over", metavar="REASON", default="", help="end a lease")


def _add_setting_up(commands: Commands) -> None:
    commands.add_parser("doctor", help="check every backend, credential, clock and permission")
    init = commands.add_parser("init", help="write a commented release.toml for PyTorch")
    init.add_argument("release_version", metavar="VERSION", help="such as 2.15.0")
    init.add_argument("--output", type=Path, default=Path("release.toml"), metavar="FILE")
    commands.add_parser("login", help="keep a GitHub token in the keyring")


def _add_rehearse(commands: Commands) -> None:
    rehearse = commands.add_parser("rehearse", help="open the cockpit on a world of its own")
    rehearse.add_argument("--scenario", default="default", metavar="NAME")
    rehearse.add_argument("--seed", type=int, default=0, metavar="N")
    rehearse.add_argument("--speed", type=float, default=60.0, metavar="X", help="of its clock")
    rehearse.add_argument("--dir", type=Path, metavar="DIR", help="keep the world here")
    rehearse.add_argument("--s3", choices=("moto", "seaweedfs"), default="moto")
    rehearse.add_argument("--fault", action="append", default=[], metavar="NAME[:ARG]")
    rehearse.add_argument("--headless", action="store_true", help="only serve, until stopped")


if __name__ == "__main__":
    sys.exit(main())
