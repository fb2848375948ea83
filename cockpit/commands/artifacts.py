"""`artifacts`: what the candidates brought into the test channel, expected against present."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Mapping, Sequence

import msgspec

from cockpit.commands.common import open_cockpit
from cockpit.errors import ConfigError, ExitCode
from cockpit.release.findings import CellState, CellStatus, coverage
from cockpit.release.state import ReleaseState
from cockpit.views.artifacts import artifact_lines
from cockpit.views.text import as_ascii

_LOOKED_AT = ("branches", "ledger", "builds", "libraries", "artifacts")
_RIGHT = frozenset({CellState.PRESENT, CellState.VERIFIED, CellState.DOUBTFUL})


def run(arguments: argparse.Namespace) -> int:
    """Look at the channels and the jobs that fill them once, and print what was found."""
    cockpit = open_cockpit(arguments)
    unread: Mapping[str, str] = {}
    if arguments.verify:
        unread = asyncio.run(cockpit.verify())
    asyncio.run(cockpit.refresh(*_LOOKED_AT))
    state = cockpit.state
    failures = _failures(state)
    found = _wanted(coverage(state), arguments.package)
    if arguments.json:
        text = _as_json(state, found, failures, unread)
    else:
        text = "\n".join(line.text for line in artifact_lines(state, found))
        text = as_ascii(text) if arguments.ascii else text
    sys.stdout.write(text + "\n")
    for what, why in {**failures, **unread}.items():
        sys.stderr.write(f"release-cockpit: {what}: {why}\n")
    return int(_exit_code(found, failures, unread))


def _wanted(found: Sequence[CellStatus], package: str | None) -> tuple[CellStatus, ...]:
    if package is None:
        return tuple(found)
    name = package.replace("_", "-")
    wanted = tuple(status for status in found if status.package == name)
    if found and not wanted:
        names = ", ".join(dict.fromkeys(status.package for status in found))
        raise ConfigError(
            f"{package!r} is no package of this release", f"there is {names}", "name one of these"
        )
    return wanted


def _failures(state: ReleaseState) -> dict[str, str]:
    """Looks without which nothing can be said of the files."""
    feeds = {name: getattr(state, name) for name in _LOOKED_AT}
    return {name: str(feed.failure) for name, feed in feeds.items() if feed.failure is not None}


def _as_json(
    state: ReleaseState,
    found: Sequence[CellStatus],
    failures: Mapping[str, str],
    unread: Mapping[str, str],
) -> str:
    artifacts = state.artifacts.value
    document = {
        "release": str(state.spec.version),
        "candidate": state.candidate.tag.name if state.candidate else None,
        "files": [_as_data(status) for status in found],
        "unread_pages": artifacts.unread_pages if artifacts else {},
        "unread_files": {**(artifacts.untold if artifacts else {}), **unread},
        "problems": failures,
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode()


def _as_data(status: CellStatus) -> dict[str, object]:
    staged = status.staged
    jobs = {stage: {"state": job.state, "url": job.url} for stage, job in staged.jobs}
    return {
        "package": status.package,
        "place": status.place,
        "expected": staged.expected,
        "state": status.state,
        "unknown": status.unknown,
        "file": staged.file,
        "jobs": jobs,
        "findings": status.findings,
    }


def _exit_code(
    found: Sequence[CellStatus], failures: Mapping[str, str], unread: Mapping[str, str]
) -> ExitCode:
    """3 when something did not answer, 1 unless every file is there and right, else 0."""
    if failures or unread:
        return ExitCode.UNREACHABLE
    right = bool(found) and all(status.state in _RIGHT for status in found)
    return ExitCode.OK if right else ExitCode.BLOCKED
