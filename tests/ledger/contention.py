"""Several captains' processes append to one ledger at once, and what it then has to hold."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from cockpit.backends.git import GitClones
from cockpit.ledger.store import LedgerStore
from tests.gitrepos import BareRepo
from tests.ledger.appender import MachineClock

REF = "refs/cockpit/2.13.0"


def contend(
    remote: BareRepo, folder: Path, *, processes: int, each: int, at_once: int = 1
) -> float:
    """Let them append, half of them through one machine's clones; seconds until the last ended.

    Raises AssertionError where an event was lost or doubled, where those of one captain who wrote
    one after the other lost their order, or where the history is no single line.
    """
    names = [f"captain{number}" for number in range(processes)]
    began = time.monotonic()
    started = [
        subprocess.Popen(
            [
                *(sys.executable, "-m", "tests.ledger.appender", remote.remote, REF),
                *(str(folder / ("shared" if number % 2 else name)), name, str(each), str(at_once)),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        for number, name in enumerate(names)
    ]
    ends = [process.communicate(timeout=1200) for process in started]
    spent = time.monotonic() - began
    assert not any(errors for _, errors in ends), "".join(errors for _, errors in ends)
    _check(remote, folder, names, [sha for output, _ in ends for sha in output.split()], each)
    if at_once == 1:
        for name in names:
            own = [text for text in _texts(remote, folder) if text.startswith(f"{name} ")]
            assert own == [f"{name} {number}" for number in range(each)]
    return spent


def _check(remote: BareRepo, folder: Path, names: list[str], written: list[str], each: int) -> None:
    ledger = _reader(remote, folder).read()
    assert sorted(recorded.sha for recorded in ledger.entries) == sorted(written)
    wanted = sorted(f"{name} {number}" for name in names for number in range(each))
    assert sorted(recorded.describe() for recorded in ledger.entries) == wanted
    assert remote.git("rev-list", "--count", "--max-parents=0", REF) == "1"
    assert remote.git("rev-list", "--count", "--min-parents=2", REF) == "0"


def _texts(remote: BareRepo, folder: Path) -> list[str]:
    return [recorded.describe() for recorded in _reader(remote, folder).read().entries]


def _reader(remote: BareRepo, folder: Path) -> LedgerStore:
    git = GitClones(folder / "reader", identity=("Rita", "rita@example.org"))
    return LedgerStore(git, remote.remote, REF, cockpit_version="1", host="r", clock=MachineClock())
