"""Submodules and branches that contain a commit, on real repositories."""

from __future__ import annotations

from pathlib import Path

import pytest

from cockpit.backends.git import GitClones
from cockpit.errors import CockpitError, Unreachable
from cockpit.release.repos import Repository
from cockpit.release.submodules import Reach, Submodule
from tests.gitrepos import BareRepo, fingerprint, make_repository


class Nest:
    """A repository with submodules beside it."""

    def __init__(self, folder: Path) -> None:
        (folder / "remotes" / "pytorch").mkdir(parents=True)
        self.core = BareRepo(folder / "remotes" / "pytorch" / "pytorch.git")
        self.kineto = BareRepo(folder / "remotes" / "pytorch" / "kineto.git")
        self.git = GitClones(folder / "clones")
        self.first = self.kineto.commit("main", "First")
        self.second = self.kineto.commit("main", "Second")
        self.stray = self.kineto.commit("refs/pull/1/head", "Never landed")

    @property
    def repository(self) -> Repository:
        return make_repository(self.core.remote)

    def pin(self, branch: str, pins: dict[str, str], modules: str = "") -> str:
        """Put a commit on a branch of core that pins submodules."""
        stream = f"commit refs/heads/{branch}\ncommitter A <a@example.org> 1760000000 +0000\n"
        stream += "data 3\nPin\n"
        if self.core.sha(f"refs/heads/{branch}"):
            stream += f"from refs/heads/{branch}^0\n"
        if modules:
            stream += f"M 100644 inline .gitmodules\ndata {len(modules.encode())}\n{modules}\n"
        stream += "".join(f"M 160000 {sha} {path}\n" for path, sha in pins.items())
        self.core.git("fast-import", "--quiet", "--date-format=raw", stdin=stream.encode())
        sha = self.core.sha(branch)
        assert sha is not None
        return sha

    def read(self, sha: str, base: str | None = None, allowed: tuple[str, ...] = ()) -> Submodule:
        """The only submodule of a commit."""
        self.git.read_branch(self.repository)
        (found,) = self.git.submodules(self.repository, sha, base, allowed)
        return found


def module(url: str, path: str = "third_party/kineto") -> str:
    return f'[submodule "{path}"]\n\tpath = {path}\n\turl = {url}\n'


PATH = "third_party/kineto"
BESIDE = module("../kineto.git")


@pytest.fixture
def nest(tmp_path: Path) -> Nest:
    return Nest(tmp_path)


def test_a_pin_at_the_head_of_a_branch_needs_no_clone(nest: Nest, tmp_path: Path) -> None:
    found = nest.read(nest.pin("main", {PATH: nest.second}, BESIDE))

    assert (found.reach, found.holders) == (Reach.ON_BRANCH, ("main",))
    assert (found.path, found.pinned, found.url) == (PATH, nest.second, nest.kineto.remote)
    assert not list((tmp_path / "clones").glob("*kineto*"))


def test_a_pin_below_the_head_is_found_by_the_branches_that_contain_it(nest: Nest) -> None:
    nest.kineto.branch("release/1.0", nest.second)
    found = nest.read(nest.pin("main", {PATH: nest.first}, BESIDE))

    assert (found.reach, found.holders) == (Reach.ON_BRANCH, ("main", "release/1.0"))


def test_a_commit_of_a_pull_request_alone_is_on_no_branch(nest: Nest) -> None:
    found = nest.read(nest.pin("main", {PATH: nest.stray}, BESIDE))

    assert (found.reach, found.holders, found.trouble) == (Reach.NO_BRANCH, (), "")


def test_a_commit_that_nobody_has_is_on_no_branch(nest: Nest) -> None:
    assert nest.read(nest.pin("main", {PATH: "ab" * 20}, BESIDE)).reach is Reach.NO_BRANCH


def test_a_branch_that_was_deleted_since_no_longer_counts(nest: Nest) -> None:
    nest.kineto.branch("topic", nest.stray)
    nest.kineto.commit("topic", "After it")
    sha = nest.pin("main", {PATH: nest.stray}, BESIDE)
    assert nest.read(sha).holders == ("topic",)
    nest.kineto.delete("refs/heads/topic")
    assert nest.read(sha).reach is Reach.NO_BRANCH


def test_a_pin_that_moved_since_the_cut_says_from_where(nest: Nest) -> None:
    cut = nest.pin("main", {PATH: nest.first}, BESIDE)
    head = nest.pin("main", {PATH: nest.second})
    moved, still = nest.read(head, cut), nest.read(cut, cut)

    assert (moved.moved, moved.at_cut) == (True, nest.first)
    assert (still.moved, still.at_cut) == (False, nest.first)


