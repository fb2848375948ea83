"""The loopback GitHub as one WSGI application."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

import flask
from werkzeug.exceptions import HTTPException
from werkzeug.http import http_date

from cockpit.rehearsal.github import (
    actions,
    activity,
    branches,
    checks,
    commits,
    graphql,
    issues,
    joblogs,
    labels,
    merging,
    meta,
    milestones,
    pulls,
    refs,
    releases,
    repos,
    reviews,
    search,
    statuses,
    users,
)
from cockpit.rehearsal.github.access import SCOPES, Quotas, Resource, login_of
from cockpit.rehearsal.github.call import Call
from cockpit.rehearsal.github.http import ApiError, not_found
from cockpit.rehearsal.model import Forge, Repository

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

HOURLY_LIMIT = 5000
ENTERPRISE_PREFIX = "/api/v3"
DEFAULT_API_VERSION = "2022-11-28"

_STORAGE = "joblogs.download"
"""Where logs lie: another host's business on GitHub, with headers of its own."""
_FREE = frozenset({"meta.rate_limit", _STORAGE})
"""Endpoints that count against no quota."""

_FAMILIES = (
    actions, activity, branches, checks, commits, graphql, issues, joblogs, labels, merging, meta,
    milestones, pulls, refs, releases, repos, reviews, search, statuses, users,
)  # fmt: skip


class LoopbackGitHub(flask.Flask):
    """An application that answers under `/` and, as an enterprise server does, under `/api/v3`."""

    def wsgi_app(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        path = str(environ["PATH_INFO"])
        if path == ENTERPRISE_PREFIX or path.startswith(f"{ENTERPRISE_PREFIX}/"):
            environ["SCRIPT_NAME"] = f"{environ.get('SCRIPT_NAME', '')}{ENTERPRISE_PREFIX}"
            environ["PATH_INFO"] = path.removeprefix(ENTERPRISE_PREFIX) or "/"
        return super().wsgi_app(environ, start_response)


def create_app(forge: Forge, *, hourly_limit: int = HOURLY_LIMIT) -> flask.Flask:
    """The API over a forge."""
    app = LoopbackGitHub("loopback-github", static_folder=None)
    app.url_map.strict_slashes = False
    app.extensions["quotas"] = Quotas(forge.clock, hourly_limit)
    for family in _FAMILIES:
        app.register_blueprint(family.routes)
    _admit(app, forge)
    _finish(app, forge)
    _refuse(app)
    return app


def _admit(app: flask.Flask, forge: Forge) -> None:
    """Before a handler: who asks, whether anything is left, and which repository is meant."""

    @app.url_value_preprocessor
    def open_call(_endpoint: str | None, values: dict[str, object] | None) -> None:
        root = flask.request.root_url.rstrip("/")
        site = root.removesuffix(ENTERPRISE_PREFIX)
        call = flask.g.call = Call(forge, None, forge.clock.now(), api=root, site=site)
        call.login = login_of(forge, flask.request.headers.get("Authorization", ""))
        _count(app.extensions["quotas"], call)
        if values and "owner" in values:
            full_name = f"{values.pop('owner')}/{values.pop('name')}"
            values["repository"] = _repository(forge, full_name)


def _count(quotas: Quotas, call: Call) -> None:
    """Take the request off the caller's quota; 403 when that is used up."""
    endpoint = flask.request.endpoint or ""
    if endpoint in _FREE:
        return
    resource: Resource = "search" if endpoint.startswith("search.") else "core"
    flask.g.quota, allowed = quotas.spend(call.login, resource)
    if not allowed:
        whom = f"user ID {call.forge.users[call.login].id}" if call.login else "your address"
        raise ApiError(403, f"API rate limit exceeded for {whom}.")


def _repository(forge: Forge, full_name: str) -> Repository:
    """The repository of this name, whatever its case."""
    with forge.lock:
        for repository in forge.repositories.values():
            if repository.full_name.lower() == full_name.lower():
                return repository
    raise not_found()


def _finish(app: flask.Flask, forge: Forge) -> None:
    """After a handler: conditional answers and the headers GitHub always sends."""
    quotas: Quotas = app.extensions["quotas"]
    numbers = itertools.count(1)
    process = f"{os.getpid():04X}"

    @app.after_request
    def complete(response: flask.Response) -> flask.Response:
        call: Call | None = flask.g.get("call")
        response.headers["Date"] = http_date(forge.clock.now())
        if flask.request.endpoint == _STORAGE:
            return response
        response.headers["X-GitHub-Request-Id"] = f"{process}:{next(numbers):06X}"
        response.headers["X-GitHub-Media-Type"] = "github.v3; format=json"
        version = flask.request.headers.get("X-GitHub-Api-Version", DEFAULT_API_VERSION)
        response.headers["X-GitHub-Api-Version-Selected"] = version
        response.headers["Vary"] = "Accept, Authorization"
        if link := flask.g.get("link"):
            response.headers["Link"] = link
        if call and call.login:
            response.headers["X-OAuth-Scopes"] = SCOPES
            response.headers["X-Accepted-OAuth-Scopes"] = "repo"
        if response.status_code == 200 and flask.request.method in ("GET", "HEAD"):
            response.add_etag(weak=True)
            response.headers["Cache-Control"] = "private, max-age=60, s-maxage=60"
            response.make_conditional(flask.request)
            if response.status_code == 304 and "quota" in flask.g and call and call.login:
                flask.g.quota = quotas.refund(call.login, flask.g.quota.resource)
        if "quota" in flask.g:
            response.headers.update(flask.g.quota.headers())
        return response


def _refuse(app: flask.Flask) -> None:
    """Errors of any kind as JSON in GitHub's shape."""

    @app.errorhandler(ApiError)
    def refused(error: ApiError) -> flask.Response:
        return error.response()

    @app.errorhandler(HTTPException)
    def unknown(error: HTTPException) -> flask.Response:
        # GitHub knows no "method not allowed": what is not in its API is not found.
        missing = error.code in (404, 405)
        return ApiError(404 if missing else error.code or 500, error.name).response()
