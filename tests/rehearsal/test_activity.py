"""Who changed a ref: the loopback GitHub's record, by a typed client and by the adapter."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest
from githubkit import GitHub, TokenAuthStrategy

from cockpit.backends.github import Github
from cockpit.backends.ports import Credential
from cockpit.backends.tag_changes import with_changes
from cockpit.rehearsal.fastimport import git
from cockpit.rehearsal.model import Forge
from cockpit.release.candidates import MovedTag, Pin, Tag
from tests.rehearsal.github_forge import NOW, build_forge, only_repository, serve
from tests.release.states import CORE

TAG = "v2.15.0-rc1"
REF = f"refs/tags/{TAG}"
TINY = msgspec.structs.replace(CORE, name="pytorch/tiny")
GONE = "0" * 40


class Site(NamedTuple):
    """A served forge, an independent client and our adapter."""

    forge: Forge
    client: GitHub[TokenAuthStrategy]
    adapter: Github

    def git(self, *arguments: str) -> str:
        """A command on the repository behind it, as a push would change it."""
        return git(only_repository(self.forge).git_dir, *arguments).strip()

    def alarm(self, before: str, now: str | None) -> MovedTag:
        """The tag as it was pinned and as it is."""
        pin = Pin(TINY.name, TAG, before, before)
        alarm = MovedTag(pin, Tag(TAG, now, now) if now else None)
        (told,) = with_changes(self.adapter, TINY, (alarm,))
        return told


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A fresh small forge."""
    forge = build_forge(tmp_path)
    token = "token-captain"
    with serve(forge) as url:
        client = GitHub(token, base_url=url, http_cache=False, auto_retry=False, trust_env=False)
        yield Site(forge, client, Github(url, Credential("test", token)))


def test_changes_are_listed_newest_first_in_github_s_shape(site: Site) -> None:
    before, main = site.git("rev-parse", REF), site.git("rev-parse", "refs/heads/main")
    list_activities = site.client.rest.repos.list_activities
    assert list_activities("pytorch", "tiny").parsed_data == []
    site.git("update-ref", REF, main)
    list_activities("pytorch", "tiny")
    site.git("update-ref", "-d", REF)
    site.git("update-ref", "refs/heads/new", main)

    found = list_activities("pytorch", "tiny", ref=REF).parsed_data
    assert [(a.before, a.after, a.activity_type) for a in found] == [
        (main, GONE, "branch_deletion"),
        (before, main, "force_push"),
    ]
    assert {a.actor.login for a in found if a.actor} == {"captain"}
    assert all(NOW <= a.timestamp < NOW + timedelta(minutes=1) for a in found)
    created = list_activities("pytorch", "tiny", activity_type="branch_creation").parsed_data
    assert [a.ref for a in created] == ["refs/heads/new"]


def test_an_alarm_says_who_moved_or_deleted_the_tag(site: Site) -> None:
    before, main = site.git("rev-parse", REF), site.git("rev-parse", "refs/heads/main")
    site.git("update-ref", REF, main)

    moved = site.alarm(before, main).describe()
    assert moved == (
        f"{TAG} was moved from {before[:10]} to {main[:10]}, by captain at {NOW:%Y-%m-%d %H:%M} UTC"
    )
    site.git("update-ref", "-d", REF)
    assert (
        site.alarm(before, None)
        .describe()
        .startswith(f"{TAG} was deleted; it was {before[:10]}, by captain")
    )


def test_where_github_records_nothing_the_alarm_says_so(site: Site) -> None:
    before = site.git("rev-parse", REF)

    told = site.alarm("1" * 40, before)

    assert told.change is None
    assert told.describe().endswith("(GitHub does not tell who did it)")


def test_open_pulls_are_those_into_exactly_this_branch(site: Site) -> None:
    answer = site.adapter.open_pulls(TINY, "release/2.15")

    assert answer.complete
    numbers = [pull.number for pull in answer.value]
    assert numbers == sorted(numbers)
    assert numbers
    assert {pull.state for pull in answer.value} == {"open"}
    assert site.adapter.open_pulls(TINY, "release/2.1").value == ()
