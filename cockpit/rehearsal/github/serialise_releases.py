"""JSON bodies of releases."""

from __future__ import annotations

from urllib.parse import quote

from cockpit.rehearsal.github.call import Call
from cockpit.rehearsal.github.http import Body
from cockpit.rehearsal.github.serialise import (
    node_id,
    repository_page,
    repository_url,
    stamp,
    stamp_or_null,
    user_body,
)
from cockpit.rehearsal.model import Release, Repository


def release_body(call: Call, repository: Repository, release: Release) -> Body:
    """A release; the world keeps no assets with it."""
    root = repository_url(call, repository)
    url = f"{root}/releases/{release.id}"
    tag = quote(release.tag_name)
    return {
        "id": release.id,
        "node_id": node_id("Release", release.id),
        "url": url,
        "html_url": f"{repository_page(call, repository)}/releases/tag/{tag}",
        "assets_url": f"{url}/assets",
        "upload_url": f"{url}/assets{{?name,label}}",
        "tarball_url": f"{root}/tarball/{tag}",
        "zipball_url": f"{root}/zipball/{tag}",
        "tag_name": release.tag_name,
        "target_commitish": release.target or repository.default_branch,
        "name": release.name or None,
        "body": release.body or None,
        "draft": release.draft,
        "prerelease": release.prerelease,
        "immutable": False,
        "created_at": stamp(release.created_at),
        "published_at": stamp_or_null(release.published_at),
        "author": user_body(call, release.author),
        "assets": [],
    }
