"""What several parts of the GitHub adapter ask for: its lists and objects, and their paths."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlencode

import msgspec

from cockpit.backends.github_http import PAGE_SIZE, list_kind
from cockpit.backends.github_records import (
    CommentRecord,
    EventRecord,
    IssueRecord,
    JobPage,
    MilestoneRecord,
    PullRecord,
    RunPage,
    RunRecord,
)
from cockpit.backends.text import clean
from cockpit.release.repos import Repository

RUNS = list_kind("workflow runs", RunPage, lambda page: (page.workflow_runs, page.total_count))
JOBS = list_kind("jobs", JobPage, lambda page: (page.jobs, page.total_count))
ISSUES = list_kind("issues", tuple[IssueRecord, ...], lambda rows: (rows, None))
COMMENTS = list_kind("comments", tuple[CommentRecord, ...], lambda rows: (rows, None))
EVENTS = list_kind("events", tuple[EventRecord, ...], lambda rows: (rows, None))
PULLS = list_kind("pull requests", tuple[PullRecord, ...], lambda rows: (rows, None))
MILESTONES = list_kind("milestones", tuple[MilestoneRecord, ...], lambda rows: (rows, None))
RUN = msgspec.json.Decoder(RunRecord)
PULL = msgspec.json.Decoder(PullRecord)


def path_of(repository: Repository, resource: str, **query: str) -> str:
    """The path of a list of a repository, in the largest pages."""
    return f"/repos/{repository.name}/{resource}?{urlencode({**query, 'per_page': PAGE_SIZE})}"


def run_path(repository: Repository, run_id: int) -> str:
    """The path of a workflow's run."""
    return f"/repos/{repository.name}/actions/runs/{run_id}"


def pull_path(repository: Repository, number: int) -> str:
    """The path of a pull request."""
    return f"/repos/{repository.name}/pulls/{number}"


def workflow_of(run: RunRecord) -> str:
    """The name of the workflow that a run is of."""
    return clean(run.name or f"workflow {run.workflow_id}")


def sentence(parts: Iterable[str]) -> str:
    """What is missing, in one line; empty when nothing is."""
    return "; ".join(part for part in parts if part)
