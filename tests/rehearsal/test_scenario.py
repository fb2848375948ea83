"""The seeded world: what is in its repositories, its GitHub and its channels."""

from __future__ import annotations

import hashlib
import io
import subprocess
import zipfile
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from packaging.utils import parse_wheel_filename

from cockpit.rehearsal.artifacts import seeded_objects
from cockpit.rehearsal.builds import run_status
from cockpit.rehearsal.clock import WorldClock
from cockpit.rehearsal.fastimport import git, git_environment, read_refs
from cockpit.rehearsal.history import CoreHistory
from cockpit.rehearsal.libraries import INFRA, VISION
from cockpit.rehearsal.matrix import wheels
from cockpit.rehearsal.model import Forge, Issue, Repository
from cockpit.rehearsal.packages import BACKUP_BUCKET, BUCKET, ChannelObject, wheel_name
from cockpit.rehearsal.records import MILESTONE
from cockpit.rehearsal.scenario import (
    CORE,
    SCENARIOS,
    Scenario,
    build_core_world,
    build_world,
)
from cockpit.rehearsal.story import EPOCH, PREFIX_PAIRS, TrunkCommit
from cockpit.rehearsal.tally import count_builds
from cockpit.rehearsal.uploads import Uploads

RELEASE = "refs/heads/release/2.15"


@dataclass(frozen=True, slots=True)
class Built:
    """A world without its servers."""

    scenario: Scenario
    forge: Forge
    history: CoreHistory

    @property
    def core(self) -> Repository:
        return self.forge.repositories[CORE]

    def git(self, *arguments: str, repository: str = CORE) -> str:
        return git(self.forge.repositories[repository].git_dir, *arguments).strip()


def _build(name: str, remotes: Path, seed: int = 0) -> Built:
    scenario = SCENARIOS[name]
    clock = WorldClock(scenario.epoch)
    forge, history = build_core_world(scenario, seed=seed, remotes=remotes, clock=clock)
    return Built(scenario, forge, history)


@pytest.fixture(scope="module", params=["small", "default"])
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Built:
    return _build(request.param, tmp_path_factory.mktemp(request.param))


@pytest.fixture(scope="module")
def channel(built: Built) -> list[ChannelObject]:
    return list(seeded_objects(built.scenario, built.forge, 0))


def _picks_cleanly(built: Built, commit: TrunkCommit, onto: str = RELEASE) -> bool:
    """Whether git would cherry-pick this commit, asked of git's own merge."""
    base = built.git("rev-parse", f"{commit.sha}^")
    return _merges(built, onto, commit.sha, base)


def _reverts_cleanly(built: Built, sha: str) -> bool:
    return _merges(built, RELEASE, f"{sha}^", sha)


def _merges(built: Built, ours: str, theirs: str, base: str) -> bool:
    """A three-way merge with a base of our choice: theirs is put on top of it."""
    tree = built.git("rev-parse", f"{theirs}^{{tree}}")
    author = ("-c", "user.name=Test", "-c", "user.email=test@example.org")
    mine = built.git(
        *author, "commit-tree", "-m", "ours", "-p", base, built.git("rev-parse", f"{ours}^{{tree}}")
    )
    other = built.git(*author, "commit-tree", "-m", "theirs", "-p", base, tree)
    merged = subprocess.run(
        ["git", f"--git-dir={built.core.git_dir}", "merge-tree", "--write-tree", mine, other],
        env=git_environment(),
        capture_output=True,
        check=False,
    )
    assert merged.returncode in (0, 1), merged.stderr
    return merged.returncode == 0


def _release_pulls(built: Built) -> list[Issue]:
    return [
        issue
        for issue in built.core.issues.values()
        if issue.pull is not None and issue.pull.base_ref == "release/2.15"
    ]


def test_the_same_seed_gives_the_same_world(tmp_path: Path) -> None:
    first, second, other = (
        _build("small", tmp_path / name, seed)
        for name, seed in (("one", 7), ("two", 7), ("three", 8))
    )
    for name in (CORE, INFRA, VISION):
        refs = [read_refs(w.forge.repositories[name].git_dir) for w in (first, second, other)]
        assert refs[0] == refs[1]
        assert refs[0] != refs[2]
    assert first.core.issues == second.core.issues
    assert first.core.runs == second.core.runs
    assert first.core.issues != other.core.issues


