"""The state that signatures are judged by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.release.branches import Branches
from cockpit.release.record import Ledger
from cockpit.release.state import FeedState, Reading, ReleaseState

if TYPE_CHECKING:
    from cockpit.provider import Backends


def signed_state(
    backends: Backends, branches: Branches, record: Ledger, missing: str = ""
) -> ReleaseState:
    """What words about items are judged by, and nothing else: branches and tags, and the ledger.

    `missing` says why the branches are not the whole answer.
    """
    config, now = backends.config, backends.clock.now()
    return ReleaseState(
        spec=config.spec,
        now=now,
        wall=now,
        me=backends.me,
        branches=FeedState(Reading(branches, now, "git", missing)),
        ledger=FeedState(Reading(record, now, config.ledger_ref)),
    )
