"""Users."""

from __future__ import annotations

import flask

from cockpit.rehearsal.github.call import locked, this_call
from cockpit.rehearsal.github.http import ApiError, answer, not_found
from cockpit.rehearsal.github.serialise import full_user_body

routes = flask.Blueprint("users", __name__)


@routes.get("/user")
@locked
def myself() -> flask.Response:
    """The account the token belongs to, with what only its owner sees."""
    call = this_call()
    if call.login is None:
        raise ApiError(401, "Requires authentication")
    private = {
        "private_gists": 0,
        "total_private_repos": 0,
        "owned_private_repos": 0,
        "disk_usage": 0,
        "collaborators": 0,
        "two_factor_authentication": True,
    }
    return answer(full_user_body(call, call.forge.users[call.login]) | private)


@routes.get("/users/<login>")
@locked
def one(login: str) -> flask.Response:
    """A user's public profile."""
    call = this_call()
    user = call.forge.users.get(login)
    if user is None:
        raise not_found()
    return answer(full_user_body(call, user))
