"""Predictions against what `git cherry-pick` does in a work tree, on every kind of change."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from cockpit.backends.git import GitClones
from cockpit.backends.git_borrowed import BorrowedClone
from cockpit.backends.git_runner import GitRunner
from cockpit.backends.git_spawn import spawn
from cockpit.errors import CockpitError, ConfigError
from cockpit.release.prediction import (
    Evidence,
    Landing,
    Origin,
    Outcome,
    PickOf,
    Prediction,
)
from tests.gitrepos import (
    BareRepo,
    WorkRepo,
    fingerprint,
    local_ssh,
    make_repository,
    release_repo,
)

ONE, TWO, THREE = ("1" * 40, "2" * 40, "3" * 40)


def lines(file: str, **changed: str) -> str:
    """Twenty lines like no other file's, some changed: `l3="new"`; an empty one is left out."""
    texts = {f"l{number}": f"{file} {number}" for number in range(1, 21)} | changed
    return "".join(f"{text}\n" for text in texts.values() if text)


class Zoo:
    """A trunk with one commit of each kind since the cut, and a branch that went its own way."""

    def __init__(self, path: Path) -> None:
        self.repo = WorkRepo(path)
        self.trunk: dict[str, str] = {}
        self._before_the_cut()
        self._since_the_cut()
        self._on_the_branch()
        self.clone = BorrowedClone(path, GitRunner(spawn, silence_s=60))
        self.onto = self.clone.commit("release")

    def predict(self, *names: str, chain: bool = False) -> list[Prediction]:
        picks = [PickOf(self.trunk[name]) for name in names]
        return list(self.clone.predict(self.onto, picks, chain=chain))

    def land(self, name: str, files: dict[str, str | bytes] | None = None) -> str:
        self.trunk[name] = self.repo.commit(name, files)
        return self.trunk[name]

    def submodule(self, pin: str) -> None:
        self.repo.git("update-index", "--add", "--cacheinfo", f"160000,{pin},sub")

    def _before_the_cut(self) -> None:
        self.repo.commit("First", {"plain": lines("plain"), "old/deep": "deep\n"})
        self.trunk["ancient"] = self.repo.commit("Ancient", {"plain": lines("plain", l9="ancient")})
        plain = ("f", "g", "h", "gone", "kept", "moved", "r", "script", "union", "whole")
        names = (*plain, "dir/a", "dir/b", "dir/c", "trailer", "twin", "back")
        self.repo.write({"bin": b"\0one", ".gitattributes": "union merge=union\nwhole -merge\n"})
        self.repo.commit("Cut", {name: lines(name) for name in names})
        (self.repo.path / "sub").mkdir()
        self.submodule(ONE)
        self.repo.git("commit", "--quiet", "--message", "Pin")
        self.repo.git("branch", "release")

    def _since_the_cut(self) -> None:
        repo, land = self.repo, self.land
        land("adds a file", {"new": "new\n"})
        land("collides with the branch", {"f": lines("f", l2="trunk")})
        land("elsewhere in the same file", {"f": lines("f", l2="trunk", l15="far")})
        land("first of two", {"g": lines("g", l5="one")})
        land("not part of it", {"g": lines("g", l5="one", l18="far")})
        land("second of two", {"g": lines("g", l5="two", l18="far")})
        land("takes lines away", {"h": lines("h", l7="", l8="")})
        land("beside lines that went", {"h": lines("h", l7="", l8="", l9="nine")})
        land("changes what is gone", {"gone": lines("gone", l4="four")})
        (repo.path / "kept").unlink()
        land("removes what was changed")
        land("changes a binary", {"bin": b"\0two"})
        (repo.path / "script").chmod(0o755)
        land("makes it executable")
        self.submodule(TWO)
        repo.git("commit", "--quiet", "--message", "bumps a submodule")
        self.trunk["bumps a submodule"] = repo.git("rev-parse", "HEAD")
        self.submodule(THREE)
        repo.git("commit", "--quiet", "--message", "bumps it again")
        self.trunk["bumps it again"] = repo.git("rev-parse", "HEAD")
        land("adds to a folder", {"dir/d": "d\n"})
        repo.git("mv", "moved", "to-the-trunk")
        land("moves a file elsewhere")
        repo.git("mv", "r", "renamed")
        land("renames and changes", {"renamed": lines("r", l3="three")})
        land("changes what was renamed", {"renamed": lines("r", l3="3")})
        land("joins by attribute", {"union": lines("union", l2="trunk")})
        land("whole by attribute", {"whole": lines("whole", l15="trunk")})
        land("landed by name", {"trailer": lines("trailer", l3="three")})
        land("landed unnamed", {"twin": lines("twin", l3="three")})
        land("landed and undone", {"back": lines("back", l3="three")})
        land("changes nothing")
        land("made there as well", {"made": "same\n"})
        repo.git("checkout", "--quiet", "-b", "side", "HEAD~3")
        repo.commit("On the side", {"side": "side\n"})
        repo.git("checkout", "--quiet", "main")
        repo.git("merge", "--quiet", "--no-ff", "--message", "merge", "side")
        self.trunk["a merge"] = repo.git("rev-parse", "HEAD")
        repo.git("checkout", "--quiet", "--orphan", "root")
        repo.git("rm", "--quiet", "-rf", ".")
        land("a root", {"rooted": "root\n"})
        repo.git("checkout", "--quiet", "--orphan", "other-root")
        land("a colliding root", {"f": "root\n"})
        repo.git("checkout", "--quiet", "--force", "release")

    def _on_the_branch(self) -> None:
        repo = self.repo
        repo.commit("[release only] f", {"f": lines("f", l2="branch")})
        repo.commit(
            "Union", {"union": lines("union", l2="branch"), "whole": lines("whole", l2="branch")}
        )
        (repo.path / "gone").unlink()
        repo.commit(
            "Gone", {"kept": lines("kept", l3="kept"), "bin": b"\0branch", "made": "same\n"}
        )
        repo.git("mv", "dir", "folder")
        repo.git("mv", "moved", "to-the-branch")
        repo.commit("Move")
        repo.git("cherry-pick", "-x", self.trunk["landed by name"])
        repo.git("cherry-pick", self.trunk["landed unnamed"])
        repo.git("cherry-pick", "-x", self.trunk["landed and undone"])
        repo.git("revert", "--no-edit", "HEAD")
        repo.commit(
            "Go on", {"trailer": lines("trailer", l3="four"), "twin": lines("twin", l3="four")}
        )


