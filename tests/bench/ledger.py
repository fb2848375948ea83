"""Ten cockpits append 200 events each to one ledger at once: `python -m tests.bench.ledger`.

None may be lost, none doubled, and the history has to be one line; see tests/ledger/contention.py.
Run it after touching how the ledger is written. `--at-once 8` lets each cockpit append from eight
threads, whose events share pushes. On two cores with a remote on the same disk it takes about two
minutes; the suite has a smaller one.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from tests.gitrepos import BareRepo
from tests.ledger.contention import contend


def main() -> None:
    """Measure, and say what was measured."""
    parser = argparse.ArgumentParser(description="Ten cockpits write to one ledger at once.")
    parser.add_argument("--processes", type=int, default=10)
    parser.add_argument("--each", type=int, default=200)
    parser.add_argument("--at-once", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        remote = BareRepo(Path(folder) / "ledger.git")
        spent = contend(
            remote,
            Path(folder),
            processes=asked.processes,
            each=asked.each,
            at_once=asked.at_once,
        )
    events = asked.processes * asked.each
    print(f"{events} events, none lost, none doubled, one line of history")
    print(f"{spent:.1f} s, {events / spent:.1f} events a second, {asked.at_once} at once a cockpit")


if __name__ == "__main__":
    main()
