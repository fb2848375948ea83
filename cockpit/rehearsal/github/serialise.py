"""JSON bodies that everything else contains: times, ids, people and repositories."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

from cockpit.rehearsal.github.access import at_least, permission_of
from cockpit.rehearsal.github.call import Call
from cockpit.rehearsal.github.http import Body
from cockpit.rehearsal.model import Repository, User

FOUNDED = "2016-08-13T05:26:41Z"
"""When every user, repository and workflow of the world is said to have been made."""

_GHOST = User(login="ghost", id=10137)
"""Whom GitHub shows in place of an account that is gone."""

_USER_LINKS = {
    "followers_url": "/followers",
    "following_url": "/following{/other_user}",
    "gists_url": "/gists{/gist_id}",
    "starred_url": "/starred{/owner}{/repo}",
    "subscriptions_url": "/subscriptions",
    "organizations_url": "/orgs",
    "repos_url": "/repos",
    "events_url": "/events{/privacy}",
    "received_events_url": "/received_events",
}
_REPOSITORY_LINKS = {
    "archive_url": "/{archive_format}{/ref}",
    "assignees_url": "/assignees{/user}",
    "blobs_url": "/git/blobs{/sha}",
    "branches_url": "/branches{/branch}",
    "collaborators_url": "/collaborators{/collaborator}",
    "comments_url": "/comments{/number}",
    "commits_url": "/commits{/sha}",
    "compare_url": "/compare/{base}...{head}",
    "contents_url": "/contents/{+path}",
    "contributors_url": "/contributors",
    "deployments_url": "/deployments",
    "downloads_url": "/downloads",
    "events_url": "/events",
    "forks_url": "/forks",
    "git_commits_url": "/git/commits{/sha}",
    "git_refs_url": "/git/refs{/sha}",
    "git_tags_url": "/git/tags{/sha}",
    "hooks_url": "/hooks",
    "issue_comment_url": "/issues/comments{/number}",
    "issue_events_url": "/issues/events{/number}",
    "issues_url": "/issues{/number}",
    "keys_url": "/keys{/key_id}",
    "labels_url": "/labels{/name}",
    "languages_url": "/languages",
    "merges_url": "/merges",
    "milestones_url": "/milestones{/number}",
    "notifications_url": "/notifications{?since,all,participating}",
    "pulls_url": "/pulls{/number}",
    "releases_url": "/releases{/id}",
    "stargazers_url": "/stargazers",
    "statuses_url": "/statuses/{sha}",
    "subscribers_url": "/subscribers",
    "subscription_url": "/subscription",
    "tags_url": "/tags",
    "teams_url": "/teams",
    "trees_url": "/git/trees{/sha}",
}

_REPOSITORY_FEATURES: Body = {
    "mirror_url": None,
    "homepage": None,
    "language": None,
    "license": None,
    "topics": [],
    "visibility": "public",
    "size": 0,
    "forks_count": 0,
    "forks": 0,
    "stargazers_count": 0,
    "watchers_count": 0,
    "watchers": 0,
    "is_template": False,
    "has_issues": True,
    "has_projects": False,
    "has_wiki": False,
    "has_pages": False,
    "has_discussions": False,
    "has_downloads": False,
    "archived": False,
    "disabled": False,
    "allow_forking": True,
    "allow_merge_commit": True,
    "allow_squash_merge": True,
    "allow_rebase_merge": True,
    "allow_auto_merge": False,
    "delete_branch_on_merge": False,
    "allow_update_branch": False,
    "web_commit_signoff_required": False,
    "private": False,
    "description": None,
    "fork": False,
}


def stamp(moment: datetime) -> str:
    """A time as GitHub writes it: UTC, whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def stamp_or_null(moment: datetime | None) -> str | None:
    """A time, or null when there is none."""
    return None if moment is None else stamp(moment)


def node_id(kind: str, key: object) -> str:
    """The opaque global id of a record."""
    return base64.b64encode(f"{kind}:{key}".encode()).decode()


def user_body(call: Call, login: str | None) -> Body:
    """A person or bot, short form; the ghost for a login nobody has."""
    user = call.forge.users.get(login or "", _GHOST)
    known = call.bodies.get(("user", user.login))
    if known is None:
        known = call.bodies["user", user.login] = account_body(call, user)
    return known


def user_body_or_null(call: Call, login: str | None) -> Body | None:
    """A person, or null when nobody is meant."""
    return user_body(call, login) if login else None


