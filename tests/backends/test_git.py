"""The git adapter on real repositories: what it reads, what it writes, and what it survives."""

from __future__ import annotations

import os
import re
import subprocess
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cockpit.backends.git import GitClones
from cockpit.backends.git_names import checked_ref, checked_remote, tag_prefixes
from cockpit.errors import AccessDenied, CockpitError, ConfigError, Conflict, Unreachable
from cockpit.release.candidates import Tag
from cockpit.release.repos import Repository
from cockpit.release.versions import Naming, Version
from tests.gitrepos import (
    BareRepo,
    ReleaseRepo,
    fingerprint,
    local_ssh,
    make_repository,
    release_repo,
)

CORA = ("Cora Captain", "cora@example.org")


@pytest.fixture
def world(tmp_path: Path) -> ReleaseRepo:
    """A remote with a release under way."""
    return release_repo(tmp_path / "remote" / "pytorch.git")


@pytest.fixture
def log() -> list[str]:
    """Every git command that was run."""
    return []


@pytest.fixture
def clones(tmp_path: Path, log: list[str]) -> GitClones:
    """The adapter with a folder of its own."""
    return GitClones(tmp_path / "clones", identity=CORA, log=log.append)


def subcommands(log: list[str]) -> list[str]:
    """What git was asked to do, without the arguments."""
    return [line.split()[2] for line in log]


