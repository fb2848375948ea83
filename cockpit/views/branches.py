"""The branches pane: where every release branch stands."""

from __future__ import annotations

from cockpit.release.branches import BranchState
from cockpit.release.commits import Commit, CommitKind, short
from cockpit.release.jobs import BranchHealth, JobState
from cockpit.release.lookups import branch_of, listing_of, next_tag
from cockpit.release.repos import Repository, Role
from cockpit.release.state import ReleaseState
from cockpit.release.words import counted
from cockpit.views.ages import ago, grouped, timestamp
from cockpit.views.framing import detail, field, framed, heading, line
from cockpit.views.marks import (
    FAILED,
    JOB_MARKS,
    NEEDS_YOU,
    NO_DATA,
    NOT_APPLICABLE,
    PASSED,
    WAITING,
    Mark,
    Tone,
)
from cockpit.views.submodules import submodule_section
from cockpit.views.table import Align, Cell, Column, Detail, Line, Pane, Row, Span, Table, cell
from cockpit.views.timeline import frozen_lines

COLUMNS = (
    Column("repository", "repository"),
    Column("branch", "branch", weight=1, rank=4),
    Column("head", "head", rank=5),
    Column("candidate", "candidate", rank=1),
    Column("commits", "since cut", Align.RIGHT, rank=3),
    Column("picks", "picks", Align.RIGHT, rank=2),
    Column("untagged", "untagged", Align.RIGHT),
    Column("checks", "checks"),
)
_KINDS = {
    CommitKind.PICK: "pick",
    CommitKind.RELEASE_ONLY: "release-only",
    CommitKind.REVERT: "revert",
    CommitKind.OTHER: "other",
}


def branches_pane(state: ReleaseState) -> Pane:
    """One row per repository, in cutting order."""
    rows: tuple[Row, ...] = ()
    if state.branches.value is not None:
        rows = tuple(_row(state, repository) for repository in state.spec.repositories)
    feeds = ("branches", "ci") if _any_checks(state) else ("branches",)
    return framed(state, "branches", "Branches", feeds, Table(COLUMNS, rows), _summary(state))


def _any_checks(state: ReleaseState) -> bool:
    return any(repository.blocking_workflows for repository in state.spec.repositories)


def _summary(state: ReleaseState) -> tuple[Line, ...]:
    branch = branch_of(state, state.spec.core)
    if branch is None:
        return ()
    parts = [f"{counted(len(branch.commits), 'commit')} since the cut"]
    if branch.cut_point is not None:
        parts.append(f"cut at {short(branch.cut_point.sha)}")
    return (line(Span(" · ".join(parts), Tone.DIM)),)


def _row(state: ReleaseState, repository: Repository) -> Row:
    branch = branch_of(state, repository)
    health = state.ci.value.of(repository.name) if state.ci.value else None
    if branch is None or branch.head is None:
        return _uncut_row(state, repository)
    candidate = state.candidate_of(repository)
    checks = _checks_cell(state, repository, branch, health)
    mark = _mark(state, repository, checks.mark)
    dash = cell("–", Tone.DIM)
    return Row(
        key=repository.name,
        cells=(
            _name_cell(state, repository, mark),
            cell(branch.branch),
            cell(short(branch.head.sha), Tone.DIM),
            cell(candidate.tag.name) if candidate else dash,
            cell(grouped(len(branch.commits))),
            cell(grouped(len(branch.picks))) if branch.picks else dash,
            _untagged_cell(state, repository, branch),
            checks,
        ),
        url=next(iter(health.urls.values()), "") if health else "",
        copy=branch.head.sha,
        search=f"{repository.name} {branch.head.title}",
    )


def _name_cell(state: ReleaseState, repository: Repository, mark: Mark) -> Cell:
    """The name, and in any width whether the branch is frozen."""
    name = Span(repository.short_name)
    if state.record.frozen(repository) is None:
        return Cell((name,), mark)
    return Cell((name, Span(" frozen", Tone.WARN)), mark)


def _uncut_row(state: ReleaseState, repository: Repository) -> Row:
    branches = state.branches.value
    problem = branches.problems.get(repository.name) if branches else None
    due = repository.role is not Role.DOMAIN or _has_wheels(state)
    words = "not cut yet" if due else f"waits for {_awaited(state)}"
    mark, blank = NO_DATA if problem else WAITING, (Cell(),) * (len(COLUMNS) - 3)
    # The last column is there in any width, the branch's is not.
    cells = (
        cell(repository.short_name, mark=mark),
        cell(problem, Tone.WARN) if problem else Cell(),
        *blank,
        Cell() if problem else cell(words, Tone.DIM),
    )
    return Row(repository.name, cells, copy=repository.name, search=repository.name)


def _has_wheels(state: ReleaseState) -> bool:
    listing = listing_of(state, state.spec.core)
    return listing is not None and bool(listing.test)


def _awaited(state: ReleaseState) -> str:
    core = state.spec.core
    tag = state.candidate.tag.name if state.candidate else next_tag(state, core)
    return tag.rpartition("-")[2]


