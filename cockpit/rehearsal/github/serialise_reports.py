"""JSON bodies of what others than Actions say of commits."""

from __future__ import annotations

from collections.abc import Sequence

from cockpit.rehearsal.github.call import Call
from cockpit.rehearsal.github.gitdata import Commit
from cockpit.rehearsal.github.http import Body
from cockpit.rehearsal.github.progress import Progress
from cockpit.rehearsal.github.serialise import (
    node_id,
    repository_body,
    repository_url,
    stamp,
    user_body,
)
from cockpit.rehearsal.github.serialise_actions import app_body, check_body, suite_body
from cockpit.rehearsal.model import Check, CommitStatus, Repository, Suite


def foreign_check_body(call: Call, repository: Repository, suite: Suite, check: Check) -> Body:
    """A check of an application other than Actions."""
    status = check.status(call.now)
    ended = status == "completed"
    progress = Progress(
        status, check.conclusion if ended else None, check.ends_at if ended else check.created_at
    )
    page = f"{call.site}/apps/{suite.app.slug}/checks/{check.id}"
    body = check_body(
        call, repository, check.id, check.name, suite.head_sha, progress, check.created_at, page
    )
    output = {"title": check.title if ended else None, "summary": check.title if ended else None}
    return {
        **body,
        "output": {
            **output,
            "text": None,
            "annotations_count": 0,
            "annotations_url": f"{body['url']}/annotations",
        },
        "check_suite": {"id": suite.id},
        "app": app_body(call, suite.app),
    }


def foreign_suite_body(call: Call, repository: Repository, suite: Suite, head: Commit) -> Body:
    """The suite of such an application; one without checks stays queued for ever, as on GitHub."""
    checks = shown_checks(call, suite)
    unfinished = not checks or any(check.status(call.now) != "completed" for check in checks)
    red = next((c.conclusion for c in checks if c.conclusion != "success"), "success")
    ended = [check.ends_at for check in checks]
    return {
        **suite_body(call, repository, suite.id, suite.head_branch, head),
        "status": ("in_progress" if checks else "queued") if unfinished else "completed",
        "conclusion": None if unfinished else red,
        "app": app_body(call, suite.app),
        "created_at": stamp(suite.created_at),
        "updated_at": stamp(suite.created_at if unfinished else max(ended)),
        "latest_check_runs_count": len(checks),
    }


def shown_checks(call: Call, suite: Suite) -> list[Check]:
    """The checks that have been reported by now."""
    return [check for check in suite.checks if check.created_at <= call.now]


def combined_status_body(
    call: Call,
    repository: Repository,
    sha: str,
    newest: Sequence[CommitStatus],
    shown: Sequence[CommitStatus],
) -> Body:
    """The newest status of every context, of which one page is `shown`."""
    url = f"{repository_url(call, repository)}/commits/{sha}"
    states = {status.state for status in newest}
    state = "success" if states == {"success"} else "pending"
    return {
        "state": "failure" if states & {"failure", "error"} else state,
        "statuses": [_simple_status_body(call, repository, sha, status) for status in shown],
        "sha": sha,
        "total_count": len(newest),
        "repository": repository_body(call, repository),
        "commit_url": url,
        "url": f"{url}/status",
    }


def status_body(call: Call, repository: Repository, sha: str, status: CommitStatus) -> Body:
    """One status, with who set it."""
    creator = user_body(call, status.creator)
    return {**_simple_status_body(call, repository, sha, status), "creator": creator}


def _simple_status_body(call: Call, repository: Repository, sha: str, status: CommitStatus) -> Body:
    return {
        "url": f"{repository_url(call, repository)}/statuses/{sha}",
        "avatar_url": user_body(call, status.creator)["avatar_url"],
        "id": status.id,
        "node_id": node_id("StatusContext", status.id),
        "state": status.state,
        "description": status.description,
        "target_url": status.target,
        "context": status.context,
        "created_at": stamp(status.created_at),
        "updated_at": stamp(status.created_at),
    }
