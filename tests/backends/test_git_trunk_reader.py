"""Trunk against a release branch in the cockpit's own clones, near and far."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from cockpit.backends.git import GitClones
from cockpit.backends.ports import Answer, TrunkQuestions
from cockpit.release.trunk import FindingKind
from tests.gitrepos import ReleaseRepo, local_ssh, make_repository, release_repo


def nothing(_: Sequence[int]) -> Answer[dict[int, tuple[str, ...]]]:
    return Answer({}, "")


@pytest.fixture
def made(tmp_path: Path) -> ReleaseRepo:
    """A change of which the branch's commit tells by its patch alone, and one of an older line."""
    world = release_repo(tmp_path / "remote.git")
    repo = world.repo
    repo.commit("main", "Fix the loader (#7)", {"loader": "fixed\n"})
    repo.branch("release/2.12", world.cut)
    repo.commit("release/2.12", "Fix the loader (#8)\n\nCherry-pick of #7", {"loader": "fixed\n"})
    repo.branch("release/2.11", world.cut)
    repo.commit("main", "Make it sharp (#9)", {"sharp": "x\n"})
    repo.commit("release/2.13", "By hand, and nowhere told", {"sharp": "x\n"})
    return world


@pytest.mark.parametrize("far", [False, True])
def test_a_branch_is_read_against_trunk_and_older_lines(
    made: ReleaseRepo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, far: bool
) -> None:
    monkeypatch.setenv("GIT_SSH_COMMAND", local_ssh(tmp_path))
    made.repo.git("config", "uploadpack.allowFilter", "true")
    repository = make_repository(("localhost:" if far else "") + made.repo.remote)
    clones = GitClones(tmp_path / "clones")
    state = clones.read_branch(repository).value
    assert state.head is not None
    assert state.cut_point is not None
    asked = TrunkQuestions(
        state.head.sha,
        state.trunk_sha or "",
        state.cut_point.committed_at,
        pulls=(7, 3, 404),
        items=(),
    )

    reading = clones.read_trunk(repository, asked, nothing).value

    assert reading.cut == made.cut
    assert (reading.unknown, reading.fixes_unknown) == ((), "")
    assert {change.pull for change in reading.changes} == {3, 7, 9}
    assert [(pick.kind, pick.by) for pick in reading.picks] == [
        ("release-only", None),
        ("unknown", None),
        ("pick", "patch-id"),
    ]
    assert reading.by_pull[9].sha in reading.on_branch
    kinds = {finding.kind: finding.pull for finding in reading.findings}
    assert kinds == {FindingKind.CARRY_FORWARD: 7, FindingKind.NEVER_LANDED: 2}