@pytest.fixture(scope="module")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Zoo:
    return Zoo(tmp_path_factory.mktemp("zoo") / "a zoo: of mine")


@pytest.fixture
def own_tmp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where temporary files go, which is empty afterwards."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


def test_every_pick_ends_as_git_ends_it(zoo: Zoo, own_tmp: Path) -> None:
    names = [name for name in zoo.trunk if name != "a merge"]
    before = fingerprint(zoo.repo.path)
    predictions = dict(zip(names, zoo.predict(*names), strict=True))
    assert fingerprint(zoo.repo.path) == before
    wrong = {}
    for name, found in predictions.items():
        outcome, tree = zoo.repo.cherry_pick("release", zoo.trunk[name])
        landed = found.outcome is Outcome.ALREADY
        if not landed and (found.outcome.value, found.tree) != (outcome, tree):
            wrong[name] = (found, outcome, tree)
        if landed and outcome == "clean":
            wrong[name] = (found, outcome, tree)
    assert wrong == {}
    by_outcome: dict[Outcome, set[str]] = {}
    for name, found in predictions.items():
        by_outcome.setdefault(found.outcome, set()).add(name)
    assert by_outcome[Outcome.ALREADY] == {"ancient", "landed by name", "landed unnamed"}
    assert by_outcome[Outcome.EMPTY] == {"changes nothing", "made there as well"}
    assert Outcome.UNKNOWN not in by_outcome
    assert {
        "adds a file",
        "elsewhere in the same file",
        "makes it executable",
        "joins by attribute",
        "landed and undone",
        "a root",
    } <= by_outcome[Outcome.CLEAN]
    assert {"whole by attribute", "adds to a folder", "a colliding root"} <= by_outcome[
        Outcome.CONFLICT
    ]


