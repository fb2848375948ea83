"""Finding issues and pull requests, and the filters their lists share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from cockpit.rehearsal.github.http import ApiError, not_found, query
from cockpit.rehearsal.github.moments import moment
from cockpit.rehearsal.model import Comment, Issue, Pull, Repository

_SORTS: dict[str, Callable[[Issue], tuple[datetime | int, int]]] = {
    "created": lambda issue: (issue.created_at, issue.number),
    "updated": lambda issue: (issue.updated_at, issue.number),
    "comments": lambda issue: (len(issue.comments), issue.number),
    "popularity": lambda issue: (len(issue.comments), issue.number),
    "long-running": lambda issue: (issue.created_at, issue.number),
}


def issue_or_404(repository: Repository, number: int) -> Issue:
    """The issue or pull request with this number."""
    issue = repository.issues.get(number)
    if issue is None:
        raise not_found()
    return issue


def pull_or_404(repository: Repository, number: int) -> tuple[Issue, Pull]:
    """The pull request with this number."""
    issue = issue_or_404(repository, number)
    if issue.pull is None:
        raise not_found()
    return issue, issue.pull


def comment_or_404(repository: Repository, number: int) -> tuple[Issue, Comment]:
    """The comment with this id, and what it stands under."""
    for issue in repository.issues.values():
        for comment in issue.comments:
            if comment.id == number:
                return issue, comment
    raise not_found()


def states_wanted() -> tuple[str, ...]:
    """The states the list asks for, by default open alone."""
    wanted = query("state", "open")
    if wanted not in ("open", "closed", "all"):
        raise ApiError(422, f"Validation Failed: state {wanted!r}")
    return ("open", "closed") if wanted == "all" else (wanted,)


def since_wanted() -> datetime | None:
    """The `since` of the request."""
    text = query("since")
    since = moment(text) if text else None
    if text and since is None:
        raise ApiError(422, f"The since parameter {text!r} is no ISO 8601 time")
    return since


def in_order(
    issues: Iterable[Issue], sort: str, direction: str, fallback: str = "created"
) -> list[Issue]:
    """Issues in the wanted order; GitHub ignores a sort it does not know."""
    key = _SORTS.get(sort, _SORTS[fallback])
    return sorted(issues, key=key, reverse=direction != "asc")
