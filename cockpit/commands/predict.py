"""`predict --repo PATH`: what picks would come to on any clone, without config or network."""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
from collections.abc import Iterator, Sequence
from types import FrameType
from typing import Any

import msgspec

from cockpit.backends.git_borrowed import BorrowedClone
from cockpit.backends.git_runner import GitRunner
from cockpit.backends.git_spawn import spawn
from cockpit.errors import ConfigError, ExitCode
from cockpit.release.commits import short
from cockpit.release.pickorder import QueueSimulation
from cockpit.release.prediction import Outcome, PickOf, Prediction

_SILENCE_S = 300.0
_FROM_STDIN = "-"


def run(arguments: argparse.Namespace) -> int:
    """Print a prediction for every commit in the order given; nothing is written anywhere."""
    with _unwinding_when_ended():
        predictions = _predicted(arguments)
    for prediction in predictions:
        if prediction.outcome is Outcome.UNKNOWN:
            sys.stderr.write(f"release-cockpit: {short(prediction.commit)}: {prediction.why}\n")
    in_the_way = any(prediction.outcome.stands_in_the_way for prediction in predictions)
    return int(ExitCode.BLOCKED if in_the_way else ExitCode.OK)


def _predicted(arguments: argparse.Namespace) -> Sequence[Prediction]:
    """Look, and print what was found."""
    clone = BorrowedClone(arguments.repo, GitRunner(spawn, silence_s=_SILENCE_S))
    onto = clone.commit(arguments.onto)
    picks = _picks(clone, list(_revisions(arguments.commits)), arguments.mainline)
    if arguments.json:
        predictions = clone.predict(onto, picks, chain=arguments.chain, regions=arguments.details)
        rows = [_as_data(prediction, details=arguments.details) for prediction in predictions]
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(rows), indent=2).decode() + "\n")
        return predictions
    queue = clone.simulate(onto, picks) if arguments.chain else None
    predictions = queue.as_given.predictions if queue else clone.predict(onto, picks)
    sys.stdout.write(_as_text(arguments, onto, predictions, queue))
    return predictions


def _picks(
    clone: BorrowedClone, revisions: Sequence[str], mainline: int | None
) -> tuple[PickOf, ...]:
    """What is to be picked; raises ConfigError for what git would refuse like this."""
    picks = tuple(PickOf(commit, mainline) for commit in clone.commits(revisions))
    for pick, reason in clone.obstacles(picks).items():
        raise ConfigError(
            f"{short(pick.commit)} cannot be picked like this",
            reason,
            "-m N picks a merge as seen from its Nth parent; it holds for all commits given",
        )
    return picks


def _revisions(words: Sequence[str]) -> Iterator[str]:
    """The commits that are named; of each line of standard input the first word."""
    named = False
    for word in words:
        if word == _FROM_STDIN:
            lines = (line.split() for line in sys.stdin)
            found = [first for first, *_ in filter(None, lines)]
            named = named or bool(found)
            yield from found
        else:
            named = True
            yield word
    if not named:
        raise ConfigError(
            "No commit was named",
            "predict takes commits, and - for those on standard input",
            "git log --format=%H release/X.Y..main | release-cockpit predict --onto REF -",
        )


def _as_data(prediction: Prediction, *, details: bool) -> dict[str, Any]:
    row: dict[str, Any] = {
        "commit": prediction.commit,
        "result": prediction.outcome.value,
        "tree": prediction.tree,
        "files": prediction.files,
        "caused_by": [cause.commit for cause in prediction.caused_by],
    }
    if prediction.why:
        row["why"] = prediction.why
    if details:
        row["landed"] = prediction.landed
        row["conflicts"] = prediction.conflicts
        row["causes"] = prediction.caused_by
    return row


def _as_text(
    arguments: argparse.Namespace,
    onto: str,
    predictions: Sequence[Prediction],
    queue: QueueSimulation | None,
) -> str:
    from cockpit.views.predictions import order_lines, prediction_lines, title
    from cockpit.views.text import as_ascii

    lines = [title(arguments.onto, onto, chain=queue is not None)]
    lines += prediction_lines(predictions, details=arguments.details)
    lines += order_lines(queue) if queue else ()
    text = "".join(f"{line.text}\n" for line in lines)
    return as_ascii(text) if arguments.ascii else text


@contextlib.contextmanager
def _unwinding_when_ended() -> Iterator[None]:
    """Let SIGTERM and SIGHUP unwind like Ctrl+C, so that nothing temporary stays behind."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
