"""Whether bytes may go out to everybody: the decision that was signed, and the calendar."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.operations.promotion_checks import Grounds

if TYPE_CHECKING:
    from cockpit.backends.provider import Backends


def go_blockers(backends: Backends) -> list[str]:
    """Why the bytes of the present candidate must not go out yet, as before its promotion."""
    grounds = Grounds(backends)
    return [*grounds.unpinned(backends.config.core), *grounds.unsigned()]


def day_blockers(backends: Backends) -> list[str]:
    """Why it is too early by the calendar."""
    left = backends.config.settings.schedule.days_until_release(backends.clock.now().date())
    if left is None:
        return ["release day is not set: edit [schedule] in the config"]
    return [f"release day is in {left} d"] if left > 0 else []
