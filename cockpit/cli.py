"""The command line: the same feeds and operations, without a screen."""

from __future__ import annotations

import argparse
import errno
import gc
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from cockpit.errors import CockpitError, ConfigError, ExitCode
from cockpit.usage import parser_for

if TYPE_CHECKING:
    from cockpit.logs import LogFile

Command: TypeAlias = Callable[[argparse.Namespace], int]
COMMANDS = {
    "artifacts": "artifacts:run",
    "board": "gates:show_board",
    "builds": "builds:run",
    "checklist": "checklist:run",
    "do": "operate:do",
    "doctor": "setup:doctor",
    "gates": "gates:gates",
    "handover": "ledger:hand_over",
    "init": "setup:init",
    "inspect": "inspect:run",
    "ledger": "ledger:run",
    "login": "setup:login",
    "meeting": "meeting:run",
    "missing": "missing:run",
    "override": "operate:do",
    "picks": "picks:run",
    "plan": "operate:plan",
    "predict": "predict:run",
    "promotion": "promotion:run",
    "resolve": "resolve:run",
    "sign": "operate:do",
    "status": "status:run",
    "submodules": "submodules:run",
    "watch": "watch:run",
}
"""The module of `cockpit.commands` and the function in it that carries a command out."""

_UNHEARD = 141
"""What shells call a process that SIGPIPE ended: whatever it had to say, it is no success."""
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})
_SHORT_LIVED = frozenset({"missing", "predict"})
"""They keep everything they read until their process ends: there is nothing to be collected.

Nor is it taken apart at the end, which would be a tenth of the time that `missing` takes.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; errors end on stderr, one line and a hint."""
    words = sys.argv[1:] if argv is None else list(argv)
    short_lived = argv is None and not _SHORT_LIVED.isdisjoint(words[:1])
    if short_lived:
        gc.disable()
    code = _exit_code(parser_for(words).parse_args(words))
    if short_lived:
        os._exit(code)
    return code


def _exit_code(arguments: argparse.Namespace) -> int:
    try:
        code = int(_run(arguments))
        sys.stdout.flush()
        return code
    except CockpitError as err:
        _complain(err, arguments)
        return int(err.exit_code)
    except BrokenPipeError:
        _print_nothing_more()
        return _UNHEARD
    except OSError as err:
        if err.errno not in _NO_ROOM:
            return _confess(err, arguments)
        _print_nothing_more()
        full = CockpitError("There was no room to write", str(err), "make room and run it again")
        _complain(full, arguments)
        return int(ExitCode.UNREACHABLE)
    except Exception as err:  # noqa: BLE001  (a defect is told in words too; the log has the rest)
        return _confess(err, arguments)
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130


def _print_nothing_more() -> None:
    """Python would fail once more, and in its own words, while it flushes at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _run(arguments: argparse.Namespace) -> int:
    if arguments.command is None and not arguments.rehearsal:
        return _fly(arguments)
    if arguments.command == "missing":  # reads git alone, in less time than logging takes to load
        return _dispatch(arguments)
    _keep_libraries_quiet(debug=arguments.debug)
    if arguments.rehearsal:
        from cockpit.commands.rehearse import within_world

        return within_world(arguments, _dispatch)
    return _dispatch(arguments)


def _dispatch(arguments: argparse.Namespace) -> int:
    if arguments.command is None:
        return _fly(arguments)
    if arguments.command == "rehearse":
        from cockpit.commands import rehearse

        return rehearse.run(arguments, _fly)
    return command_named(arguments.command)(arguments)


def command_named(name: str) -> Command:
    """What carries out a command; its module is imported here and no earlier."""
    module, _, function = COMMANDS[name].partition(":")
    found: Command = getattr(import_module(f"cockpit.commands.{module}"), function)
    return found


def _fly(arguments: argparse.Namespace) -> int:
    """Open the cockpit; without a terminal there is nothing to draw on."""
    from cockpit.places import find, still_of
    from cockpit.still import shown

    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise ConfigError(
            "There is no terminal to open the cockpit on",
            "it needs one at both ends",
            "release-cockpit status prints the same as text",
        )
    arguments.config = find(arguments.config, Path.cwd())
    with shown(still_of(arguments.config)):
        from asyncio import Runner

        from cockpit.app import CockpitApp
        from cockpit.commands.common import open_cockpit
        from screens.quiet import keys_first

        _keep_libraries_quiet(debug=arguments.debug)
        app = CockpitApp(open_cockpit(arguments), plain_ascii=arguments.ascii)
    with Runner(loop_factory=keys_first) as runner:
        runner.run(app.run_async())
    return int(app.return_code or ExitCode.OK)


def _keep_libraries_quiet(*, debug: bool) -> LogFile:
    from cockpit.logs import keep_libraries_quiet

    return keep_libraries_quiet(debug=debug)


def _complain(err: CockpitError, arguments: argparse.Namespace) -> None:
    """Tell what failed and what to do next, which is about the same release."""
    from cockpit.backends.text import clean, mask

    line = clean(mask(str(err)).replace("\n", " "))
    print(f"release-cockpit: {line}", file=sys.stderr)
    if err.hint:
        print(f"  next: {clean(mask(_about_the_same(err.hint, arguments)))}", file=sys.stderr)


def _about_the_same(hint: str, arguments: argparse.Namespace) -> str:
    """A hint whose commands read the config that was named."""
    if arguments.config is None:
        return hint
    import re

    from cockpit.commands.common import called

    known = "|".join(COMMANDS.keys() - {"init"})
    return re.sub(rf"\brelease-cockpit(?= (?:{known})\b)", lambda _: called(arguments), hint)


def _confess(err: Exception, arguments: argparse.Namespace) -> int:
    """Say that the cockpit itself is at fault; with --debug the log file says where."""
    import logging

    log = _keep_libraries_quiet(debug=arguments.debug)
    logging.getLogger("cockpit").debug("defect", exc_info=err)
    hint = (
        f"{log.path} says where"
        if arguments.debug
        else "run it again with --debug and report the log"
    )
    defect = CockpitError("A defect in the cockpit", f"{type(err).__name__}: {err}", hint)
    _complain(defect, arguments)
    return int(ExitCode.BLOCKED)


if __name__ == "__main__":
    sys.exit(main())
