"""Commit statuses: the older way of reporting on a commit, beside checks."""

from __future__ import annotations

import flask

from cockpit.rehearsal.github.call import Call, this_call
from cockpit.rehearsal.github.commits import commit_or_422
from cockpit.rehearsal.github.http import answer, page_of
from cockpit.rehearsal.github.serialise_reports import combined_status_body, status_body
from cockpit.rehearsal.model import CommitStatus, Repository

routes = flask.Blueprint("statuses", __name__)


@routes.get("/repos/<owner>/<name>/commits/<path:ref>/status")
def combined(repository: Repository, ref: str) -> flask.Response:
    """The newest status of every context, and what they come to."""
    call = this_call()
    commit = commit_or_422(repository, ref)
    with call.forge.lock:
        newest = {status.context: status for status in _reported(call, repository, commit.sha)}
        found = list(newest.values())
        return answer(combined_status_body(call, repository, commit.sha, found, page_of(found)))


@routes.get("/repos/<owner>/<name>/commits/<path:ref>/statuses")
@routes.get("/repos/<owner>/<name>/statuses/<path:ref>")
def of_commit(repository: Repository, ref: str) -> flask.Response:
    """Every status that was ever set, newest first."""
    call = this_call()
    commit = commit_or_422(repository, ref)
    with call.forge.lock:
        found = _reported(call, repository, commit.sha)[::-1]
        return answer(
            [status_body(call, repository, commit.sha, status) for status in page_of(found)]
        )


def _reported(call: Call, repository: Repository, sha: str) -> list[CommitStatus]:
    """What has been reported by now, oldest first."""
    known = [one for one in repository.statuses.get(sha, ()) if one.created_at <= call.now]
    return sorted(known, key=lambda status: (status.created_at, status.id))