def test_each_clean_one_lands_before_the_next(zoo: Zoo) -> None:
    names = ["first of two", "a root", "second of two", "landed and undone", "first of two"]
    predictions = zoo.predict(*names, chain=True)
    assert [found.outcome.value for found in predictions] == [*["clean"] * 4, "already"]
    repo = zoo.repo
    repo.git("checkout", "--quiet", "--detach", "release")
    for name, found in zip(names[:4], predictions, strict=False):
        repo.git("cherry-pick", zoo.trunk[name])
        assert repo.git("rev-parse", "HEAD^{tree}") == found.tree
    assert predictions[4].tree == predictions[3].tree


@pytest.mark.parametrize(
    ("name", "causes", "evidence"),
    [
        ("second of two", ["first of two"], Evidence.LINES),
        ("beside lines that went", ["takes lines away"], Evidence.LINES),
        ("changes what was renamed", ["renames and changes"], Evidence.LINES),
        ("bumps it again", ["bumps a submodule"], Evidence.FILES),
        ("collides with the branch", [], None),
        ("changes what is gone", [], None),
        ("removes what was changed", [], None),
        ("changes a binary", [], None),
        ("moves a file elsewhere", [], None),
        ("a colliding root", [], None),
    ],
)
def test_a_conflict_names_the_commits_that_are_missing(
    zoo: Zoo, name: str, causes: list[str], evidence: Evidence | None
) -> None:
    [found] = zoo.predict(name)
    assert found.outcome is Outcome.CONFLICT
    assert [cause.title for cause in found.caused_by] == causes
    assert {cause.evidence for cause in found.caused_by} == ({evidence} if evidence else set())
    if causes:
        *_, proof = zoo.predict(*causes, name, chain=True)
        assert proof.outcome is Outcome.CLEAN


def test_a_conflict_shows_what_collides(zoo: Zoo) -> None:
    [text, binary, folder] = zoo.predict(
        "collides with the branch", "changes a binary", "adds to a folder"
    )
    [conflict] = text.conflicts
    assert (conflict.path, conflict.kinds) == ("f", ("contents",))
    [region] = conflict.regions
    sides = "<<<<<<< the branch\nbranch\n=======\ntrunk\n>>>>>>> "
    assert (region.line, region.text) == (2, sides + text.commit[:7])
    assert binary.conflicts[0].kinds == ("binary", "contents")
    assert binary.conflicts[0].regions == ()
    assert folder.files == ("folder/d",)
    assert folder.conflicts[0].kinds == ("directory rename suggested",)


def test_what_landed_is_told_with_its_commit(zoo: Zoo) -> None:
    [named, unnamed, undone, ancient] = zoo.predict(
        "landed by name", "landed unnamed", "landed and undone", "ancient"
    )
    titles = {}
    for found in (named, unnamed):
        assert found.landed is not None
        titles[found.landed.by] = zoo.repo.git("show", "-s", "--format=%s", found.landed.commit)
    assert titles == {Landing.TRAILER: "landed by name", Landing.PATCH_ID: "landed unnamed"}
    assert undone.landed is None
    assert ancient.landed is not None
    assert ancient.landed.by is Landing.HISTORY


@pytest.mark.parametrize("mainline", [1, 2])
def test_a_merge_is_seen_from_one_of_its_parents(zoo: Zoo, mainline: int) -> None:
    merge = zoo.trunk["a merge"]
    [found] = zoo.clone.predict(zoo.onto, [PickOf(merge, mainline)])
    git = zoo.repo.cherry_pick("release", merge, f"-m{mainline}")
    assert (found.outcome.value, found.tree) == git


