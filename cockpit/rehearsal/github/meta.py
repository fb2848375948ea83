"""The API's root and the rate limit."""

from __future__ import annotations

import flask

from cockpit.rehearsal.github.access import Quota, Quotas
from cockpit.rehearsal.github.call import this_call
from cockpit.rehearsal.github.http import Body, answer

routes = flask.Blueprint("meta", __name__)

_ROOT = {
    "current_user_url": "/user",
    "current_user_authorizations_html_url": "/settings/connections/applications{/client_id}",
    "authorizations_url": "/authorizations",
    "code_search_url": "/search/code?q={query}{&page,per_page,sort,order}",
    "commit_search_url": "/search/commits?q={query}{&page,per_page,sort,order}",
    "emails_url": "/user/emails",
    "emojis_url": "/emojis",
    "events_url": "/events",
    "feeds_url": "/feeds",
    "followers_url": "/user/followers",
    "following_url": "/user/following{/target}",
    "gists_url": "/gists{/gist_id}",
    "issue_search_url": "/search/issues?q={query}{&page,per_page,sort,order}",
    "issues_url": "/issues",
    "keys_url": "/user/keys",
    "label_search_url": "/search/labels?q={query}&repository_id={repository_id}{&page,per_page}",
    "notifications_url": "/notifications",
    "organization_url": "/orgs/{org}",
    "organization_repositories_url": "/orgs/{org}/repos{?type,page,per_page,sort}",
    "organization_teams_url": "/orgs/{org}/teams",
    "public_gists_url": "/gists/public",
    "rate_limit_url": "/rate_limit",
    "repository_url": "/repos/{owner}/{repo}",
    "repository_search_url": "/search/repositories?q={query}{&page,per_page,sort,order}",
    "current_user_repositories_url": "/user/repos{?type,page,per_page,sort}",
    "starred_url": "/user/starred{/owner}{/repo}",
    "starred_gists_url": "/gists/starred",
    "topic_search_url": "/search/topics?q={query}{&page,per_page}",
    "user_url": "/users/{user}",
    "user_organizations_url": "/user/orgs",
    "user_repositories_url": "/users/{user}/repos{?type,page,per_page,sort}",
    "user_search_url": "/search/users?q={query}{&page,per_page,sort,order}",
}


@routes.get("/")
def root() -> flask.Response:
    """Where everything is."""
    return answer({name: this_call().api + path for name, path in _ROOT.items()})


@routes.get("/rate_limit")
def rate_limit() -> flask.Response:
    """What the caller has left; asking costs nothing."""
    quotas: Quotas = flask.current_app.extensions["quotas"]
    login = this_call().login
    core = quotas.state(login, "core")
    flask.g.quota = core
    resources = {
        "core": _quota_body(core),
        "search": _quota_body(quotas.state(login, "search")),
    }
    return answer({"resources": resources, "rate": resources["core"]})


def _quota_body(quota: Quota) -> Body:
    return {
        "limit": quota.limit,
        "used": quota.used,
        "remaining": quota.remaining,
        "reset": int(quota.resets_at.timestamp()),
    }