@pytest.mark.parametrize("seed", range(1, 9))
def test_any_seed_makes_a_world(tmp_path: Path, seed: int) -> None:
    built = _build("small", tmp_path, seed)
    pending = {pick.state: pick for pick in built.history.plan.pending}
    assert not _picks_cleanly(built, pending["conflict"].commits[0])
    assert _picks_cleanly(built, pending["approved"].commits[0])


def test_trunk_and_picks_have_the_size_of_the_scenario(built: Built) -> None:
    assert built.git("rev-list", "--count", "main") == str(built.scenario.trunk_commits)
    picked = [pull for pull in built.history.pulls if pull.sources and pull.base == "release/2.15"]
    landed = [pull for pull in picked if pull.landed_at and pull.sources[0].kind == "change"]
    assert len(landed) == built.scenario.picks


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return _build("large", tmp_path_factory.mktemp("large"))


def test_the_large_scenario_is_large(large: Built) -> None:
    assert large.git("rev-list", "--count", "main") == "20000"
    assert large.scenario.picks == 60
    assert 1_950 <= large.scenario.jobs_target <= 2_100


def test_ten_candidates_follow_each_other_in_the_large_scenario(large: Built) -> None:
    tags = [f"v2.15.0-rc{number}" for number in range(1, 11)]
    for older, newer in pairwise(tags):
        assert int(large.git("rev-list", "--count", f"{older}..{newer}")) > 0
        assert large.git("merge-base", older, newer) == large.git("rev-parse", older)
    counts = [count_builds(large.forge, large.core, tag) for tag in tags]
    states = [{run.status for run in count.runs} for count in counts]
    assert states[:8] == [{"completed"}] * 8
    assert all("in_progress" in found for found in states[8:])
    assert all(1_950 <= count.planned <= 2_100 for count in counts[:8])
    assert all(count.listed.by_conclusion["failure"] for count in counts[:8])
    assert all(any(run.attempt == 2 for run in count.runs) for count in counts[:8])


def test_the_channel_holds_what_the_newest_candidates_have_brought(large: Built) -> None:
    brought = Uploads(large.forge, large.scenario).due(EPOCH)
    found = Counter(item.git_sha for item in brought if item.key.startswith("whl/test/"))
    rc8, rc9 = (large.git("rev-parse", f"v2.15.0-rc{number}") for number in (8, 9))
    assert found[rc8] > 500
    assert 0 < found[rc9] < found[rc8]


def test_the_newest_candidate_has_more_statuses_than_a_page(large: Built) -> None:
    statuses = large.core.statuses[large.git("rev-parse", "v2.15.0-rc10")]
    assert len({status.context for status in statuses}) > 100
    reported = {large.git("rev-parse", f"v2.15.0-rc{number}") for number in range(1, 11)}
    assert reported <= large.core.suites.keys()


def test_the_newest_candidates_lack_something_each(large: Built) -> None:
    older, newest = (
        count_builds(large.forge, large.core, f"v2.15.0-rc{number}") for number in (9, 10)
    )
    broken = [run.workflow for run in newest.runs if run.conclusion == "startup_failure"]
    assert broken == ["linux-s390x-binary-manywheel"]
    started = {run.workflow for run in older.runs}
    assert {run.workflow for run in newest.runs} - started == {"Build Official Docker Images"}
    waiting = [job.name for job in newest.jobs if job.status == "waiting"]
    assert waiting == ["sign"]
    signed = [job for job in older.jobs if job.workflow == "Sign wheels"]
    assert [job.conclusion for job in signed] == ["success"] * 3
    queued = [job for job in older.jobs if job.status == "queued" and "xpu" in job.name]
    assert any(older.now - job.created_at > timedelta(hours=1) for job in queued)


def test_a_candidate_builds_as_many_jobs_as_the_scenario_says() -> None:
    sizes = {name: scenario.jobs_target for name, scenario in SCENARIOS.items()}
    assert sizes["default"] == 508
    assert 35 <= sizes["small"] <= 60


def test_the_lines_are_cut_where_they_should_be(built: Built) -> None:
    assert built.git("rev-parse", "orig/release/2.15") == built.history.cut_sha
    assert built.git("merge-base", "main", "release/2.15") == built.history.cut_sha
    assert built.git("show", "release/2.15:version.txt") == "2.15.0"
    assert built.git("show", "main:version.txt") == "2.16.0a0"
    assert built.git("show", "orig/release/2.15:version.txt") == "2.15.0a0"
    assert built.git("show", "release/2.14:version.txt") == "2.14.1"
    assert built.git("show", "v2.14.0:version.txt") == "2.14.0"
    workflow = built.git("show", "release/2.15:.github/workflows/pull.yml")
    assert "@release/2.15" in workflow
    assert "@main" not in workflow


