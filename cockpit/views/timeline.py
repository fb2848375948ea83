"""A release branch from its head back to its cut, in pieces that end at a candidate."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from cockpit.release.branches import BranchState
from cockpit.release.candidates import Candidate
from cockpit.release.commits import Commit, short
from cockpit.release.comparison import compare, stretches
from cockpit.release.lookups import branch_of
from cockpit.release.repos import Repository
from cockpit.release.state import ReleaseState
from cockpit.release.words import counted
from cockpit.views.ages import ago, timestamp
from cockpit.views.commit_rows import COLUMNS, CommitRows, separator, tally
from cockpit.views.framing import detail, field, framed, heading, line, link
from cockpit.views.marks import FAILED, NEEDS_YOU, PASSED, SKIPPED, WAITING, Tone
from cockpit.views.table import Detail, Line, Pane, Row, Span, Table

UNTAGGED = "untagged"
CUT = "cut"
_TAG = "tag:"


def tag_of(key: str) -> str | None:
    """The candidate's tag that a row stands for; None for any other row."""
    return key.removeprefix(_TAG) if key.startswith(_TAG) else None


def timeline_pane(state: ReleaseState, repository: Repository) -> Pane:
    """One row a commit since the cut, newest first, with the candidates between them."""
    branch = branch_of(state, repository)
    rows = tuple(_rows(state, repository, branch)) if branch else ()
    table = Table(COLUMNS, rows, f"{repository.release_branch} has not been cut")
    title = f"{repository.short_name} {repository.release_branch} since the cut"
    summary = _summary(state, repository, branch) if branch else ()
    return framed(state, "timeline", title, ("branches", "ledger"), table, summary)


def frozen_lines(state: ReleaseState, repository: Repository) -> tuple[Line, ...]:
    """Who froze the branch and why; nothing while it is open."""
    frozen = state.record.frozen(repository)
    if frozen is None:
        return ()
    text = f"{NEEDS_YOU.shape} frozen {ago(state.now - frozen.at)} {frozen.describe()}"
    return (line(Span(text, Tone.WARN)),)


def previous_of(
    state: ReleaseState, repository: Repository, candidate: Candidate
) -> Candidate | None:
    """The candidate before this one that is no dud."""
    earlier = [c for c in state.candidates_of(repository) if c.number < candidate.number]
    return earlier[-1] if earlier else None


def _summary(state: ReleaseState, repository: Repository, branch: BranchState) -> tuple[Line, ...]:
    alarms = (
        line(Span(f"{FAILED.shape} {moved.describe()}", Tone.BAD))
        for moved in state.moved
        if moved.pin.repository == repository.name
    )
    tallied = line(Span(tally(branch.commits) or "nothing since the cut", Tone.DIM))
    return (tallied, *frozen_lines(state, repository), *alarms)


def _rows(state: ReleaseState, repository: Repository, branch: BranchState) -> Iterator[Row]:
    commits = CommitRows(state, repository)
    untagged, *tagged = stretches(branch, branch.candidates(repository))
    if untagged.commits and repository.candidates:
        text = f"{counted(len(untagged.commits), 'commit')} in no candidate"
        yield separator(UNTAGGED, "untagged", text, NEEDS_YOU, Tone.WARN)
    yield from map(commits.row, untagged.commits)
    for stretch in tagged:
        if stretch.candidate is not None:
            added = tally(stretch.commits) or "nothing new"
            yield _candidate_row(state, repository, stretch.candidate, added, commits)
        yield from map(commits.row, stretch.commits)
    if branch.cut_point is not None:
        cut = branch.cut_point
        row = separator(CUT, "cut", f"{short(cut.sha)} {cut.title}", WAITING, Tone.DIM)
        yield msgspec.structs.replace(row, url=commits.page(cut), copy=cut.sha)


