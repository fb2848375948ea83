"""One captain's process that appends notes to a ledger: REMOTE REF FOLDER NAME COUNT AT-ONCE."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from cockpit.backends.git import GitClones
from cockpit.ledger.store import LedgerStore
from cockpit.release.record import Note


class MachineClock:
    """The machine's own time."""

    def now(self) -> datetime:
        """The time in UTC."""
        return datetime.now(UTC)


def main() -> None:
    """Append, as often as told, so many threads at once."""
    remote, ref, folder, name, count, at_once = sys.argv[1:]
    git = GitClones(Path(folder), identity=(name, f"{name}@example.org"))
    store = LedgerStore(git, remote, ref, cockpit_version="1", host=name, clock=MachineClock())
    with ThreadPoolExecutor(int(at_once)) as threads:
        notes = (Note(f"{name} {number}") for number in range(int(count)))
        for recorded in threads.map(store.append, notes):
            print(recorded.sha, flush=True)


if __name__ == "__main__":
    main()