def test_rc2_is_the_next_candidate(built: Built) -> None:
    tags = set(built.git("tag", "--list").splitlines())
    assert tags == {"v2.15.0-rc1", "v2.14.0", *(f"v2.14.0-rc{n}" for n in range(1, 5))}
    assert built.git("cat-file", "-t", "refs/tags/v2.15.0-rc1") == "commit"
    assert int(built.git("rev-list", "--count", "v2.15.0-rc1..release/2.15")) >= 3
    assert built.git("merge-base", "v2.15.0-rc1", RELEASE) == built.history.candidate_1


def test_the_remotes_are_sound(built: Built) -> None:
    for name in (CORE, INFRA, VISION):
        assert "error" not in built.git("fsck", "--strict", repository=name)


def test_pending_picks_apply_or_conflict_as_told(built: Built) -> None:
    outcomes = {
        (pick.state, at): all(_picks_cleanly(built, commit) for commit in pick.commits)
        for at, pick in enumerate(built.history.plan.pending)
    }
    conflicting = {state for (state, _), clean in outcomes.items() if not clean}
    assert conflicting == {"conflict", "conflict-approved"}


def test_only_the_stale_pull_request_cannot_be_merged(built: Built) -> None:
    for pull in built.history.pulls:
        if pull.landed_at is None:
            base = built.git("merge-base", RELEASE, pull.head_sha)
            assert _merges(built, RELEASE, pull.head_sha, base) == (pull.state != "stale")


def test_landed_picks_are_on_the_branch_with_their_trailers(built: Built) -> None:
    on_branch = set(built.git("rev-list", RELEASE).splitlines())
    landed = [i for i in _release_pulls(built) if i.pull and i.pull.merged_at]
    assert landed
    for issue in landed:
        assert issue.pull is not None
        assert issue.pull.merge_commit_sha in on_branch
        assert built.git("rev-parse", f"refs/pull/{issue.number}/head") == issue.pull.head_sha
    log = built.git("log", "--format=%B", f"{built.history.cut_sha}..{RELEASE}")
    picks = [p for p in built.history.pulls if p.base == "release/2.15" and p.sha and p.sources]
    sources = [pick.sources[0] for pick in picks]
    trailers = [f"(cherry picked from commit {source.sha})" in log for source in sources]
    assert trailers.count(True) > len(trailers) / 2


def test_missing_reverts_undo_what_is_on_the_branch(built: Built) -> None:
    plan = built.history.plan
    log = built.git("log", "--format=%H%n%B", RELEASE)
    flavours = Counter(revert.flavour for revert in plan.missing_reverts)
    assert flavours == {"bot": 2, "human": 1, "phabricator": 1}
    for revert in plan.missing_reverts:
        assert revert.target is not None
        assert revert.target.sha in log
        assert revert.sha not in log
        assert _picks_cleanly(built, revert)
    assert plan.picked_revert is not None
    assert plan.picked_revert.sha in log
    reverts = built.git("log", "--format=%s", f"{built.history.cut_sha}..main")
    assert reverts.count("\nReland ") + reverts.startswith("Reland ") == 1


def test_a_revert_really_restores_what_was_there(built: Built) -> None:
    revert = built.history.plan.missing_reverts[0]
    assert revert.target is not None
    assert revert.slot is not None
    before, after = (
        built.git("show", f"{sha}:{revert.slot.path}") for sha in (revert.target.sha, revert.sha)
    )
    assert before != after
    assert _reverts_cleanly(built, revert.target.sha)


