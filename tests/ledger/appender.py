"""One captain's process that appends notes to a ledger: REMOTE REF FOLDER NAME COUNT."""

from __future__ import annotations

import sys
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
    """Append, as often as told."""
    remote, ref, folder, name, count = sys.argv[1:]
    git = GitClones(Path(folder), identity=(name, f"{name}@example.org"))
    store = LedgerStore(git, remote, ref, cockpit_version="1", host=name, clock=MachineClock())
    for number in range(int(count)):
        print(store.append(Note(f"{name} {number}")).sha, flush=True)


if __name__ == "__main__":
    main()
