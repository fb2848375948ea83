"""`inspect`: everything that stands against publishing what is staged for the package index."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

import msgspec

from cockpit.commands.common import called, has_terminal, open_cockpit
from cockpit.errors import ExitCode
from cockpit.operations.index_reads import OnItsWay, on_its_way, repositories_for
from cockpit.operations.reading_wheels import Report, WheelReader
from cockpit.release.inspection import Flaw, Inspected
from cockpit.release.publishing import inspection_of
from cockpit.release.record import Ledger
from cockpit.release.words import counted, size
from cockpit.runtime import Cockpit
from cockpit.views.publishing import package_line
from cockpit.views.text import as_ascii


def run(arguments: argparse.Namespace) -> int:
    """Read every staged wheel whole, once for ever on this machine, and print what was found.

    Nothing is written anywhere else: `do inspect` records it for everybody.
    """
    cockpit = open_cockpit(arguments)
    record = cockpit.backends.ledger.read()
    report = _progress() if has_terminal() and not arguments.json else _silent
    found = list(_inspected(cockpit, arguments.package or "", record, report))
    if arguments.json:
        text = msgspec.json.format(msgspec.json.encode(_as_data(found, record)), indent=2).decode()
    else:
        lines = (line for one in found for line in _lines(*one, record, arguments))
        text = "\n".join(lines)
        text = as_ascii(text) if arguments.ascii else text
    sys.stdout.write(text + "\n")
    fine = all(not wrong for _, _, wrong in found)
    return int(ExitCode.OK if fine else ExitCode.BLOCKED)


Found = tuple[OnItsWay, Inspected, Sequence[Flaw]]


def _inspected(cockpit: Cockpit, package: str, record: Ledger, report: Report) -> list[Found]:
    reader = WheelReader(cockpit.backends)
    found: list[Found] = []
    for repository in repositories_for(cockpit.backends, package):
        one = on_its_way(cockpit.backends, repository, record)
        inspected, wrong = reader.inspect(one, report)
        found.append((one, inspected, wrong))
    return found


def _lines(
    one: OnItsWay,
    found: Inspected,
    wrong: Sequence[Flaw],
    record: Ledger,
    arguments: argparse.Namespace,
) -> list[str]:
    lines = [package_line(f"{one.package} {one.version}", one.wheels).text]
    for flaw in wrong:
        lines += [f"  ✖ {flaw}", f"    next: {flaw.then}"]
    if not wrong:
        total = sum(wheel.stored.size for wheel in found.staged)
        lines.append(
            f"  ✔ {counted(len(found.facts), 'wheel')}, {size(total)}: nothing stands against"
            " publishing"
        )
    known = inspection_of(record, one.package, one.version)
    if known is None or not known.covers(found.staged):
        recording = called(arguments, "do", "inspect", one.package)
        lines.append(f"    next: {recording} records it for everybody")
    return lines


def _as_data(found: Sequence[Found], record: Ledger) -> dict[str, object]:
    return {
        "packages": [
            {
                "package": one.package,
                "version": one.version,
                "wheels": [
                    {
                        "name": wheel.name,
                        "place": wheel.cell,
                        "state": wheel.way,
                        "source": wheel.source.stored.key if wheel.source else None,
                        "staged": wheel.staged,
                        "indexed": wheel.indexed,
                        "facts": inspected.facts.get(wheel.name),
                    }
                    for wheel in one.wheels
                ],
                "flaws": wrong,
                "recorded": inspection_of(record, one.package, one.version),
            }
            for one, inspected, wrong in found
        ]
    }


def _silent(done: int, total: int, name: str) -> None:
    """Nobody watches."""


def _progress() -> Report:
    """One line that is drawn over, for whoever waits for gigabytes."""

    def tell(done: int, total: int, name: str) -> None:
        sys.stderr.write(f"\r\x1b[2K{size(done)} of {size(total)}  {name}"[:120])
        if done == total:
            sys.stderr.write("\r\x1b[2K")
        sys.stderr.flush()

    return tell
