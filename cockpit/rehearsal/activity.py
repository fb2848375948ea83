"""The record of what happened to the refs of a repository."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from cockpit.rehearsal.fastimport import git
from cockpit.rehearsal.model import Activity, Forge, Repository

GONE = "0" * 40
Kind = Literal["push", "force_push", "branch_creation", "branch_deletion"]


def pusher(forge: Forge, repository: Repository) -> str:
    """A git push carries no GitHub account here, so it counts as the first administrator's."""
    admins = (login for login, role in forge.collaborators.items() if role == "admin")
    return next(admins, repository.owner)


def note_activity(forge: Forge, repository: Repository, refs: Mapping[str, str]) -> None:
    """Record how `refs`, the refs of now, differ from those that were seen last."""
    before = repository.seen_refs
    for ref in sorted(before.keys() | refs.keys()):
        old, new = before.get(ref, GONE), refs.get(ref, GONE)
        if old == new or not ref.startswith(("refs/heads/", "refs/tags/")):
            continue
        kind = _kind(repository, old, new)
        by, at = pusher(forge, repository), forge.clock.now()
        repository.activity.append(Activity(forge.next_id(), ref, old, new, kind, by, at))


def _kind(repository: Repository, old: str, new: str) -> Kind:
    if old == GONE:
        return "branch_creation"
    if new == GONE:
        return "branch_deletion"
    lost = git(repository.git_dir, "rev-list", "--max-count=1", old, f"^{new}").strip()
    return "force_push" if lost else "push"
