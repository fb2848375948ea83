"""What happened to the refs of a repository, and who did it."""

from __future__ import annotations

import flask

from cockpit.rehearsal import builds
from cockpit.rehearsal.github.call import Call, this_call
from cockpit.rehearsal.github.http import Body, answer, page_of, query
from cockpit.rehearsal.github.serialise import node_id, stamp, user_body
from cockpit.rehearsal.model import Activity, Repository

routes = flask.Blueprint("activity", __name__)


@routes.get("/repos/<owner>/<name>/activity")
def changes(repository: Repository) -> flask.Response:
    """Changes of refs, newest first unless asked otherwise."""
    call = this_call()
    builds.notice_pushes(call.forge, repository)
    ref, actor, kind = query("ref"), query("actor"), query("activity_type")
    with call.forge.lock:
        found = [
            change
            for change in repository.activity
            if ref in ("", change.ref, change.ref.removeprefix("refs/heads/"))
            and actor in ("", change.actor)
            and kind in ("", change.kind)
        ]
    if query("direction", "desc") == "desc":
        found.reverse()
    return answer([_body(call, change) for change in page_of(found)])


def _body(call: Call, change: Activity) -> Body:
    return {
        "id": change.id,
        "node_id": node_id("Push", change.id),
        "before": change.before,
        "after": change.after,
        "ref": change.ref,
        "timestamp": stamp(change.at),
        "activity_type": change.kind,
        "actor": user_body(call, change.actor),
    }
