"""Trees and commits made with plumbing, held to what git itself makes of the same files."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from cockpit.backends.git import GitClones
from cockpit.backends.git_borrowed import BorrowedClone
from cockpit.backends.ports import CommitRecipe
from cockpit.errors import AccessDenied, CockpitError, ConfigError, Conflict
from cockpit.release.repos import Repository
from tests.gitrepos import BareRepo, fingerprint, local_ssh, make_repository

CORA = ("Cora Captain", "cora@example.org")
WORKFLOW = ".github/workflows/ci.yml"
ODD = b"\xff\xfe not UTF-8 @main\r\nno newline"
FIRST = {
    WORKFLOW: b"uses: a/b@main\n",
    ".github/workflows/odd.yml": ODD,
    ".github/actions/a/action.yml": b"x\n",
    "src/deep/er/file.c": b"int x;\n",
    "version.txt": b"2.14.0a0\n",
}
CHANGED = {
    WORKFLOW: b"uses: a/b@release/2.14\n",
    ".github/workflows/odd.yml": ODD.replace(b"main", b"release/2.14"),
    "version.txt": b"2.14.0\n",
}
RELEASE, ORIG = "release/2.14", "orig/release/2.14"


@pytest.fixture
def remote(tmp_path: Path) -> BareRepo:
    """A repository with a trunk whose tree holds every kind of entry."""
    repo = BareRepo(tmp_path / "remote" / "infra.git")
    stream = "commit refs/heads/main\ncommitter Ada <ada@example.org> 1760000000 +0530\n"
    stream += "data 5\nFirst\n"
    lines = [stream.encode()]
    for path, content in FIRST.items():
        mode = "100755" if path == WORKFLOW else "100644"
        lines.append(f"M {mode} inline {path}\ndata {len(content)}\n".encode() + content + b"\n")
    lines.append(b"M 120000 inline .github/workflows/link.yml\ndata 6\nci.yml\n")
    lines.append(f"M 160000 {'1' * 40} third_party/sub\n".encode())
    repo.git("fast-import", "--quiet", "--date-format=raw", stdin=b"".join(lines))
    return repo


@pytest.fixture
def repository(remote: BareRepo) -> Repository:
    return make_repository(remote.remote, name="pytorch/test-infra")


@pytest.fixture
def clones(tmp_path: Path) -> GitClones:
    return GitClones(tmp_path / "clones", identity=CORA)


def trunk(remote: BareRepo) -> str:
    sha = remote.sha("main")
    assert sha is not None
    return sha


def recipe(parent: str, files: Mapping[str, bytes]) -> CommitRecipe:
    return CommitRecipe(parent, "Cut", CORA, dict(files))


def tree_as_git_makes_it(remote: BareRepo, parent: str, files: Mapping[str, bytes]) -> str:
    """The same change through an index, which is the other way to make a tree."""
    index = {"GIT_INDEX_FILE": str(remote.git_dir / "other-index")}

    def git(*arguments: str, stdin: bytes = b"") -> str:
        command = ["git", f"--git-dir={remote.git_dir}", *arguments]
        done = subprocess.run(
            command, input=stdin, check=True, capture_output=True, env=os.environ | index
        )
        return done.stdout.decode().strip()

    git("read-tree", parent)
    for path, content in files.items():
        blob = git("hash-object", "-w", "--stdin", stdin=content)
        mode = git("ls-tree", parent, "--", path).split()[0]
        git("update-index", "--cacheinfo", f"{mode},{blob},{path}")
    return git("write-tree")


class TestReading:
    def test_gives_regular_files_as_bytes(
        self, remote: BareRepo, repository: Repository, clones: GitClones
    ) -> None:
        clones.read_branch(repository)
        found = clones.files(repository, trunk(remote), ".github")
        assert found == {path: FIRST[path] for path in FIRST if path.startswith(".github/")}
        assert clones.files(repository, trunk(remote), "version.txt") == {
            "version.txt": b"2.14.0a0\n"
        }
        assert clones.files(repository, trunk(remote), "no/such") == {}

    def test_tells_what_a_commit_is_made_of(
        self, remote: BareRepo, repository: Repository, clones: GitClones
    ) -> None:
        first = trunk(remote)
        second = remote.commit("main", "parent 0123\n\ntree not this one\n")
        clones.read_branch(repository)
        node = clones.commit_node(repository, second)
        assert (node.parents, node.tree) == ((first,), remote.sha("main^{tree}"))
        assert clones.commit_node(repository, first).committed == "1760000000 +0530"

    def test_fetches_what_a_partial_clone_lacks_at_once(
        self, remote: BareRepo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("GIT_SSH_COMMAND", local_ssh(tmp_path))
        remote.git("config", "uploadpack.allowFilter", "true")
        far = make_repository(f"localhost:{remote.remote}")
        log: list[str] = []
        clones = GitClones(tmp_path / "clones", identity=CORA, log=log.append)
        clones.read_branch(far)
        log.clear()
        assert len(clones.files(far, trunk(remote), ".github")) == 3
        fetches = [line for line in log if " fetch " in line]
        assert len(fetches) == 1
        log.clear()
        clones.files(far, trunk(remote), ".github")
        assert not [line for line in log if " fetch " in line]
        files = {WORKFLOW: b"uses: a/b@release/2.14\n"}
        made = clones.draft_commit(far, recipe(trunk(remote), files))
        clones.create_branches(far, {RELEASE: made.sha}, recipe(trunk(remote), files))
        assert remote.refs()[f"refs/heads/{RELEASE}"] == made.sha


class TestDrafts:
    def test_are_the_tree_that_git_makes(
        self, remote: BareRepo, repository: Repository, clones: GitClones
    ) -> None:
        clones.read_branch(repository)
        made = clones.draft_commit(repository, recipe(trunk(remote), CHANGED))
        assert made.tree == tree_as_git_makes_it(remote, trunk(remote), CHANGED)
        assert made.parents == (trunk(remote),)
        assert made.committed == "1760000000 +0530"

    def test_treat_modes_of_old_as_git_does(
        self, remote: BareRepo, repository: Repository, clones: GitClones
    ) -> None:
        blob = remote.git("hash-object", "-w", "--stdin", stdin=b"old\n")
        tree = remote.git("mktree", stdin=f"100664 blob {blob}\told.txt\n".encode())
        commit = remote.git("commit-tree", tree, "-m", "An old commit")
        remote.branch("main", commit)
        clones.read_branch(repository)
        files = {"old.txt": b"new\n"}
        made = clones.draft_commit(repository, recipe(commit, files))
        assert made.tree == tree_as_git_makes_it(remote, commit, files)

    def test_come_out_the_same_and_leave_nothing(
        self, remote: BareRepo, repository: Repository, tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:  # fmt: skip
        scratch = tmp_path / "scratch"
        scratch.mkdir()
        monkeypatch.setattr(tempfile, "tempdir", str(scratch))
        first, second = (GitClones(tmp_path / name, identity=CORA) for name in ("a:b", 'c"d'))
        for clones in (first, second):
            clones.read_branch(repository)
        before = fingerprint(tmp_path)
        made = [
            clones.draft_commit(repository, recipe(trunk(remote), CHANGED)).sha
            for clones in (first, first, second)
        ]
        assert len(set(made)) == 1
        assert fingerprint(tmp_path) == before
        assert list(scratch.iterdir()) == []

    def test_of_a_file_that_is_not_there_are_an_error(
        self, remote: BareRepo, repository: Repository, clones: GitClones
    ) -> None:
        clones.read_branch(repository)
        with pytest.raises(CockpitError, match=r"has no other\.txt to change"):
            clones.draft_commit(repository, recipe(trunk(remote), {"other.txt": b""}))


class TestCreatingBranches:
    @pytest.fixture
    def cut(self, remote: BareRepo, repository: Repository, clones: GitClones) -> CommitRecipe:
        clones.read_branch(repository)
        return recipe(trunk(remote), CHANGED)

    def pair(self, clones: GitClones, repository: Repository, cut: CommitRecipe) -> dict[str, str]:
        return dict.fromkeys((RELEASE, ORIG), clones.draft_commit(repository, cut).sha)

    def test_pushes_them_with_their_commit(
        self, remote: BareRepo, repository: Repository, clones: GitClones, cut: CommitRecipe
    ) -> None:
        pair = self.pair(clones, repository, cut)
        clones.create_branches(repository, pair, cut)
        assert clones.branches(remote.remote, ("release/*", ORIG)) == pair
        assert clones.branches(remote.remote, ("release/2.1", "elease/2.14")) == {}
        remote.git("fsck", "--strict", "--connectivity-only", pair[RELEASE])

    def test_pushes_an_existing_commit_without_a_recipe(
        self, remote: BareRepo, repository: Repository, clones: GitClones
    ) -> None:
        clones.create_branches(repository, {RELEASE: trunk(remote)}, None)
        assert remote.refs()[f"refs/heads/{RELEASE}"] == trunk(remote)

    @pytest.mark.parametrize("there", [RELEASE, ORIG])
    def test_all_or_none(
        self,
        remote: BareRepo,
        repository: Repository,
        clones: GitClones,
        cut: CommitRecipe,
        there: str,
    ) -> None:
        pair = self.pair(clones, repository, cut)
        remote.branch(there, trunk(remote))
        before = fingerprint(remote.git_dir)
        with pytest.raises(Conflict, match="has these branches already"):
            clones.create_branches(repository, pair, cut)
        assert remote.refs() == {
            "refs/heads/main": trunk(remote),
            f"refs/heads/{there}": trunk(remote),
        }
        assert fingerprint(remote.git_dir) == before

    def test_a_refusal_names_the_remotes_own_words(
        self, remote: BareRepo, repository: Repository, clones: GitClones, cut: CommitRecipe
    ) -> None:
        remote.hook("update", 'case "$1" in *orig*) echo "frozen by \033[31mAda" >&2; exit 1; esac')
        pair = self.pair(clones, repository, cut)
        with pytest.raises(AccessDenied, match="no branch was made") as refusal:
            clones.create_branches(repository, pair, cut)
        assert "hook declined" in refusal.value.detail
        assert "frozen by Ada" in refusal.value.detail
        assert list(remote.refs()) == ["refs/heads/main"]

    def test_a_lost_answer_counts_when_the_branches_are_there(
        self, remote: BareRepo, repository: Repository, clones: GitClones, cut: CommitRecipe
    ) -> None:
        remote.hook("post-receive", "kill -9 $PPID")
        pair = self.pair(clones, repository, cut)
        clones.create_branches(repository, pair, cut)
        assert remote.refs()[f"refs/heads/{ORIG}"] == pair[ORIG]

    def test_a_recipe_that_comes_to_another_commit_pushes_nothing(
        self, remote: BareRepo, repository: Repository, clones: GitClones, cut: CommitRecipe
    ) -> None:
        with pytest.raises(Conflict, match="came out differently"):
            clones.create_branches(repository, {RELEASE: trunk(remote)}, cut)
        assert list(remote.refs()) == ["refs/heads/main"]


def run(*arguments: str) -> str:
    return subprocess.run(arguments, check=True, capture_output=True, text=True).stdout.strip()


class TestBorrowedClones:
    @pytest.fixture
    def tree(self, remote: BareRepo, tmp_path: Path) -> Path:
        """A clone with a work tree."""
        remote.branch("viable/strict", trunk(remote))
        path = tmp_path / "a clone: of mine"
        run("git", "clone", "--quiet", remote.remote, str(path))
        return path

    def borrow(self, path: Path) -> BorrowedClone:
        return GitClones(path.parent / "none").borrow(path)

    def test_are_never_touched(self, remote: BareRepo, tree: Path) -> None:
        (tree / "version.txt").write_text("dirty\n", encoding="utf-8")
        (tree / "untracked").touch()
        before = fingerprint(tree)
        clone = self.borrow(tree)
        base = clone.commit("viable/strict")
        assert base == clone.commit("main") == trunk(remote)
        assert clone.files(base, "version.txt") == {"version.txt": b"2.14.0a0\n"}
        made = clone.draft(recipe(base, CHANGED))
        assert made.tree == tree_as_git_makes_it(remote, base, CHANGED)
        assert clone.branches() == {
            "main": base,
            "viable/strict": base,
            "HEAD": base,
        }
        assert fingerprint(tree) == before
        assert not (tree.parent / "none").exists()

    def test_keep_their_dates_though_they_have_what_is_made(
        self, remote: BareRepo, repository: Repository, clones: GitClones, tree: Path
    ) -> None:
        clones.read_branch(repository)
        cut = recipe(trunk(remote), CHANGED)
        made = clones.draft_commit(repository, cut)
        clones.create_branches(repository, {RELEASE: made.sha}, cut)
        run("git", "-C", str(tree), "fetch", "--quiet", "origin")
        run("git", "-C", str(tree), "repack", "-adq")
        for path in tree.rglob("*"):
            os.utime(path, (0, 0), follow_symlinks=False)
        assert self.borrow(tree).draft(cut) == made
        assert {path.lstat().st_mtime for path in tree.rglob("*")} == {0.0}

    def test_may_be_bare_or_linked_work_trees(
        self, remote: BareRepo, tree: Path, tmp_path: Path
    ) -> None:
        assert self.borrow(remote.git_dir).commit("main") == trunk(remote)
        linked = tmp_path / "linked"
        run("git", "-C", str(tree), "worktree", "add", "--quiet", "-b", "side", str(linked))
        run("git", "-C", str(linked), "commit", "--quiet", "--allow-empty", "-m", "On the side")
        side = run("git", "-C", str(linked), "rev-parse", "HEAD")
        clone = self.borrow(linked)
        assert clone.commit("HEAD") == side
        assert clone.files(side, "version.txt")
        assert clone.draft(recipe(side, CHANGED)).parents == (side,)

    def test_are_read_without_their_replacements(self, remote: BareRepo, tree: Path) -> None:
        other = remote.commit("main", "Other", {"version.txt": "9.9.9\n"})
        run("git", "-C", str(tree), "fetch", "--quiet", "origin")
        base = run("git", "-C", str(tree), "rev-parse", "main")
        run("git", "-C", str(tree), "replace", base, other)
        assert self.borrow(tree).files(base, "version.txt")["version.txt"] == b"2.14.0a0\n"

    def test_may_lack_files_which_is_said_without_fetching(
        self, remote: BareRepo, tmp_path: Path
    ) -> None:
        remote.git("config", "uploadpack.allowFilter", "true")
        path = tmp_path / "partial.git"
        source = f"file://{remote.remote}"
        run("git", "clone", "--quiet", "--bare", "--filter=blob:none", source, str(path))
        before = fingerprint(path)
        with pytest.raises(CockpitError, match="is a partial clone") as lacking:
            self.borrow(path).files(trunk(remote), ".github")
        assert "it lacks 3 files" in lacking.value.detail
        assert fingerprint(path) == before

    def test_may_be_shallow(self, remote: BareRepo, tmp_path: Path) -> None:
        remote.commit("main", "Second")
        path = tmp_path / "shallow"
        run("git", "clone", "--quiet", "--depth=1", f"file://{remote.remote}", str(path))
        clone = self.borrow(path)
        assert clone.is_shallow
        assert clone.node(clone.commit("main")).parents == (remote.sha("main~1"),)

    @pytest.mark.parametrize("revision", ["no/such", "--all", "", "main:version.txt", "main\n"])
    def test_know_what_they_do_not_have(self, tree: Path, revision: str) -> None:
        with pytest.raises(ConfigError, match="has no"):
            self.borrow(tree).commit(revision)

    def test_must_be_repositories(self, tmp_path: Path) -> None:
        for path in (tmp_path, tmp_path / "absent"):
            with pytest.raises(ConfigError, match="is no git repository"):
                self.borrow(path)