def _mark(state: ReleaseState, repository: Repository, checks: Mark | None) -> Mark:
    if any(moved.pin.repository == repository.name for moved in state.moved):
        return NEEDS_YOU
    if state.branches.whole is None:
        return NO_DATA
    return PASSED if checks in (None, NOT_APPLICABLE) else checks


def _untagged_cell(state: ReleaseState, repository: Repository, branch: BranchState) -> Cell:
    if not repository.candidates:
        return cell("–", Tone.DIM)
    candidate = state.candidate_of(repository)
    since = branch.since(candidate.commit_sha if candidate else None)
    if since is None:
        return cell("?", Tone.WARN)
    return cell(grouped(len(since)), Tone.WARN) if since else cell("–", Tone.DIM)


def _checks_cell(
    state: ReleaseState, repository: Repository, branch: BranchState, health: BranchHealth | None
) -> Cell:
    if not repository.blocking_workflows:
        return cell("", Tone.DIM, mark=NOT_APPLICABLE)
    known = health is not None and branch.head is not None and health.sha == branch.head.sha
    if health is None or not known or state.ci.whole is None:
        return cell("no data", Tone.WARN, mark=NO_DATA)
    mark = JOB_MARKS[health.state]
    return cell(mark.word, mark.tone, mark=mark)


def branch_detail(state: ReleaseState, key: str) -> Detail | None:
    """Everything about one repository's release branch."""
    repository = next((repo for repo in state.spec.repositories if repo.name == key), None)
    if repository is None:
        return None
    branch = branch_of(state, repository)
    if branch is None or branch.head is None:
        return detail(
            repository.name,
            field("branch", repository.release_branch),
            field("state", "not cut, or not read yet"),
            field("cut from", repository.cut_from),
            submodule_section(state, repository.name),
        )
    return detail(
        repository.name,
        _where(state, repository, branch, branch.head),
        frozen_lines(state, repository),
        _moved(state, repository),
        _health(state, repository),
        _tags(state, repository, branch),
        submodule_section(state, repository.name),
        _commits(state, repository, branch),
    )


def _where(
    state: ReleaseState, repository: Repository, branch: BranchState, head: Commit
) -> tuple[Line, ...]:
    cut = branch.cut_point
    version = f"{branch.version_text or '–'} in {repository.version_file}"
    return (
        field("branch", branch.branch),
        field("head", f"{short(head.sha)} {head.title}"),
        field("", Span(f"{head.author}, {timestamp(head.committed_at)}", Tone.DIM)),
        *([field("version", version)] if repository.version_file else []),
        field("cut point", f"{short(cut.sha)} {cut.title}" if cut else "not known"),
        field("", Span(f"{ago(state.now - cut.committed_at)}" if cut else "", Tone.DIM)),
        field("orig", short(branch.orig_sha) if branch.orig_sha else "does not exist"),
    )


def _moved(state: ReleaseState, repository: Repository) -> tuple[Line, ...]:
    return tuple(
        line(Span(f"{FAILED.shape} {moved.describe()}", Tone.BAD))
        for moved in state.moved
        if moved.pin.repository == repository.name
    )


def _health(state: ReleaseState, repository: Repository) -> tuple[Line, ...]:
    health = state.ci.value.of(repository.name) if state.ci.value else None
    if health is None:
        return ()
    lines = [heading(f"Checks of {short(health.sha)}")]
    for workflow, job_state in sorted(health.workflows.items()):
        mark = JOB_MARKS[job_state]
        url = health.urls.get(workflow, "")
        lines.append(
            line(Span(f"{mark.shape} {workflow}: {mark.word} ", mark.tone), Span(url, Tone.DIM))
        )
    return tuple(lines) if health.state is not JobState.UNKNOWN or lines[1:] else ()


def _tags(state: ReleaseState, repository: Repository, branch: BranchState) -> tuple[Line, ...]:
    if not branch.tags:
        return ()
    lines = [heading("Tags")]
    for tag in branch.tags:
        dead = state.record.dud(repository, tag.name)
        said = (Span(f"  dud {dead.describe()}", Tone.WARN),) if dead else ()
        lines.append(line(f"{tag.name}  ", Span(short(tag.commit_sha), Tone.DIM), *said))
    return tuple(lines)


def _commits(state: ReleaseState, repository: Repository, branch: BranchState) -> tuple[Line, ...]:
    candidate = state.candidate_of(repository)
    since = branch.since(candidate.commit_sha if candidate else None)
    name = candidate.tag.name if candidate else "the cut"
    if since is None:
        return (heading(f"{name} is not in the history of {branch.branch}"),)
    if not since:
        return (heading(f"Nothing since {name}"),)
    return (
        heading(f"{counted(len(since), 'commit')} since {name}"),
        *(
            line(
                Span(f"{short(commit.sha)} ", Tone.DIM),
                Span(f"{_KINDS[commit.kind]:<13}", Tone.DIM),
                commit.title,
            )
            for commit in since
        ),
    )
