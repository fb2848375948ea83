"""The dates of a release."""

from __future__ import annotations

from datetime import date

import msgspec


class Schedule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Milestones M3 to M6 of process section 14.4; dates are whole days in UTC."""

    branch_cut: date | None = None
    """M3."""
    picks_close: date | None = None
    """M4: the end of phase 1; afterwards only release-blocking picks are taken."""
    release_day: date | None = None
    """M6."""

    def days_until_release(self, today: date) -> int | None:
        """Days left until release day; negative once it has passed."""
        return (self.release_day - today).days if self.release_day else None

    def days_until_picks_close(self, today: date) -> int | None:
        """Days left in phase 1; negative once it has passed."""
        return (self.picks_close - today).days if self.picks_close else None