def test_what_git_would_refuse_is_unknown_with_the_reason(zoo: Zoo) -> None:
    merge, plain = zoo.trunk["a merge"], zoo.trunk["adds a file"]
    picks = [PickOf(merge), PickOf(merge, 3), PickOf(plain, 2), PickOf(plain, 1)]
    found = zoo.clone.predict(zoo.onto, picks)
    assert [each.outcome.value for each in found] == ["unknown", "unknown", "unknown", "clean"]
    assert [each.why for each in found] == [
        "it is a merge, and no parent to see it from was named",
        "it has no parent 3",
        "it has no parent 2",
        "",
    ]
    assert list(zoo.clone.obstacles(picks)) == picks[:3]


def test_a_queue_is_put_in_a_better_order_that_is_proven(zoo: Zoo) -> None:
    names = ["second of two", "adds a file", "collides with the branch", "first of two"]
    queue = zoo.clone.simulate(zoo.onto, [PickOf(zoo.trunk[name]) for name in names])
    assert [found.title for found in queue.as_given.in_the_way] == [names[0], names[2]]
    assert queue.better is not None
    assert [found.title for found in queue.better.predictions] == [
        "first of two",
        "second of two",
        "adds a file",
        "collides with the branch",
    ]
    assert [found.title for found in queue.better.in_the_way] == ["collides with the branch"]
    again = zoo.clone.predict(zoo.onto, [PickOf(each) for each in queue.better.order], chain=True)
    assert again[-2].tree == queue.better.tree


def test_landing_attributes_changes_how_the_next_ones_merge(tmp_path: Path) -> None:
    repo = WorkRepo(tmp_path / "repo")
    repo.commit("Cut", {"deep/union": "a\nb\n"})
    repo.git("branch", "release")
    first = repo.commit("Attributes", {"deep/.gitattributes": "union merge=union\n"})
    second = repo.commit("Trunk", {"deep/union": "a\nt\n"})
    repo.git("checkout", "--quiet", "release")
    repo.commit("Branch", {"deep/union": "a\nr\n"})
    clone = BorrowedClone(repo.path, GitRunner(spawn, silence_s=60))
    onto = clone.commit("release")
    [alone] = clone.predict(onto, [PickOf(second)])
    assert alone.outcome is Outcome.CONFLICT
    *_, after = clone.predict(onto, [PickOf(first), PickOf(second)], chain=True)
    assert after.outcome is Outcome.CLEAN


def test_a_shallow_clone_says_what_it_cannot_tell(zoo: Zoo, tmp_path: Path) -> None:
    path = tmp_path / "shallow"
    source = f"file://{zoo.repo.path}"
    command = ["git", "clone", "--quiet", "--depth=3", "--no-single-branch", "--no-checkout"]
    subprocess.run([*command, source, str(path)], check=True)
    clone = BorrowedClone(path, GitRunner(spawn, silence_s=60))
    edges = (path / ".git" / "shallow").read_text(encoding="ascii").split()
    [edge] = [sha for sha in edges if sha in zoo.trunk.values()][:1]
    inside = clone.commit("main~1")
    found = clone.predict(clone.commit("release"), [PickOf(edge), PickOf(inside)])
    assert found[0].outcome is Outcome.UNKNOWN
    assert "shallow" in found[0].why
    assert found[1].outcome.value == zoo.repo.cherry_pick("release", inside)[0]


def test_where_a_shallow_clone_ends_is_no_cause(tmp_path: Path) -> None:
    repo = WorkRepo(tmp_path / "repo")
    repo.commit("Cut", {"norm.py": "eps = 1\n"})
    repo.git("branch", "release")
    repo.commit("Change another file", {"other.py": "\n"})
    pick = repo.commit("Change norm", {"norm.py": "eps = 2\n"})
    repo.git("checkout", "--quiet", "release")
    repo.commit("Change norm here", {"norm.py": "eps = 3\n"})
    path = tmp_path / "shallow"
    command = ["git", "clone", "--quiet", "--depth=2", "--no-single-branch", "--no-checkout"]
    subprocess.run([*command, f"file://{repo.path}", str(path)], check=True)
    clone = BorrowedClone(path, GitRunner(spawn, silence_s=60))
    [found] = clone.predict(clone.commit("release"), [PickOf(pick)])
    assert (found.outcome, found.caused_by) == (Outcome.CONFLICT, ())
    assert "shallow" in found.why
    with pytest.raises(ConfigError, match="neither a commit here") as refused:
        clone.commit("0" * 40)
    assert "git fetch --unshallow" in refused.value.hint


