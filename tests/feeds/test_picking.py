"""What the looks at the queue ask git for, and how often."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

from cockpit.backends.git import GitClones
from cockpit.feeds.picking import PickingLook
from cockpit.release.prediction import PickOf
from cockpit.release.repos import Repository
from tests.gitrepos import release_repo

if TYPE_CHECKING:
    from cockpit.provider import Backends


def test_a_head_that_was_not_there_yet_is_asked_for_again(tmp_path: Path) -> None:
    made = release_repo(tmp_path / "core.git")
    repo, core = made.repo, made.repository()
    clones = GitClones(tmp_path / "clones")
    clones.read_branch(core)
    asked: list[Sequence[str]] = []

    def squashes(repository: Repository, onto: str, heads: Sequence[str]) -> dict[str, PickOf]:
        asked.append(heads)
        return clones.squashes(repository, onto, heads)

    git = SimpleNamespace(squashes=squashes)
    config = SimpleNamespace(core=core)
    look = PickingLook(cast("Backends", SimpleNamespace(git=git, config=config)))
    onto = made.picks[0]
    tree = repo.git("rev-parse", f"{onto}^{{tree}}")
    who = "Ada <ada@example.org> 1760000000 +0000"
    commit = f"tree {tree}\nparent {onto}\nauthor {who}\ncommitter {who}\n\nFix\n".encode()
    head = repo.git("hash-object", "-t", "commit", "--stdin", stdin=commit)

    assert look._squashed(onto, (head,)) == {}
    repo.git("hash-object", "-t", "commit", "--stdin", "-w", stdin=commit)
    repo.git("update-ref", "refs/pull/9/head", head)
    found = {head: PickOf(head, since=onto)}
    assert [look._squashed(onto, (head,)) for _ in range(2)] == [found, found]
    assert len(asked) == 2, "what is known is not asked for again"