def test_every_sha_of_the_records_exists(built: Built) -> None:
    for repository in built.forge.repositories.values():
        pulls = [issue.pull for issue in repository.issues.values() if issue.pull]
        shas = {sha for p in pulls for sha in (p.head_sha, p.base_sha, p.merge_commit_sha) if sha}
        shas |= {run.head_sha for run in repository.runs.values()}
        checked = subprocess.run(
            ["git", f"--git-dir={repository.git_dir}", "cat-file", "--batch-check"],
            env=git_environment(),
            input="\n".join(sorted(shas)),
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        assert len(checked.splitlines()) == len(shas)
        assert "missing" not in checked


def test_numbers_name_one_thing_only(built: Built) -> None:
    trunk = built.history.plan.trunk
    numbers = [commit.number for commit in trunk if commit.kind != "revert"]
    numbers += [pull.number for pull in built.history.pulls]
    numbers += [issue.number for issue in built.core.issues.values() if issue.pull is None]
    assert len(numbers) == len(set(numbers))
    assert all(number == issue.number for number, issue in built.core.issues.items())
    ids = [issue.id for repo in built.forge.repositories.values() for issue in repo.issues.values()]
    assert len(ids) == len(set(ids))


def test_nothing_has_happened_after_now(built: Built) -> None:
    for repository in built.forge.repositories.values():
        for issue in repository.issues.values():
            moments = [issue.created_at, issue.updated_at, issue.closed_at or issue.created_at]
            moments += [comment.created_at for comment in issue.comments]
            assert issue.created_at == min(moments)
            assert max(moments) <= EPOCH
        newest = int(git(repository.git_dir, "log", "-1", "--all", "--format=%ct"))
        assert newest <= EPOCH.timestamp()


def test_the_milestone_is_large_and_nearly_done(built: Built) -> None:
    items = [issue for issue in built.core.issues.values() if issue.milestone == MILESTONE]
    assert len(items) == built.scenario.milestone_items or built.scenario.name == "small"
    still_open = [issue for issue in items if issue.state == "open"]
    assert 3 <= len(still_open) <= 8
    assert any("release-feature-request" in issue.labels for issue in still_open)
    assert any(issue.state_reason == "not_planned" for issue in items)
    assert any("\x1b" in issue.title for issue in items)


def test_issue_numbers_that_begin_alike_have_different_fates(built: Built) -> None:
    since_cut = f"{built.history.cut_sha}..{RELEASE}"
    log = built.git("log", "--format=%B", since_cut).splitlines()
    for short, long in PREFIX_PAIRS:
        assert f"Fixes #{long}" in log
        assert f"Fixes #{short}" not in log
        assert {short, long} <= built.core.issues.keys()


def test_trackers_can_be_confused_by_their_titles_only(built: Built) -> None:
    trackers = {
        issue.title: issue
        for issue in built.core.issues.values()
        if "release tracker" in issue.labels
    }
    assert trackers.keys() == {
        "[v.2.15.0] Release Tracker",
        "[v2.14.1] Release Tracker",
        "[v.2.14.0] Release Tracker",
    }
    current = trackers["[v.2.15.0] Release Tracker"]
    nominations = [c for c in current.comments if c.body.startswith("Link to landed trunk PR")]
    assert len(nominations) >= built.scenario.picks
    said = "".join(comment.body for comment in current.comments)
    for state in ("Special Dispensation", "Denied", "Could you link", "please rebase", "```"):
        assert state in said
    unnominated = [p for p in built.history.pulls if p.state == "unnominated"]
    assert [str(p.number) in said for p in unnominated] == [False]


def test_heads_are_green_and_rc1_is_red(built: Built) -> None:
    runs = list(built.core.runs.values())
    head = [run for run in runs if run.head_sha == built.history.head]
    assert {run_status(run, EPOCH) for run in head} == {("completed", "success")}
    candidate = [run for run in runs if run.head_branch == "v2.15.0-rc1"]
    states = Counter(run_status(run, EPOCH) for run in candidate)
    assert states.keys() == {("completed", "success"), ("completed", "failure")}
    assert any(run.attempt == 2 for run in candidate)
    strict = [run for run in runs if run.head_sha == built.history.viable_strict]
    assert {run_status(run, EPOCH) for run in strict} == {("completed", "success")}


def test_test_infra_has_two_cut_commits(built: Built) -> None:
    branches = ("release/2.15", "orig/release/2.15")
    base = built.git("merge-base", *branches, repository=INFRA)
    cuts = [
        built.git("rev-list", "--reverse", f"{base}..{branch}", repository=INFRA).split()[0]
        for branch in branches
    ]
    diffs = [built.git("diff", f"{cut}^", cut, repository=INFRA) for cut in cuts]
    assert cuts[0] != cuts[1]
    assert diffs[0] == diffs[1]
    assert built.git("tag", "--list", repository=INFRA) == ""


def test_vision_follows_with_annotated_tags(built: Built) -> None:
    assert built.git("cat-file", "-t", "refs/tags/v0.30.0-rc1", repository=VISION) == "tag"
    assert built.git("show", "release/0.30:version.txt", repository=VISION) == "0.30.0"
    assert built.git("show", "main:version.txt", repository=VISION) == "0.31.0a0"
    ahead = built.git("rev-list", "--count", "v0.30.0-rc1..release/0.30", repository=VISION)
    assert int(ahead) >= 1


def test_the_test_channel_lacks_what_was_never_uploaded(
    built: Built, channel: list[ChannelObject]
) -> None:
    matrix = built.scenario.matrix
    expected = {
        f"whl/test/{wheel.accelerator}/{wheel_name('torch', '2.15.0', wheel)}": wheel
        for target in matrix.targets
        for wheel in wheels(matrix, target)
    }
    present = {item.key for item in channel if item.bucket == BUCKET}
    missing = {
        (wheel.workflow, wheel.upload_job) for key, wheel in expected.items() if key not in present
    }
    candidate = [run for run in built.core.runs.values() if run.head_branch == "v2.15.0-rc1"]
    red = {
        (run.name, job.name)
        for run in candidate
        for job in run.jobs
        if job.attempt == run.attempt and job.conclusion != "success"
    }
    assert missing == red & {(wheel.workflow, wheel.upload_job) for wheel in expected.values()}
    assert missing
    copies = {i.key for i in channel if i.bucket == BACKUP_BUCKET and i.key.startswith("v2.15.0")}
    assert len([key for key in copies if key.endswith(".whl")]) == len(expected) - len(missing)


def test_wheels_are_real_and_their_flaws_are_few(channel: list[ChannelObject]) -> None:
    torch = [
        item
        for item in channel
        if item.bucket == BUCKET and item.key.startswith("whl/test/") and "/torch-" in item.key
    ]
    requirements = Counter[str]()
    for item in torch:
        name = item.key.rpartition("/")[2]
        _, version, _, tags = parse_wheel_filename(name)
        with zipfile.ZipFile(io.BytesIO(item.body)) as wheel:
            metadata = wheel.read(f"torch-{version}.dist-info/METADATA").decode()
            assert item.git_sha in wheel.read("torch/version.py").decode()
        assert f"Version: {version}\n" in metadata
        assert tags
        requirements["\n".join(x for x in metadata.splitlines() if "Requires-Dist" in x)] += 1
    bare = [item for item in torch if not item.metadata]
    stale = Counter(item.git_sha for item in torch).most_common()
    assert len(bare) == 1
    assert [count for _, count in stale[1:]] == [1]
    assert sorted(requirements.values())[0] == 1
    assert len(requirements) == 2
    for item in torch:
        if item.metadata:
            assert item.metadata["checksum-sha256"] == hashlib.sha256(item.body).hexdigest()
    assert any("/executorch-2.15.0" in item.key for item in channel)


def test_archives_are_as_old_as_the_jobs_that_uploaded_them(
    built: Built, channel: list[ChannelObject]
) -> None:
    ended = {
        job.ends_at
        for run in built.forge.repositories["pytorch/pytorch"].runs.values()
        if run.head_branch == "v2.15.0-rc1"
        for job in run.jobs
        if job.name.startswith("libtorch-") and "-upload" in job.name
    }
    archives = [i for i in channel if i.bucket == BUCKET and i.key.startswith("libtorch/test/")]
    assert archives
    assert {item.last_modified for item in archives} <= ended


def test_objects_are_put_once_and_are_small(channel: list[ChannelObject]) -> None:
    places = [(item.bucket, item.key) for item in channel]
    assert len(places) == len(set(places))
    assert max(len(item.body) for item in channel) < 40_000
    assert all(item.last_modified <= EPOCH for item in channel)


def test_the_index_links_every_wheel_of_its_folder(channel: list[ChannelObject]) -> None:
    page = next(item for item in channel if item.key == "whl/test/cpu/torch/index.html")
    found = page.body.decode()
    names = [item.key.rpartition("/")[2] for item in channel]
    wheels_here = [
        name
        for item, name in zip(channel, names, strict=True)
        if item.bucket == BUCKET and item.key.startswith("whl/test/cpu/torch-")
    ]
    assert wheels_here
    assert all(f">{name}</a>" in found for name in wheels_here)


def test_a_world_is_not_built_over_another(tmp_path: Path) -> None:
    scenario = SCENARIOS["small"]
    clock = WorldClock(scenario.epoch)
    build_world(scenario, seed=0, remotes=tmp_path, clock=clock)
    with pytest.raises(FileExistsError):
        build_world(scenario, seed=0, remotes=tmp_path, clock=clock)
