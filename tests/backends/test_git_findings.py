"""What a release branch lacks, read from real clones of every kind."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from cockpit.backends.git_findings import Asked, read_findings
from cockpit.backends.git_history import ClonedHistory
from cockpit.errors import CockpitError, ConfigError
from cockpit.release.branch_findings import Findings
from tests.gitrepos import BareRepo, fingerprint

ONE, TWO, THREE = ({"a.txt": "\n".join(map(str, range(n))) + "\n"} for n in (20, 30, 40))


def find(path: Path, branch: str = "release/2.15", cut: str | None = None) -> Findings:
    """Everything that git tells of a branch."""
    clone = ClonedHistory(path)
    return read_findings(clone, clone.ranges(branch, "main", cut), Asked(branch, "main")).findings


def git(path: Path, *words: str) -> str:
    done = subprocess.run(["git", "-C", str(path), *words], capture_output=True, check=True)
    return done.stdout.decode().strip()


class Cut:
    """A repository whose release/2.15 lacks two reverts, and that has an older line."""

    def __init__(self, git_dir: Path) -> None:
        self.repo = repo = BareRepo(git_dir)
        repo.commit("main", "Root", ONE)
        repo.branch("release/2.14", repo.sha("main") or "")
        self.early = repo.commit("main", "Old change (#10)", {"old.txt": "1\n"})
        self.named = repo.commit("main", "Other change (#11)", {"other.txt": "1\n"})
        self.cut = repo.commit("main", "Last before the cut (#12)")
        repo.branch("release/2.15", self.cut)
        repo.branch("orig/release/2.15", self.cut)
        self.orig = repo.commit("orig/release/2.15", "[RELEASE-ONLY] Branch cut", {"v": "orig\n"})
        self.only = repo.commit("release/2.15", "[RELEASE-ONLY] Branch cut", {"v": "orig\n"})
        self.fix = repo.commit("main", "Grow the file (#13)", TWO)
        self.patched = repo.commit("main", "Grow it again (#14)", THREE)
        self.undone = repo.commit(
            "main", f'Revert "Old change"\n\nThis reverts commit {self.early[:10]}.'
        )
        self.by_number = repo.commit("main", 'Revert "Other" (#15)\n\nReverts #11')
        self.carried = repo.commit(
            "release/2.14", f"Grow (#20)\n\n(cherry picked from commit {self.fix})", TWO
        )
        self.pick = repo.commit("release/2.15", "All the words changed", TWO)
        self.nowhere = repo.commit("release/2.15", "A hot fix", {"hot.txt": "fix\n"})


@pytest.fixture(scope="module")
def cut(tmp_path_factory: pytest.TempPathFactory) -> Cut:
    return Cut(tmp_path_factory.mktemp("cut") / "core.git")


def reverts(found: Findings) -> list[tuple[str, str, str]]:
    return [(m.revert.sha, m.reverted.sha, m.on_branch_as) for m in found.missing_reverts]


def test_a_bare_repository_is_read_whole_and_left_alone(cut: Cut) -> None:
    before = fingerprint(cut.repo.git_dir)
    found = find(cut.repo.git_dir)
    assert fingerprint(cut.repo.git_dir) == before
    assert (found.cut, found.trunk_commits, found.branch_commits) == (cut.cut, 4, 3)
    assert reverts(found) == [
        (cut.undone, cut.early, cut.early),
        (cut.by_number, cut.named, cut.named),
    ]
    assert [(row.commit.sha, row.kind.value, row.by and row.by.value) for row in found.picks] == [
        (cut.only, "release-only", None),
        (cut.pick, "pick", "patch-id"),
        (cut.nowhere, "unknown", None),
    ]
    assert [row.commit.sha for row in found.never_landed] == [cut.nowhere]
    assert found.carry_forward == ()  # the patch says that the branch has it


def test_what_an_older_line_has_and_this_one_lacks_is_carried_forward(cut: Cut) -> None:
    cut.repo.branch("release/2.16", cut.cut)
    found = find(cut.repo.git_dir, "release/2.16")
    assert [(c.line, c.commit, c.trunk.sha) for c in found.carry_forward or ()] == [
        ("release/2.14", cut.carried, cut.fix)
    ]
    assert found.picks == []
    assert found.cut == cut.cut


@pytest.mark.parametrize("layout", ["origin", "work tree", "local"])
def test_branches_may_be_local_or_of_origin(cut: Cut, tmp_path: Path, layout: str) -> None:
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", "--no-local", str(cut.repo.git_dir), str(clone))
    if layout == "local":
        git(clone, "branch", "release/2.15", "origin/release/2.15")
        git(clone, "remote", "remove", "origin")
    if layout == "work tree":
        git(clone, "worktree", "add", "--quiet", "--detach", str(tmp_path / "tree"))
        clone = tmp_path / "tree"
    assert reverts(find(clone)) == reverts(find(cut.repo.git_dir))


def test_an_orig_branch_with_a_commit_of_its_own_gives_the_same_cut(cut: Cut) -> None:
    found = find(cut.repo.git_dir, cut="orig/release/2.15")
    assert found.cut == cut.cut
    assert reverts(found) == reverts(find(cut.repo.git_dir))
    assert find(cut.repo.git_dir, cut=cut.cut).cut == cut.cut


def test_a_branch_called_like_no_line_has_no_older_ones(cut: Cut) -> None:
    cut.repo.branch("hotfixes", cut.nowhere)
    found = find(cut.repo.git_dir, "hotfixes")
    assert found.carry_forward is None
    assert any("called like no release line" in text for text in found.unknown)
    assert reverts(found) == reverts(find(cut.repo.git_dir))


def test_a_branch_and_trunk_at_one_commit_lack_nothing(cut: Cut) -> None:
    cut.repo.branch("release/2.17", cut.repo.sha("main") or "")
    found = find(cut.repo.git_dir, "release/2.17")
    assert (found.cut, found.trunk_commits, found.branch_commits) == (cut.repo.sha("main"), 0, 0)
    assert reverts(found) == []


def test_a_merge_of_trunk_into_the_branch_moves_the_cut(tmp_path: Path) -> None:
    made = Cut(tmp_path / "core.git")
    tree = made.repo.git("rev-parse", "main^{tree}")
    merge = made.repo.git(
        *("commit-tree", tree, "-m", "Merge main", "-p", made.nowhere, "-p", made.by_number)
    )
    made.repo.branch("release/2.15", merge)
    found = find(made.repo.git_dir)
    assert (found.cut, found.trunk_commits) == (made.by_number, 0)
    assert reverts(found) == []


def test_a_shallow_clone_is_refused_where_it_ends_too_early(cut: Cut, tmp_path: Path) -> None:
    source = cut.repo.git_dir.as_uri()
    shallow = ("clone", "--quiet", "--bare", "--no-single-branch", source)
    git(tmp_path, *shallow, "--depth=3", "near.git")
    with pytest.raises(ConfigError, match="The clone is shallow") as refused:
        find(tmp_path / "near.git")
    assert refused.value.hint == "git fetch --unshallow"


def test_a_clone_without_contents_says_that_patches_are_unknown(cut: Cut, tmp_path: Path) -> None:
    cut.repo.git("config", "uploadpack.allowFilter", "true")
    partial = ("clone", "--quiet", "--bare", "--filter=blob:none", cut.repo.git_dir.as_uri())
    git(tmp_path, *partial, "partial.git")
    found = find(tmp_path / "partial.git")
    assert reverts(found) == reverts(find(cut.repo.git_dir))
    assert len(found.never_landed) == 2
    assert any("could not be compared" in text for text in found.unknown)


def test_merges_and_empty_commits_hide_no_patch_of_others(tmp_path: Path) -> None:
    repo = BareRepo(tmp_path / "core.git")
    repo.branch("release/2.15", repo.commit("main", "Begin (#1)", ONE))
    pick = repo.commit("release/2.15", "All the words changed", TWO)
    empty = repo.commit("release/2.15", "Nothing")
    fix = repo.commit("main", "Grow (#2)", TWO)
    merge = repo.git("commit-tree", f"{fix}^{{tree}}", "-p", fix, "-p", empty, "-m", "Merge")
    found = ClonedHistory(repo.git_dir).patch_ids([merge, empty, merge, pick], [merge, fix])
    assert [set(alike) for alike in found.values()] == [{pick, fix}]


def test_histories_that_share_nothing_are_no_branch_and_trunk(tmp_path: Path) -> None:
    repo = BareRepo(tmp_path / "two.git")
    repo.commit("main", "One")
    repo.commit("release/2.15", "Two")
    with pytest.raises(ConfigError, match="no commit in common"):
        find(repo.git_dir)


def test_what_is_nowhere_is_named(cut: Cut, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"has no 'release/9\.9'"):
        find(cut.repo.git_dir, "release/9.9")
    with pytest.raises(ConfigError, match="has no '--all'"):
        find(cut.repo.git_dir, "--all")
    with pytest.raises(ConfigError, match="is no git repository"):
        find(tmp_path)
    with pytest.raises(ConfigError, match="is no git repository"):
        find(tmp_path / "absent")


@pytest.mark.parametrize("path", [os.devnull, "/nowhere"])
def test_without_git_it_says_so(cut: Cut, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    monkeypatch.setenv("PATH", path)
    with pytest.raises(CockpitError, match="git was not found"):
        find(cut.repo.git_dir)


def test_titles_are_clean_and_any_encoding_is_read(tmp_path: Path) -> None:
    repo = BareRepo(tmp_path / "odd.git")
    repo.commit("main", "Root")
    repo.branch("release/2.15", repo.sha("main") or "")
    repo.commit("main", b"Caf\xe9 (#5)\n\nBody \xff\xfe", encoding="latin-1")
    repo.commit("release/2.15", "\x1b[31mred\x1b[0m\u202e fix")
    found = find(repo.git_dir)
    assert found.never_landed[0].commit.title == "red fix"
    assert found.trunk_commits == 1


def test_numbers_of_other_repositories_do_not_count_where_the_remote_is_known(
    cut: Cut, tmp_path: Path
) -> None:
    clone = tmp_path / "named.git"
    git(tmp_path, "clone", "--quiet", "--bare", str(cut.repo.git_dir), str(clone))
    git(clone, "remote", "set-url", "origin", "git@github.com:pytorch/pytorch.git")
    assert ClonedHistory(clone).repository_name() == "pytorch/pytorch"
    git(clone, "remote", "set-url", "origin", "https://github.com/pytorch/vision")
    assert ClonedHistory(clone).repository_name() == "pytorch/vision"
    assert ClonedHistory(cut.repo.git_dir).repository_name() is None