class TestReadingABranch:
    def test_describes_it(self, world: ReleaseRepo, clones: GitClones) -> None:
        answer = clones.read_branch(world.repository())
        state = answer.value
        assert answer.complete
        assert answer.source == world.repo.remote
        assert (state.repository, state.branch) == ("pytorch/pytorch", "release/2.13")
        assert state.head is not None
        assert state.cut_point is not None
        assert (state.head.sha, state.cut_point.sha) == (world.picks[1], world.cut)
        assert (state.orig_sha, state.trunk_sha) == (world.cut, world.trunk)
        assert state.cut_from_sha == world.trunk
        assert [commit.sha for commit in state.commits] == [world.picks[1], world.picks[0]]
        fix = state.commits[0]
        assert (fix.title, fix.author) == ("Fix a crash (#2)", "Ada Author")
        assert fix.body == "What and why."
        assert fix.committed_at.isoformat() == "2025-10-09T08:57:20+00:00"
        assert state.version_text == "2.13.0"
        rc1 = world.repo.sha("v2.13.0-rc1")
        assert rc1 != world.picks[0]
        assert state.tags == (Tag("v2.13.0-rc1", str(rc1), world.picks[0]),)
        assert state.since(world.picks[0]) == (fix,)

    def test_takes_two_processes_when_nothing_moved(
        self, world: ReleaseRepo, clones: GitClones, log: list[str]
    ) -> None:
        first = clones.read_branch(world.repository())
        log.clear()
        assert clones.read_branch(world.repository()) is first
        assert subcommands(log) == ["fetch", "show-ref"]

    def test_sees_what_moved(self, world: ReleaseRepo, clones: GitClones) -> None:
        clones.read_branch(world.repository())
        newest = world.repo.commit("release/2.13", "One more (#4)", {"version.txt": "2.13.1\n"})
        world.repo.tag("v2.13.0-rc2", newest)
        state = clones.read_branch(world.repository()).value
        assert state.head is not None
        assert state.head.sha == newest
        assert len(state.commits) == 3
        assert state.version_text == "2.13.1"
        assert state.tags[1] == Tag("v2.13.0-rc2", newest, newest)

    def test_sees_a_moved_and_a_deleted_tag(self, world: ReleaseRepo, clones: GitClones) -> None:
        clones.read_branch(world.repository())
        world.repo.tag("v2.13.0-rc1", world.picks[1])
        moved = clones.read_branch(world.repository()).value.tags
        world.repo.delete("refs/tags/v2.13.0-rc1")
        assert moved == (Tag("v2.13.0-rc1", world.picks[1], world.picks[1]),)
        assert clones.read_branch(world.repository()).value.tags == ()

    def test_sees_a_branch_rewritten_and_deleted(
        self, world: ReleaseRepo, clones: GitClones
    ) -> None:
        clones.read_branch(world.repository())
        world.repo.branch("release/2.13", world.picks[0])
        rewritten = clones.read_branch(world.repository()).value
        world.repo.delete("refs/heads/release/2.13")
        gone = clones.read_branch(world.repository())
        assert [commit.sha for commit in rewritten.commits] == [world.picks[0]]
        assert gone.complete
        assert (gone.value.head, gone.value.cut_point, gone.value.commits) == (None, None, ())
        assert gone.value.version_text is None

    def test_leaves_other_branches_and_versions_out(
        self, world: ReleaseRepo, clones: GitClones, tmp_path: Path
    ) -> None:
        for name in ("release/2.130", "release/2.13-try", "main-too"):
            world.repo.branch(name, world.trunk)
        for name in ("v2.13.0", "v2.13.01", "v2.13.0-rc0", "v2.13.0-rc1-x", "v2.13.1-rc1"):
            world.repo.tag(name, world.cut)
        state = clones.read_branch(world.repository()).value
        assert state.head is not None
        assert state.head.sha == world.picks[1]
        assert [tag.name for tag in state.tags] == ["v2.13.0", "v2.13.0-rc1"]
        (clone,) = (tmp_path / "clones").iterdir()
        kept = subprocess.run(
            ["git", f"--git-dir={clone}", "for-each-ref"], capture_output=True, check=True
        )
        assert b"main-too" not in kept.stdout

    def test_branches_may_be_absent(self, tmp_path: Path, clones: GitClones) -> None:
        bare = BareRepo(tmp_path / "empty.git")
        empty = clones.read_branch(make_repository(bare.remote, cut_from="viable/strict"))
        head = bare.commit("main", "First")
        begun = clones.read_branch(make_repository(bare.remote, cut_from="viable/strict"))
        assert empty.complete
        assert begun.complete
        assert (empty.value.trunk_sha, empty.value.orig_sha) == (None, None)
        assert (begun.value.trunk_sha, begun.value.cut_from_sha) == (head, None)

    def test_a_trunk_that_went_away_is_absent(self, world: ReleaseRepo, clones: GitClones) -> None:
        clones.read_branch(world.repository())
        world.repo.delete("refs/heads/main")
        answer = clones.read_branch(world.repository())
        assert answer.complete
        assert answer.value.trunk_sha is None
        assert answer.value.cut_point is not None

    def test_an_orig_branch_beside_the_release_is_no_cut_point(
        self, world: ReleaseRepo, clones: GitClones
    ) -> None:
        own = world.repo.commit("orig/release/2.13", "Branch cut of its own")
        state = clones.read_branch(world.repository()).value
        assert state.cut_point is not None
        assert (state.cut_point.sha, state.orig_sha) == (world.cut, own)
        assert len(state.commits) == 2

    def test_a_branch_at_its_cut_point_has_a_head(
        self, world: ReleaseRepo, clones: GitClones
    ) -> None:
        world.repo.branch("release/2.13", world.cut)
        state = clones.read_branch(world.repository()).value
        assert state.commits == ()
        assert state.head == state.cut_point
        assert state.head is not None
        assert state.head.sha == world.cut

    def test_histories_without_a_common_commit_are_said_to_be_missing(
        self, world: ReleaseRepo, clones: GitClones
    ) -> None:
        world.repo.delete("refs/heads/release/2.13")
        alone = world.repo.commit("release/2.13", "Out of nothing")
        answer = clones.read_branch(world.repository())
        assert answer.missing == "where release/2.13 was cut cannot be told"
        assert answer.value.cut_point is None
        assert [commit.sha for commit in answer.value.commits] == [alone]

    @pytest.mark.parametrize("far", [False, True])
    def test_a_shallow_remote_is_said_to_be_incomplete(
        self,
        world: ReleaseRepo,
        clones: GitClones,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        far: bool,
    ) -> None:
        monkeypatch.setenv("GIT_SSH_COMMAND", local_ssh(tmp_path))
        shallow = tmp_path / "shallow.git"
        clone = ["git", "clone", "--quiet", "--bare", "--depth=1", "--no-single-branch"]
        subprocess.run([*clone, f"file://{world.repo.remote}", str(shallow)], check=True)
        subprocess.run(
            ["git", f"--git-dir={shallow}", "config", "uploadpack.allowFilter", "true"], check=True
        )
        answer = clones.read_branch(
            make_repository(f"localhost:{shallow}" if far else f"{shallow}")
        )
        assert "shallow" in answer.missing
        assert answer.value.head is not None
        assert answer.value.head.sha == world.picks[1]

    def test_a_repository_may_have_no_version_file(
        self, world: ReleaseRepo, clones: GitClones
    ) -> None:
        absent = clones.read_branch(world.repository(version_file="no/such.txt"))
        unknown = clones.read_branch(world.repository(version_file=None))
        folder = clones.read_branch(world.repository(version_file="ci"))
        assert [a.value.version_text for a in (absent, unknown, folder)] == [None, None, None]
        assert absent.complete

    def test_two_versions_share_a_clone(self, world: ReleaseRepo, clones: GitClones) -> None:
        older = world.repository(version=Version(2, 12, 1), name="pytorch/older")
        world.repo.branch("release/2.12", world.cut)
        world.repo.tag("v2.12.1-rc1", world.cut)
        assert [t.name for t in clones.read_branch(older).value.tags] == ["v2.12.1-rc1"]
        assert [t.name for t in clones.read_branch(world.repository()).value.tags] == [
            "v2.13.0-rc1"
        ]


