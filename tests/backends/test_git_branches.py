"""Branches of pull requests: commits made of recipes, and pushes that lose nobody's work."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from cockpit.backends.git import GitClones
from cockpit.backends.ports import CommitRecipe
from cockpit.errors import AccessDenied, CockpitError, Conflict
from cockpit.release.releasechanges import FileState
from cockpit.release.repos import Repository
from tests.gitrepos import ReleaseRepo, fingerprint, release_repo

CORA = ("Cora Captain", "cora@example.org")
BRANCH = "automated/changes-2.13"


@pytest.fixture
def release(tmp_path: Path) -> ReleaseRepo:
    """A remote with a release under way."""
    return release_repo(tmp_path / "remote" / "pytorch.git")


@pytest.fixture
def clones(tmp_path: Path) -> GitClones:
    """The adapter with a folder of its own."""
    return GitClones(tmp_path / "clones", identity=CORA)


@pytest.fixture
def repository(release: ReleaseRepo) -> Repository:
    return release.repository()


@pytest.fixture
def recipe(release: ReleaseRepo) -> CommitRecipe:
    """A change of every kind on the head of the release branch."""
    return CommitRecipe(
        parent=release.picks[1],
        message="[RELEASE-ONLY CHANGES] Branch Cut for Release 2.13",
        author=CORA,
        files={"version.txt": b"2.13.1\n"},
        made={
            "ci/pin.txt": None,
            "tools/new/run.sh": FileState(b"#!/bin/sh\n", "100755"),
            "tools/link": FileState(b"new/run.sh", "120000"),
        },
    )


def push(clones: GitClones, repository: Repository, recipe: CommitRecipe, found: str | None) -> str:
    """Make the commit, push it, and give it."""
    sha = clones.draft_commit(repository, recipe).sha
    clones.push_branch(repository, BRANCH, recipe, sha, found)
    return sha


def test_a_recipe_adds_removes_and_changes_modes(
    release: ReleaseRepo, clones: GitClones, repository: Repository, recipe: CommitRecipe
) -> None:
    sha = push(clones, repository, recipe, None)
    assert release.repo.sha(BRANCH) == sha
    listed = release.repo.git("ls-tree", "-r", "--format=%(objectmode) %(path)", sha).splitlines()
    assert listed == [
        "120000 tools/link",
        "100755 tools/new/run.sh",
        "100644 version.txt",
    ], "a folder that holds nothing any more is gone"
    parent = release.repo.git("show", "-s", "--format=%cI", release.picks[1])
    made = release.repo.git("show", "-s", "--format=%cI %aI %an %P", sha)
    assert made == f"{parent} {parent} Cora Captain {release.picks[1]}"


def test_a_file_and_a_folder_change_places(
    release: ReleaseRepo, clones: GitClones, repository: Repository
) -> None:
    state = FileState(b"x", "100644")
    made = {"version.txt": None, "version.txt/a": state, "ci/pin.txt": None, "ci": state}
    recipe = CommitRecipe(release.picks[1], "Turn", CORA, {}, made)
    sha = push(clones, repository, recipe, None)
    assert release.repo.git("ls-tree", "-r", "--name-only", sha).split() == ["ci", "version.txt/a"]


def test_a_file_that_is_not_there_cannot_be_changed(
    clones: GitClones, repository: Repository, recipe: CommitRecipe
) -> None:
    wrong = msgspec.structs.replace(recipe, files={"no/such/file": b""})
    with pytest.raises(CockpitError, match="has no file to change"):
        clones.draft_commit(repository, wrong)


def test_a_draft_is_the_same_again_and_leaves_nothing(
    release: ReleaseRepo,
    clones: GitClones,
    repository: Repository,
    recipe: CommitRecipe,
    tmp_path: Path,
) -> None:
    clones.read_branch(repository)
    before = fingerprint(tmp_path / "clones"), fingerprint(release.repo.git_dir)
    assert clones.draft_commit(repository, recipe) == clones.draft_commit(repository, recipe)
    assert (fingerprint(tmp_path / "clones"), fingerprint(release.repo.git_dir)) == before


def test_a_branch_moves_from_where_it_was_found_and_from_nowhere_else(
    release: ReleaseRepo, clones: GitClones, repository: Repository, recipe: CommitRecipe
) -> None:
    first = push(clones, repository, recipe, None)
    changed = msgspec.structs.replace(recipe, files={"version.txt": b"2.13.2\n"})
    with pytest.raises(Conflict, match="has moved"):
        push(clones, repository, changed, None)
    with pytest.raises(Conflict, match="has moved"):
        push(clones, repository, changed, release.trunk)
    assert release.repo.sha(BRANCH) == first
    second = push(clones, repository, changed, first)
    assert release.repo.sha(BRANCH) == second
    clones.push_branch(repository, BRANCH, changed, second, second)


def test_a_push_that_arrived_without_an_answer_counts(
    release: ReleaseRepo, clones: GitClones, repository: Repository, recipe: CommitRecipe
) -> None:
    sha = clones.draft_commit(repository, recipe).sha
    release.repo.hook("post-receive", "kill -9 $PPID")
    clones.push_branch(repository, BRANCH, recipe, sha, None)
    assert release.repo.sha(BRANCH) == sha


def test_a_remote_that_refuses_is_told_from_a_race(
    release: ReleaseRepo, clones: GitClones, repository: Repository, recipe: CommitRecipe
) -> None:
    release.repo.hook("pre-receive", "echo protected >&2; exit 1")
    with pytest.raises(AccessDenied, match="protected"):
        push(clones, repository, recipe, None)
    assert release.repo.sha(BRANCH) is None


def test_a_recipe_that_comes_out_differently_is_not_pushed(
    release: ReleaseRepo, clones: GitClones, repository: Repository, recipe: CommitRecipe
) -> None:
    clones.read_branch(repository)
    with pytest.raises(Conflict, match="came out differently"):
        clones.push_branch(repository, BRANCH, recipe, release.trunk, None)
    assert release.repo.sha(BRANCH) is None


def test_a_head_tells_what_it_has_of_its_own(
    release: ReleaseRepo, clones: GitClones, repository: Repository, recipe: CommitRecipe
) -> None:
    base = release.picks[1]
    assert clones.branch_head(repository, BRANCH, base) is None
    sha = push(clones, repository, recipe, None)
    ours = clones.branch_head(repository, BRANCH, base)
    assert ours is not None
    assert ours.node.sha == sha
    assert [commit.title for commit in ours.own] == [recipe.message]
    assert ours.dated_like_parent
    theirs = release.repo.commit(BRANCH, "Fix lint", {"lint": "x"})
    head = clones.branch_head(repository, BRANCH, base)
    assert head is not None
    assert [commit.sha for commit in head.own] == [theirs, sha]
    assert not head.dated_like_parent