def test_one_that_was_added_since_has_no_pin_at_the_cut(nest: Nest) -> None:
    cut = nest.core.commit("main", "Before")
    found = nest.read(nest.pin("main", {PATH: nest.first}, BESIDE), cut)

    assert found.at_cut is None
    assert not found.moved


def test_a_remote_that_is_gone_leaves_it_unknown(nest: Nest) -> None:
    sha = nest.pin("main", {PATH: nest.first, "other": nest.first}, module("../gone.git"))
    nest.git.read_branch(nest.repository)
    other, gone = nest.git.submodules(nest.repository, sha, None, ())

    assert gone.reach is Reach.UNKNOWN
    assert "gone.git cannot be reached" in gone.trouble
    assert other.reach is Reach.UNKNOWN
    assert "names no address" in other.trouble


@pytest.mark.parametrize(
    "url", ["/srv/secret.git", "https://example.invalid/x.git", "ext::sh -c 'touch ran'"]
)
def test_an_address_that_is_not_allowed_is_not_asked(nest: Nest, url: str) -> None:
    found = nest.read(nest.pin("main", {PATH: nest.first}, module(url)), allowed=("https://a/*",))

    assert found.reach is Reach.UNKNOWN
    assert "[submodules]" in found.trouble


def test_an_allowed_address_is_asked(nest: Nest) -> None:
    sha = nest.pin("main", {PATH: nest.first}, module(nest.kineto.remote))

    assert nest.read(sha, allowed=(f"{nest.kineto.git_dir.parent}/*",)).holders == ("main",)


def test_a_program_is_never_taken_for_an_address(nest: Nest, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    found = nest.read(
        nest.pin("main", {PATH: nest.first}, module(f"ext::touch {ran}")), allowed=("*",)
    )

    assert found.reach is Reach.UNKNOWN
    assert not ran.exists()


def test_names_from_strangers_are_cleaned(nest: Nest) -> None:
    path = "third_party/\x1b[31mred"
    text = '[submodule "x"]\n\tpath = "third_party/\x1b[31mred"\n\turl = ../\x1b[31mred.git\n'
    found = nest.read(nest.pin("main", {path: nest.first}, text))

    assert "\x1b" not in found.path + found.url + found.trouble
    assert found.reach is Reach.UNKNOWN


def test_a_file_that_git_cannot_read_is_an_error_in_words(nest: Nest) -> None:
    sha = nest.pin("main", {PATH: nest.first}, "[submodule\n\tpath = third_party")
    with pytest.raises(CockpitError, match=r"\.gitmodules of pytorch/pytorch cannot be read"):
        nest.read(sha)


def test_a_repository_without_submodules_asks_nobody(nest: Nest) -> None:
    sha = nest.core.commit("main", "Alone")
    nest.git.read_branch(nest.repository)

    assert nest.git.submodules(nest.repository, sha, None, ()) == ()


def test_reading_leaves_the_remotes_as_they_were(nest: Nest, tmp_path: Path) -> None:
    sha = nest.pin("main", {PATH: nest.first}, BESIDE)
    before = fingerprint(tmp_path / "remotes")
    nest.read(sha)

    assert fingerprint(tmp_path / "remotes") == before


def test_branches_that_contain_a_commit(nest: Nest) -> None:
    nest.kineto.branch("release/3.1.x", nest.first)
    remote = nest.kineto.remote

    assert nest.git.branches_with(remote, nest.second) == ("main",)
    assert nest.git.branches_with(remote, nest.stray) == ()
    with pytest.raises(Unreachable):
        nest.git.branches_with(str(nest.kineto.git_dir.parent / "no.git"), nest.first)


def test_the_last_change_of_a_file(nest: Nest) -> None:
    nest.core.commit("main", "Pin Triton (#1)", {"pins/triton.txt": "a\n", "x": "1"})
    pinned = nest.core.commit("main", "Move Triton (#2)", {"pins/triton.txt": "b\n"})
    head = nest.core.commit("main", "Something else (#3)", {"x": "2"})
    nest.git.read_branch(nest.repository)
    found = nest.git.last_change(nest.repository, head, "pins/triton.txt")

    assert found is not None
    assert (found.sha, found.title) == (pinned, "Move Triton (#2)")
    assert nest.git.last_change(nest.repository, head, "pins/*") is None
