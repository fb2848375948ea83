"""What can be typed: every command with its words, and what its help says."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias

from cockpit import __version__


class _Formatter(argparse.HelpFormatter):
    """argparse's own, which asks `shutil` for the width and loads every compression with it."""

    def __init__(self, prog: str) -> None:
        columns = os.environ.get("COLUMNS", "")
        width = int(columns) if columns.isdigit() else 80
        if not columns and sys.stdout.isatty():
            width = os.get_terminal_size(sys.stdout.fileno()).columns
        super().__init__(prog, width=width - 2)


class _Parser(argparse.ArgumentParser):
    def __init__(self, **words: Any) -> None:
        super().__init__(**{"formatter_class": _Formatter, **words})


def _command(commands: Commands, name: str, about: str, **words: Any) -> _Parser:
    """A command whose own help begins with what the list of commands says of it."""
    return commands.add_parser(name, **{"help": about, "description": about, **words})


def parser_for(words: Sequence[str]) -> argparse.ArgumentParser:
    """What reads these words; it need not know more commands than they can mean."""
    parser = _Parser(
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
    _add_missing(commands)
    if "missing" in words[:1]:  # what is used at a prompt does not wait for the others' words
        return parser
    _add_reading(commands)
    _add_listing(commands)
    _add_judging(commands)
    _add_predicting(commands)
    _add_watching(commands)
    _add_resolving(commands)
    _add_operating(commands, asked_for=not {"plan", "do"}.isdisjoint(words))
    _add_signing(commands)
    _add_setting_up(commands)
    _add_rehearse(commands)
    return parser


Commands: TypeAlias = "argparse._SubParsersAction[_Parser]"


def _add_reading(commands: Commands) -> None:
    status = _command(commands, "status", "print what blocks, is risky, is ready, is next")
    status.add_argument("--json", action="store_true", help="machine-readable, with every reading")
    artifacts = _command(
        commands,
        "artifacts",
        "print what the candidates brought into the test channel, and what not",
    )
    artifacts.add_argument("--package", metavar="NAME", help="this one alone, such as libtorch")
    artifacts.add_argument(
        "--verify", action="store_true", help="read the commit inside of every file first"
    )
    artifacts.add_argument("--json", action="store_true", help="machine-readable")
    inspect = _command(
        commands,
        "inspect",
        "read what is staged for the package index, and print what is wrong with it",
    )
    inspect.add_argument("--package", metavar="NAME", help="this one alone, such as torch")
    inspect.add_argument("--json", action="store_true", help="machine-readable")
    promotion = _command(
        commands,
        "promotion",
        "print how far every package is in the stable channel, its mirrors and their indexes",
        epilog="Exit codes: 0 promoted, mirrored and indexed, 1 not yet or wrong, 3 not known.",
    )
    promotion.add_argument("--wait", action="store_true", help="until it is finished; no lease")
    promotion.add_argument(
        "--timeout", type=float, metavar="S", help="give up waiting after so long"
    )
    promotion.add_argument(
        "--interval", type=float, default=60, metavar="S", help="seconds between two looks"
    )
    promotion.add_argument(
        "--verify", action="store_true", help="read every file that no store vouches for"
    )
    promotion.add_argument("--json", action="store_true", help="machine-readable, every file")


def _add_listing(commands: Commands) -> None:
    ledger = _command(commands, "ledger", "print who decided, signed or ran what")
    form = ledger.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one JSON object a line")
    form.add_argument("--markdown", action="store_true", help="a table for an issue")
    ledger.add_argument("--by", metavar="WHO", help="of whose name or address this is a part")
    ledger.add_argument("--since", metavar="WHEN", help="such as 8h, 3d or 2026-10-14T09:30")
    handover = _command(
        commands,
        "handover",
        "print what happened, is open, is next and who holds what, as Markdown",
    )
    handover.add_argument(
        "--since", metavar="WHEN", default="24h", help="such as 8h, 3d or 2026-10-14; 24h"
    )
    picks = _command(commands, "picks", "print the cherry-pick queue, a row for each change")
    picks.add_argument("--state", action="append", metavar="STATE", help="such as nominated; again")
    picks.add_argument("--findings", action="store_true", help="what the branch lacks, and why")
    picks.add_argument("--json", action="store_true", help="machine-readable, with every field")
    submodules = _command(
        commands, "submodules", "print what release branches pin, and whether a branch contains it"
    )
    submodules.add_argument("--repository", metavar="NAME", help="this one alone; all without it")
    submodules.add_argument("--json", action="store_true", help="machine-readable")


def _add_judging(commands: Commands) -> None:
    for name, about in (
        ("gates", "print every gate's verdict, with evidence, age and what to do"),
        ("board", "print what blocks, is risky, is ready and comes next, each with its key"),
    ):
        _command(commands, name, about).add_argument(
            "--json", action="store_true", help="machine-readable"
        )
    checklist = _command(commands, "checklist", "print every step and how it stands")
    form = checklist.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="machine-readable, with every field")
    form.add_argument("--markdown", action="store_true", help="a task list for an issue")
    override = _command(
        commands, "override", "let the release go on in spite of a gate, for this candidate alone"
    )
    override.set_defaults(operation="override")
    override.add_argument("gate", help="its id, as `gates` prints it")
    override.add_argument("--reason", required=True, help="why, for everybody to read")
    meeting = _command(commands, "meeting", "print the agenda of the next sync meeting")
    meeting.add_argument("--note", metavar="TEXT", help="keep what it came to in the ledger")
    for one in (override, meeting):
        one.add_argument("--plan", metavar="DIGEST", help="run exactly this plan or none")
        one.add_argument("--yes", action="store_true", help="do not ask")
        one.add_argument("--take-over", metavar="REASON", default="", help="end a lease")