def _candidate_row(
    state: ReleaseState,
    repository: Repository,
    candidate: Candidate,
    added: str,
    commits: CommitRows,
) -> Row:
    tag = candidate.tag.name
    dead = state.record.dud(repository, tag) or state.record.dud_version(repository)
    if any((m.pin.repository, m.pin.tag) == (repository.name, tag) for m in state.moved):
        text, mark, tone = f"its tag has moved · {added}", FAILED, Tone.BAD
    elif dead is not None:
        text, mark, tone = f"declared a dud {dead.describe()}", SKIPPED, Tone.DIM
    else:
        text, mark, tone = added, PASSED, Tone.ACCENT
    row = separator(f"{_TAG}{tag}", tag, text, mark, tone)
    return msgspec.structs.replace(row, url=commits.tag_page(tag), copy=tag)


def timeline_detail(state: ReleaseState, repository: Repository, key: str) -> Detail | None:
    """Everything about one commit, candidate, or the cut."""
    branch = branch_of(state, repository)
    if branch is None:
        return None
    tag = tag_of(key)
    if tag is not None:
        return _candidate_detail(state, repository, branch, tag)
    if key == CUT and branch.cut_point is not None:
        return _commit_detail(state, repository, branch.cut_point)
    if key == UNTAGGED:
        newest = state.candidate_of(repository)
        since = newest.tag.name if newest else "the cut"
        return detail("untagged", line(f"What the next candidate adds to {since}; t tags it."))
    return commit_detail_of(state, repository, key)


def commit_detail_of(state: ReleaseState, repository: Repository, sha: str) -> Detail | None:
    """Everything about one commit of the branch."""
    branch = branch_of(state, repository)
    commits = branch.commits if branch else ()
    commit = next((commit for commit in commits if commit.sha == sha), None)
    return _commit_detail(state, repository, commit) if commit else None


def _commit_detail(state: ReleaseState, repository: Repository, commit: Commit) -> Detail:
    """Everything about one commit."""
    rows = CommitRows(state, repository)
    pick, trunk = rows.pick(commit), rows.trunk_pull(commit)
    return detail(
        commit.title,
        field("commit", commit.sha),
        field("kind", commit.kind.value),
        field("author", f"{commit.author}, {timestamp(commit.committed_at)}"),
        field("candidate", _first_candidate(state, repository, commit)),
        field("trunk PR", f"#{trunk}" if trunk else "none named"),
        field("picked from", ", ".join(map(short, commit.picked_from)) or "–"),
        (field("pick", f"#{pick.release_pull} {pick.state.value}"),) if pick else (),
        link(rows.page(commit)),
        (heading("Message"), *map(line, commit.body.splitlines())) if commit.body else (),
    )


def _first_candidate(state: ReleaseState, repository: Repository, commit: Commit) -> str:
    """The first candidate that contains the commit and is no dud, in words."""
    branch = branch_of(state, repository)
    for candidate in state.candidates_of(repository):
        since = branch.since(candidate.commit_sha) if branch else None
        if since is not None and commit not in since:
            return candidate.tag.name
    return "in none"


def _candidate_detail(
    state: ReleaseState, repository: Repository, branch: BranchState, tag: str
) -> Detail | None:
    candidate = next((c for c in branch.candidates(repository) if c.tag.name == tag), None)
    if candidate is None:
        return None
    dead = state.record.dud(repository, tag) or state.record.dud_version(repository)
    pinned = any((p.repository, p.tag) == (repository.name, tag) for p in state.record.pins)
    before = previous_of(state, repository, candidate)
    compared = compare(branch, before, candidate) if before else None
    added: tuple[Line, ...] = ()
    if before and compared:
        added = (heading(f"Added since {before.tag.name}"), *map(_listed, compared.commits))
    return detail(
        tag,
        field("commit", candidate.commit_sha),
        field("pinned", "in the ledger" if pinned else "not yet: P pins it"),
        (field("dud", Span(dead.describe(), Tone.WARN)),) if dead else (),
        added,
    )


def _listed(commit: Commit) -> Line:
    kind = Span(f"{commit.kind.value:<13}", Tone.DIM)
    return line(Span(f"{short(commit.sha)} ", Tone.DIM), kind, commit.title)