class TestPartialClones:
    """What is far away is fetched without the content of files."""

    @pytest.fixture
    def far(
        self, world: ReleaseRepo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> Repository:
        """The repository behind ssh, on a server that allows filters."""
        monkeypatch.setenv("GIT_SSH_COMMAND", local_ssh(tmp_path))
        world.repo.git("config", "uploadpack.allowFilter", "true")
        return make_repository(f"localhost:{world.repo.remote}")

    def test_hold_what_was_read(
        self, world: ReleaseRepo, far: Repository, clones: GitClones, tmp_path: Path
    ) -> None:
        head = world.repo.commit("release/2.13", "Big", {"big.bin": "x" * 10_000})
        state = clones.read_branch(far).value
        assert (len(state.commits), state.version_text) == (3, "2.13.0")
        assert clones.read_file(far, world.cut, "ci/pin.txt") == "one\n"
        (clone,) = (tmp_path / "clones").iterdir()
        walk = ["git", f"--git-dir={clone}", "rev-list", "--objects", "--missing=print", head]
        listed = subprocess.run(walk, capture_output=True, check=True, text=True).stdout
        lacking = re.findall(r"^\?(\w+)$", listed, re.MULTILINE)
        assert world.repo.git("rev-parse", f"{head}:big.bin") in lacking
        assert world.repo.git("rev-parse", f"{head}:version.txt") not in lacking

    def test_push_though_the_remote_went_on(
        self, world: ReleaseRepo, far: Repository, clones: GitClones
    ) -> None:
        clones.read_branch(far)
        for branch in ("main", "release/2.13", "orig/release/2.13"):
            world.repo.commit(branch, "Unknown to the clone")
        world.repo.delete("refs/tags/v2.13.0-rc1")
        clones.create_ref(far, "refs/tags/v2.13.0-rc2", world.picks[0])
        assert world.repo.refs()["refs/tags/v2.13.0-rc2"] == world.picks[0]

    def test_say_what_cannot_be_had(
        self, world: ReleaseRepo, far: Repository, clones: GitClones
    ) -> None:
        world.repo.lose("release/2.13:version.txt")
        answer = clones.read_branch(far)
        assert answer.missing.startswith("version.txt could not be fetched: ")
        assert answer.value.version_text is None
        assert answer.value.head is not None

    def test_never_ask_without_end_for_what_nobody_has(
        self, far: Repository, clones: GitClones, log: list[str]
    ) -> None:
        clones.read_branch(far)
        log.clear()
        with pytest.raises(CockpitError, match="no such commit"):
            clones.create_ref(far, "refs/tags/v2.13.0-rc2", "1" * 40)
        assert subcommands(log) == ["cat-file", "fetch"]
        with pytest.raises(CockpitError, match="no such commit"):
            clones.log(far, "1" * 40)


class TestStrangersText:
    def test_messages_are_cleaned(self, world: ReleaseRepo, clones: GitClones) -> None:
        message = "\x1b[31mRed [bold]title[/]\u202e (#9)\n\n\x1b]0;owned\x07Body\r\nghp_" + "x" * 36
        world.repo.commit("release/2.13", message)
        state = clones.read_branch(world.repository()).value
        assert state.commits[0].title == "Red [bold]title[/] (#9)"
        assert state.commits[0].body == "Body\nghp_***"

    def test_any_encoding_is_read(self, world: ReleaseRepo, clones: GitClones) -> None:
        world.repo.commit("release/2.13", b"Not UTF-8: \xff\xfe")
        world.repo.commit("release/2.13", "Größe".encode("latin-1"), encoding="ISO-8859-1")
        titles = [c.title for c in clones.read_branch(world.repository()).value.commits]
        assert titles[:2] == ["Größe", "Not UTF-8: \ufffd\ufffd"]

    def test_a_signed_commit_is_read_like_any_other(
        self,
        world: ReleaseRepo,
        clones: GitClones,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        config = tmp_path / "gitconfig"
        config.write_text("[log]\nshowSignature = true\n", encoding="utf-8")
        monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
        headers, _, _ = world.repo.git("cat-file", "commit", world.picks[1]).partition("\n\n")
        signature = "gpgsig -----BEGIN PGP SIGNATURE-----\n \n iQEz\n -----END PGP SIGNATURE-----"
        signed = f"{headers}\n{signature}\n\nSigned (#5)\n".encode()
        sha = world.repo.git("hash-object", "-t", "commit", "-w", "--stdin", stdin=signed)
        world.repo.branch("release/2.13", sha)
        world.repo.git("update-ref", "refs/cockpit/2.13.0", sha)
        titles = [c.title for c in clones.read_branch(world.repository()).value.commits]
        chain = clones.read_ledger(world.repo.remote, "refs/cockpit/2.13.0", world.picks[0])
        assert titles == ["Signed (#5)", "[release only] Set the version"]
        assert [(c.sha, c.message) for c in chain] == [(sha, "Signed (#5)\n")]
        assert chain[0].signature != "G"

    def test_an_empty_message_is_read(self, world: ReleaseRepo, clones: GitClones) -> None:
        sha = world.repo.commit("release/2.13", "")
        commit = clones.read_branch(world.repository()).value.commits[0]
        assert (commit.sha, commit.title, commit.body) == (sha, "", "")


class TestNobodyElsesRepositoryIsTouched:
    def test_reading_leaves_the_remote_as_it_is(
        self, world: ReleaseRepo, clones: GitClones
    ) -> None:
        before = fingerprint(world.repo.git_dir)
        clones.read_branch(world.repository())
        clones.remote_refs(world.repo.remote)
        clones.remote_tags(world.repo.remote, ["v2.13.0-rc1"])
        clones.read_ledger(world.repo.remote, "refs/cockpit/2.13.0")
        clones.log(world.repository(), f"{world.cut}..{world.trunk}")
        assert fingerprint(world.repo.git_dir) == before

    def test_not_even_where_git_variables_point(
        self,
        world: ReleaseRepo,
        clones: GitClones,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        captain = tmp_path / "captain"
        subprocess.run(["git", "clone", "--quiet", world.repo.remote, str(captain)], check=True)
        before = fingerprint(captain)
        world.repo.commit("release/2.13", "New")
        monkeypatch.chdir(captain)
        monkeypatch.setenv("GIT_DIR", str(captain / ".git"))
        monkeypatch.setenv("GIT_WORK_TREE", str(captain))
        monkeypatch.setenv("GIT_INDEX_FILE", str(captain / ".git" / "index"))
        monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(captain / ".git" / "objects"))
        assert len(clones.read_branch(world.repository()).value.commits) == 3
        clones.append_ledger(world.repo.remote, "refs/cockpit/2.13.0", ("entry",), None)
        assert fingerprint(captain) == before

    def test_the_persons_configuration_does_not_change_what_is_done(
        self,
        world: ReleaseRepo,
        clones: GitClones,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        hooks = BareRepo(tmp_path / "hooks.git")
        hooks.hook("pre-push", "exit 1")
        hooks.hook("reference-transaction", "exit 1")
        config = tmp_path / "gitconfig"
        config.write_text(
            f"[core]\n hooksPath = {hooks.git_dir / 'hooks'}\n[color]\n ui = always\n"
            "[log]\n showSignature = true\n[push]\n followTags = true\n gpgSign = if-asked\n"
            "[commit]\n gpgSign = true\n[fetch]\n prune = true\n pruneTags = true\n"
            '[remote "origin"]\n url = nowhere\n fetch = +refs/*:refs/*\n',
            encoding="utf-8",
        )
        monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
        before = world.repo.refs()
        state = clones.read_branch(world.repository()).value
        (hooks.git_dir / "hooks" / "reference-transaction").unlink()
        clones.create_ref(world.repository(), "refs/tags/v2.13.0-rc2", world.picks[1])
        clones.append_ledger(world.repo.remote, "refs/cockpit/2.13.0", ("entry",), None)
        assert len(state.commits) == 2
        assert set(world.repo.refs()) - set(before) == {
            "refs/tags/v2.13.0-rc2",
            "refs/cockpit/2.13.0",
        }


class TestAskingARemote:
    def test_tags_by_name(self, world: ReleaseRepo, clones: GitClones, tmp_path: Path) -> None:
        world.repo.tag("x/v2.13.0-rc1", world.trunk)
        world.repo.tag("light", world.cut)
        found = clones.remote_tags(world.repo.remote, ["v2.13.0-rc1", "light", "none"])
        assert found == {
            "v2.13.0-rc1": Tag(
                "v2.13.0-rc1", str(world.repo.sha("refs/tags/v2.13.0-rc1")), world.picks[0]
            ),
            "light": Tag("light", world.cut, world.cut),
        }
        assert clones.remote_tags(world.repo.remote, []) == {}
        assert not (tmp_path / "clones").exists()

    def test_refs(self, world: ReleaseRepo, clones: GitClones) -> None:
        assert clones.remote_refs(world.repo.remote) == world.repo.refs()
        assert clones.remote_refs(world.repo.remote, ["refs/heads/orig/*"]) == {
            "refs/heads/orig/release/2.13": world.cut
        }

    def test_files_and_folders_of_a_commit(self, world: ReleaseRepo, clones: GitClones) -> None:
        repository = world.repository()
        assert clones.read_file(repository, world.cut, "ci/pin.txt") == "one\n"
        assert clones.read_file(repository, world.cut, "ci") is None
        assert clones.read_file(repository, world.cut, "--help") is None
        tree = world.repo.sha(f"{world.cut}:ci")
        assert clones.tree_id(repository, world.cut, "ci") == tree
        assert clones.tree_id(repository, world.cut, "ci/") == tree
        assert clones.tree_id(repository, world.cut, "version.txt") is None
        assert clones.tree_id(repository, world.cut, "none") is None

    def test_a_range_of_commits(self, world: ReleaseRepo, clones: GitClones) -> None:
        commits = clones.log(world.repository(), f"{world.cut}..{world.trunk}")
        assert [commit.title for commit in commits] == ["Go on (#3)"]
        with pytest.raises(CockpitError, match="no such commit"):
            clones.log(world.repository(), "f" * 40)
        with pytest.raises(CockpitError, match="no such commit"):
            clones.log(world.repository(), "--all")


class TestCreatingARef:
    REF = "refs/tags/v2.13.0-rc2"

    def test_pushes_it_and_nothing_else(self, world: ReleaseRepo, clones: GitClones) -> None:
        before = world.repo.refs()
        clones.create_ref(world.repository(), self.REF, world.picks[1])
        assert world.repo.refs() == before | {self.REF: world.picks[1]}

    @pytest.mark.parametrize("there", [0, 1])
    def test_a_ref_that_exists_is_a_conflict(
        self, world: ReleaseRepo, clones: GitClones, there: int
    ) -> None:
        clones.read_branch(world.repository())
        world.repo.tag("v2.13.0-rc2", world.picks[there])
        before = fingerprint(world.repo.git_dir)
        with pytest.raises(Conflict) as caught:
            clones.create_ref(world.repository(), self.REF, world.picks[1])
        assert caught.value.title == f"{self.REF} is on pytorch/pytorch already"
        assert caught.value.detail == f"at {world.picks[there][:7]}"
        assert fingerprint(world.repo.git_dir) == before

    def test_of_two_captains_one_meets_a_conflict(self, world: ReleaseRepo, tmp_path: Path) -> None:
        captains = [GitClones(tmp_path / name, identity=CORA) for name in ("one", "two")]
        for captain, sha in zip(captains, world.picks, strict=True):
            captain.log(world.repository(), sha)
        start = threading.Barrier(2)

        def push(captain: GitClones, sha: str, ref: str) -> str | None:
            start.wait()
            try:
                captain.create_ref(world.repository(), ref, sha)
            except Conflict:
                return None
            return sha

        with ThreadPoolExecutor(2) as pool:
            for number in range(2, 7):
                ref = f"refs/tags/v2.13.0-rc{number}"
                pushed = list(pool.map(push, captains, world.picks, [ref, ref]))
                assert pushed.count(None) == 1
                assert world.repo.refs()[ref] in pushed

    def test_a_push_that_loses_the_race_at_the_remote_is_a_conflict(
        self, world: ReleaseRepo, clones: GitClones
    ) -> None:
        other = f"git update-ref {self.REF} {world.cut}"
        world.repo.hook("pre-receive", f"unset GIT_QUARANTINE_PATH; {other}")
        with pytest.raises(Conflict, match=world.cut[:7]):
            clones.create_ref(world.repository(), self.REF, world.picks[1])
        assert world.repo.refs()[self.REF] == world.cut

    def test_a_remote_that_refuses_says_why(self, world: ReleaseRepo, clones: GitClones) -> None:
        world.repo.hook("pre-receive", "echo tags are protected >&2; exit 1")
        with pytest.raises(AccessDenied, match="pre-receive hook declined"):
            clones.create_ref(world.repository(), self.REF, world.picks[1])
        assert self.REF not in world.repo.refs()

    def test_a_push_whose_answer_is_lost_is_recognised(
        self, world: ReleaseRepo, tmp_path: Path
    ) -> None:
        clones = GitClones(tmp_path / "clones", identity=CORA, timeout_s=1)
        world.repo.hook("post-receive", "exec sleep 60")
        clones.create_ref(world.repository(), self.REF, world.picks[1])
        assert world.repo.refs()[self.REF] == world.picks[1]

    def test_a_commit_the_clone_does_not_have_is_fetched(
        self, world: ReleaseRepo, clones: GitClones
    ) -> None:
        elsewhere = world.repo.commit("elsewhere", "On no branch that is read")
        clones.read_branch(world.repository())
        clones.create_ref(world.repository(), self.REF, elsewhere)
        assert world.repo.refs()[self.REF] == elsewhere

    def test_a_commit_nobody_has_is_said_so(self, world: ReleaseRepo, clones: GitClones) -> None:
        with pytest.raises(CockpitError, match="no such commit"):
            clones.create_ref(world.repository(), self.REF, "1" * 40)


class TestWhatLooksLikeSomethingElse:
    @pytest.mark.parametrize(
        "name",
        ["main", "a/b", "a..b", "a b", "a~1", "a^", "a:b", "a?", "a*", "a[b", "a\\b", "a@{b",
         "@", ".a", "a/.b", "a.lock", "a.lock/b", "a/", "a//b", "a.", "-a", "a\x07", "a\x7f",
         "ä", "a.b"],
    )  # fmt: skip
    def test_ref_names_are_held_to_gits_rules(self, name: str) -> None:
        ref = f"refs/heads/{name}"
        allowed = subprocess.run(["git", "check-ref-format", ref], check=False).returncode == 0
        if allowed:
            assert checked_ref(ref) == ref
        else:
            with pytest.raises(ConfigError):
                checked_ref(ref)

    def test_a_ref_name_is_a_full_one(self) -> None:
        with pytest.raises(ConfigError):
            checked_ref("--upload-pack=/bin/false")

    @pytest.mark.parametrize("remote", ["-oProxyCommand=id", "ext::sh -c id", "fd::3", ""])
    def test_remotes_that_run_commands_are_refused(self, clones: GitClones, remote: str) -> None:
        with pytest.raises(ConfigError):
            clones.remote_refs(remote)
        with pytest.raises(ConfigError):
            clones.read_branch(make_repository(remote))

    @pytest.mark.parametrize("remote", ["/a/b.git", "git@host:a/b", "https://host/a", "C:/a"])
    def test_addresses_are_taken_as_they_are(self, remote: str) -> None:
        assert checked_remote(remote) == remote

    def test_a_sha_is_whole(self, world: ReleaseRepo, clones: GitClones) -> None:
        with pytest.raises(ConfigError):
            clones.create_ref(world.repository(), "refs/tags/x", "HEAD")

    def test_tags_are_asked_for_by_what_they_begin_with(self) -> None:
        apart = Naming(candidate_tag="rc/{version}/{n}", final_tag="release-{version}")
        assert tag_prefixes(make_repository("/r")) == ("refs/tags/v2.13.0",)
        assert tag_prefixes(make_repository("/r", naming=apart)) == (
            "refs/tags/rc/2.13.0/",
            "refs/tags/release-2.13.0",
        )


class TestUnreachable:
    def test_a_remote_that_never_was(self, tmp_path: Path, clones: GitClones) -> None:
        with pytest.raises(Unreachable) as caught:
            clones.read_branch(make_repository(str(tmp_path / "none.git")))
        assert caught.value.title == "pytorch/pytorch cannot be reached"
        assert "does not appear to be a git repository" in caught.value.detail
        assert "git ls-remote" in caught.value.hint

    def test_a_remote_that_goes_away_and_comes_back(
        self, world: ReleaseRepo, clones: GitClones
    ) -> None:
        first = clones.read_branch(world.repository())
        away = world.repo.git_dir.rename(world.repo.git_dir.with_name("away"))
        with pytest.raises(Unreachable):
            clones.read_branch(world.repository())
        with pytest.raises(Unreachable):
            clones.create_ref(world.repository(), "refs/tags/v2.13.0-rc2", world.picks[1])
        with pytest.raises(Unreachable):
            clones.append_ledger(world.repo.remote, "refs/cockpit/2.13.0", ("entry",), None)
        away.rename(world.repo.git_dir)
        assert clones.read_branch(world.repository()) == first

    def test_secrets_stay_out_of_log_error_and_disk(
        self, tmp_path: Path, clones: GitClones, log: list[str]
    ) -> None:
        remote = "http://captain:s3cret@127.0.0.1:1/pytorch/pytorch.git"
        with pytest.raises(Unreachable) as caught:
            clones.read_branch(make_repository(remote))
        told = "\n".join((*log, *map(str, caught.value.args)))
        assert "s3cret" not in told
        assert "http://***@127.0.0.1:1/pytorch/pytorch.git" in told
        for file in (tmp_path / "clones").rglob("*"):
            assert "s3cret" not in file.name
            assert not file.is_file() or b"s3cret" not in file.read_bytes()
        (clone,) = (tmp_path / "clones").iterdir()
        assert clone.name.startswith("pytorch-pytorch-")

    def test_a_silent_remote_is_given_up(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("GIT_SSH_COMMAND", "exec sleep 60 #")
        clones = GitClones(tmp_path / "clones", timeout_s=0.5)
        began = time.monotonic()
        with pytest.raises(Unreachable, match="did not answer"):
            clones.remote_refs("captain@example.org:pytorch/pytorch.git")
        assert time.monotonic() - began < 20

    def test_git_never_asks_for_a_password(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked = tmp_path / "asked"
        program = tmp_path / "ask"
        program.write_text(f"#!/bin/sh\ntouch {asked}\necho x\n", encoding="utf-8")
        program.chmod(0o755)
        monkeypatch.setenv("SSH_ASKPASS", str(program))
        script = (
            f"sh -c 'test -z \"$SSH_ASKPASS\" && ! (exec </dev/tty) && touch {tmp_path}/quiet' #"
        )
        monkeypatch.setenv("GIT_SSH_COMMAND", script)
        with pytest.raises(Unreachable):
            GitClones(tmp_path / "clones").remote_refs("captain@example.org:pytorch/pytorch.git")
        assert (tmp_path / "quiet").exists()
        assert not asked.exists()

    def test_without_git_it_says_so(
        self, clones: GitClones, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        clones.identity()
        monkeypatch.setenv("PATH", os.devnull)
        with pytest.raises(CockpitError, match="git was not found"):
            clones.remote_refs("/somewhere.git")


class TestSeveralAtOnce:
    def test_threads_and_adapters_share_a_folder(self, world: ReleaseRepo, tmp_path: Path) -> None:
        adapters = [GitClones(tmp_path / "clones") for _ in range(4)]
        start = threading.Barrier(8)

        def look(number: int) -> object:
            start.wait()
            return adapters[number % 4].read_branch(world.repository())

        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(look, range(8)))
        assert all(answer == answers[0] for answer in answers)
        assert len(list((tmp_path / "clones").iterdir())) == 1

    @pytest.fixture
    def locked(self, world: ReleaseRepo, clones: GitClones, tmp_path: Path) -> Path:
        """A lock on a ref that the next read has to move."""
        clones.read_branch(world.repository())
        world.repo.commit("main", "Moved")
        (lock,) = (
            clone / "refs/cockpit-read/heads/main.lock" for clone in (tmp_path / "clones").iterdir()
        )
        lock.parent.mkdir(parents=True, exist_ok=True)
        lock.touch()
        return lock

    def test_a_lock_left_by_a_killed_process_is_removed(
        self, world: ReleaseRepo, clones: GitClones, locked: Path
    ) -> None:
        hour_ago = time.time() - 3600
        os.utime(locked, (hour_ago, hour_ago))
        assert clones.read_branch(world.repository()).value.trunk_sha == world.repo.sha("main")
        assert not locked.exists()

    def test_a_lock_that_is_held_is_waited_for(
        self, world: ReleaseRepo, tmp_path: Path, locked: Path
    ) -> None:
        fetches: list[str] = []

        def release_at_the_second(line: str) -> None:
            fetches.extend([line] if " fetch " in line else [])
            if len(fetches) == 2:
                locked.unlink(missing_ok=True)

        clones = GitClones(tmp_path / "clones", log=release_at_the_second)
        assert clones.read_branch(world.repository()).value.trunk_sha == world.repo.sha("main")
        assert len(fetches) == 2


class TestLedger:
    REF = "refs/cockpit/2.13.0"

    @pytest.fixture
    def remote(self, tmp_path: Path) -> BareRepo:
        """Where the ledger is kept."""
        return BareRepo(tmp_path / "ledger.git")

    @pytest.fixture
    def append(self, remote: BareRepo, clones: GitClones) -> Callable[[str, str | None], str]:
        """Append a message on a parent."""
        return lambda message, parent: clones.append_ledger(
            remote.remote, self.REF, (message,), parent
        )[0]

    def test_begins_grows_and_is_read_from_anywhere(
        self,
        remote: BareRepo,
        clones: GitClones,
        append: Callable[[str, str | None], str],
        tmp_path: Path,
    ) -> None:
        assert clones.ledger_tip(remote.remote, self.REF) is None
        assert clones.read_ledger(remote.remote, self.REF) == ()
        first = append("one\n\nerste Zeile ✔\n", None)
        second = append("two\n", first)
        assert clones.ledger_tip(remote.remote, self.REF) == second
        chain = GitClones(tmp_path / "elsewhere").read_ledger(remote.remote, self.REF)
        assert [commit.sha for commit in chain] == [first, second]
        assert chain[0].message == "one\n\nerste Zeile ✔\n"
        assert (chain[0].author, chain[0].email, chain[0].signature) == (*CORA, "N")
        assert clones.read_ledger(remote.remote, self.REF, first) == chain[1:]
        assert clones.read_ledger(remote.remote, self.REF, second) == ()
        assert remote.git("rev-parse", f"{second}^") == first
        assert remote.git("ls-tree", "-r", second) == ""
        assert remote.refs() == {self.REF: second}

    @pytest.mark.parametrize("late", ["first", "second"])
    def test_a_moved_tip_is_a_conflict(
        self,
        remote: BareRepo,
        append: Callable[[str, str | None], str],
        late: str,
    ) -> None:
        first = append("one", None)
        second = append("two", first)
        with pytest.raises(Conflict, match="Somebody else wrote to the ledger"):
            append("late", None if late == "first" else first)
        assert remote.refs() == {self.REF: second}

    def test_a_deleted_ledger_is_a_conflict(
        self, remote: BareRepo, append: Callable[[str, str | None], str]
    ) -> None:
        first = append("one", None)
        remote.delete(self.REF)
        with pytest.raises(Conflict):
            append("two", first)
        assert remote.refs() == {}

    def test_a_push_whose_answer_is_lost_is_recognised(
        self, remote: BareRepo, tmp_path: Path
    ) -> None:
        clones = GitClones(tmp_path / "clones", identity=CORA, timeout_s=1)
        remote.hook("post-receive", "exec sleep 60")
        (sha,) = clones.append_ledger(remote.remote, self.REF, ("one",), None)
        assert remote.refs() == {self.REF: sha}

    def test_a_lost_answer_is_recognised_below_somebody_elses_entry(
        self, remote: BareRepo, tmp_path: Path
    ) -> None:
        clones = GitClones(tmp_path / "clones", identity=CORA, timeout_s=1)
        on_top = "$(git commit-tree $new^{tree} -p $new -m theirs)"
        remote.hook(
            "post-receive",
            f'read old new ref; git update-ref "$ref" "{on_top}" "$new"; exec sleep 60',
        )
        (sha,) = clones.append_ledger(remote.remote, self.REF, ("ours",), None)
        assert [c.message for c in clones.read_ledger(remote.remote, self.REF)] == [
            "ours",
            "theirs\n",
        ]
        assert remote.git("rev-parse", f"{self.REF}^") == sha

    def test_a_remote_that_refuses_says_why(
        self, remote: BareRepo, append: Callable[[str, str | None], str]
    ) -> None:
        remote.hook("pre-receive", "exit 1")
        with pytest.raises(AccessDenied, match="pre-receive hook declined"):
            append("one", None)

    def test_a_rewritten_chain_is_a_conflict_to_its_reader(
        self,
        remote: BareRepo,
        clones: GitClones,
        append: Callable[[str, str | None], str],
    ) -> None:
        first = append("one", None)
        second = append("two", first)
        remote.git("update-ref", self.REF, first)
        with pytest.raises(Conflict, match="rewritten"):
            clones.read_ledger(remote.remote, self.REF, second)
        remote.delete(self.REF)
        with pytest.raises(Conflict, match="rewritten"):
            clones.read_ledger(remote.remote, self.REF, second)
        assert clones.read_ledger(remote.remote, self.REF) == ()

    def test_what_others_committed_is_read_as_it_is(
        self,
        remote: BareRepo,
        clones: GitClones,
        append: Callable[[str, str | None], str],
    ) -> None:
        first = append("one", None)
        foreign = remote.commit(self.REF, b"\x1b[31mforeign \xff\n\nwith files", {"a": "b"})
        chain = clones.read_ledger(remote.remote, self.REF, first)
        assert [(c.sha, c.email, c.message) for c in chain] == [
            (foreign, "ada@example.org", "foreign \ufffd\n\nwith files")
        ]
        assert append("three", foreign)


class TestIdentity:
    def test_is_what_git_would_write(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        config = tmp_path / "gitconfig"
        config.write_text("[user]\nname = Given Name\nemail = given@example.org\n", "utf-8")
        monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
        assert GitClones(tmp_path).identity() == CORA
        for variable in ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL"):
            monkeypatch.delenv(variable)
        assert GitClones(tmp_path).identity() == ("Given Name", "given@example.org")
        tidied = GitClones(tmp_path, identity=("Cora <C>", "cora@example.org,")).identity()
        assert tidied == ("Cora C", "cora@example.org")

    def test_is_never_guessed(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        for variable in ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL"):
            monkeypatch.delenv(variable)
        with pytest.raises(CockpitError) as caught:
            GitClones(tmp_path / "clones").identity()
        assert caught.value.title == "git does not know who you are"
        assert "git config --global user.email" in caught.value.hint


def test_every_command_can_be_copied(world: ReleaseRepo, clones: GitClones, log: list[str]) -> None:
    clones.create_ref(world.repository(), "refs/tags/v2.13.0-rc2", world.picks[1])
    (push,) = (line for line in log if " push " in line)
    assert push.endswith(
        "push --porcelain --atomic --force-with-lease=refs/tags/v2.13.0-rc2: "
        f"-- {world.repo.remote} {world.picks[1]}:refs/tags/v2.13.0-rc2"
    )
    fetch = next(line for line in log if " fetch " in line)
    subprocess.run(["sh", "-c", fetch], check=True, capture_output=True)
