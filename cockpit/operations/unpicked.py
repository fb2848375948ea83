"""What has not come to a release branch yet, said before a candidate of it is tagged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from cockpit.errors import CockpitError
from cockpit.operations.pick_queue import PickDesk
from cockpit.operations.plan import Section
from cockpit.release.branches import BranchState
from cockpit.release.lookups import pick_label
from cockpit.release.picks import Pick, PickState
from cockpit.release.record import Ledger
from cockpit.release.repos import Repository
from cockpit.release.words import counted

if TYPE_CHECKING:
    from cockpit.provider import Backends

_OPEN = (
    PickState.READY,
    PickState.APPROVED,
    PickState.NOMINATED,
    PickState.UNDER_REVIEW,
    PickState.NEEDS_INFO,
    PickState.FOUND,
)

_NO_PULL = "no pull request into the branch yet"


class Unpicked(msgspec.Struct, frozen=True):
    """What a candidate that is tagged now would be without."""

    section: Section
    waiting: tuple[str, ...] = ()
    """Changes that were approved and are not on the branch: they make another candidate due."""
    trouble: tuple[str, ...] = ()
    """Why it could not be read; what is unknown blocks."""


def unpicked(
    backends: Backends, repository: Repository, branch: BranchState, ledger: Ledger
) -> Unpicked:
    """The core's open picks; for another repository, which has no tracker, its open pulls."""
    try:
        if repository == backends.config.core:
            return _of_core(PickDesk(backends, branch=branch, ledger=ledger))
        return _of_domain(backends, repository)
    except CockpitError as err:
        subject = "the cherry-pick queue" if repository == backends.config.core else "open pulls"
        trouble = f"{subject} of {repository.name} could not be read: {err.title}"
        return Unpicked(Section("What is still unpicked is not known", ()), trouble=(trouble,))


def _of_core(desk: PickDesk) -> Unpicked:
    still = sorted(
        (pick for pick in desk.rows if pick.state in _OPEN),
        key=lambda pick: _OPEN.index(pick.state),
    )
    return Unpicked(
        _section([f"{pick_label(pick)} {_said(pick)}: {pick.title or _NO_PULL}" for pick in still]),
        tuple(
            f"{pick_label(pick)} is approved but not merged: {pick.title or _NO_PULL}"
            for pick in still
            if pick.state in (PickState.APPROVED, PickState.READY)
        ),
        _unread(desk.missing, "the cherry-pick queue"),
    )


def _of_domain(backends: Backends, repository: Repository) -> Unpicked:
    answer = backends.github.open_pulls(repository, repository.release_branch)
    lines = [f"#{pull.number} open: {pull.title}" for pull in answer.value]
    return Unpicked(_section(lines), (), _unread(answer.missing, "the open pull requests"))


def _said(pick: Pick) -> str:
    return pick.state.value if pick.nominated else "open, not nominated"


def _section(lines: list[str]) -> Section:
    title = f"{counted(len(lines), 'change is', 'changes are')} still unpicked"
    return Section(title if lines else "Nothing is still unpicked", tuple(lines))


def _unread(missing: str, subject: str) -> tuple[str, ...]:
    return (f"{subject} could not be read whole: {missing}",) if missing else ()