def user_of_email(call: Call, email: str) -> Body | None:
    """The account behind a commit's e-mail address; null when it belongs to nobody."""
    if not call.accounts:
        with call.forge.lock:
            call.accounts.update({user.email: user.login for user in call.forge.users.values()})
    return user_body_or_null(call, call.accounts.get(email) if email else None)


def full_user_body(call: Call, user: User) -> Body:
    """A person or bot with the public profile."""
    return user_body(call, user.login) | {
        "name": user.name or None,
        "company": None,
        "blog": "",
        "location": None,
        "email": user.email or None,
        "hireable": None,
        "bio": None,
        "twitter_username": None,
        "public_repos": 0,
        "public_gists": 0,
        "followers": 0,
        "following": 0,
        "created_at": FOUNDED,
        "updated_at": FOUNDED,
    }


def association(call: Call, login: str) -> str:
    """How an author stands to the repository, in GitHub's words."""
    held = permission_of(call.forge, login)
    if at_least(held, "write"):
        return "MEMBER"
    return "COLLABORATOR" if at_least(held, "triage") else "CONTRIBUTOR"


def repository_url(call: Call, repository: Repository) -> str:
    """The API address of a repository."""
    return f"{call.api}/repos/{repository.full_name}"


def repository_page(call: Call, repository: Repository) -> str:
    """The address of the repository's page for people."""
    return f"{call.site}/{repository.full_name}"


def repository_body(call: Call, repository: Repository) -> Body:
    """A repository as it stands inside other bodies, complete."""
    known = call.bodies.get(("repository", repository.full_name))
    if known is None:
        known = _new_repository_body(call, repository)
        call.bodies["repository", repository.full_name] = known
    return known


def full_repository_body(call: Call, repository: Repository) -> Body:
    """A repository as its own endpoint shows it."""
    return repository_body(call, repository) | {
        "subscribers_count": 1,
        "network_count": 0,
        "organization": owner_body(call, repository),
    }


def owner_body(call: Call, repository: Repository) -> Body:
    """The organization that owns a repository."""
    known = call.bodies.get(("owner", repository.owner))
    if known is None:
        account = call.forge.users.get(repository.owner)
        account = account or User(login=repository.owner, id=repository.id)
        known = account_body(call, account) | {"type": "Organization"}
        call.bodies["owner", repository.owner] = known
    return known


def account_body(call: Call, user: User) -> Body:
    """An account, short form."""
    url = f"{call.api}/users/{user.login}"
    return {
        "login": user.login,
        "id": user.id,
        "node_id": node_id("User", user.id),
        "avatar_url": f"{call.site}/avatars/u/{user.id}",
        "gravatar_id": "",
        "url": url,
        "html_url": f"{call.site}/{user.login}",
        **{name: url + tail for name, tail in _USER_LINKS.items()},
        "type": user.kind,
        "user_view_type": "public",
        "site_admin": False,
    }


def _new_repository_body(call: Call, repository: Repository) -> Body:
    url = repository_url(call, repository)
    page = repository_page(call, repository)
    open_issues = sum(issue.state == "open" for issue in repository.issues.values())
    return {
        "id": repository.id,
        "node_id": node_id("Repository", repository.id),
        "name": repository.name,
        "full_name": repository.full_name,
        "owner": owner_body(call, repository),
        "html_url": page,
        "url": url,
        **{name: url + tail for name, tail in _REPOSITORY_LINKS.items()},
        **_REPOSITORY_FEATURES,
        # The remotes of the world are local, so a clone of this address really works.
        "clone_url": repository.git_dir.as_uri(),
        "git_url": repository.git_dir.as_uri(),
        "ssh_url": f"git@{call.site.partition('://')[2]}:{repository.full_name}.git",
        "svn_url": page,
        "default_branch": repository.default_branch,
        "open_issues_count": open_issues,
        "open_issues": open_issues,
        "pushed_at": stamp(call.forge.clock.epoch),
        "created_at": FOUNDED,
        "updated_at": stamp(call.forge.clock.epoch),
        "permissions": _permissions(call),
    }


def _permissions(call: Call) -> dict[str, bool]:
    held = permission_of(call.forge, call.login)
    return {
        "admin": at_least(held, "admin"),
        "maintain": at_least(held, "admin"),
        "push": at_least(held, "write"),
        "triage": at_least(held, "triage"),
        "pull": True,
    }
