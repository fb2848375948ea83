"""Everything that is known of the release, for a plan that is about all of it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from cockpit.feeds.cache import ReadingCache
from cockpit.feeds.hub import NAMES, FeedHub
from cockpit.feeds.looks import Looks
from cockpit.release.freshness import freshness
from cockpit.release.gates import GATES
from cockpit.release.state import ReleaseState

if TYPE_CHECKING:
    from cockpit.provider import Backends

_ALWAYS = frozenset({"branches", "ledger", "mirror"})


def whole_state(backends: Backends) -> ReleaseState:
    """Kept readings as long as they are young, all others and the ledger read now.

    Called outside of the event loop, as plans are. A look that fails leaves its feed unknown.
    """
    config = backends.config
    hub = FeedHub(
        config,
        Looks(backends),
        backends.clock,
        ReadingCache(config.folders.cache),
        backends.budget,
        lambda: backends.me,
    )
    known = freshness(hub.state())
    judged = _ALWAYS.union(*(gate.feeds for gate in GATES.values()))
    old = {name for name in judged if not known[name].whole or known[name].stale}
    wanted = _ALWAYS | old
    asyncio.run(hub.refresh([name for name in NAMES if name in wanted]))
    return hub.state()