def _add_predicting(commands: Commands) -> None:
    about = "tell what cherry-picks would come to, on any clone; nothing is written"
    predict = _command(commands, "predict", about)
    predict.add_argument("commits", nargs="*", metavar="COMMIT", help="- reads standard input")
    predict.add_argument("--repo", type=Path, default=Path(), metavar="PATH", help="a clone")
    predict.add_argument("--onto", required=True, metavar="REF", help="the branch to pick onto")
    predict.add_argument("--chain", action="store_true", help="each clean one before the next")
    predict.add_argument("-m", dest="mainline", type=int, metavar="N", help="parent of a merge")
    predict.add_argument("--details", action="store_true", help="with the lines that collide")
    predict.add_argument("--json", action="store_true", help="machine-readable")


_STATES = [
    *("passed", "failed", "cancelled", "running", "queued", "expected", "skipped", "no-data"),
    "flaky",
]


def _add_watching(commands: Commands) -> None:
    builds = _command(
        commands,
        "builds",
        "print every job of a candidate",
        description="Print every job of a candidate, what was expected and did not start, and how "
        "many there are of each state. Exit codes: 0 nothing is red and everything was read, 1 "
        "something is red or missing, 3 GitHub cannot be reached.",
    )
    watch = _command(
        commands,
        "watch",
        "tell when a candidate's builds change, and how they end",
        description="Print a line when the builds of a candidate change, and end with success, "
        "failure, cancelled, timeout, no-run or superseded.",
        epilog="Exit codes: 0 it was watched to an end, 3 GitHub could not be reached at the end, "
        "130 stopped. With --exit-status: 0 success, 1 failure, 5 cancelled, 6 timeout, 7 no-run, "
        "8 superseded. Wrong usage is 2 always.",
    )
    for one in (builds, watch):
        one.add_argument(
            "--candidate", metavar="TAG", help="such as v2.15.0-rc3 or rc3; the newest"
        )
        one.add_argument("--repository", metavar="NAME", help="of a library; the core without it")
    builds.add_argument("--json", action="store_true", help="machine-readable, whole")
    builds.add_argument("--state", choices=_STATES, metavar="STATE", help=", ".join(_STATES))
    builds.add_argument(
        "--workflow", metavar="PATTERN", help="jobs of these workflows alone, such as 'linux-*'"
    )
    watch.add_argument("--json", action="store_true", help="one JSON object a change")
    watch.add_argument("--exit-status", action="store_true", help="end with how the builds ended")
    watch.add_argument("--fail-fast", action="store_true", help="end at the first red job")
    watch.add_argument(
        "--interval", type=float, metavar="S", help="seconds between two looks; that of [feeds]"
    )
    watch.add_argument("--timeout", type=float, metavar="S", help="give up after so many seconds")
    watch.add_argument(
        "--grace",
        type=float,
        default=300,
        metavar="S",
        help="for how many seconds a tag may start nothing; 300",
    )


