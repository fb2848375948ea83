"""Two candidates of one repository, compared."""

from __future__ import annotations

from cockpit.release.commits import CommitKind
from cockpit.release.comparison import Comparison, compare
from cockpit.release.lookups import branch_of
from cockpit.release.repos import Repository
from cockpit.release.state import ReleaseState
from cockpit.views.commit_rows import COLUMNS, CommitRows, tally
from cockpit.views.framing import framed, line
from cockpit.views.marks import Tone
from cockpit.views.table import Line, Pane, Row, Span, Table


def comparison_pane(state: ReleaseState, repository: Repository, older: str, newer: str) -> Pane:
    """What the newer candidate adds to the older one: picks first, then the other kinds."""
    compared = _compared(state, repository, older, newer)
    rows: tuple[Row, ...] = ()
    summary: tuple[Line, ...] = ()
    empty = f"{older} and {newer} do not follow each other on {repository.release_branch}"
    if compared is not None:
        empty = f"{newer} adds nothing to {older}"
        make = CommitRows(state, repository).row
        rows = tuple(make(commit) for kind in CommitKind for commit in compared.of_kind(kind))
        summary = (line(Span(tally(compared.commits) or empty, Tone.DIM)),)
    title = f"{repository.short_name}: what {newer} adds to {older}"
    table = Table(COLUMNS, rows, empty)
    return framed(state, "comparison", title, ("branches", "ledger"), table, summary)


def _compared(
    state: ReleaseState, repository: Repository, older: str, newer: str
) -> Comparison | None:
    branch = branch_of(state, repository)
    if branch is None:
        return None
    found = {candidate.tag.name: candidate for candidate in branch.candidates(repository)}
    if older not in found or newer not in found:
        return None
    return compare(branch, found[older], found[newer])