def test_a_partial_clone_fetches_nothing(zoo: Zoo, tmp_path: Path, own_tmp: Path) -> None:
    zoo.repo.git("config", "uploadpack.allowFilter", "true")
    path = tmp_path / "partial.git"
    command = ["git", "clone", "--quiet", "--bare", "--filter=blob:none"]
    subprocess.run([*command, f"file://{zoo.repo.path}", str(path)], check=True)
    before = fingerprint(path)
    clone = BorrowedClone(path, GitRunner(spawn, silence_s=60))
    names = ("adds a file", "collides with the branch", "adds a file")
    picks = [PickOf(zoo.trunk[name]) for name in names]
    found = clone.predict(zoo.onto, picks)
    assert fingerprint(path) == before
    assert [each.outcome.value for each in found] == ["unknown"] * 3
    assert all("partial" in each.why for each in found)


def test_git_before_2_38_is_told_so(
    zoo: Zoo, tmp_path: Path, own_tmp: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = subprocess.run(["which", "git"], capture_output=True, text=True, check=True)
    old = tmp_path / "bin" / "git"
    old.parent.mkdir()
    old.write_text(
        "#!/bin/sh\nfor word; do\n"
        ' [ "$word" = merge-tree ] && { echo "usage: git merge-tree" >&2; exit 129; }\n'
        f'done\nexec {real.stdout.strip()} "$@"\n',
        encoding="utf-8",
    )
    old.chmod(0o755)
    monkeypatch.setenv("PATH", f"{old.parent}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(CockpitError, match="cannot merge without a work tree"):
        zoo.predict("adds a file")


def test_paths_and_titles_are_cleaned(tmp_path: Path) -> None:
    repo = WorkRepo(tmp_path / "repo")
    odd = 'a \x1b[31m"b"\n\té'
    repo.commit("Cut", {odd: "1\n"})
    repo.git("branch", "release")
    first = repo.commit("One \x1b[1m[red]", {odd: "2\n"})
    second = repo.commit("Two", {odd: "3\n"})
    clone = BorrowedClone(repo.path, GitRunner(spawn, silence_s=60))
    [found] = clone.predict(clone.commit("release"), [PickOf(second)])
    assert found.outcome is Outcome.CONFLICT
    assert not any(ord(character) < 32 for path in found.files for character in path)
    assert [(cause.commit, cause.title) for cause in found.caused_by] == [(first, "One [red]")]


def test_a_sha256_repository_works_the_same(tmp_path: Path) -> None:
    repo = BareRepo(tmp_path / "sha256.git")
    subprocess.run(["rm", "-rf", str(repo.git_dir)], check=True)
    options = ["--bare", "--object-format=sha256", "--initial-branch=main"]
    subprocess.run(["git", "init", "--quiet", *options, str(repo.git_dir)], check=True)
    base = repo.commit("main", "Cut", {"f": "1\n"})
    repo.branch("release", base)
    repo.commit("main", "One", {"f": "2\n"})
    picked = repo.commit("main", "New", {"g": "1\n"})
    clone = BorrowedClone(repo.git_dir, GitRunner(spawn, silence_s=60))
    [found, root] = clone.predict(base, [PickOf(picked), PickOf(base)])
    assert found.outcome is Outcome.CLEAN
    assert root.outcome is Outcome.ALREADY


@pytest.mark.parametrize("chain", [False, True])
def test_what_git_cannot_read_spoils_one_pick_alone(tmp_path: Path, chain: bool) -> None:
    repo = WorkRepo(tmp_path / "repo")
    repo.commit("Cut", {"f": lines("f"), "g": lines("g")})
    repo.git("branch", "release")
    first = repo.commit("First", {"g": lines("g", l15="trunk")})
    damaged = repo.commit("Damaged", {"f": lines("f", l15="trunk")})
    last = repo.commit("Last", {"new": "new\n"})
    repo.git("checkout", "--quiet", "release")
    repo.commit("Branch", {"f": lines("f", l2="branch")})
    blob = repo.git("rev-parse", f"{damaged}:f")
    (repo.path / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    clone = BorrowedClone(repo.path, GitRunner(spawn, silence_s=60))
    picks = [PickOf(first), PickOf(damaged), PickOf(last)]
    found = clone.predict(clone.commit("release"), picks, chain=chain)
    assert [each.outcome.value for each in found] == ["clean", "unknown", "clean"]
    assert blob in found[1].why or "unable to read" in found[1].why


def test_the_git_port_brings_what_its_own_clone_lacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_SSH_COMMAND", local_ssh(tmp_path))
    made = release_repo(tmp_path / "core.git")
    made.repo.git("config", "uploadpack.allowFilter", "true")
    trunk = made.repo.commit("main", "Pin two (#4)", {"ci/pin.txt": "two\n"})
    again = made.repo.commit("main", "Pin three (#5)", {"ci/pin.txt": "three\n"})
    far = make_repository(f"localhost:{made.repo.remote}")
    log: list[str] = []
    clones = GitClones(tmp_path / "clones", log=log.append)
    clones.read_branch(far)
    log.clear()
    picks = [PickOf(again), PickOf(trunk)]
    [conflict, clean] = clones.predict(far, made.picks[1], picks)
    assert (conflict.outcome, clean.outcome) == (Outcome.CONFLICT, Outcome.CLEAN)
    assert [cause.commit for cause in conflict.caused_by] == [trunk]
    assert len([line for line in log if " fetch " in line]) == 1
    queue = clones.simulate(far, made.picks[1], picks)
    assert queue.better is not None
    assert queue.better.order == (trunk, again)


def test_a_pull_request_is_squashed_from_where_it_left_the_branch(tmp_path: Path) -> None:
    made = release_repo(tmp_path / "core.git")
    repo, core = made.repo, made.repository()
    repo.commit("main", "Pin two (#4)", {"ci/pin.txt": "two\n"})
    trunk = repo.commit("main", "Pin three (#5)", {"ci/pin.txt": "three\n"})
    repo.git("update-ref", "refs/pull/9/head", made.picks[0])
    repo.commit("refs/pull/9/head", "Pin three", {"ci/pin.txt": "three\n"})
    head = repo.commit("refs/pull/9/head", "Document the pin", {"ci/pin.md": "three\n"})
    onto = repo.commit("release/2.13", "Go on", {"other": "other\n"})
    squashed = repo.git("merge-tree", "--write-tree", onto, head)
    updated = repo.git("commit-tree", "-p", head, "-p", onto, "-m", "Merge the branch", squashed)
    clones = GitClones(tmp_path / "clones")
    clones.read_branch(core)
    before = fingerprint(repo.git_dir)

    found = clones.squashes(core, onto, [head, updated, "f" * 40])

    assert found == {
        head: PickOf(head, since=made.picks[0]),
        updated: PickOf(updated, since=onto),
    }
    alone = clones.predict(core, onto, [PickOf(trunk), *found.values()])
    assert [(one.outcome, one.of, one.tree) for one in alone] == [
        (Outcome.CONFLICT, Origin.COMMIT, None),
        (Outcome.CLEAN, Origin.PULL, squashed),
        (Outcome.CLEAN, Origin.PULL, squashed),
    ]
    queue = clones.simulate(core, onto, [found[head]])
    assert queue.as_given.tree == squashed
    assert [one.pick for one in queue.as_given.predictions] == [found[head]]
    ended = clones.end_state(core, onto, [found[head]])
    assert {file.path for file in ended.files} == {"ci/pin.md", "ci/pin.txt"}
    assert fingerprint(repo.git_dir) == before