def _add_resolving(commands: Commands) -> None:
    resolve = _command(
        commands,
        "resolve",
        "resolve a pick's conflict in your editor or shell, then go on to the pick",
    )
    resolve.add_argument("change", help="a trunk pull request or commit")
    resolve.add_argument("--abandon", action="store_true", help="remove its work tree")
    resolve.add_argument("--onto", metavar="BRANCH", help="the release branch without it")
    resolve.add_argument(
        "--mainline", choices=("1", "2"), help="the parent that a merge is seen from"
    )
    resolve.add_argument("--category", help="why, where nobody has nominated it yet")
    resolve.add_argument("--fixes", metavar="URL", help="the issue that it fixes")
    resolve.add_argument(
        "--replace", metavar="SHA", help="the head of somebody's branch to replace"
    )


def _add_missing(commands: Commands) -> None:
    about = "print which fixes and reverts a release branch of any clone lacks"
    missing = _command(
        commands,
        "missing",
        about,
        description=f"{about}; without a network, but for the milestone's fixes",
        epilog="Exit codes: 0 nothing is missing, 1 something is, 2 wrong usage or a shallow"
        " clone, 3 the clone or GitHub cannot be read.",
    )
    missing.add_argument("--repo", type=Path, required=True, metavar="PATH", help="it is only read")
    missing.add_argument("--branch", required=True, metavar="release/X.Y")
    missing.add_argument("--trunk", default="main", metavar="REF", help="main without it")
    missing.add_argument("--cut", metavar="REF", help="where both parted; found without it")
    missing.add_argument(
        "--milestone", metavar="X.Y.Z", help="where fixes are looked for, with a GitHub token"
    )
    missing.add_argument("--json", action="store_true", help="machine-readable")


def _add_operating(commands: Commands, *, asked_for: bool) -> None:
    plan = _command(commands, "plan", "print what an operation would do; writes nothing")
    do = _command(commands, "do", "carry out a plan, after a confirmation")
    if not asked_for:  # opening the cockpit does not wait for every operation's words
        return
    from cockpit.commands.operation_words import add_operations

    add_operations(plan, do)


def _add_signing(commands: Commands) -> None:
    about = "sign an item of the checklist, for this candidate and this plan, after a confirmation"
    sign = _command(commands, "sign", about)
    sign.set_defaults(operation="sign")
    sign.add_argument("item", metavar="ITEM", help="its id, as the checklist names it")
    sign.add_argument("--note", metavar="TEXT", help="what is to be known about it")
    sign.add_argument("--link", action="append", metavar="URL", help="what shows it; again")
    sign.add_argument(
        "--file", action="append", metavar="PATH", help="its name and SHA-256 are recorded; again"
    )
    sign.add_argument("--plan", metavar="DIGEST", help="carry out exactly this plan or none")
    sign.add_argument("--yes", action="store_true", help="do not ask")
    sign.add_argument("--take-over", metavar="REASON", default="", help="end a lease")


def _add_setting_up(commands: Commands) -> None:
    _command(commands, "doctor", "check every backend, credential, clock and permission")
    init = _command(commands, "init", "write a commented release.toml for PyTorch")
    init.add_argument("release_version", metavar="VERSION", help="such as 2.15.0")
    init.add_argument("--output", type=Path, default=Path("release.toml"), metavar="FILE")
    _command(commands, "login", "keep a GitHub token in the keyring")


def _add_rehearse(commands: Commands) -> None:
    rehearse = _command(commands, "rehearse", "open the cockpit on a world of its own")
    rehearse.add_argument(
        "--scenario",
        default="default",
        metavar="NAME",
        help="default, small, large (ten candidates), matrix (the newer workflow), "
        "before-cut (nothing of the release is cut yet), or final (the morning of release day)",
    )
    rehearse.add_argument(
        "--seed", type=int, default=0, metavar="N", help="another world of the same kind"
    )
    rehearse.add_argument(
        "--speed", type=float, metavar="X", help="of its clock; the scenario's own without it"
    )
    rehearse.add_argument("--dir", type=Path, metavar="DIR", help="keep the world here")
    rehearse.add_argument(
        "--s3", choices=("moto", "seaweedfs"), default="moto", help="seaweedfs is a real server"
    )
    rehearse.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="NAME[@SERVICE][:ARG]",
        help="what is broken from the start, such as slow@github:80ms; again",
    )
    rehearse.add_argument("--list-faults", action="store_true", help="say what each breaks")
    rehearse.add_argument("--headless", action="store_true", help="only serve, until stopped")
