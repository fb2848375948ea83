"""What `plan` and `do` take: an operation with its own words."""

from __future__ import annotations

import argparse
from pathlib import Path

from cockpit.operations.registry import OPERATIONS
from cockpit.operations.specs import OperationSpec, Parameter

_BORROWING = ("repo", "base", "rules")


def add_operations(plan: argparse.ArgumentParser, do: argparse.ArgumentParser) -> None:
    """Give both commands every operation."""
    for parser in (plan, do):
        operations = parser.add_subparsers(
            dest="operation", metavar="OPERATION", required=True, title="operations"
        )
        for spec in OPERATIONS:
            one = operations.add_parser(
                spec.name,
                help=spec.help,
                description=spec.help,
                epilog=_examples(spec),
                formatter_class=argparse.RawDescriptionHelpFormatter,
            )
            for parameter in spec.parameters:
                _add_parameter(one, parameter)
            if parser is plan:
                one.add_argument("--json", action="store_true", help="the plan as data")
                if spec.name == "cut-branch":
                    _add_borrowing(one)
            else:
                one.add_argument("--plan", metavar="DIGEST", help="run exactly this plan or none")
                one.add_argument("--yes", action="store_true", help="do not ask")
                one.add_argument("--take-over", metavar="REASON", default="", help="end a lease")


def borrows(arguments: argparse.Namespace) -> bool:
    """Whether a plan of somebody's own clone is asked for."""
    return any(getattr(arguments, word, None) is not None for word in _BORROWING)


def _add_parameter(parser: argparse.ArgumentParser, parameter: Parameter) -> None:
    name, said = parameter.name, parameter.help
    if parameter.flag:
        parser.add_argument(f"--{name}", dest=name, action="store_const", const="yes", help=said)
    elif parameter.option:
        action = "append" if parameter.repeated else "store"
        names = [*([f"-{parameter.short}"] if parameter.short else []), f"--{name}"]
        needed, called = parameter.required, parameter.metavar or None
        parser.add_argument(
            *names, dest=name, action=action, metavar=called, help=said, required=needed
        )
    elif parameter.required:
        parser.add_argument(name, help=said, nargs="+" if parameter.repeated else None)
    else:
        parser.add_argument(name, nargs="*" if parameter.repeated else "?", help=said)


def _examples(spec: OperationSpec) -> str | None:
    lines = [f"  release-cockpit {example}" for example in spec.examples]
    return "\n".join(["examples:", *lines]) if lines else None


def _add_borrowing(cut: argparse.ArgumentParser) -> None:
    group = cut.add_argument_group("on a clone of your own, without any config or network")
    group.add_argument("--repo", type=Path, metavar="PATH", help="a clone; it is only read")
    group.add_argument("--from", dest="base", metavar="REF", help="what to cut from")
    group.add_argument("--rules", metavar="SET", help="how workflows leave main; none without it")
