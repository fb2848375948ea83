"""Releases."""

from __future__ import annotations

import flask
import msgspec

from cockpit.rehearsal.github import gitdata, gitwrite
from cockpit.rehearsal.github.call import Call, locked, this_call
from cockpit.rehearsal.github.gitdata import ZERO_SHA
from cockpit.rehearsal.github.http import (
    answer,
    invalid,
    no_content,
    not_found,
    page_of,
    read_body,
)
from cockpit.rehearsal.github.serialise import repository_url
from cockpit.rehearsal.github.serialise_releases import release_body
from cockpit.rehearsal.model import Release, Repository

routes = flask.Blueprint("releases", __name__)

Unset = msgspec.UnsetType


class NewRelease(msgspec.Struct):
    """What a release is made of."""

    tag_name: str
    target_commitish: str | None = None
    name: str | None = None
    body: str | None = None
    draft: bool = False
    prerelease: bool = False


class ReleaseChange(msgspec.Struct):
    """What of a release changes."""

    tag_name: str | Unset = msgspec.UNSET
    name: str | Unset | None = msgspec.UNSET
    body: str | Unset | None = msgspec.UNSET
    draft: bool | Unset = msgspec.UNSET
    prerelease: bool | Unset = msgspec.UNSET


@routes.get("/repos/<owner>/<name>/releases")
@locked
def releases(repository: Repository) -> flask.Response:
    """Releases, newest first; drafts only for those who may push."""
    found = _visible(this_call(), repository)
    return answer([release_body(this_call(), repository, one) for one in page_of(found)])


@routes.get("/repos/<owner>/<name>/releases/latest")
@locked
def latest(repository: Repository) -> flask.Response:
    """The newest full release."""
    for found in _visible(this_call(), repository):
        if not found.draft and not found.prerelease:
            return answer(release_body(this_call(), repository, found))
    raise not_found()


@routes.get("/repos/<owner>/<name>/releases/tags/<path:tag>")
@locked
def by_tag(repository: Repository, tag: str) -> flask.Response:
    """The published release of a tag."""
    for found in _visible(this_call(), repository):
        if found.tag_name == tag and not found.draft:
            return answer(release_body(this_call(), repository, found))
    raise not_found()


@routes.get("/repos/<owner>/<name>/releases/<int:number>")
@locked
def one(repository: Repository, number: int) -> flask.Response:
    """A release."""
    return answer(release_body(this_call(), repository, _release(repository, number)))


@routes.post("/repos/<owner>/<name>/releases")
def create(repository: Repository) -> flask.Response:
    """Make a release; publishing it makes the tag when there is none yet."""
    call = this_call()
    login = call.require("write")
    wanted = read_body(NewRelease)
    if not wanted.tag_name:
        raise invalid("Release", "tag_name", "missing_field")
    with call.forge.lock:
        if any(one.tag_name == wanted.tag_name for one in repository.releases.values()):
            raise invalid("Release", "tag_name", "already_exists")
        made = Release(
            id=call.forge.next_id(),
            tag_name=wanted.tag_name,
            name=wanted.name or wanted.tag_name,
            body=wanted.body or "",
            draft=wanted.draft,
            prerelease=wanted.prerelease,
            created_at=call.now,
            published_at=None if wanted.draft else call.now,
            author=login,
            target=wanted.target_commitish or "",
        )
        if not made.draft:
            _tag(repository, made)
        repository.releases[made.id] = made
        response = answer(release_body(call, repository, made), 201)
    response.headers["Location"] = f"{repository_url(call, repository)}/releases/{made.id}"
    return response


@routes.patch("/repos/<owner>/<name>/releases/<int:number>")
def update(repository: Repository, number: int) -> flask.Response:
    """Change a release, or publish a draft."""
    call = this_call()
    call.require("write")
    change = read_body(ReleaseChange)
    with call.forge.lock:
        release = _release(repository, number)
        if change.tag_name is not msgspec.UNSET:
            release.tag_name = change.tag_name
        if change.name is not msgspec.UNSET:
            release.name = change.name or ""
        if change.body is not msgspec.UNSET:
            release.body = change.body or ""
        if change.prerelease is not msgspec.UNSET:
            release.prerelease = change.prerelease
        if change.draft is not msgspec.UNSET:
            _publish_or_withdraw(call, repository, release, draft=change.draft)
        return answer(release_body(call, repository, release))


@routes.delete("/repos/<owner>/<name>/releases/<int:number>")
@locked
def delete(repository: Repository, number: int) -> flask.Response:
    """Delete a release; its tag stays."""
    this_call().require("write")
    gone = _release(repository, number)
    repository.releases = {
        key: kept for key, kept in repository.releases.items() if kept is not gone
    }
    return no_content()


def _visible(call: Call, repository: Repository) -> list[Release]:
    found = [one for one in repository.releases.values() if not one.draft or call.may("write")]
    return sorted(found, key=lambda one: (one.created_at, one.id), reverse=True)


def _release(repository: Repository, number: int) -> Release:
    for release in _visible(this_call(), repository):
        if release.id == number:
            return release
    raise not_found()


def _publish_or_withdraw(
    call: Call, repository: Repository, release: Release, *, draft: bool
) -> None:
    if release.draft and not draft:
        _tag(repository, release)
        release.published_at = call.now
    release.draft = draft


def _tag(repository: Repository, release: Release) -> None:
    """Make the release's tag, lightweight as GitHub does, unless it is there."""
    ref = f"refs/tags/{release.tag_name}"
    if gitdata.ref(repository.git_dir, ref):
        return
    target = gitdata.resolve(repository.git_dir, release.target or repository.default_branch)
    if target is None:
        raise invalid("Release", "target_commitish", "invalid")
    try:
        gitwrite.update_ref(repository.git_dir, ref, target, ZERO_SHA)
    except gitwrite.RefMoved as refused:
        raise invalid("Release", "tag_name", "invalid", str(refused)) from refused
