"""A branch that others publish to: two paths of its head, fetched when it moved."""

from __future__ import annotations

from pathlib import Path

import pytest

from cockpit.backends.git import GitClones
from cockpit.backends.html_pages import read_html
from cockpit.release.docs import leads_to
from tests.gitrepos import BareRepo, local_ssh

LIST = "versions.html"


@pytest.fixture
def site(tmp_path: Path) -> BareRepo:
    """A website with the documentation of one line."""
    repo = BareRepo(tmp_path / "docs.git")
    files = {LIST: '<a href="2.14/">2.14</a>', "2.14/index.html": "x", "2.14/\x1b[1mx": "x"}
    repo.commit("site", "Publish 2.14", files)
    return repo


def test_what_is_there_is_read_and_what_is_not_is_absent(site: BareRepo, tmp_path: Path) -> None:
    clones = GitClones(tmp_path / "clones")
    found = clones.branch_tree(site.remote, "site", LIST, "2.14")
    assert found is not None
    assert found.sha == site.sha("site")
    assert found.text == '<a href="2.14/">2.14</a>'
    assert len(found.entries) == 2
    assert all("\x1b" not in name for name in found.entries)
    absent = clones.branch_tree(site.remote, "site", "none.html", "2.15")
    assert absent is not None
    assert (absent.text, absent.entries) == (None, ())
    assert clones.branch_tree(site.remote, "elsewhere", LIST, "2.14") is None


def test_it_is_fetched_again_only_when_it_moved(site: BareRepo, tmp_path: Path) -> None:
    told: list[str] = []
    clones = GitClones(tmp_path / "clones", log=told.append)
    clones.branch_tree(site.remote, "site", LIST, "2.15")
    clones.branch_tree(site.remote, "site", LIST, "2.15")
    site.commit("site", "Publish 2.15", {"2.15/index.html": "x"})
    found = clones.branch_tree(site.remote, "site", LIST, "2.15")
    assert found is not None
    assert found.entries == ("index.html",)
    assert sum(" fetch " in line for line in told) == 2


def test_far_away_only_what_is_read_is_fetched(
    site: BareRepo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.git("config", "uploadpack.allowFilter", "true")
    site.git("config", "uploadpack.allowAnySHA1InWant", "true")
    monkeypatch.setenv("GIT_SSH_COMMAND", local_ssh(tmp_path))
    clones = GitClones(tmp_path / "clones")
    found = clones.branch_tree(f"localhost:{site.git_dir}", "site", LIST, "2.14")
    assert found is not None
    assert found.text == '<a href="2.14/">2.14</a>'


@pytest.mark.parametrize(
    ("href", "leads"),
    [
        ("2.15/", True),
        ("/docs/2.15/index.html#top", True),
        ("https://docs.example/2.15", True),
        ("2.1/", False),
        ("2.15.1/", False),
        ("12.15/", False),
        ("page?to=/2.15/", False),
    ],
)
def test_a_link_leads_into_a_folder_by_whole_segments(href: str, leads: bool) -> None:
    links = read_html(f'<ul><li><a class="x" href="{href}">2.15</a></ul>').links
    assert leads_to(links, "2.15") is leads
