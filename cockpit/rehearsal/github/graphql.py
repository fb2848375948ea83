"""The one thing that only GraphQL tells: who edited the text of an issue, and to what."""

from __future__ import annotations

import flask
import msgspec

from cockpit.rehearsal.github.call import this_call
from cockpit.rehearsal.github.http import Body, answer, read_body
from cockpit.rehearsal.github.serialise import stamp
from cockpit.rehearsal.model import Edit

routes = flask.Blueprint("graphql", __name__)


class Variables(msgspec.Struct):
    """Which issue, and how many of its edits."""

    owner: str
    name: str
    number: int
    edits: int = 10


class Query(msgspec.Struct):
    """A query with its variables."""

    query: str
    variables: Variables


@routes.post("/graphql")
@routes.post("/api/graphql")
def edits() -> flask.Response:
    """The edits of an issue's text, newest first; any other query is refused."""
    call = this_call()
    call.require("read")
    asked = read_body(Query)
    if "userContentEdits" not in asked.query:
        return answer({"errors": [{"message": "the rehearsal answers userContentEdits alone"}]})
    given = asked.variables
    with call.forge.lock:
        repository = call.forge.repositories.get(f"{given.owner}/{given.name}")
        issue = repository.issues.get(given.number) if repository else None
        if issue is None:
            return answer({"data": {"repository": None}, "errors": [{"type": "NOT_FOUND"}]})
        nodes = [_node(edit) for edit in reversed(issue.edits)][: given.edits]
    return answer({"data": {"repository": {"issue": {"userContentEdits": {"nodes": nodes}}}}})


def _node(edit: Edit) -> Body:
    return {"editedAt": stamp(edit.at), "diff": edit.body, "editor": {"login": edit.user}}
